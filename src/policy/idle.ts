/**
 * Idle detection: when may a compute be suspended?
 *
 * A compute is held awake by use, not by open sessions: a session that is idle can be parked. It is
 * held while a proxy says that somebody is at work or cannot be parked, and idle since the last
 * request of any session. Idleness must last, because clients pool and reconnect: a suspend that is
 * undone within a minute costs a wake and saves nothing.
 *
 *   held ──nobody is at work──▶ idle ──suspendAfter passes──▶ due ──parked──▶ suspended
 *    ▲──────somebody asks────────┘◀──────────held after all─────┘
 *
 * A compute that was started because somebody was expected is due much sooner if nobody comes. One
 * whose suspend was refused is left alone for a while, so that a proxy that reports idleness and
 * then refuses to park is not asked in a hot loop.
 *
 * Trades cost for latency; `suspendAfter` is the price.
 */
import type { Tier } from '../domain/tier.ts';
import { after, type DurationMs, elapsed, type Instant, ms, seconds } from '../domain/units.ts';
import { backoff } from './backoff.ts';

/** How long a compute that was started for somebody expected waits for them. */
export const EXPECTED_WITHIN = seconds(15);

/** What the decision looks at. */
export type IdleFacts = {
  readonly tier: Tier;
  /** What holds the compute awake, as the proxies tell it; null if nothing does. */
  readonly heldBy: string | null;
  /** Since when nobody has asked anything; the end of the wake if nobody has since. */
  readonly idleSince: Instant;
  /** Idle time that the tenant, else the policy, allows. */
  readonly suspendAfter: DurationMs;
  /** Whether it was started for somebody who has not come yet. */
  readonly isExpecting: boolean;
  /** Before this no suspend is tried; null if none was refused. */
  readonly notBefore: Instant | null;
};

export type IdleAction =
  /** Stop the compute now. */
  | { readonly kind: 'suspend'; readonly because: string }
  /** Ask again at this instant, if nothing changes before. */
  | { readonly kind: 'askAt'; readonly at: Instant }
  /** Nothing to do until a proxy reports otherwise. */
  | { readonly kind: 'stay'; readonly because: string };

/** What to do with a running compute at `now`. Says, never does: same inputs, same answer. */
export function decideIdle(facts: IdleFacts, now: Instant): IdleAction {
  const held = heldAwakeBy(facts);
  if (held !== null) return { kind: 'stay', because: held };
  const due = suspendDue(facts);
  if (now < due) return { kind: 'askAt', at: due };
  const idleFor = `${Math.round(ms(elapsed(facts.idleSince, now)) / 1000)} s`;
  const because = facts.isExpecting
    ? `nobody came for whom it was started, for ${idleFor}`
    : `idle for ${idleFor}`;
  return { kind: 'suspend', because };
}

/** When a compute that nothing holds is to be suspended. */
export function suspendDue(facts: IdleFacts): Instant {
  const { idleSince, suspendAfter, isExpecting, notBefore } = facts;
  const allowed = isExpecting ? Math.min(suspendAfter, EXPECTED_WITHIN) : suspendAfter;
  return Math.max(after(idleSince, ms(allowed)), notBefore ?? 0) as Instant;
}

/** Why the compute must stay awake, or null. */
export function heldAwakeBy(facts: Pick<IdleFacts, 'tier' | 'heldBy'>): string | null {
  if (facts.heldBy !== null) return facts.heldBy;
  if (facts.tier === 'PERSISTENT') return 'tier PERSISTENT always runs';
  return null;
}

/** How long no suspend is tried after so many refused in a row (1 or more). */
export const refusedWait = (refusals: number, suspendAfter: DurationMs): DurationMs =>
  ms(Math.max(suspendAfter, backoff(refusals)));
