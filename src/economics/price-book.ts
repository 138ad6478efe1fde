/**
 * A price book: what the machines that the tenants run on cost us, as data.
 *
 * A book has versions, each from an hour on, and an hour's price is that of the version which held then: a
 * new price changes what comes, never what was. Three kinds of price may be in one version:
 *
 *   metered   so much for a GB in memory for a month, a processor for a month, a GB sent ...  (a cloud)
 *   by tier   so much for a tenant that is in a tier for a month, or awake in it for an hour   (a price list)
 *   machines  so much a month whether used or not, for so much room                            (own hardware)
 */
import { fault } from '../domain/faults.ts';
import type { Tier } from '../domain/tier.ts';
import type { Timestamp } from '../domain/units.ts';
import { baseUnits, type Meter, type Scale, type Use } from '../domain/use.ts';
import { type Amount, type Currency, NOTHING, plus, scaled } from './money.ts';
import { type Month, monthOf } from './month.ts';
import { versionAt } from './readers.ts';

/** Who bears what nobody has used: the control plane, idle room, a minimum that is not reached. */
export const SHARINGS = ['by-cost', 'by-tenant', 'apart'] as const;
export type Sharing = (typeof SHARINGS)[number];

export type TierPrice = {
  /** For a tenant that is there for a month. */
  readonly month: Amount;
  /** For an hour in which its compute runs. */
  readonly awakeHour: Amount;
};

/** Machines that are paid for by the month. Their price is laid on memory, processors and disk by weight. */
export type Machines = {
  readonly name: string;
  readonly count: number;
  /** Of one: rent, or what it loses in worth. */
  readonly month: Amount;
  /** Of one, on average, and what a kilowatt-hour costs. */
  readonly watts: number;
  readonly kilowattHour: Amount;
  /** Room for tenants on one. */
  readonly memoryGb: number;
  readonly processors: number;
  readonly diskGb: number;
  /** What part of the price each is; only what they are to each other counts. */
  readonly weights: {
    readonly memory: number;
    readonly processors: number;
    readonly disk: number;
  };
};

/** The same tenant without us: a compute that never sleeps. Its data is at `l3` all of the time. */
export type AlwaysOn = {
  readonly month: Amount;
  readonly memoryMb: number;
  /** Thousandths of a processor that it takes to be there. */
  readonly cpuMillis: number;
};

export type Prices = Readonly<Record<Meter, Amount>>;

export type PriceVersion = {
  readonly from: Timestamp;
  /** How long a month is in `GB-month` and `processor-month`; null for as long as the calendar's. */
  readonly monthDays: number | null;
  /** Bytes of a GB: 1000³ or 1024³. */
  readonly gigabyte: number;
  readonly prices: Prices;
  readonly tiers: Readonly<Record<Tier, TierPrice>>;
  readonly machines: readonly Machines[];
  /** Paid each month even if less is used. */
  readonly minimum: Amount;
  readonly sharing: Sharing;
  readonly alwaysOn: AlwaysOn;
};

export type PriceBook = {
  readonly name: string;
  readonly currency: Currency;
  /** Each begins later than the one before it; the first holds for all that was before, too. */
  readonly versions: readonly [PriceVersion, ...PriceVersion[]];
};

export const pricesAt = (book: PriceBook, at: Timestamp): PriceVersion =>
  versionAt(book.versions, at);

/**
 * `book` with one more version. Throws `BAD_PRICES` if it began before `settled`, up to where costs have
 * been told to somebody, or before the last version.
 */
export function withVersion(book: PriceBook, version: PriceVersion, settled: Timestamp): PriceBook {
  const last = book.versions.at(-1);
  if (version.from < settled || (last !== undefined && version.from <= last.from)) {
    const why = `version of ${new Date(version.from).toISOString()} would change prices that have been used`;
    throw fault('BAD_PRICES', { why });
  }
  return { ...book, versions: [...book.versions, version] };
}

/** What is paid for one base unit of each meter: `amount` for `per` of them. */
export type Rate = { readonly amount: Amount; readonly per: bigint };

/** All rates of one version in one month, made once and used for many rows. */
export type Rates = {
  readonly version: PriceVersion;
  readonly month: Month;
  readonly metered: readonly (Rate & { readonly meter: Meter })[];
  /** What the machines' price is for what is used of them. */
  readonly machined: readonly (Rate & { readonly meter: Meter })[];
  /** Of all machines, with their power. */
  readonly machines: Amount;
};

export function ratesAt(book: PriceBook, at: Timestamp): Rates {
  const version = pricesAt(book, at);
  const month = monthOf(at);
  const scale = scaleOf(version, month);
  const metered = (Object.entries(version.prices) as [Meter, Amount][])
    .filter(([, price]) => price > 0n)
    .map(([meter, price]) => ({ meter, amount: price, per: baseUnits(meter, scale) }));
  const parts = version.machines.map((machines) => {
    const whole = costOfMachines(machines, month);
    return { machines, whole };
  });
  return {
    version,
    month,
    metered,
    machined: machineRates(parts, { ...scale, monthSeconds: month.seconds }),
    machines: parts.reduce((sum, { whole }) => plus(sum, whole), NOTHING),
  };
}

/** What each meter of a use costs, in the order of the rates. */
export const costsOf = (rates: Rates['metered'], use: Use): readonly Amount[] =>
  rates.map(({ meter, amount, per }) => scaled(amount, use[meter], per));

/** How long its month and how large its GB is. */
export const scaleOf = (version: PriceVersion, month: Month): Scale => ({
  monthSeconds: version.monthDays === null ? month.seconds : BigInt(version.monthDays) * 86_400n,
  gigabyte: BigInt(version.gigabyte),
});

function costOfMachines(machines: Machines, month: Month): Amount {
  const power = scaled(
    machines.kilowattHour,
    BigInt(machines.watts) * month.seconds,
    1_000n * 3_600n,
  );
  return scaled(plus(machines.month, power), BigInt(machines.count), 1n);
}

type Part = { readonly machines: Machines; readonly whole: Amount };

/**
 * A byte costs what memory weighs in the price of all machines, by all memory that they have: tenants are
 * moved among machines, and which of them one is on is no matter of its price.
 */
function machineRates(parts: readonly Part[], scale: Scale): Rates['machined'] {
  const weighed = (weight: keyof Machines['weights']): bigint =>
    parts.reduce((sum, { machines: { weights }, whole }) => {
      const all = weights.memory + weights.processors + weights.disk;
      return sum + scaled(whole, BigInt(weights[weight]), BigInt(all));
    }, 0n);
  const room = (of: (machines: Machines) => number): bigint =>
    parts.reduce((sum, { machines }) => sum + BigInt(of(machines) * machines.count), 0n);
  const rate = (
    meter: Meter,
    amount: bigint,
    units: bigint,
  ): readonly (Rate & { meter: Meter })[] =>
    units === 0n || amount === 0n
      ? []
      : [{ meter, amount: amount as Amount, per: units * baseUnits(meter, scale) }];
  const memory = weighed('memory');
  const memoryGb = room((machines) => machines.memoryGb);
  return [
    ...rate('memory', memory, memoryGb),
    // The page cache is memory as well; a tenant's part of it is given back when others need it, and costs
    // the same while it has it.
    ...rate('l2', memory, memoryGb),
    ...rate(
      'cpu',
      weighed('processors'),
      room((machines) => machines.processors),
    ),
    ...rate(
      'l3',
      weighed('disk'),
      room((machines) => machines.diskGb),
    ),
  ];
}
