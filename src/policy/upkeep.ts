/**
 * Upkeep: when are a tenant's tables vacuumed, and by whom?
 *
 * A large compute vacuums itself. For a small one that would be the dearest thing about it: the
 * launcher is a fifth of its memory while idle, and its first round comes after a minute, when most
 * wakes are over. So a small compute starts without, and
 *
 *   - is vacuumed by us when it is about to be suspended for idleness, if it was used since;
 *   - is vacuumed by us when it becomes idle `UPKEEP_EVERY` or later after the last time, since one
 *     that is used now and then is never suspended;
 *   - vacuums itself while it is in use for longer, from `AUTOVACUUM_AFTER` on:
 *
 *   off ──in use for AUTOVACUUM_AFTER──▶ on ──no sessions for AUTOVACUUM_AFTER──▶ off
 *
 * Clients come and go by the second, so a tenant is in use through gaps shorter than that.
 */
import { after, elapsed, type Instant, minutes, seconds } from '../domain/units.ts';

/** How long use must last to be worth a launcher, and idleness to be worth ending it. */
export const AUTOVACUUM_AFTER = seconds(30);

/** How long a tenant that is used now and then may go without upkeep. */
export const UPKEEP_EVERY = minutes(15);

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

export type UpkeepFacts = Pick<VacuumFacts, 'busy' | 'idleSince'> & {
  /** Whether there were sessions since the last upkeep. */
  readonly used: boolean;
  /** When the last upkeep was; the start of the compute if there was none since. */
  readonly keptAt: Instant;
};

export type UpkeepAction =
  | { readonly kind: 'keepUp' }
  | { readonly kind: 'askAt'; readonly at: Instant }
  | { readonly kind: 'stay' };

/** Whether a running compute that is not to be suspended should be kept up at `now`. */
export function decideUpkeep(facts: UpkeepFacts, now: Instant): UpkeepAction {
  const { busy, idleSince, used, keptAt } = facts;
  if (busy || !used || elapsed(keptAt, idleSince) < UPKEEP_EVERY) return { kind: 'stay' };
  const due = after(idleSince, AUTOVACUUM_AFTER);
  return now < due ? { kind: 'askAt', at: due } : { kind: 'keepUp' };
}

/** Since when a tenant is in use to which a session comes at `now` after idleness. */
export function usedSince(
  last: { readonly usedSince: Instant; readonly idleSince: Instant } | null,
  now: Instant,
): Instant {
  if (last === null || elapsed(last.idleSince, now) >= AUTOVACUUM_AFTER) return now;
  return last.usedSince;
}
