import { type DurationMs, ms } from '../domain/units.ts';

/** The wait before the second start of a compute that could not start. */
export const BACKOFF_FIRST_MS = 500;

/** The longest wait: a person who mends the cause should not have to wait longer. */
export const BACKOFF_MAX_MS = 60_000;

/** Losses of a running compute within this time count together. */
export const LOSS_WINDOW_MS = 60_000;

/** So many losses in the window are an accident; more, and a start waits as after a failed one. */
export const LOSSES_FREE = 3;

/** How long no start is tried after `attempt` failed ones in a row (1 or more): doubles, bounded. */
export function backoff(attempt: number): DurationMs {
  const doublings = Math.min(Math.max(0, attempt - 1), 20);
  return ms(Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** doublings));
}
