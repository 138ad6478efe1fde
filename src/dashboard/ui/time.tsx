import { useSyncExternalStore } from 'react';
import { duration, moment, relative, zone } from '../format/units.ts';
import { Hint } from './button.tsx';

/** One clock for all that tells how long ago something was. */
let now = Date.now();
const listeners = new Set<() => void>();
let ticking: ReturnType<typeof setInterval> | undefined;

function tick(): void {
  now = Date.now();
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  ticking ??= setInterval(tick, 1_000);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(ticking);
    ticking = undefined;
  };
}

/** Now, to `everyMs`: what uses it is drawn again that often. */
export const useNow = (everyMs = 1_000): number =>
  useSyncExternalStore(subscribe, () => Math.floor(now / everyMs) * everyMs);

/** How long ago; exactly when, in the viewer's zone, to who asks. */
export function TimeAgo({ at }: { readonly at: string | null }) {
  const current = useNow();
  if (at === null) return <span className="text-ink-soft">–</span>;
  return (
    <Hint says={`${moment(at)} (${zone()})`}>
      <time dateTime={at} className="tnum whitespace-nowrap">
        {relative(Date.parse(at), current)}
      </time>
    </Hint>
  );
}

/** How long it has been so. */
export function Since({ at }: { readonly at: string }) {
  const current = useNow();
  return (
    <span className="tnum whitespace-nowrap">
      {duration(Math.max(1_000, Math.floor((current - Date.parse(at)) / 1_000) * 1_000))}
    </span>
  );
}
