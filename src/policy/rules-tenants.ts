/**
 * Rules of some tenants' own: other sizes for their tiers, another floor and ceiling, another promise. Rows
 * are told by name or glob (`acme`, `demo-*`); each that matches applies, later ones over earlier ones.
 */
import { type Limits, PLANS, type Plan, type SizeClass, TIERS, type Tier } from '../domain/tier.ts';
import {
  higherOf,
  limitsWithin,
  lowerOf,
  type PlanBook,
  type PlanTerms,
  type Sla,
} from './plan-terms.ts';
import type { Rules, TierRules } from './rules.ts';
import { globMatches } from './visitors.ts';

export type TierChange = Partial<Omit<TierRules, 'size' | 'limits'>> & {
  readonly size: Partial<SizeClass>;
  readonly limits: Partial<Limits>;
};

export type TenantRules = {
  /** A tenant's name, or a glob. */
  readonly match: string;
  /** Over its plan's; the other end gives way if that is what it takes. */
  readonly floor: Tier | null;
  readonly ceiling: Tier | null;
  readonly sla: Partial<Sla>;
  readonly tiers: Readonly<Partial<Record<Tier, TierChange>>>;
};

/** Combinations of rows that are kept; there are few, but for a file that has a row a tenant. */
const MADE_MAX = 10_000;

type Whose = { readonly name: string; readonly plan: Plan };

/** By the rules they are made of; a name stands for the rows that match and the plan's limits. */
const made = new WeakMap<Rules, Map<string, Rules>>();

/**
 * The rules of one tenant: its plan's limits are worked in, and over them what its rows say. The same object for
 * the same rules and rows, so that it may be compared by identity. Linear in the number of rows.
 */
export function rulesFor(rules: Rules, { name, plan }: Whose): Rules {
  const rows = rules.tenants.filter(({ match }) => globMatches(match, name));
  const { limits } = rules.plans[plan];
  const isLimited = Object.values(limits).some((limit) => limit !== null);
  if (rows.length === 0 && !isLimited) return rules;
  const kept = made.get(rules) ?? new Map<string, Rules>();
  if (kept.size >= MADE_MAX) kept.clear();
  made.set(rules, kept);
  const key = `${isLimited ? plan : ''} ${rows.map((row) => rules.tenants.indexOf(row)).join(' ')}`;
  const known = kept.get(key);
  if (known !== undefined) return known;
  const limited = { ...rules, tiers: mapTiers((tier) => within(rules.tiers[tier], limits)) };
  const own = rows.reduce(changed, limited);
  kept.set(key, own);
  return own;
}

/** `base` with what is given of `change`. */
export function changedTier(base: TierRules, { size, limits, ...rest }: TierChange): TierRules {
  return {
    ...base,
    ...rest,
    size: { ...base.size, ...size },
    limits: { ...base.limits, ...limits },
  };
}

function changed(rules: Rules, row: TenantRules): Rules {
  return {
    ...rules,
    tiers: mapTiers((tier) => {
      const change = row.tiers[tier];
      return change === undefined ? rules.tiers[tier] : changedTier(rules.tiers[tier], change);
    }),
    plans: mapPlans((plan) => changedTerms(rules.plans[plan], row)),
  };
}

function changedTerms(terms: PlanTerms, { floor, ceiling, sla }: TenantRules): PlanTerms {
  return {
    ...terms,
    floor: floor ?? (ceiling === null ? terms.floor : lowerOf(terms.floor, ceiling)),
    ceiling: ceiling ?? (floor === null ? terms.ceiling : higherOf(terms.ceiling, floor)),
    sla: { ...terms.sla, ...sla },
  };
}

const within = (tier: TierRules, limits: Limits): TierRules => ({
  ...tier,
  limits: limitsWithin(tier.limits, limits),
});

const mapTiers = (of: (tier: Tier) => TierRules): Rules['tiers'] =>
  Object.fromEntries(TIERS.map((tier) => [tier, of(tier)])) as Rules['tiers'];

const mapPlans = (of: (plan: Plan) => PlanTerms): PlanBook =>
  Object.fromEntries(PLANS.map((plan) => [plan, of(plan)])) as PlanBook;
