/**
 * What a fleet's hours cost, and whose cost it is.
 *
 *   attributed   follows from what a tenant used
 *   shared       its part of what nobody used and somebody must bear: the control plane, idle room on machines
 *                that are paid for anyhow, a minimum that was not reached
 *
 * The row of one tenant, hour, plan and tier is where money begins: each meter of it is priced once, to
 * a millionth of a millionth. All larger sums are sums of rows, and all smaller parts are allocated from a row,
 * so that they agree to the last digit.
 */
import { assert } from '../domain/assert.ts';
import type { Timestamp } from '../domain/units.ts';
import { addedUse, type Meter, NO_USE, type Use, type UseRow } from '../domain/use.ts';
import {
  type Amount,
  allocated,
  allocating,
  minus,
  NOTHING,
  plus,
  ratioOf,
  scaled,
  sumOf,
} from './money.ts';
import { HOUR_MS, secondsIn } from './month.ts';
import {
  costsOf,
  type PriceBook,
  pricesAt,
  type Rates,
  ratesAt,
  type Sharing,
  scaleOf,
} from './price-book.ts';
import { finished, inSteps, type Steps } from './steps.ts';

/** All rows of one hour, and what the fleet's own processes used in it. */
export type FleetHour = {
  readonly hour: Timestamp;
  readonly rows: readonly UseRow[];
  readonly overhead: Use;
};

/** `tier` is what a price list by tier asks, `machines` the used part of machines paid by the month. */
export type CostPart = Meter | 'tier' | 'machines';

export type CostRow = UseRow & {
  /** Those that cost something; together `attributed`. */
  readonly parts: Readonly<Partial<Record<CostPart, Amount>>>;
  readonly attributed: Amount;
  readonly shared: Amount;
};

export type FleetCost = {
  readonly rows: readonly CostRow[];
  readonly unattributed: {
    readonly overhead: Amount;
    /** Room on machines that nobody used. */
    readonly idle: Amount;
    /** What was missing to a month's minimum. */
    readonly minimum: Amount;
    /** Of these, what no row bears: all of it where it is kept apart, and that of hours without tenants. */
    readonly unborne: Amount;
  };
  /** Of machines that are paid by the month. */
  readonly machines: Amount;
  /** All that is paid: rows, attributed and shared, and what no row bears. */
  readonly total: Amount;
};

/**
 * The cost of those hours, whose rows come out in their order.
 *
 * A minimum counts for as much of its month as there are hours, and is judged over all hours of a month
 * that are given together.
 */
export function costOf(book: PriceBook, hours: readonly FleetHour[]): FleetCost {
  const months = new Map<string, { readonly rates: Rates; readonly costs: HourCost[] }>();
  let rates: Rates | null = null;
  for (const hour of hours) {
    assert(hour.hour % HOUR_MS === 0, 'an hour of use begins on the hour');
    if (rates === null || !holdsAt(rates, book, hour.hour)) rates = ratesAt(book, hour.hour);
    const month = months.get(rates.month.name) ?? { rates, costs: [] };
    month.costs.push(costOfHour(rates, hour));
    months.set(rates.month.name, month);
  }
  return summed([...months.values()].map(({ rates: { month }, costs }) => ofMonth(costs, month)));
}

type HourCost = Omit<FleetCost, 'total' | 'unattributed'> & {
  readonly overhead: Amount;
  readonly idle: Amount;
  readonly rates: Rates;
};

export const holdsAt = (rates: Rates, book: PriceBook, hour: Timestamp): boolean =>
  hour >= rates.month.from && hour < rates.month.to && rates.version === pricesAt(book, hour);

function costOfHour(rates: Rates, { hour, rows, overhead }: FleetHour): HourCost {
  for (const row of rows) assert(row.hour === hour, 'a row lies in another hour than its fleet');
  const machines = partOfMonth(rates, hour);
  const machined = [...rows.map(({ use }) => use), overhead].map((use) =>
    sumOf(costsOf(rates.machined, use)),
  );
  const used = sumOf(machined);
  // More was used than there is room for, as when the page cache is measured generously: then all of it is
  // worth what the machines cost.
  const shares = used > machines ? allocated(machines, machined) : machined;
  return {
    rows: rows.map((row, at) => costOfRow(rates, row, shares[at] ?? NOTHING)),
    machines,
    overhead: plus(sumOf(costsOf(rates.metered, overhead)), shares.at(-1) ?? NOTHING),
    idle: minus(machines, sumOf(shares)),
    rates,
  };
}

/** Telescoped, so that the hours of a month are its price exactly. */
export function partOfMonth({ machines, month }: Rates, hour: Timestamp): Amount {
  const until = (at: number): Amount =>
    scaled(machines, BigInt(at - month.from), BigInt(month.to - month.from));
  return minus(until(hour + HOUR_MS), until(hour));
}

export function costOfRow(rates: Rates, row: UseRow, machines: Amount): CostRow {
  const { version, metered, month } = rates;
  const parts: Partial<Record<CostPart, Amount>> = {};
  const costs = costsOf(metered, row.use);
  metered.forEach(({ meter }, at) => {
    const cost = costs[at] ?? NOTHING;
    if (cost > 0n) parts[meter] = cost;
  });
  const price = version.tiers[row.tier];
  const tier = plus(
    scaled(price.month, row.seconds, month.seconds),
    scaled(price.awakeHour, row.use.awake, 3_600n),
  );
  if (tier > 0n) parts.tier = tier;
  if (machines > 0n) parts.machines = machines;
  return { ...row, parts, attributed: sumOf(Object.values(parts)), shared: NOTHING };
}

function ofMonth(costs: readonly HourCost[], month: Rates['month']): FleetCost {
  const overhead = sumOf(costs.map((cost) => cost.overhead));
  const idle = sumOf(costs.map((cost) => cost.idle));
  const shared = costs.map((cost) =>
    shareOut(cost.rows, plus(cost.overhead, cost.idle), cost.rates.version.sharing),
  );
  const rows = shared.flatMap((cost) => cost.rows);
  const spent = plus(
    sumOf(shared.map(({ unborne }) => unborne)),
    sumOf(rows.map((row) => plus(row.attributed, row.shared))),
  );
  // The minimum of a version counts for the hours that it held in.
  const least = costs.reduce(
    (sum, { rates }) => sum + rates.version.minimum * BigInt(HOUR_MS / 1_000),
    0n,
  );
  const missing = minus(scaled(1n as Amount, least, month.seconds), spent);
  const minimum = missing > 0n ? missing : NOTHING;
  const last = shareOut(rows, minimum, costs.at(-1)?.rates.version.sharing ?? 'apart');
  const unborne = plus(sumOf(shared.map((cost) => cost.unborne)), last.unborne);
  return {
    rows: last.rows,
    unattributed: { overhead, idle, minimum, unborne },
    machines: sumOf(costs.map((cost) => cost.machines)),
    total: plus(spent, minimum),
  };
}

/** Lays what nobody used on those who bear it, by the rule of the book. */
const shareOut = <R extends Borne>(
  rows: readonly R[],
  amount: Amount,
  sharing: Sharing,
): { readonly rows: readonly R[]; readonly unborne: Amount } =>
  finished(sharingOut(rows, amount, sharing));

type Borne = Pick<CostSum, 'attributed' | 'shared' | 'seconds'>;

/** The same in steps. */
export function* sharingOut<R extends Borne>(
  rows: readonly R[],
  amount: Amount,
  sharing: Sharing,
): Steps<{ readonly rows: readonly R[]; readonly unborne: Amount }> {
  const shares = yield* sharesOf(rows, amount, sharing);
  if (shares === null) return { rows, unborne: amount };
  const borne = yield* inSteps(rows, (row, at) => ({
    ...row,
    shared: plus(row.shared, shares[at] ?? NOTHING),
  }));
  return { rows: borne, unborne: NOTHING };
}

/** What each of them bears; null where nobody does. */
export function* sharesOf(
  rows: readonly Pick<Borne, 'attributed' | 'seconds'>[],
  amount: Amount,
  sharing: Sharing,
): Steps<readonly Amount[] | null> {
  if (amount === 0n || sharing === 'apart' || rows.length === 0) return null;
  const isFree = sharing === 'by-cost' && rows.every(({ attributed }) => attributed === 0n);
  const weights = yield* inSteps(rows, ({ attributed, seconds }) =>
    sharing === 'by-cost' && !isFree ? attributed : seconds,
  );
  return yield* allocating(amount, weights);
}

function summed(costs: readonly FleetCost[]): FleetCost {
  const all = (of: (cost: FleetCost) => Amount): Amount => sumOf(costs.map(of));
  return {
    rows: costs.flatMap(({ rows }) => rows),
    unattributed: {
      overhead: all(({ unattributed }) => unattributed.overhead),
      idle: all(({ unattributed }) => unattributed.idle),
      minimum: all(({ unattributed }) => unattributed.minimum),
      unborne: all(({ unattributed }) => unattributed.unborne),
    },
    machines: all(({ machines }) => machines),
    total: all(({ total }) => total),
  };
}

export const totalOf = (row: CostRow): Amount => plus(row.attributed, row.shared);

export type CostSum = {
  readonly attributed: Amount;
  readonly shared: Amount;
  readonly total: Amount;
  readonly seconds: bigint;
  readonly use: Use;
};

/** Rows together by tenant, tier, plan, customer, day or whatever `keyOf` says, in the order of their first row. */
export function costBy<K>(
  rows: readonly CostRow[],
  keyOf: (row: CostRow) => K,
): ReadonlyMap<K, CostSum> {
  const sums = new Map<K, CostSum>();
  for (const row of rows) {
    const key = keyOf(row);
    const { attributed, shared, total, seconds, use } = sums.get(key) ?? NO_COST;
    sums.set(key, {
      attributed: plus(attributed, row.attributed),
      shared: plus(shared, row.shared),
      total: plus(total, totalOf(row)),
      seconds: seconds + row.seconds,
      use: addedUse(use, row.use),
    });
  }
  return sums;
}

const NO_COST: CostSum = {
  ...{ attributed: NOTHING, shared: NOTHING, total: NOTHING },
  ...{ seconds: 0n, use: NO_USE },
};

/** A row's cost by its minutes, or by any other parts of its use: together the row's exactly. */
export function costOfParts(
  book: PriceBook,
  row: CostRow,
  parts: readonly Pick<UseRow, 'use' | 'seconds'>[],
): readonly Amount[] {
  const rates = ratesAt(book, row.hour);
  // Weighed in finer steps than a row's cost has, since a minute may cost less than one.
  const fine = [...rates.metered, ...rates.machined].map((rate) => ({
    ...rate,
    amount: (rate.amount * 1_000_000n) as Amount,
  }));
  const { month, awakeHour } = rates.version.tiers[row.tier];
  const inTier = (month * 1_000_000n) as Amount;
  const awake = (awakeHour * 1_000_000n) as Amount;
  const weights = parts.map(({ use, seconds }) =>
    sumOf([
      ...costsOf(fine, use),
      scaled(awake, use.awake, 3_600n),
      scaled(inTier, seconds, rates.month.seconds),
    ]),
  );
  return allocated(totalOf(row), weights);
}

/** What the same tenants would cost in the same time if none of them ever slept. */
export const alwaysOnCost = (book: PriceBook, rows: readonly UseRow[]): Amount =>
  sumOf(alwaysOnCosts(book, rows));

/** The same, row by row. */
function alwaysOnCosts(book: PriceBook, rows: readonly UseRow[]): readonly Amount[] {
  let rates: Rates | null = null;
  return rows.map((row) => {
    if (rates === null || !holdsAt(rates, book, row.hour)) rates = ratesAt(book, row.hour);
    return alwaysOnCostOf(rates, row);
  });
}

export function alwaysOnCostOf({ version, month, metered, machined }: Rates, row: UseRow): Amount {
  const { month: price, memoryMb, cpuMillis } = version.alwaysOn;
  const scale = scaleOf(version, month);
  const megabyte = scale.gigabyte / 1_000n;
  const use: Use = {
    ...row.use,
    memory: most(allTime(row), BigInt(memoryMb) * megabyte * row.seconds),
    cpu: row.use.cpu + BigInt(cpuMillis) * 1_000n * row.seconds,
    awake: row.seconds,
    // Its files stay where they are.
    l3: most(row.use.l3, row.use.stored),
    l4: 0n,
    wakes: 0n,
  };
  const costs = [...costsOf(metered, use), ...costsOf(machined, use)];
  return plus(scaled(price, row.seconds, month.seconds), sumOf(costs));
}

/** What its compute had in memory while it ran, for all of the row's time. */
const allTime = ({ use: { memory, awake }, seconds }: UseRow): bigint =>
  awake > 0n && awake < seconds ? (memory * seconds) / awake : memory;

const most = (one: bigint, other: bigint): bigint => (one > other ? one : other);

export type Comparison = {
  readonly cost: Amount;
  readonly alwaysOn: Amount;
  /** How much less it is, from 0 to 1; negative if it is more, null if always on would cost nothing. */
  readonly reduction: number | null;
};

export function comparedToAlwaysOn(book: PriceBook, cost: FleetCost): Comparison {
  const alwaysOn = alwaysOnCost(book, cost.rows);
  return {
    cost: cost.total,
    alwaysOn,
    reduction: ratioOf(minus(alwaysOn, cost.total), alwaysOn),
  };
}

/** What part of the machines that are paid for was used, by price; null where none are. */
export const utilisationOf = ({ machines, unattributed }: FleetCost): number | null =>
  ratioOf(minus(machines, unattributed.idle), machines);

/** Whole hours of the fleet, for a caller who has rows only. */
export function hoursOf(rows: readonly UseRow[]): readonly FleetHour[] {
  const hours = new Map<Timestamp, UseRow[]>();
  for (const row of rows) {
    assert(
      row.seconds <= secondsIn(row.hour, (row.hour + HOUR_MS) as Timestamp),
      'an hour is full',
    );
    const hour = hours.get(row.hour) ?? [];
    hour.push(row);
    hours.set(row.hour, hour);
  }
  return [...hours.entries()]
    .sort(([one], [other]) => one - other)
    .map(([hour, of]) => ({ hour, rows: of, overhead: NO_USE }));
}
