/** What the price book in force, and what plans are sold for, say to the policy. */
import type { TenantMetrics } from '../domain/policy-view.ts';
import { type Plan, TIERS, type Tier } from '../domain/tier.ts';
import { hours } from '../domain/units.ts';
import { PRICES, type Prices, type Seen } from './advice.ts';
import { asleepCost, awakeCost, type LevelPrices } from './level-costs.ts';
import type { Rules } from './rules.ts';

export type BookPrices = {
  /** By which levels are chosen: our own where the book has no price that sleep would spare. */
  readonly decides: LevelPrices;
  /** What is really paid, with what a tier costs for a month whatever is done in it. */
  readonly paid: LevelPrices;
  readonly tierMonths: Readonly<Record<Tier, number>>;
  readonly currency: string;
  readonly plans: Readonly<Record<Plan, number>>;
  readonly plansCurrency: string;
};

const MONTH = hours(24 * 30);
const MONTH_SECONDS = MONTH / 1_000;

type Used = {
  readonly metrics: Pick<TenantMetrics, 'activeHoursPerDay'>;
  readonly seen: Pick<Seen, 'returns'>;
};

/** By what is advised to a tenant that is used so: real money where somebody has said what things cost, else the usual. */
export function pricesFor(rules: Rules, book: BookPrices | null, used: Used): Prices {
  if (book === null) return PRICES;
  const { plans, plansCurrency, currency } = book;
  const tier = (of: Tier): number =>
    book.tierMonths[of] +
    MONTH_SECONDS *
      mixed(awakeShare(rules, of, used), {
        awake: awakeCost(rules, of, book.paid) + asleepCost(book.paid),
        asleep: asleepCost(book.paid),
      });
  const tiers = Object.fromEntries(TIERS.map((of) => [of, tier(of)])) as Record<Tier, number>;
  return { ...PRICES, plans, tiers, currency, plansCurrency, areReal: true };
}

const mixed = (
  share: number,
  { awake, asleep }: { readonly awake: number; readonly asleep: number },
): number => share * awake + (1 - share) * asleep;

/** It is awake while it is used, and for the idle time of the tier after it: at most all of the time. */
function awakeShare(rules: Rules, tier: Tier, { metrics, seen }: Used): number {
  const { idleAfter } = rules.tiers[tier];
  if (idleAfter === null) return 1;
  return Math.min(1, metrics.activeHoursPerDay / 24 + (seen.returns * idleAfter) / MONTH);
}
