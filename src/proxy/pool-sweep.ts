/** What time brings to the sessions of one pool, and what is told of them. */
import { fault } from '../domain/faults.ts';
import type { Holder, TenantUse } from '../domain/gate.ts';
import { type DurationMs, elapsed, type Instant } from '../domain/units.ts';
import { clientOf, type LastUse } from './last-use.ts';
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
  /** It was used until then, whatever those that are still there do. */
  readonly last: Pick<LastUse, 'at' | 'told'>;
  readonly now: Instant;
  /** How long nothing must have been asked for the tenant to be idle. */
  readonly quietFor: DurationMs;
};

/** How a tenant with these sessions is used. */
export function useOf(sessions: Iterable<PooledSession>, request: UseRequest): TenantUse {
  let heldBy = request.coming > 0 ? 'a session waits for the compute' : null;
  let byRobots: string | null = null;
  let [count, bound, usedAt] = [0, 0, request.last.at];
  let holder: PooledSession | null = null;
  let latest: PooledSession | null = null;
  for (const session of sessions) {
    count++;
    if (session.isBound) bound++;
    if (session.idleness.countedSince > usedAt) {
      usedAt = session.idleness.countedSince;
      latest = session;
    }
    const { keptBy } = session;
    if (keptBy === null) continue;
    if (session.idleness.isCounted) {
      heldBy = keptBy;
      holder = session;
    } else byRobots = keptBy;
  }
  const idleFor = elapsed(usedAt, request.now);
  if (heldBy === null && bound > 0 && idleFor < request.quietFor) {
    heldBy = 'it is in use';
    holder = latest;
  }
  const { left, waited } = request.last.told();
  const use = {
    ...{ sessions: count, bound, idleFor },
    ...holding(holder, request.now, left),
    ...(waited !== undefined && { waited }),
  };
  if (heldBy !== null || byRobots === null) return { ...use, heldBy };
  return { ...use, heldBy: byRobots, isHeldByRobots: true };
}

/** Whose session holds it; of one that nobody holds, who came since it woke and is gone again. */
function holding(
  holder: PooledSession | null,
  now: Instant,
  left: TenantUse['left'] | null,
): Pick<TenantUse, 'holder' | 'left'> {
  const gone = left == null ? {} : { left };
  if (holder === null) return gone;
  const pin: Holder['pin'] = holder.isBusy ? null : holder.pinReason;
  return { holder: { who: clientOf(holder, now), pin }, ...gone };
}
