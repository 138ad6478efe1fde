/** Answers that are dear to give, and good for a while. */
import type { Clock } from '../domain/clock.ts';
import { type DurationMs, elapsed, type Instant } from '../domain/units.ts';

/** `load`, asked again when what it said is as old as `life`; who comes meanwhile shares one answer. */
export function kept<T>(clock: Clock, life: DurationMs, load: () => Promise<T>): () => Promise<T> {
  let last: { readonly at: Instant; readonly value: Promise<T> } | null = null;
  return () => {
    const now = clock.now();
    if (last !== null && elapsed(last.at, now) < life) return last.value;
    const made = { at: now, value: load() };
    last = made;
    made.value.catch(() => {
      if (last === made) last = null;
    });
    return made.value;
  };
}
