/**
 * Hides from a client how long it took to look it up.
 *
 * What exists is found in memory, what does not is asked for in the catalog, and a stopwatch could
 * tell the two apart. So nobody is answered before the pace is over, which is longer than the
 * look-ups commonly take; not those either who have proven a password before, since others share
 * their address. The pace begins with the look-ups: its timer then fires at the same moment
 * whatever they find. It costs every login two milliseconds.
 */
import type { CancelTimer, Clock } from '../domain/clock.ts';
import type { DurationMs } from '../domain/units.ts';

export class Pace {
  readonly #over: Promise<void>;
  readonly #cancelTimer: CancelTimer;

  /** A length of 0 is over at once. */
  constructor(clock: Clock, length: DurationMs) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#over = promise;
    if (length === 0) resolve();
    this.#cancelTimer = length === 0 ? () => {} : clock.timer(length, resolve);
  }

  /** Resolves when it is over; never once it is cancelled. */
  over(): Promise<void> {
    return this.#over;
  }

  /** Nobody waits for it. */
  cancel(): void {
    this.#cancelTimer();
  }
}
