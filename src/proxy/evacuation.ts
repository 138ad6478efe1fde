/**
 * Has every session of a tenant give up its backend, so that its compute can be stopped.
 *
 * Listeners are asked last: what the others have notified has reached them by then. And they are only
 * asked: they give up their backends all at once, when nothing is in the way of the stop any more
 * (`closeDoor`), so that none of them misses what a session says that keeps the compute.
 */
import type { Clock } from '../domain/clock.ts';
import { fault } from '../domain/faults.ts';
import type { Parked } from '../domain/gate.ts';
import type { TenantName } from '../domain/ids.ts';
import { type DurationMs, ms, seconds } from '../domain/units.ts';
import type { Asked, Purpose } from './parking-states.ts';
import type { PooledSession } from './pooled-session.ts';

/** A question put off because of a moment's work is put again after this, once. */
const ASK_AGAIN_AFTER = ms(1_100);

/** For all answers to a question. */
const ANSWER_MAX = seconds(5);

/** Likewise, where the time for a drain is over. */
const ANSWER_MIN = seconds(1);

/** How often a drain looks again. */
const DRAIN_TICK = ms(20);

/** What is to be evacuated. */
export type Premises = {
  readonly clock: Clock;
  readonly sessions: Iterable<PooledSession>;
  /** Parked, if nobody has a backend but listeners that may give it up, and nobody seeks one. */
  readonly closeDoor: () => Parked;
};

/** Refused as soon as anybody is at work. */
export async function parkIdle({ clock, sessions, closeDoor }: Premises): Promise<Parked> {
  const atWork = [...sessions].find((session) => session.keptBy !== null);
  if (atWork !== undefined) return held(atWork.keptBy ?? '');
  const refused = await askAll(sessions, clock, ANSWER_MAX);
  if (refused !== null && refused.isPassing !== true) return held(refused.why);
  if (refused !== null) {
    await clock.sleep(ASK_AGAIN_AFTER);
    const again = await askAll(sessions, clock, ANSWER_MAX);
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
    const patience = Math.min(ANSWER_MAX, Math.max(ANSWER_MIN, until - clock.now()));
    const refused = await askAll(sessions, clock, ms(patience));
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
async function askAll(
  sessions: Iterable<PooledSession>,
  clock: Clock,
  patience: DurationMs,
): Promise<Refusal | null> {
  const answered = new AbortController();
  // A backend may wait for a lock, or be stopped: the question is then not answered for long.
  const silence = clock.sleep(patience, answered.signal).then(
    (): Refusal => ({ isParked: false, why: 'a session does not answer' }),
    () => null,
  );
  try {
    return await Promise.race([silence, answersOf(sessions)]);
  } finally {
    answered.abort();
  }
}

async function answersOf(sessions: Iterable<PooledSession>): Promise<Refusal | null> {
  const others = [...sessions].filter((s) => s.isBound && !s.isListening);
  const answers = await Promise.all(others.map((session) => askOne(session, 'suspend')));
  const refused = answers.find((answer, at) => !answer.isParked && others[at]?.mayPark !== true);
  const listeners = [...sessions].filter((s) => s.isBound && s.isListening && !s.mayPark);
  const learned = await Promise.all(listeners.map((session) => askOne(session, 'learn')));
  const kept = listeners.findIndex((session) => session.isBound && !session.mayPark);
  if (refused?.isParked === false) return refused;
  return refusalOf(listeners[kept], learned[kept]);
}

function refusalOf(
  listener: PooledSession | undefined,
  learned: Asked | undefined,
): Refusal | null {
  if (listener === undefined) return null;
  const why = listener.keptBy ?? (learned?.isParked === false ? learned.why : 'a session listens');
  return { isParked: false, why, isPassing: listener.keptBy === null };
}

async function askOne(session: PooledSession, purpose: Purpose): Promise<Asked> {
  if (session.kind === 'asking') await session.answered();
  if (!session.isBound) return { isParked: true };
  if (!session.isAtRest) return { isParked: false, why: session.keptBy ?? 'a session is coming' };
  return await new Promise((resolve) => session.ask(purpose, resolve));
}

export const held = (why: string): Parked => ({ kind: 'held', why });

/** Ends the sessions that need their backends, whatever they are doing. */
export function endAtWork(sessions: Iterable<PooledSession>, tenant: TenantName): void {
  const because = fault('SESSION_UNRESTORABLE', { tenant, why: 'it is being restarted' });
  for (const session of [...sessions]) {
    if (session.isBound && !session.mayPark) session.end(because);
  }
}
