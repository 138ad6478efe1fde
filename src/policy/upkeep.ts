/**
 * Upkeep: when are a tenant's tables vacuumed, and by whom?
 *
 * A large compute vacuums itself. For a small one that would be the dearest thing about it: the
 * launcher is a fifth of its memory while idle, and its first round comes after a minute, when most
 * wakes are over. So a small compute starts without, and
 *
 *   - is vacuumed by us when it is about to be suspended for idleness, if it was used since;
 *   - vacuums itself while it is in use for longer, from `AUTOVACUUM_AFTER` on:
 *
 *   off ──in use for AUTOVACUUM_AFTER──▶ on ──no sessions for AUTOVACUUM_AFTER──▶ off
 *
 * Clients come and go by the second, so a tenant is in use through gaps shorter than that.
 */
import { after, elapsed, type Instant, seconds } from '../domain/units.ts';

/** How long use must last to be worth a launcher, and idleness to be worth ending it. */
export const AUTOVACUUM_AFTER = seconds(30);

/** What the decision looks at. */
export type VacuumFacts = {
  /** Whether the compute vacuums itself; null when that is not known. */
  readonly autovacuum: boolean | null;
  /** Whether there are sessions now. */
  readonly busy: boolean;
  /** Since when it is in use, or was before it became idle. */
  readonly usedSince: Instant;
  /** Since when there are no sessions; looked at only when there are none. */
  readonly idleSince: Instant;
};

export type VacuumAction =
  | { readonly kind: 'turn'; readonly on: boolean }
  /** Ask again at this instant, if nothing changes before. */
  | { readonly kind: 'askAt'; readonly at: Instant }
  /** Nothing to do until a session comes or the last one goes. */
  | { readonly kind: 'stay' };

/** Whether a small, running compute should vacuum itself from `now` on. */
export function decideAutovacuum(facts: VacuumFacts, now: Instant): VacuumAction {
  const { autovacuum, busy, usedSince, idleSince } = facts;
  if (autovacuum === busy) return { kind: 'stay' };
  const due = after(busy ? usedSince : idleSince, AUTOVACUUM_AFTER);
  return now < due ? { kind: 'askAt', at: due } : { kind: 'turn', on: busy };
}

/** Since when a tenant is in use to which a session comes at `now` after idleness. */
export function usedSince(
  last: { readonly usedSince: Instant; readonly idleSince: Instant } | null,
  now: Instant,
): Instant {
  if (last === null || elapsed(last.idleSince, now) >= AUTOVACUUM_AFTER) return now;
  return last.usedSince;
}
