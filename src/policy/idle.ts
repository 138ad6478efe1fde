/**
 * Idle detection: when may a compute be suspended?
 *
 * A compute is idle when it has no open sessions. Idleness must last, because clients pool and
 * reconnect: a suspend that is undone within a minute costs a wake and saves nothing.
 *
 *   busy ──last session ends──▶ idle ──suspendAfter passes──▶ due
 *    ▲───────────first session begins───────┘
 *
 * Trades cost for latency; `suspendAfter` is the price.
 */
import type { Tier } from '../domain/tier.ts';
import { after, type DurationMs, elapsed, type Instant, ms } from '../domain/units.ts';

/** What the decision looks at. */
export type IdleFacts = {
  readonly tier: Tier;
  /** Sessions that hold the compute awake. */
  readonly sessions: number;
  /** Since when there are none; the end of the wake if there were none since. */
  readonly idleSince: Instant;
  /** Idle time that the tenant, else the policy, allows. */
  readonly suspendAfter: DurationMs;
};

export type IdleAction =
  /** Stop the compute now. */
  | { readonly kind: 'suspend'; readonly because: string }
  /** Ask again at this instant, if nothing changes before. */
  | { readonly kind: 'askAt'; readonly at: Instant }
  /** Nothing to do until a session ends. */
  | { readonly kind: 'stay'; readonly because: string };

/** What to do with a running compute at `now`. Says, never does: same inputs, same answer. */
export function decideIdle(facts: IdleFacts, now: Instant): IdleAction {
  const held = heldAwakeBy(facts);
  if (held !== null) return { kind: 'stay', because: held };
  const due = after(facts.idleSince, facts.suspendAfter);
  if (now < due) return { kind: 'askAt', at: due };
  const idleFor = elapsed(facts.idleSince, now);
  return { kind: 'suspend', because: `idle for ${Math.round(ms(idleFor) / 1000)} s` };
}

/**
 * Why the compute must stay awake, or null. An open session holds it, since a session lives in its
 * backend; once sessions can be parked this is the one place that changes.
 */
export function heldAwakeBy(facts: Pick<IdleFacts, 'tier' | 'sessions'>): string | null {
  if (facts.sessions > 0) return `${facts.sessions} open sessions`;
  if (facts.tier === 'PERSISTENT') return 'tier PERSISTENT always runs';
  return null;
}
