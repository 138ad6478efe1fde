/** Tries again what a network has lost, and leaves a store that is in trouble alone for longer each time. */
import type { Clock } from '../domain/clock.ts';
import type { Random } from '../domain/random.ts';
import { ms } from '../domain/units.ts';

const ATTEMPTS_MAX = 6;
const BACKOFF_FIRST_MS = 100;
const BACKOFF_MAX_MS = 5_000;

/** What one attempt came to: an answer, or why there is none yet. */
export type Outcome<T> =
  | { readonly answer: T }
  | {
      readonly failure: Error;
      /** What the store itself asks for, in milliseconds; at most `BACKOFF_MAX_MS` of it. */
      readonly waitMs?: number;
    };

export type Patience = {
  readonly clock: Clock;
  readonly random: Random;
  readonly signal: AbortSignal | undefined;
};

/**
 * The first answer. Throws the failure of the last attempt, or the signal's reason. Waits are drawn
 * between nothing and the backoff, so that many writers do not come back in step.
 */
export async function untilAnswered<T>(
  { clock, random, signal }: Patience,
  attempt: () => Promise<Outcome<T>>,
): Promise<T> {
  for (let tries = 1; ; tries++) {
    signal?.throwIfAborted();
    const outcome = await attempt();
    if ('answer' in outcome) return outcome.answer;
    signal?.throwIfAborted();
    if (tries === ATTEMPTS_MAX) throw outcome.failure;
    const backoff = Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** (tries - 1));
    const asked = Math.min(BACKOFF_MAX_MS, outcome.waitMs ?? 0);
    await clock.sleep(ms(Math.max(asked, Math.ceil(random.next() * backoff))), signal);
  }
}
