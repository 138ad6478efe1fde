/** A chart over time. What draws it comes after the page, into room that is held for it. */
import { lazy, Suspense } from 'react';
import type { ChartProps } from './plot.tsx';

const Plot = lazy(async () => ({ default: (await import('./plot.tsx')).Plot }));

/** As high as the drawing with its legend. */
const ROOM = <div className="h-[204px]" />;

export function Chart(props: ChartProps) {
  return (
    <Suspense fallback={ROOM}>
      <Plot {...props} />
    </Suspense>
  );
}
