import { useSyncExternalStore } from 'react';
import { duration, moment, relative, zone } from '../format/units.ts';

/** One clock for all that tells how long ago something was. */
let now = Date.now();
const listeners = new Set<() => void>();
let ticking: ReturnType<typeof setInterval> | undefined;

const TICK_MS = 1_000;

/** Nobody keeps the clock while nobody looks at it: whoever looks first sets it. */
function present(): number {
  const read = Date.now();
  if (ticking === undefined && Math.abs(read - now) >= TICK_MS) now = read;
  return now;
}

function tick(): void {
  now = Date.now();
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  ticking ??= setInterval(tick, TICK_MS);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(ticking);
    ticking = undefined;
  };
}

/** Now, to `everyMs`: what uses it is drawn again that often. */
export const useNow = (everyMs = TICK_MS): number =>
  useSyncExternalStore(subscribe, () => Math.floor(present() / everyMs) * everyMs);

/** What `told` makes of now: who shows it is drawn again only when that is another word. */
const useTold = (told: (now: number) => string): string =>
  useSyncExternalStore(subscribe, () => told(present()));

/**
 * How long ago; exactly when, in the viewer's zone, to who points at it. Tables have hundreds of these: the words beside
 * are the browser's own.
 */
export function TimeAgo({ at }: { readonly at: string | null }) {
  const said = useTold((current) => (at === null ? '–' : relative(Date.parse(at), current)));
  if (at === null) return <span className="text-ink-soft">{said}</span>;
  return (
    <time dateTime={at} title={`${moment(at)} (${zone()})`} className="tnum whitespace-nowrap">
      {said}
    </time>
  );
}

/** How long it has been so. */
export function Since({ at }: { readonly at: string }) {
  const begun = Date.parse(at);
  const said = useTold((current) =>
    duration(Math.max(1_000, Math.floor((current - begun) / 1_000) * 1_000)),
  );
  return <span className="tnum whitespace-nowrap">{said}</span>;
}
