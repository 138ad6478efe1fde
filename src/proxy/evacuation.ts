/**
 * Has every session of a tenant give up its backend, so that its compute can be stopped.
 *
 * Listeners are asked last: what the others have notified has reached them by then.
 */
import type { Clock } from '../domain/clock.ts';
import type { Parked } from '../domain/gate.ts';
import { type DurationMs, ms } from '../domain/units.ts';
import type { Parking } from './parking.ts';
import type { Asked } from './parking-states.ts';

/** A question put off because of a moment's work is put again after this, once. */
const ASK_AGAIN_AFTER = ms(1_100);

/** How often a drain looks again. */
const DRAIN_TICK = ms(20);

/** What is to be evacuated. */
export type Premises = {
  readonly clock: Clock;
  readonly sessions: Iterable<Parking>;
  /** Parked, if nobody has a backend or seeks one at this very moment. */
  readonly closeDoor: () => Parked;
};

/** Refused as soon as anybody is at work. */
export async function parkIdle({ clock, sessions, closeDoor }: Premises): Promise<Parked> {
  const atWork = [...sessions].find((session) => session.keptBy !== null);
  if (atWork !== undefined) return held(atWork.keptBy ?? '');
  const refused = await askAll(sessions);
  if (refused !== null && refused.isPassing !== true) return held(refused.why);
  if (refused !== null) {
    await clock.sleep(ASK_AGAIN_AFTER);
    const again = await askAll(sessions);
    if (again !== null) return held(again.why);
  }
  return closeDoor();
}

/** Lets everybody finish what is under way; `endBound` ends who has not, if it may. */
export async function drain(
  { clock, sessions, closeDoor }: Premises,
  how: { readonly within: DurationMs; readonly endBound: (() => void) | null },
): Promise<Parked> {
  const until = clock.now() + how.within;
  for (;;) {
    const refused = await askAll(sessions);
    const outcome = refused === null ? closeDoor() : held(refused.why);
    if (outcome.kind === 'parked') return outcome;
    const left = ms(until - clock.now());
    if (left <= 0) {
      how.endBound?.();
      return how.endBound === null ? outcome : closeDoor();
    }
    await clock.sleep(ms(Math.min(left, DRAIN_TICK)));
  }
}

type Refusal = Extract<Asked, { isParked: false }>;

/** The first refusal, or null. */
async function askAll(sessions: Iterable<Parking>): Promise<Refusal | null> {
  for (const isListening of [false, true]) {
    const some = [...sessions].filter((s) => s.isBound && s.isListening === isListening);
    const answers = await Promise.all(some.map(askOne));
    for (const answer of answers) if (!answer.isParked) return answer;
  }
  return null;
}

async function askOne(session: Parking): Promise<Asked> {
  if (session.kind === 'asking') await session.answered();
  if (!session.isBound) return { isParked: true };
  if (!session.isAtRest) return { isParked: false, why: session.keptBy ?? 'a session is coming' };
  return await new Promise((resolve) => session.ask('suspend', resolve));
}

export const held = (why: string): Parked => ({ kind: 'held', why });
