/**
 * Which tier does a tenant have, by what is known of it and the rules? The first of these that speaks:
 *
 *   1. what a person has set, until its end; a customer's choice no higher than the plan allows
 *   2. the plan's floor and ceiling; an anomaly that asks for HOT raises the floor while it lasts. Who was
 *      raised by a floor has its tier before again when the floor is gone
 *   3. an upgrade of the plan: HOT at once
 *   4. use, once the tenant has been in its tier for the least time:
 *
 *        COLD ──any query, or expected──▶ WARM ──hours of steady work──▶ HOT ──busy days──▶ PERSISTENT
 *          ◀── asleep, idle ──────────────  ◀── idle for a day ────────   ◀── quiet days ──
 *
 * It looks at `TierInputs` and nothing else. They are plain numbers and texts, and are recorded, so that any
 * decision can be made again later.
 */
import {
  PLANS,
  type Plan,
  TIER_SETTERS,
  TIERS,
  type Tier,
  type TierOverride,
} from '../domain/tier.ts';
import { minutes, type Timestamp } from '../domain/units.ts';
import { higherOf, lowerOf, type PlanTerms, rankOf } from './plan-terms.ts';
import type { Rules } from './rules.ts';
import { spanText } from './tier-words.ts';

export const TIER_EVENTS = [
  /** Somebody asks something of a sleeping tenant. */
  'query',
  /** It is woken for somebody who is expected. */
  'prewarm',
  /** It has gone to sleep. */
  'suspend',
  /** The policy wanted to be asked. */
  'timer',
  /** A minute's use has been counted. */
  'usage',
  /** Its plan, its rules or what a person has set is another. */
  'plan',
  /** Its plan is a higher one. */
  'upgrade',
] as const;

export type TierEvent = (typeof TIER_EVENTS)[number];

/** Use, as far as the present tier looks at it; the rest is nought. */
export type UseDigest = {
  /** Of the window that ended with the last use: queries by people, active quarters, active part. */
  readonly queries: number;
  readonly quarters: number;
  readonly steadiness: number;
  /** Queries by people on the last whole days, yesterday first. */
  readonly days: readonly number[];
  readonly consistency: number;
  /** Since when use is known; null if none is. */
  readonly since: Timestamp | null;
};

export type TierInputs = {
  readonly now: Timestamp;
  readonly event: TierEvent;
  readonly tier: Tier;
  readonly tierSince: Timestamp;
  readonly plan: Plan;
  readonly override: TierOverride | null;
  /** Null while it is in use. */
  readonly idleSince: Timestamp | null;
  readonly awake: boolean;
  readonly consents: boolean;
  /** The tier that it had before a floor raised it; null if it has its own. */
  readonly tierBefore: Tier | null;
  /** Who has asked something of a sleeping tenant; null if nobody has, or it is not known. */
  readonly asker: string | null;
  /** Why an anomaly asks for HOT; null if none does. */
  readonly fastTrack: string | null;
  readonly use: UseDigest;
};

type Verdict = { readonly tier: Tier; readonly because: string };

export type Judgement = Verdict & { readonly tierBefore: Tier | null };

export function judge(inputs: TierInputs, rules: Rules): Judgement {
  const { tier, tierBefore } = inputs;
  const terms = rules.plans[inputs.plan];
  const set = bySetting(inputs, terms);
  if (set !== null) return { ...set, tierBefore: null };
  const back = byReturn(inputs, terms);
  if (back !== null) return { ...back, tierBefore: back.tier === tierBefore ? null : tierBefore };
  const bound = byBounds(inputs, terms);
  if (bound !== null) {
    const isRaised = rankOf(bound.tier) > rankOf(tier);
    return { ...bound, tierBefore: isRaised ? (tierBefore ?? tier) : null };
  }
  const ruled = rules.tierRules.automatic
    ? byRules(inputs, rules)
    : stay(inputs, 'a person sets its tier');
  return { ...ruled, tierBefore: ruled.tier === tier ? tierBefore : null };
}

/** Between which tiers the plan has it; consent to less lowers the floor of a paid PERSISTENT. */
export function boundsOf(
  { floor, ceiling, persistentNeedsConsent }: PlanTerms,
  consents: boolean,
): { readonly floor: Tier; readonly ceiling: Tier } {
  return { floor: persistentNeedsConsent && consents ? lowerOf(floor, 'HOT') : floor, ceiling };
}

const stay = ({ tier }: TierInputs, because: string): Verdict => ({ tier, because });

function bySetting({ override, now }: TierInputs, terms: PlanTerms): Verdict | null {
  if (override === null || (override.until !== null && now >= override.until)) return null;
  const { by } = override;
  const tier = by === 'customer' ? lowerOf(override.tier, terms.ceiling) : override.tier;
  const till = override.until === null ? '' : `, until ${minuteText(override.until)}`;
  const bound = tier === override.tier ? '' : `; its plan goes no further than ${tier}`;
  return { tier, because: `the ${by} has set ${override.tier}${till}${bound}` };
}

function byBounds({ tier, plan, consents }: TierInputs, terms: PlanTerms): Verdict | null {
  const { floor, ceiling } = boundsOf(terms, consents);
  if (rankOf(tier) < rankOf(floor)) {
    return { tier: floor, because: `plan ${plan} has ${floor} at least` };
  }
  if (rankOf(tier) > rankOf(ceiling)) {
    return { tier: ceiling, because: `plan ${plan} has ${ceiling} at most` };
  }
  return null;
}

/** Who was raised by a floor alone comes back when that is gone. */
function byReturn({ tier, tierBefore, consents }: TierInputs, terms: PlanTerms): Verdict | null {
  if (tierBefore === null) return null;
  const { floor, ceiling } = boundsOf(terms, consents);
  const own = lowerOf(higherOf(tierBefore, floor), ceiling);
  if (rankOf(own) >= rankOf(tier)) return null;
  return {
    tier: own,
    because: `it was ${tierBefore} until ${tier} was asked for, which it is no more`,
  };
}

function byRules(inputs: TierInputs, rules: Rules): Verdict {
  const { tier, plan, event, fastTrack } = inputs;
  const { ceiling } = rules.plans[plan];
  const most = lowerOf('HOT', ceiling);
  const isBelow = rankOf(tier) < rankOf(most);
  if (isBelow && event === 'upgrade') {
    return { tier: most, because: `its plan is now ${plan}, which begins with ${most} at once` };
  }
  if (isBelow && fastTrack !== null) {
    return { tier: most, because: `straight to ${most}: ${fastTrack}` };
  }
  return RULES[tier](inputs, rules);
}

type Judge = (inputs: TierInputs, rules: Rules) => Verdict;

const RULES: Readonly<Record<Tier, Judge>> = {
  COLD: ofCold,
  WARM: ofWarm,
  HOT: ofHot,
  PERSISTENT: ofPersistent,
};

function ofCold(inputs: TierInputs, rules: Rules): Verdict {
  const { event, idleSince, asker } = inputs;
  const isUsed = event === 'query' || event === 'prewarm' || idleSince === null;
  if (!isUsed) return stay(inputs, 'nobody uses it');
  const asked = asker === null ? 'somebody asked something' : `woken: ${asker}`;
  const because = event === 'prewarm' ? 'somebody is expected' : asked;
  return move(inputs, rules, { tier: 'WARM', because });
}

function ofWarm(inputs: TierInputs, rules: Rules): Verdict {
  const idle = idleEnough(inputs, rules);
  if (idle !== null && !inputs.awake) {
    return move(inputs, rules, { tier: 'COLD', because: `asleep, and ${idle}` });
  }
  const work = sustained(inputs, rules);
  if (work.isEnough) {
    return move(inputs, rules, { tier: 'HOT', because: `steady work: ${work.words}` });
  }
  if (idle !== null) return stay(inputs, `${idle}, but still awake`);
  return stay(inputs, `HOT takes steady work; ${work.words}`);
}

function ofHot(inputs: TierInputs, rules: Rules): Verdict {
  const idle = idleEnough(inputs, rules);
  if (idle !== null) return move(inputs, rules, { tier: 'WARM', because: idle });
  const work = busyDays(inputs, rules);
  if (!work.isEnough) {
    return stay(inputs, `PERSISTENT takes use as in production; ${work.words}`);
  }
  const because = `used as in production: ${work.words}`;
  return move(inputs, rules, { tier: 'PERSISTENT', because });
}

function ofPersistent(inputs: TierInputs, rules: Rules): Verdict {
  const quiet = quietDays(inputs, rules);
  if (!quiet.isEnough) return stay(inputs, `in use: ${quiet.words}`);
  const { persistentNeedsConsent } = rules.plans[inputs.plan];
  if (persistentNeedsConsent && !inputs.consents) {
    return stay(inputs, `${quiet.words}, but its customer pays for PERSISTENT and has not agreed`);
  }
  return move(inputs, rules, { tier: 'HOT', because: `used less: ${quiet.words}` });
}

/** `to`, if the least time in its tier is over and the plan, or an anomaly, does not forbid it. */
function move(inputs: TierInputs, rules: Rules, to: Verdict): Verdict {
  const { tier, tierSince, now, plan, consents, fastTrack } = inputs;
  const bounds = boundsOf(rules.plans[plan], consents);
  const floor = fastTrack === null ? bounds.floor : higherOf(bounds.floor, lowerOf('HOT', tier));
  if (rankOf(to.tier) < rankOf(floor) || rankOf(to.tier) > rankOf(bounds.ceiling)) {
    const why =
      rankOf(to.tier) >= rankOf(bounds.floor) && rankOf(to.tier) <= rankOf(bounds.ceiling)
        ? `kept by what is unusual: ${fastTrack}`
        : `plan ${plan} does not go to ${to.tier}`;
    return stay(inputs, `${why} (${to.because})`);
  }
  const least = rules.tierRules.timeInTierMin[tier];
  if (now - tierSince < least) {
    return stay(inputs, `in ${tier} for less than ${spanText(least)} (${to.because})`);
  }
  return to;
}

type Finding = { readonly isEnough: boolean; readonly words: string };

function sustained({ use }: TierInputs, { tierRules }: Rules): Finding {
  const { queriesOver, perMinuteOver, quartersMin, steadinessMin } = tierRules.warmToHot;
  const aMinute = use.queries / (tierRules.window / minutes(1));
  const isEnough =
    use.queries > queriesOver &&
    aMinute > perMinuteOver &&
    use.quarters >= quartersMin &&
    use.steadiness >= steadinessMin;
  const percent = Math.round(use.steadiness * 100);
  const words = `${use.queries} queries in ${spanText(tierRules.window)}, ${aMinute.toFixed(1)} a minute, in ${use.quarters} of 4 quarters and ${percent} % of the time`;
  return { isEnough, words };
}

/** Yesterday must have been such a day, so that only use can earn the tier, and not the passing of time. */
function busyDays({ use }: TierInputs, { tierRules }: Rules): Finding {
  const { days, within, queriesOver, consistencyMin } = tierRules.hotToPersistent;
  const busy = use.days.slice(0, within).filter((queries) => queries > queriesOver).length;
  const isEnough =
    busy >= days && (use.days[0] ?? 0) > queriesOver && use.consistency >= consistencyMin;
  const alike = Math.round(use.consistency * 100);
  const words = `${busy} of the last ${within} days had more than ${queriesOver} queries, at hours that are ${alike} % alike`;
  return { isEnough, words };
}

/** Days of which nothing is known are no quiet ones, unless nobody has come since. */
function quietDays({ use, now, idleSince }: TierInputs, { tierRules }: Rules): Finding {
  const { days, queriesUnder } = tierRules.persistentToHot;
  const quiet = use.days.slice(0, days).filter((queries) => queries < queriesUnder).length;
  const from = now - days * tierRules.day;
  const isKnown =
    (use.since !== null && use.since <= from) || (idleSince !== null && idleSince <= from);
  const words = `${quiet} of the last ${days} days had fewer than ${queriesUnder} queries`;
  return {
    isEnough: quiet >= days && isKnown,
    words: isKnown ? words : `${words}, as far as is known`,
  };
}

/** Says so if it has been idle for as long as its tier is kept for. */
function idleEnough({ tier, idleSince, now }: TierInputs, rules: Rules): string | null {
  const { idleAfter } = rules.tiers[tier];
  if (idleSince === null || idleAfter === null || now - idleSince < idleAfter) return null;
  return `idle for ${spanText(idleAfter)}`;
}

const minuteText = (at: Timestamp): string => {
  const date = new Date(at);
  const isDate = Number.isFinite(date.getTime());
  return isDate ? `${date.toISOString().slice(0, 16).replace('T', ' ')} UTC` : 'the end of time';
};

/** What was recorded, read again; null if it is something else. */
export function inputsFrom(value: unknown): TierInputs | null {
  // Not recorded before there was such a thing.
  const recorded = { tierBefore: null, asker: null, ...recordFrom(value) };
  return isSound(recorded) ? (recorded as unknown as TierInputs) : null;
}

function isSound(fields: Readonly<Record<string, unknown>>): boolean {
  const use = recordFrom(fields.use);
  const override = fields.override === null ? null : recordFrom(fields.override);
  const days = Array.isArray(use.days) ? use.days : [Number.NaN];
  const numbers = [fields.now, fields.tierSince, use.queries, use.quarters, use.steadiness];
  return (
    [...numbers, use.consistency, ...days].every(Number.isFinite) &&
    [fields.idleSince, use.since].every(isTimeOrNull) &&
    isIn(TIERS, fields.tier) &&
    isIn(PLANS, fields.plan) &&
    isIn(TIER_EVENTS, fields.event) &&
    [fields.awake, fields.consents].every((one) => typeof one === 'boolean') &&
    (fields.asker === null || typeof fields.asker === 'string') &&
    (fields.fastTrack === null || typeof fields.fastTrack === 'string') &&
    (override === null ||
      (isIn(TIERS, override.tier) &&
        isTimeOrNull(override.until) &&
        isIn(TIER_SETTERS, override.by))) &&
    (fields.tierBefore === null || isIn(TIERS, fields.tierBefore))
  );
}

const isIn = (all: readonly string[], value: unknown): boolean => all.some((one) => one === value);

const isTimeOrNull = (value: unknown): boolean => value === null || Number.isFinite(value);

const recordFrom = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {};
