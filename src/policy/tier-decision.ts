/**
 * Which tier a tenant has from now on, why, and when to ask again. Says, never does: the same facts, rules
 * and time give the same answer, which `replayTier` shows of any that was recorded.
 *
 * Until `askAt` the answer stays as it is unless a fact changes; at `askAt` it is another one. With the
 * rules of the vision use makes at most 192 moves a day (between COLD and WARM, which is what a
 * query every quarter of an hour asks for), and at most two a day between any higher tiers.
 *
 * A decision takes about 5 µs.
 */
import type { Decision, Json } from '../domain/decision.ts';
import { LEVELS, type Level } from '../domain/levels.ts';
import { PLANS, type Plan, type Tier, type TierOverride } from '../domain/tier.ts';
import { type DurationMs, later, ms, type Timestamp } from '../domain/units.ts';
import type { Rules } from './rules.ts';
import { rulesMark } from './rules-mark.ts';
import {
  inputsFrom,
  judge,
  type TierEvent,
  type TierInputs,
  type UseDigest,
} from './tier-judge.ts';
import type { Pace, UsageWindow } from './usage-window.ts';
import { sleepsAfter, wayDown } from './way-down.ts';

export type TierFacts = {
  readonly tier: Tier;
  readonly tierSince: Timestamp;
  readonly plan: Plan;
  readonly override: TierOverride | null;
  /** Kept in the pace of the rules (`paceOf`); in another it says nothing here. */
  readonly window: UsageWindow;
  /** Since when no person has asked anything; null while one does. */
  readonly idleSince: Timestamp | null;
  readonly awake: boolean;
  /** The customer agrees to less than the PERSISTENT that he pays for. */
  readonly consents: boolean;
  /** The tier that it had before a floor raised it; null if it has its own. */
  readonly tierBefore: Tier | null;
  /** An anomaly asks for HOT, and keeps it there while it lasts. */
  readonly fastTrack: { readonly why: string } | null;
  readonly event: TierEvent;
  /** Who asked something of a sleeping tenant, in a few words; nothing where that is not known. */
  readonly asker?: string | null;
};

export type TierDecision = {
  readonly tier: Tier;
  /** As in the facts, from now on. */
  readonly tierBefore: Tier | null;
  /** One plain sentence, which a customer may read. */
  readonly because: string;
  /** When the answer is another one if nothing changes before; null for never. */
  readonly askAt: Timestamp | null;
  /** All that was looked at, and by which rules (`rulesMark`). */
  readonly inputs: TierInputs;
  readonly mark: string;
};

/** So much of what an anomaly says, and of who asked, is kept. */
const WHY_MAX = 120;
const ASKER_MAX = 60;

/** Days that are recorded: the most that any rule looks at. */
const DAYS_RECORDED = 14;

/** `rules` are those of the tenant: `rulesFor`. */
export function decideTier(facts: TierFacts, rules: Rules, now: Timestamp): TierDecision {
  const inputs = inputsOf(facts, rules, now);
  const { tier, tierBefore, because } = judge(inputs, rules);
  const tierSince = tier === facts.tier ? facts.tierSince : now;
  const next: TierFacts = { ...facts, tier, tierBefore, tierSince, event: 'timer' };
  return {
    tier,
    tierBefore,
    because,
    askAt: askAtOf(next, rules, now),
    inputs,
    mark: rulesMark(rules),
  };
}

/** In which pace a tenant's use is kept by these rules. */
export const paceOf = ({ tierRules }: Rules): Pace => ({
  window: tierRules.window,
  day: tierRules.day,
});

/** What is told of a plan that has changed. */
export const planEvent = (from: Plan, to: Plan): TierEvent =>
  PLANS.indexOf(to) > PLANS.indexOf(from) ? 'upgrade' : 'plan';

/** The record of a decision, whether it moves the tenant or not. */
export const recordOf = ({ tier, because, inputs, mark }: TierDecision): Decision => ({
  at: inputs.now,
  kind: 'tier',
  from: inputs.tier,
  to: tier,
  because,
  inputs: { ...inputs, rules: mark } satisfies Readonly<Record<string, Json>>,
});

export type Replay = {
  /** Whether the same was decided, for the same reason. */
  readonly isSame: boolean;
  readonly tier: Tier;
  readonly because: string;
  /** Whether the rules were others then; null if that was not recorded. */
  readonly rulesChanged: boolean | null;
};

/** Decides again what was recorded, by these rules of the tenant; null if it is no decision on a tier. */
export function replayTier({ kind, to, because, inputs }: Decision, rules: Rules): Replay | null {
  const known = kind === 'tier' ? inputsFrom(inputs) : null;
  if (known === null) return null;
  const { tier, because: why } = judge(known, rules);
  const rulesChanged = typeof inputs.rules === 'string' ? inputs.rules !== rulesMark(rules) : null;
  return { tier, because: why, isSame: tier === to && why === because, rulesChanged };
}

function inputsOf(facts: TierFacts, rules: Rules, now: Timestamp): TierInputs {
  const { event, tier, tierSince, plan, override, idleSince, awake, consents, fastTrack } = facts;
  const { tierBefore, asker = null } = facts;
  return {
    now,
    event,
    tier,
    tierSince,
    plan,
    override,
    idleSince,
    awake,
    consents,
    tierBefore,
    // A client says some of it. What is cut in the middle of a character could not be kept.
    asker: event === 'query' && asker !== null ? asker.slice(0, ASKER_MAX).toWellFormed() : null,
    fastTrack: fastTrack === null ? null : fastTrack.why.slice(0, WHY_MAX),
    use: digestOf(facts, rules, now),
  };
}

const NO_USE: UseDigest = {
  queries: 0,
  quarters: 0,
  steadiness: 0,
  days: [],
  consistency: 0,
  since: null,
};

/** Each tier looks at its own part. */
function digestOf({ tier, window }: TierFacts, { tierRules }: Rules, now: Timestamp): UseDigest {
  const isPaced = window.pace.window === tierRules.window && window.pace.day === tierRules.day;
  if (!isPaced || tier === 'COLD') return NO_USE;
  const { since } = window;
  if (tier === 'WARM') {
    const { queries, quarters, steadiness } = window.spell(now);
    return { ...NO_USE, queries, quarters, steadiness: rounded(steadiness), since };
  }
  const days = window.days(now, DAYS_RECORDED);
  if (tier === 'PERSISTENT') return { ...NO_USE, days, since };
  const consistency = rounded(window.consistency(now, tierRules.hotToPersistent.within));
  return { ...NO_USE, days, consistency, since };
}

const rounded = (part: number): number => Math.round(part * 1_000) / 1_000;

/** The first of the moments at which the answer could change by itself at which it does. */
function askAtOf(facts: TierFacts, rules: Rules, now: Timestamp): Timestamp | null {
  const moments = turningPoints(facts, rules, now)
    .filter((at) => at > now)
    .toSorted((one, other) => one - other);
  for (const at of moments) {
    if (judge(inputsOf(facts, rules, at), rules).tier !== facts.tier) return at;
  }
  return null;
}

/**
 * Passing time alone ends what a person has set, the least time in a tier, the patience with idleness, and
 * days. It makes no spell of work: that ends with the last use (`UsageWindow.spell`).
 */
function turningPoints(facts: TierFacts, rules: Rules, now: Timestamp): readonly Timestamp[] {
  const { tier, tierSince, override, idleSince } = facts;
  const { idleAfter } = rules.tiers[tier];
  const points = [later(tierSince, rules.tierRules.timeInTierMin[tier])];
  if (override !== null && override.until !== null) points.push(override.until);
  if (idleSince !== null && idleAfter !== null) points.push(later(idleSince, idleAfter));
  if (tier === 'HOT') points.push(facts.window.dayEnd(now));
  if (tier === 'PERSISTENT') points.push(...quietPoints(facts, rules, now));
  return points;
}

/** When so many days without much use will be over, and known. */
function quietPoints(
  { window, idleSince }: TierFacts,
  { tierRules }: Rules,
  now: Timestamp,
): readonly Timestamp[] {
  const { days, queriesUnder } = tierRules.persistentToHot;
  const whole = ms(days * tierRules.day);
  const known = [idleSince, window.since].filter((at) => at !== null).map((at) => later(at, whole));
  const busy = [window.today(now), ...window.days(now, days)].findIndex(
    (queries) => queries >= queriesUnder,
  );
  const left = busy < 0 ? 0 : days - busy;
  return [...known, later(window.dayEnd(now), ms(left * tierRules.day))];
}

export type ResidencyBounds = {
  /** At which levels it may be, L1 first, which is awake. */
  readonly levels: readonly Level[];
  /** The least idle time awake after use; null if it must not sleep at all. */
  readonly awakeAtLeast: DurationMs | null;
  readonly because: string;
};

/**
 * Within which bounds an idle tenant of a tier is kept. While residency is fixed it sleeps after exactly
 * `awakeAtLeast`, that of the whole way down; else not before.
 */
export function residencyBounds(tier: Tier, rules: Rules): ResidencyBounds {
  const { mode, awakeAtLeast, coldest } = rules.residency;
  const isFixed = mode === 'fixed';
  const least = isFixed ? sleepsAfter(wayDown(tier, rules, null)) : awakeAtLeast[tier];
  if (least === null || coldest[tier] === 'L1') {
    return { levels: ['L1'], awakeAtLeast: null, because: `tier ${tier} is always awake` };
  }
  const levels = LEVELS.slice(0, LEVELS.indexOf(coldest[tier]) + 1);
  const because = `tier ${tier} is kept at ${coldest[tier]} or nearer`;
  return { levels, awakeAtLeast: least, because };
}
