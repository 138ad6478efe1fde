import type { Clock } from '../domain/clock.ts';
import type { DurationMs } from '../domain/units.ts';

export type Patience = {
  readonly clock: Clock;
  readonly wait: DurationMs;
  /** What to throw when the wait is over. */
  readonly otherwise: () => Error;
};

/** The outcome of `promise`, or `otherwise` if it takes longer than `wait`. The work itself goes on. */
export function waitUntil<T>(promise: Promise<T>, patience: Patience): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = patience.clock.timer(patience.wait, () => reject(patience.otherwise()));
    promise.then(resolve, reject).finally(cancel);
  });
}
