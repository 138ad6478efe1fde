/**
 * Price books that are ready to use.
 *
 *   vision            a tenant of each tier at its list price. Source: VISION.md, "DynaBase Model"
 *   vision-metered    the same by use. Source: VISION.md, "Tenant Lifecycle States"
 *   railway           Railway's prices of 2026-08, Pro plan. Source: docs.railway.com, pricing/plans
 *   own-hardware      one rented server, as an example: replace its figures
 */
import type { Tier } from '../domain/tier.ts';
import { timestamp } from '../domain/units.ts';
import { METERS } from '../domain/use.ts';
import { type Amount, amount, NOTHING } from './money.ts';
import type { PriceBook, Prices, PriceVersion, TierPrice } from './price-book.ts';

export const PRICE_PRESETS = ['vision', 'vision-metered', 'railway', 'own-hardware'] as const;
export type PricePreset = (typeof PRICE_PRESETS)[number];

const FREE = Object.fromEntries(METERS.map((meter) => [meter, NOTHING])) as Record<
  keyof Prices,
  Amount
>;

const FREE_TIER: TierPrice = { month: NOTHING, awakeHour: NOTHING };

/** Nothing costs anything. */
export const NO_PRICES: PriceVersion = {
  from: timestamp(0),
  monthDays: null,
  gigabyte: 1_000_000_000,
  prices: FREE,
  tiers: { COLD: FREE_TIER, WARM: FREE_TIER, HOT: FREE_TIER, PERSISTENT: FREE_TIER },
  machines: [],
  minimum: NOTHING,
  sharing: 'by-cost',
  alwaysOn: { month: NOTHING, memoryMb: 0, cpuMillis: 0 },
};

const tiersByMonth = (months: Readonly<Record<Tier, string>>): PriceVersion['tiers'] => {
  const tier = (month: string): TierPrice => ({ month: amount(month), awakeHour: NOTHING });
  return {
    COLD: tier(months.COLD),
    WARM: tier(months.WARM),
    HOT: tier(months.HOT),
    PERSISTENT: tier(months.PERSISTENT),
  };
};

/** What VISION.md compares with. */
const ALWAYS_ON = { month: amount('20'), memoryMb: 0, cpuMillis: 0 };

const VISION: PriceVersion = {
  ...NO_PRICES,
  tiers: tiersByMonth({ COLD: '0.10', WARM: '2', HOT: '5', PERSISTENT: '20' }),
  alwaysOn: ALWAYS_ON,
};

const VISION_METERED: PriceVersion = {
  ...NO_PRICES,
  prices: { ...FREE, stored: amount('0.10') },
  tiers: {
    COLD: { month: NOTHING, awakeHour: amount('0.05') },
    WARM: { month: NOTHING, awakeHour: amount('0.05') },
    // $0.50 for a day awake.
    HOT: { month: NOTHING, awakeHour: amount('0.020833333333') },
    PERSISTENT: { month: amount('20'), awakeHour: NOTHING },
  },
  alwaysOn: ALWAYS_ON,
};

const RAILWAY: PriceVersion = {
  ...NO_PRICES,
  // $0.000231 a minute for a GB: a month of 30 days.
  monthDays: 30,
  prices: {
    ...FREE,
    memory: amount('10'),
    // Page cache of files counts as memory of the service.
    l2: amount('10'),
    cpu: amount('20'),
    l3: amount('0.15'),
    l4: amount('0.015'),
    egress: amount('0.05'),
  },
  // The plan's price is a credit for use.
  minimum: amount('20'),
  // What an idle PostgreSQL takes that nothing was done for.
  alwaysOn: { month: NOTHING, memoryMb: 60, cpuMillis: 5 },
};

const OWN_HARDWARE: PriceVersion = {
  ...NO_PRICES,
  machines: [
    {
      name: 'server',
      count: 1,
      month: amount('50'),
      watts: 60,
      kilowattHour: amount('0.30'),
      memoryGb: 60,
      processors: 8,
      diskGb: 900,
      weights: { memory: 60, processors: 30, disk: 10 },
    },
  ],
  alwaysOn: { month: NOTHING, memoryMb: 60, cpuMillis: 5 },
};

const book = (name: PricePreset, version: PriceVersion): PriceBook => ({
  name,
  currency: 'USD',
  versions: [version],
});

export const PRICE_BOOKS: Readonly<Record<PricePreset, PriceBook>> = {
  vision: book('vision', VISION),
  'vision-metered': book('vision-metered', VISION_METERED),
  railway: book('railway', RAILWAY),
  'own-hardware': book('own-hardware', OWN_HARDWARE),
};
