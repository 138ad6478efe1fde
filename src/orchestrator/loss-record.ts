import { type DurationMs, elapsed, type Instant } from '../domain/units.ts';
import { backoff, LOSS_WINDOW_MS, LOSSES_FREE } from '../policy/backoff.ts';

/** Remembers when a compute was lost of late: one loss is an accident, many want a pause. */
export class LossRecord {
  #losses: readonly Instant[] = [];

  note(now: Instant): void {
    this.#losses = [...this.#within(now), now];
  }

  /** Whether there was a loss of late. */
  recent(now: Instant): boolean {
    return this.#within(now).length > 0;
  }

  /** How long to wait before the next start; null while the losses are few. */
  wait(now: Instant): DurationMs | null {
    const over = this.#within(now).length - LOSSES_FREE;
    return over > 0 ? backoff(over) : null;
  }

  #within(now: Instant): readonly Instant[] {
    return this.#losses.filter((at) => elapsed(at, now) < LOSS_WINDOW_MS);
  }
}
