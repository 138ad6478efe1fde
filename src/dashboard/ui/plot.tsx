/** Lines over time, on a canvas: as many points as there are. */
import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';

type Series = {
  readonly name: string;
  /** A colour of the style sheet. */
  readonly colour: string;
  readonly values: readonly (number | null)[];
};

const HEIGHT_PX = 180;

const DAY_S = 86_400;

export type ChartProps = {
  /** What a reader hears instead. */
  readonly label: string;
  /** In milliseconds, the earliest first. */
  readonly times: readonly number[];
  readonly series: readonly Series[];
  readonly format: (value: number) => string;
  readonly kind?: 'line' | 'bars';
};

export function Plot({ label, times, series, format, kind = 'line' }: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const at = place.current;
    if (at === null) return;
    let plot = draw(at, { times, series, format, kind });
    const redraw = (): void => {
      plot.destroy();
      plot = draw(at, { times, series, format, kind });
    };
    const resized = new ResizeObserver(([entry]) => {
      const width = Math.floor(entry?.contentRect.width ?? 0);
      if (width > 0 && width !== plot.width) plot.setSize({ width, height: HEIGHT_PX });
    });
    resized.observe(at);
    // The canvas takes its colours once: another theme is another drawing.
    const themed = new MutationObserver(redraw);
    themed.observe(document.documentElement, { attributeFilter: ['data-theme'] });
    const scheme = window.matchMedia('(prefers-color-scheme: dark)');
    scheme.addEventListener('change', redraw);
    return () => {
      resized.disconnect();
      themed.disconnect();
      scheme.removeEventListener('change', redraw);
      plot.destroy();
    };
  }, [times, series, format, kind]);
  return (
    <figure aria-label={label}>
      <div ref={place} style={{ height: HEIGHT_PX }} />
      <figcaption className="mt-2 flex flex-wrap gap-x-4 gap-y-1 text-xs text-ink-soft">
        {series.map(({ name, colour }) => (
          <span key={name} className="inline-flex items-center gap-1.5">
            <span className="size-2 rounded-full" style={{ background: colour }} />
            {name}
          </span>
        ))}
      </figcaption>
    </figure>
  );
}

type Drawing = {
  readonly times: readonly number[];
  readonly series: readonly Series[];
  readonly format: (value: number) => string;
  readonly kind: 'line' | 'bars';
};

function draw(at: HTMLElement, { times, series, format, kind }: Drawing): uPlot {
  const seen = (colour: string): string => resolved(at, colour);
  const axis: uPlot.Axis = {
    stroke: seen('var(--ink-soft)'),
    grid: { stroke: seen('var(--line)'), width: 1 },
    ticks: { show: false },
    font: `11px ${getComputedStyle(document.body).fontFamily}`,
  };
  const options: uPlot.Options = {
    width: Math.max(1, at.clientWidth),
    height: HEIGHT_PX,
    legend: { show: false },
    cursor: { drag: { x: false, y: false }, points: { size: 6 } },
    scales: {
      x: { time: true, range: spanOf(times, kind) },
      y: { range: (_, __, max) => [0, max > 0 ? max * 1.1 : 1] },
    },
    axes: [axis, { ...axis, size: 64, values: (_, all) => all.map((one) => format(one)) }],
    series: [
      {},
      ...series.map(({ name, colour }) => ({
        label: name,
        stroke: seen(colour),
        width: 1.5,
        points: { show: false },
        ...(kind === 'bars'
          ? {
              fill: seen(colour),
              width: 0,
              paths: uPlot.paths.bars?.({ size: [0.8, 40, 1] }) ?? null,
            }
          : { fill: `color-mix(in srgb, ${seen(colour)} 10%, transparent)` }),
      })),
    ] as uPlot.Series[],
  };
  const data = [times.map((time) => time / 1_000), ...series.map(({ values }) => [...values])];
  return new uPlot(options, data as uPlot.AlignedData, at);
}

/** From the first to the last, with room for half a bar; a single point has a day on either side. */
function spanOf(times: readonly number[], kind: 'line' | 'bars'): [number, number] {
  const first = (times[0] ?? 0) / 1_000;
  const last = (times.at(-1) ?? 0) / 1_000;
  if (times.length < 2) return [first - DAY_S, last + DAY_S];
  const half = kind === 'bars' ? (last - first) / (times.length - 1) / 2 : 0;
  return [first - half, last + half];
}

/** As the canvas understands it: of `light-dark(...)` it knows nothing. */
function resolved(at: HTMLElement, colour: string): string {
  const probe = document.createElement('span');
  probe.style.color = colour;
  at.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
