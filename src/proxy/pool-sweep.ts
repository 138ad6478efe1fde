/** What time brings to the sessions of one pool, and what is told of them. */
import { fault } from '../domain/faults.ts';
import type { TenantUse } from '../domain/gate.ts';
import { type DurationMs, elapsed, type Instant } from '../domain/units.ts';
import type { PooledSession } from './pooled-session.ts';

/** Ends parked sessions that PostgreSQL would have ended. `timed` are those with such a timeout. */
export function endTimedOut(timed: Iterable<PooledSession>, now: Instant): void {
  for (const session of [...timed]) {
    const idleFor = elapsed(session.idleSince, now);
    if (session.kind !== 'parked' || idleFor < session.idleSessionTimeout) continue;
    session.end(fault('IDLE_SESSION_TIMEOUT', {}));
  }
}

export type SweepTerms = {
  readonly parkAfter: DurationMs;
  readonly maxPinIdle: DurationMs | null;
  /** Sessions may be asked; else somebody else is asking them all. */
  readonly mayAsk: boolean;
};

/** Looks which sessions have been idle, and for how long. */
export function sweepSessions(
  sessions: Iterable<PooledSession>,
  now: Instant,
  { parkAfter, maxPinIdle, mayAsk }: SweepTerms,
): void {
  for (const session of sessions) {
    session.sweep(now);
    const idle = elapsed(session.idleSince, now);
    const reason = session.isBusy ? null : session.pinReason;
    if (reason !== null && maxPinIdle !== null && idle >= maxPinIdle) {
      session.end(fault('PIN_IDLE_TIMEOUT', { reason, idle }));
    } else if (mayAsk && session.isAtRest && !session.isKept) askIdle(session, now, parkAfter);
  }
}

function askIdle(session: PooledSession, now: Instant, parkAfter: DurationMs): void {
  const idleFor = elapsed(session.idleSince, now);
  if (idleFor >= parkAfter) session.ask('share');
  else if (session.isKnown) return;
  // A crash of the compute should find it known, and a stop should have nothing to ask.
  else if (session.isTouched ? idleFor > 0 : idleFor >= parkAfter / 2) session.ask('learn');
}

export type UseRequest = {
  /** Sessions on their way to a backend. */
  readonly coming: number;
  /** When somebody who counts last came or left: it was used until then, whatever those that are still there do. */
  readonly usedAt: Instant;
  readonly now: Instant;
  /** How long nothing must have been asked for the tenant to be idle. */
  readonly quietFor: DurationMs;
};

/** How a tenant with these sessions is used. */
export function useOf(sessions: Iterable<PooledSession>, request: UseRequest): TenantUse {
  let heldBy = request.coming > 0 ? 'a session waits for the compute' : null;
  let byRobots: string | null = null;
  let [count, bound, usedAt] = [0, 0, request.usedAt];
  for (const session of sessions) {
    count++;
    if (session.isBound) bound++;
    if (session.idleness.countedSince > usedAt) usedAt = session.idleness.countedSince;
    if (session.idleness.isCounted) heldBy = session.keptBy ?? heldBy;
    else byRobots = session.keptBy ?? byRobots;
  }
  const idleFor = elapsed(usedAt, request.now);
  const use = { sessions: count, bound, idleFor };
  if (heldBy === null && bound > 0 && idleFor < request.quietFor) heldBy = 'it is in use';
  if (heldBy !== null || byRobots === null) return { ...use, heldBy };
  return { ...use, heldBy: byRobots, isHeldByRobots: true };
}
