/**
 * Idle detection: what may be taken from a compute that nobody uses, and when?
 *
 * A compute is held awake by use, not by open sessions: a session that is idle can be parked. It is
 * held while a proxy says that somebody is at work or cannot be parked, and idle since the last
 * request of any session. Idleness must last, because clients pool and reconnect: a suspend that is
 * undone within a minute costs a wake and saves nothing.
 *
 *   held ──nobody is at work──▶ idle ──step by step down `way`──▶ due ──parked──▶ suspended
 *    ▲──────somebody asks────────┘◀──────────held after all────────┘
 *
 * Who asks turns the way round. A compute that was restarted in a smaller size meanwhile climbs back
 * once it is used, as does one whose tier has changed: at the first moment at which nobody is at work.
 *
 * A compute that was started because somebody was expected is due much sooner if nobody comes. One
 * whose suspend was refused is left alone for a while, so that a proxy that reports idleness and
 * then refuses to park is not asked in a hot loop.
 *
 * Trades cost for latency; the idle times of the rules are the price.
 */
import { after, type DurationMs, elapsed, type Instant, ms, seconds } from '../domain/units.ts';
import { backoff } from './backoff.ts';
import { type DownStep, type Shed, sleepsAfter } from './way-down.ts';

/** How long a compute that was started for somebody expected waits for them. */
export const EXPECTED_WITHIN = seconds(15);

/** How long nobody must be at work before a compute is restarted in its full size again. */
export const CLIMB_AFTER = seconds(1);

/** What the decision looks at. */
export type IdleFacts = {
  /** What holds the compute awake, as the proxies tell it; null if nothing does. */
  readonly heldBy: string | null;
  /** Since when nobody has asked anything; the end of the wake if nobody has since. */
  readonly idleSince: Instant;
  /** The way down from its tier: `wayDown`. */
  readonly way: readonly DownStep[];
  /** How many steps of it have been done, since somebody last asked. */
  readonly done: number;
  /** It is not in the size of its tier, and somebody has used it since it was given that. */
  readonly mustClimb: boolean;
  /** Why another size than it has is due in its tier; null if none is. */
  readonly wants: string | null;
  /** Whether it was started for somebody who has not come yet. */
  readonly isExpecting: boolean;
  /** Before this no suspend and no restart is tried; null if none was refused. */
  readonly notBefore: Instant | null;
};

export type IdleAction =
  /** Take this step now. */
  | { readonly kind: 'step'; readonly what: Shed; readonly because: string }
  /** Restart it in the size of its tier. */
  | { readonly kind: 'climb'; readonly because: string }
  /** Ask again at this instant, if nothing changes before. */
  | { readonly kind: 'askAt'; readonly at: Instant }
  /** Nothing to do until a proxy reports otherwise. */
  | { readonly kind: 'stay'; readonly because: string };

/** What to do with a running compute at `now`. Says, never does: same inputs, same answer. */
export function decideIdle(facts: IdleFacts, now: Instant): IdleAction {
  const held = heldAwakeBy(facts);
  if (facts.heldBy !== null) return { kind: 'stay', because: facts.heldBy };
  const climbs = facts.mustClimb ? NOT_ITS_SIZE : facts.wants;
  if (climbs !== null) return climb(facts, climbs, now);
  if (held !== null) return { kind: 'stay', because: held };
  const { what, at } = nextStep(facts);
  if (now < at) return { kind: 'askAt', at };
  const idleFor = `${Math.round(ms(elapsed(facts.idleSince, now)) / 1000)} s`;
  const because = facts.isExpecting
    ? `nobody came for whom it was started, for ${idleFor}`
    : `idle for ${idleFor}`;
  return { kind: 'step', what, because };
}

const NOT_ITS_SIZE = 'it is in use, and not in the size of its tier';

function climb({ idleSince, notBefore }: IdleFacts, because: string, now: Instant): IdleAction {
  const due = Math.max(after(idleSince, CLIMB_AFTER), notBefore ?? 0) as Instant;
  return now < due ? { kind: 'askAt', at: due } : { kind: 'climb', because };
}

/** The next step that nobody's coming prevents, and when it is due. */
function nextStep(facts: IdleFacts): { readonly what: Shed; readonly at: Instant } {
  const { idleSince, notBefore } = facts;
  const step = facts.way[facts.done];
  if (facts.isExpecting || step === undefined) {
    return { what: { kind: 'suspend' }, at: suspendDue(facts) };
  }
  if (step.what.kind === 'suspend') return { what: step.what, at: suspendDue(facts) };
  const at = after(idleSince, step.after);
  const isRestart = step.what.kind === 'resize';
  return { what: step.what, at: (isRestart ? Math.max(at, notBefore ?? 0) : at) as Instant };
}

/** When a compute that nothing holds is to be suspended. */
export function suspendDue(facts: IdleFacts): Instant {
  const { idleSince, way, isExpecting, notBefore } = facts;
  const allowed = sleepsAfter(way) ?? Number.POSITIVE_INFINITY;
  const wait = isExpecting ? Math.min(allowed, EXPECTED_WITHIN) : allowed;
  return Math.max(after(idleSince, ms(wait)), notBefore ?? 0) as Instant;
}

/** Why the compute must stay awake, or null. */
export function heldAwakeBy(facts: Pick<IdleFacts, 'heldBy' | 'way'>): string | null {
  if (facts.heldBy !== null) return facts.heldBy;
  return sleepsAfter(facts.way) === null ? 'its tier always runs' : null;
}

/**
 * How long, at least, no suspend and no restart is tried after so many refused in a row (1 or more). A
 * suspend also waits until its whole way has been gone again.
 */
export const refusedWait = (refusals: number): DurationMs => backoff(refusals);
