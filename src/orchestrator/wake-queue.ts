/**
 * The queue of wakes: a machine starts only so many computes at once.
 *
 * Two cores start about a hundred PostgreSQL servers a second however many are begun at once;
 * more at once only makes all of them late. There is at most one wake a tenant, so first come,
 * first served is fair over tenants.
 */
import { fault } from '../domain/faults.ts';

export type WakeQueueOptions = {
  /** Wakes under way at once, 1 or more. */
  readonly atOnce: number;
  /** Wakes that may wait for a place. */
  readonly waitingMax: number;
};

/** Gives the place to the next in the queue. Harmless when called again. */
export type LeavePlace = () => void;

type Waiter = { readonly enter: (leave: LeavePlace) => void };

export class WakeQueue {
  readonly #options: WakeQueueOptions;
  readonly #waiting = new Set<Waiter>();
  #underway = 0;

  constructor(options: WakeQueueOptions) {
    this.#options = options;
  }

  /** Wakes that wait for a place now. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Whether a wake that nobody waits for may begin: where there are many places, one is kept free. */
  get hasSpare(): boolean {
    return this.#waiting.size === 0 && this.#underway < Math.max(1, this.#options.atOnce - 1);
  }

  /**
   * Resolves when there is a place, in order of arrival.
   * Throws `WAKES_FULL` if too many wait already; the signal's reason if it aborts while waiting.
   */
  enter(signal: AbortSignal): Promise<LeavePlace> {
    if (this.#underway < this.#options.atOnce) return Promise.resolve(this.#place());
    if (this.#waiting.size >= this.#options.waitingMax) {
      return Promise.reject(fault('WAKES_FULL', { max: this.#options.waitingMax }));
    }
    return new Promise((resolve, reject) => {
      const giveUp = (): void => {
        this.#waiting.delete(waiter);
        reject(signal.reason);
      };
      const waiter: Waiter = {
        enter: (leave) => {
          signal.removeEventListener('abort', giveUp);
          resolve(leave);
        },
      };
      this.#waiting.add(waiter);
      signal.addEventListener('abort', giveUp, { once: true });
    });
  }

  #place(): LeavePlace {
    this.#underway += 1;
    let left = false;
    return () => {
      if (left) return;
      left = true;
      this.#underway -= 1;
      const [next] = this.#waiting;
      if (next === undefined) return;
      this.#waiting.delete(next);
      next.enter(this.#place());
    };
  }
}
