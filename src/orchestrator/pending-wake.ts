import type { Clock } from '../domain/clock.ts';
import type { Address } from '../domain/host.ts';
import type { DurationMs } from '../domain/units.ts';
import { waitUntil } from './wait-until.ts';

export type Joining = {
  readonly wait: DurationMs;
  /** What to throw when the wait is over, given what the wake is doing. */
  readonly otherwise: (why: string) => Error;
};

/**
 * A wake that is under way, shared by all who wait for it.
 *
 * While it waits for its place in the queue it is dropped with its last waiter; a start that has
 * begun is finished, for whoever comes next.
 */
export class PendingWake {
  readonly ready: Promise<Address>;
  readonly #clock: Clock;
  readonly #abandon = new AbortController();
  #waiters = 0;
  /** What it is doing, once it has its place. */
  #doing: string | null = null;

  /** `start` is given the signal that drops it, and calls `begun` when it has its place. */
  constructor(
    clock: Clock,
    start: (signal: AbortSignal, begun: (doing: string) => void) => Promise<Address>,
  ) {
    this.#clock = clock;
    this.ready = start(this.#abandon.signal, (doing) => {
      this.#doing = doing;
    });
  }

  /** Nobody waits for it any more, and it will not happen. */
  get abandoned(): boolean {
    return this.#abandon.signal.aborted;
  }

  async join(joining: Joining): Promise<Address> {
    const timeout = (): Error => joining.otherwise(this.#doing ?? 'it waits for its turn to start');
    this.#waiters += 1;
    try {
      const { wait } = joining;
      return await waitUntil(this.ready, { clock: this.#clock, wait, otherwise: timeout });
    } finally {
      this.#waiters -= 1;
      if (this.#waiters === 0 && this.#doing === null) this.#abandon.abort(timeout());
    }
  }
}
