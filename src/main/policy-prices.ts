/** From the price book in force, and what plans are sold for, to what the policy decides and advises by. */
import type { PriceDesk } from '../control/economics/price-desk.ts';
import type { Clock } from '../domain/clock.ts';
import { PLANS, type Plan, TIERS, type Tier } from '../domain/tier.ts';
import type { Timestamp } from '../domain/units.ts';
import type { Meter } from '../domain/use.ts';
import { type Amount, roughly, scaled } from '../economics/money.ts';
import { type PriceBook, type Rates, ratesAt, scaleOf } from '../economics/price-book.ts';
import { type TariffBook, tariffAt } from '../economics/tariffs.ts';
import type { Orchestrator } from '../orchestrator/orchestrator.ts';
import type { BookPrices } from '../policy/book-prices.ts';
import { LEVEL_PRICES, type LevelPrices } from '../policy/level-costs.ts';
import type { Rules } from '../policy/rules.ts';

/** A second of a MB is too little to be told from nothing; of a million it is not. */
const FINE = 1_000_000n;

const BYTES_OF_MB = 1_048_576;

/** A processor's second, in the ledger's microseconds. */
const US_OF_SECOND = 1_000_000;

export type Priced = {
  readonly orchestrator: Pick<Orchestrator, 'price' | 'setRules'>;
  readonly rules: () => Rules;
  readonly prices: Pick<PriceDesk, 'chosen' | 'tariffs' | 'onChange'>;
  readonly clock: Clock;
};

/** From now on the orchestrator goes by the book that somebody has put in force, and by another one as soon as that is. */
export function priceBy({ orchestrator, rules, prices, clock }: Priced): void {
  orchestrator.price.priceBy(
    () => prices.chosen && policyPricesOf(prices.chosen, prices.tariffs, clock.wall()),
  );
  prices.onChange(() => {
    orchestrator.price.pricesChanged();
    // Those that are awake, and appointments of those that are not, were made by what things cost before.
    orchestrator.setRules(rules());
  });
}

export function policyPricesOf(book: PriceBook, tariffs: TariffBook, now: Timestamp): BookPrices {
  const rates = ratesAt(book, now);
  const paid = paidBy(rates);
  const isSpared = paid.memory > 0 || TIERS.some((tier) => paid.awake[tier] > 0);
  return {
    decides: isSpared ? paid : LEVEL_PRICES,
    paid,
    tierMonths: byTier((tier) => roughly(rates.version.tiers[tier].month)),
    currency: book.currency,
    plans: Object.fromEntries(
      PLANS.map((plan) => [plan, roughly(tariffAt(tariffs, plan, now).month)]),
    ) as Record<Plan, number>,
    plansCurrency: tariffs.currency,
  };
}

/** By megabytes and seconds. On machines that are paid for, what their room is worth. */
function paidBy(rates: Rates): LevelPrices {
  const of = (meter: Meter, units: number): number =>
    [...rates.metered, ...rates.machined]
      .filter((rate) => rate.meter === meter)
      .reduce((sum, { amount, per }) => sum + roughlyOf(amount, per) * units, 0);
  const { tiers, alwaysOn } = rates.version;
  const memory = of('memory', BYTES_OF_MB);
  const stored = of('stored', BYTES_OF_MB);
  const disk = of('l3', BYTES_OF_MB) + stored;
  const monthSeconds = Number(rates.month.seconds);
  const megabytes =
    (alwaysOn.memoryMb * Number(scaleOf(rates.version, rates.month).gigabyte)) /
    1_000 /
    BYTES_OF_MB;
  const always =
    roughly(alwaysOn.month) / monthSeconds +
    memory * megabytes +
    of('cpu', US_OF_SECOND) * (alwaysOn.cpuMillis / 1_000);
  return {
    ...{ memory, disk, cache: of('l2', BYTES_OF_MB) },
    archive: of('l4', BYTES_OF_MB) + stored,
    awake: byTier((tier) => roughly(tiers[tier].awakeHour) / 3_600),
    alwaysOn: always > 0 ? always : null,
  };
}

const roughlyOf = (amount: Amount, per: bigint): number =>
  roughly(scaled((amount * FINE * FINE) as Amount, 1n, per)) / Number(FINE * FINE);

const byTier = (of: (tier: Tier) => number): Readonly<Record<Tier, number>> =>
  Object.fromEntries(TIERS.map((tier) => [tier, of(tier)])) as Record<Tier, number>;
