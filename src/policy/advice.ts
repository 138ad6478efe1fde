/**
 * What would be cheaper or quicker for a tenant: another plan, another tier, a larger cache, each with the money and the waiting
 * time that it would change. Nothing is advised that changes neither for the better.
 *
 * How long people would wait elsewhere is reckoned from how often they came back after a pause: below HOT every return after the idle time
 * is a wake, in HOT only one after a day, in PERSISTENT none. Where the tenant is now, what was measured counts.
 *
 * Nothing is remembered of what was advised before: what it goes by is a month's, which moves slowly.
 */
import type { AdviceKind, AdvisedChange, TenantMetrics } from '../domain/policy-view.ts';
import { FIRST_TIER, PLANS, type Plan, TIERS, type Tier } from '../domain/tier.ts';

/** For a month: what a plan is sold for, and what a tenant costs us in each tier. */
export type Prices = {
  readonly plans: Readonly<Record<Plan, number>>;
  readonly plansCurrency: string;
  readonly tiers: Readonly<Record<Tier, number>>;
  readonly currency: string;
  /** From a price book that somebody has put in force: then its operator is told what a plan would cost and leave. */
  readonly areReal: boolean;
  /** What a second that a person does not wait is worth to us. */
  readonly second: number;
};

/** Of a tenant that is used as its tier expects. Source: VISION.md, "Margin Analysis". */
export const PRICES: Prices = {
  plans: { free: 0, starter: 10, professional: 25, enterprise: 50 },
  plansCurrency: 'USD',
  tiers: { COLD: 0.1, WARM: 2, HOT: 5, PERSISTENT: 20 },
  currency: 'USD',
  areReal: false,
  second: 0.01,
};

/** What was seen of a tenant, as if over 30 days. */
export type Seen = {
  /** Returns that found it asleep, and how long those waited together, in seconds. */
  readonly coldStarts: number;
  readonly waited: number;
  /** Returns of people after more than the idle time, and after more than a day, cold or not. */
  readonly returns: number;
  readonly returnsAfterDay: number;
  /** What a wake takes, in seconds. */
  readonly wake: number;
};

export type AdviceFacts = {
  readonly metrics: TenantMetrics;
  readonly tier: Tier;
  readonly plan: Plan;
  /** The highest tier of its plan. */
  readonly ceiling: Tier;
  /** Whether its customer would have to agree before it leaves PERSISTENT, and has not. */
  readonly lacksConsent: boolean;
  readonly seen: Seen;
  readonly prices: Prices;
};

export type FoundAdvice = {
  readonly kind: AdviceKind;
  /** A month, that it adds (to the customer's price for a plan, to our cost for a tier). */
  readonly money: number;
  /** Seconds of waiting a month that it adds. */
  readonly waiting: number;
  /** To the operator. */
  readonly says: string;
  /** To the customer, whose matter our cost is not. */
  readonly tells: string;
  /** What takes it; null where it is the tenant's own programs that would have to change. */
  readonly change: AdvisedChange | null;
  /** Whether a customer may have it without another plan. */
  readonly isInPlan: boolean;
};

/** A better plan is advised from this much waiting a month, if it saves this part of it. */
const WAITED_MIN = 60;
const COLD_STARTS_MIN = 30;
const SAVED_PART = 0.5;

/** A plan is too large if the one below makes people wait no longer than this a month. */
const BEARABLE_WAIT = 15;

/** A tier is changed for this many times its price in waiting, or the reverse. */
const TIER_MARGIN = 1.5;

/** Fewer queries in a day say nothing of a cache. */
const CACHE_QUERIES_MIN = 500;
const CACHE_POOR = 0.7;
const CACHE_GOOD = 0.9;

export function adviceFor(facts: AdviceFacts): readonly FoundAdvice[] {
  const plan = planUp(facts) ?? planDown(facts);
  // A plan brings its tier with it.
  const tier = plan === null ? (tierUp(facts) ?? tierDown(facts)) : null;
  return [plan, tier, consent(facts), cache(facts)].filter((advice) => advice !== null);
}

/** Seconds that people wait in a month in that tier. */
function waitIn(tier: Tier, { seen, tier: now }: AdviceFacts): number {
  if (tier === now) return seen.waited;
  const reckoned: Readonly<Record<Tier, number>> = {
    COLD: seen.returns,
    WARM: seen.returns,
    HOT: seen.returnsAfterDay,
    PERSISTENT: 0,
  };
  const waits = reckoned[tier] * seen.wake;
  return TIERS.indexOf(tier) > TIERS.indexOf(now)
    ? Math.min(seen.waited, waits)
    : Math.max(seen.waited, waits);
}

function planUp(facts: AdviceFacts): FoundAdvice | null {
  const { plan, prices, seen, tier } = facts;
  if (seen.waited < WAITED_MIN || seen.coldStarts < COLD_STARTS_MIN) return null;
  for (const better of PLANS.slice(PLANS.indexOf(plan) + 1)) {
    const to = FIRST_TIER[better];
    const saved = seen.waited - waitIn(to, facts);
    if (TIERS.indexOf(to) <= TIERS.indexOf(tier) || saved < SAVED_PART * seen.waited) continue;
    const money = prices.plans[better] - prices.plans[plan];
    const tells = `In 30 days ${seen.coldStarts} queries waited ${span(seen.waited)} for the database to start; plan ${better} would save ${span(saved)} of that, for ${moneyText(money, prices.plansCurrency)} more a month`;
    const says = tells + insideOf(better, prices);
    const change = { plan: better };
    return { kind: 'plan-up', money, waiting: -saved, says, tells, change, isInPlan: true };
  }
  return null;
}

function planDown(facts: AdviceFacts): FoundAdvice | null {
  const { plan, prices, seen, tier } = facts;
  const lesser = PLANS[PLANS.indexOf(plan) - 1];
  if (lesser === undefined || TIERS.indexOf(tier) > TIERS.indexOf(FIRST_TIER[plan])) return null;
  const added = waitIn(FIRST_TIER[lesser], facts) - seen.waited;
  const money = prices.plans[lesser] - prices.plans[plan];
  const isBusy = facts.metrics.activeHoursPerDay > busyHours(plan);
  if (seen.waited > BEARABLE_WAIT || money >= 0 || isBusy) return null;
  if (added > BEARABLE_WAIT) return null;
  const tells = `It is in use for ${hours(facts.metrics.activeHoursPerDay)} a day; plan ${lesser} would do, for ${moneyText(-money, prices.plansCurrency)} less a month and ${waitingText(added)}`;
  return {
    ...{ kind: 'plan-down', money, waiting: added },
    ...{ says: tells + insideOf(lesser, prices), tells },
    ...{ change: { plan: lesser }, isInPlan: true },
  };
}

/** What only its operator is told of a plan: its cost, and what is left. */
function insideOf(plan: Plan, { areReal, plans, tiers, currency, plansCurrency }: Prices): string {
  if (!areReal) return '';
  const [price, cost] = [plans[plan], tiers[FIRST_TIER[plan]]];
  const costs = `; it would cost about ${moneyText(cost, currency)} a month to run`;
  if (price === 0 || currency !== plansCurrency) return costs;
  return `${costs}, a margin of ${Math.round((100 * (price - cost)) / price)} %`;
}

/** Hours of use a day up to which the plan below may do. */
const busyHours = (plan: Plan): number =>
  plan === 'starter' ? 0.25 : plan === 'professional' ? 2 : 6;

function tierUp(facts: AdviceFacts): FoundAdvice | null {
  const { prices, seen, tier } = facts;
  const better = TIERS[TIERS.indexOf(tier) + 1];
  if (better === undefined) return null;
  const saved = seen.waited - waitIn(better, facts);
  const money = prices.tiers[better] - prices.tiers[tier];
  if (saved * prices.second < TIER_MARGIN * money) return null;
  const tells = `Tier ${better} would save people ${span(saved)} of waiting a month`;
  const says = `${tells}, for about ${moneyText(money, prices.currency)} more of machine`;
  const isInPlan = TIERS.indexOf(better) <= TIERS.indexOf(facts.ceiling);
  const change = { tier: better };
  return { kind: 'tier-up', money, waiting: -saved, says, tells, change, isInPlan };
}

function tierDown(facts: AdviceFacts): FoundAdvice | null {
  const { tier } = facts;
  const lesser = TIERS[TIERS.indexOf(tier) - 1];
  if (lesser === undefined || TIERS.indexOf(lesser) < TIERS.indexOf(FIRST_TIER[facts.plan])) {
    return null;
  }
  return lowerTier(facts, lesser, 'tier-down');
}

/** What is paid for is not taken away unasked. */
function consent(facts: AdviceFacts): FoundAdvice | null {
  if (!facts.lacksConsent || facts.tier !== 'PERSISTENT') return null;
  const advice = lowerTier(facts, 'HOT', 'consent');
  if (advice === null) return null;
  return {
    ...advice,
    says: `${advice.says}, if its customer agrees`,
    tells: `${advice.tells}, if you agree`,
    change: { consent: true },
  };
}

function lowerTier(
  facts: AdviceFacts,
  lesser: Tier,
  kind: 'tier-down' | 'consent',
): FoundAdvice | null {
  const { prices, seen, tier } = facts;
  const added = waitIn(lesser, facts) - seen.waited;
  const money = prices.tiers[lesser] - prices.tiers[tier];
  if (added * prices.second * TIER_MARGIN > -money) return null;
  return {
    kind,
    money,
    waiting: added,
    says: `Tier ${lesser} would do, for about ${moneyText(-money, prices.currency)} less of machine a month and ${waitingText(added)}`,
    tells: `Tier ${lesser} would do, with ${waitingText(added)}`,
    change: { tier: lesser },
    isInPlan: true,
  };
}

function cache(facts: AdviceFacts): FoundAdvice | null {
  const { cacheHitRatio: ratio, queryCount } = facts.metrics;
  if (ratio === null || ratio >= CACHE_GOOD || queryCount < CACHE_QUERIES_MIN) return null;
  const factor = ratio < CACHE_POOR ? 'four times' : 'twice';
  const says = `Only ${Math.floor(ratio * 100)} % of what its queries read is found in memory; ${factor} the cache would spare most of the rest the way to the disk`;
  const told = { says, tells: says, change: null, isInPlan: true };
  return { kind: 'cache', money: 0, waiting: 0, ...told };
}

function moneyText(money: number, currency: string): string {
  const figure = Number.isInteger(money) ? `${money}` : money.toFixed(2);
  return currency === 'USD' ? `$${figure}` : `${figure} ${currency}`;
}

const waitingText = (added: number): string =>
  added < 1 ? 'no more waiting' : `${span(added)} more of waiting`;

const hours = (n: number): string => `${n.toFixed(1)} h`;

const span = (seconds: number): string =>
  seconds < 120 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`;
