/**
 * What a day cost, hour after hour, so that a fleet of any size is reckoned with one hour of its rows in memory.
 *
 * Most of a fleet is at rest, and an hour of one at rest is like the last. Who rests through many hours is told once, priced once,
 * and counted so many times; only what all bear together is laid on everybody hour by hour.
 *
 * What comes out is the same to the last digit as `costOf` over all rows of the day, but for who bears a minimum: that is laid
 * on the day as a whole, by the same rule.
 */
import { assert } from '../domain/assert.ts';
import type { Timestamp } from '../domain/units.ts';
import { addedUse, METERS, NO_USE, type Use, type UseRow } from '../domain/use.ts';
import {
  type Amount,
  allocated,
  allocating,
  minus,
  NOTHING,
  plus,
  scaled,
  sumOf,
} from './money.ts';
import { HOUR_MS, monthOf } from './month.ts';
import { costsOf, type PriceBook, pricesAt, type Rates, ratesAt } from './price-book.ts';
import { finished, inSteps, type Steps } from './steps.ts';
import {
  alwaysOnCostOf,
  costOfRow,
  type FleetHour,
  holdsAt,
  partOfMonth,
  sharesOf,
  sharingOut,
} from './usage-cost.ts';

/** One tenant on one plan, in one tier, for one customer. */
export type DayShare = Pick<UseRow, 'tenant' | 'customer' | 'plan' | 'tier' | 'seconds' | 'use'> & {
  readonly attributed: Amount;
  readonly shared: Amount;
  readonly alwaysOn: Amount;
};

export type DayTotals = {
  /** By hour from the first on; what a minimum adds is in all of them alike. */
  readonly hours: readonly Amount[];
  readonly overheadUse: Use;
  readonly overhead: Amount;
  readonly idle: Amount;
  readonly minimum: Amount;
  readonly unborne: Amount;
  readonly machines: Amount;
  readonly total: Amount;
  readonly alwaysOn: Amount;
};

export type DayCost = DayTotals & { readonly shares: readonly DayShare[] };

const EMPTY: DayTotals = {
  ...{ hours: [], overheadUse: NO_USE, overhead: NOTHING, idle: NOTHING, minimum: NOTHING },
  ...{ unborne: NOTHING, machines: NOTHING, total: NOTHING, alwaysOn: NOTHING },
};

/** A row with what an hour of it costs by one version of the prices. */
type Priced = {
  readonly row: UseRow;
  /** What it costs but for machines. */
  readonly metered: Amount;
  /** What of machines it would be worth. */
  readonly machined: Amount;
  readonly alwaysOn: Amount;
};

/** One that rests, and what the hours so far have laid on it. */
type Resting = Priced & {
  readonly seconds: bigint;
  /** Of the hour that is being added. */
  attributed: Amount;
  machines: bigint;
  shared: bigint;
};

export class DayCosts {
  readonly #book: PriceBook;
  #totals = EMPTY;
  #shares: Map<string, DayShare>;
  #seen: Timestamp[] = [];
  #rates: Rates | null = null;
  /** In the order of rows, with how many hours they rest already. */
  #resting: readonly Resting[] = [];
  #rested = 0n;

  constructor(book: PriceBook) {
    this.#book = book;
    this.#shares = new Map();
  }

  /** Goes on from here by itself: what is added to one is not in the other. */
  copy(): DayCosts {
    assert(this.#resting.length === 0, 'who rests is counted before a copy is made');
    const copy = new DayCosts(this.#book);
    copy.#totals = this.#totals;
    copy.#shares = new Map(this.#shares);
    copy.#seen = [...this.#seen];
    return copy;
  }

  /**
   * Those that rest through each hour that is added from now on, until others are said: a row of an hour of each, in the order of
   * an hour's rows. They are in no hour's rows, and in no sum before others are said.
   */
  *resting(rows: readonly UseRow[]): Steps<void> {
    yield* this.#count();
    this.#resting = yield* inSteps(rows, (row) => unpriced(row));
    if (this.#rates !== null) yield* this.#price(this.#rates);
  }

  /** An hour later than those before it, of the same day. */
  add(fleet: FleetHour): void {
    finished(this.adding(fleet));
  }

  /** The same in steps; nobody may ask what the day has cost between them. */
  *adding({ hour, rows, overhead }: FleetHour): Steps<void> {
    const last = this.#seen.at(-1);
    assert(last === undefined || hour > last, 'hours of a day come in their order');
    assert(hour % HOUR_MS === 0, 'an hour of use begins on the hour');
    const rates = yield* this.#ratesAt(hour);
    this.#seen.push(hour);
    const others = yield* inSteps(rows, (row): Resting => {
      assert(row.hour === hour, 'a row lies in another hour than its fleet');
      return { ...unpriced(row), ...priced(rates, row) };
    });
    const all = yield* inOrder(this.#resting, others);
    const ours = sumOf(costsOf(rates.machined, overhead));
    const machines = partOfMonth(rates, hour);
    const laid = machines === 0n ? { ours, used: ours } : yield* layMachines(all, ours, machines);
    const owed = plus(sumOf(costsOf(rates.metered, overhead)), laid.ours);
    const idle = minus(machines, laid.used);
    const both = plus(owed, idle);
    const shares = yield* sharesOf(all, both, rates.version.sharing);
    let [total, always] = [shares === null ? both : NOTHING, NOTHING];
    yield* inSteps(all, (one, at) => {
      const share = shares?.[at] ?? NOTHING;
      one.machines += one.attributed - one.metered;
      one.shared += share;
      total = plus(total, plus(one.attributed, share));
      always = plus(always, one.alwaysOn);
    });
    yield* inSteps(others, (one) => this.#join(one, 1n));
    this.#rested += 1n;
    const before = this.#totals;
    this.#totals = {
      hours: [...before.hours, total],
      overheadUse: addedUse(before.overheadUse, overhead),
      overhead: plus(before.overhead, owed),
      idle: plus(before.idle, idle),
      minimum: NOTHING,
      unborne: plus(before.unborne, shares === null ? both : NOTHING),
      machines: plus(before.machines, machines),
      total: plus(before.total, total),
      alwaysOn: plus(before.alwaysOn, always),
    };
  }

  /** As it stands, a minimum for the hours so far included. */
  done(): DayCost {
    return finished(this.ending());
  }

  /** The same in steps. */
  *ending(): Steps<DayCost> {
    yield* this.resting([]);
    const totals = this.#totals;
    const minimum = this.#missing();
    const { sharing } = pricesAt(this.#book, this.#seen.at(-1) ?? (0 as Timestamp));
    const shares = [...this.#shares];
    // Of equal parts the first have what is left over, however hours were told. A large fleet is past its minimum.
    if (minimum > 0n) shares.sort(([one], [other]) => (one < other ? -1 : 1));
    const borne = yield* sharingOut(
      shares.map(([, share]) => share),
      minimum,
      sharing,
    );
    const minimums = allocated(
      minimum,
      totals.hours.map(() => 1n),
    );
    const hours = totals.hours.map((hour, at) => plus(hour, minimums[at] ?? NOTHING));
    return {
      ...totals,
      ...{ hours, minimum, shares: borne.rows },
      unborne: plus(totals.unborne, borne.unborne),
      total: plus(totals.total, minimum),
    };
  }

  *#ratesAt(hour: Timestamp): Steps<Rates> {
    const known = this.#rates;
    if (known !== null && holdsAt(known, this.#book, hour)) return known;
    yield* this.#count();
    const rates = ratesAt(this.#book, hour);
    this.#rates = rates;
    yield* this.#price(rates);
    return rates;
  }

  *#price(rates: Rates): Steps<void> {
    const rows = this.#resting;
    this.#resting = yield* inSteps(rows, ({ row }) => ({
      ...unpriced(row),
      ...priced(rates, row),
    }));
  }

  /** Takes into the sums what those that rest have come to. */
  *#count(): Steps<void> {
    const times = this.#rested;
    this.#rested = 0n;
    if (times === 0n) return;
    yield* inSteps(this.#resting, (one) => {
      this.#join(one, times);
      one.machines = 0n;
      one.shared = 0n;
    });
  }

  #join({ row, metered, alwaysOn, machines, shared }: Resting, times: bigint): void {
    const { tenant, customer, plan, tier } = row;
    const key = `${tenant} ${customer} ${plan} ${tier}`;
    const use = times === 1n ? row.use : timesUse(row.use, times);
    const now: DayShare = {
      ...{ tenant, customer, plan, tier, use, shared: shared as Amount },
      seconds: row.seconds * times,
      attributed: (metered * times + machines) as Amount,
      alwaysOn: (alwaysOn * times) as Amount,
    };
    const before = this.#shares.get(key);
    this.#shares.set(key, before === undefined ? now : joined(before, now));
  }

  #missing(): Amount {
    const [first] = this.#seen;
    if (first === undefined) return NOTHING;
    const least = this.#seen.reduce(
      (sum, hour) => sum + pricesAt(this.#book, hour).minimum * BigInt(HOUR_MS / 1_000),
      0n,
    );
    const missing = minus(scaled(1n as Amount, least, monthOf(first).seconds), this.#totals.total);
    return missing > 0n ? missing : NOTHING;
  }
}

const unpriced = (row: UseRow): Resting => ({
  ...{ row, seconds: row.seconds, metered: NOTHING, machined: NOTHING, alwaysOn: NOTHING },
  ...{ attributed: NOTHING, machines: 0n, shared: 0n },
});

function priced(rates: Rates, row: UseRow): Priced & Pick<Resting, 'attributed'> {
  const metered = costOfRow(rates, row, NOTHING).attributed;
  const machined = sumOf(costsOf(rates.machined, row.use));
  return { row, metered, machined, alwaysOn: alwaysOnCostOf(rates, row), attributed: metered };
}

/** Lays on each what of the machines is its own, and says what is ours: all of it where more was used than there is room for. */
function* layMachines(
  all: readonly Resting[],
  ours: Amount,
  machines: Amount,
): Steps<{ readonly ours: Amount; readonly used: Amount }> {
  let used = ours;
  const worth = yield* inSteps(all, ({ machined }) => {
    used = plus(used, machined);
    return machined;
  });
  const isOver = used > machines;
  const laid = isOver ? yield* allocating(machines, [...worth, ours]) : worth;
  yield* inSteps(all, (one, at) => {
    one.attributed = plus(one.metered, laid[at] ?? NOTHING);
  });
  return isOver ? { ours: laid.at(-1) ?? NOTHING, used: machines } : { ours, used };
}

/** Both together in the order of an hour's rows, as each is by itself. */
function* inOrder(
  resting: readonly Resting[],
  others: readonly Resting[],
): Steps<readonly Resting[]> {
  if (resting.length === 0) return others;
  const all: Resting[] = [];
  let at = 0;
  yield* inSteps(resting, (one) => {
    for (
      let next = others[at];
      next !== undefined && isBefore(next.row, one.row);
      next = others[at]
    ) {
      all.push(next);
      at += 1;
    }
    all.push(one);
  });
  return at === others.length ? all : [...all, ...others.slice(at)];
}

function isBefore(one: UseRow, other: UseRow): boolean {
  if (one.tenant !== other.tenant) return one.tenant < other.tenant;
  const [whose, others] = [one.customer ?? '', other.customer ?? ''];
  if (whose !== others) return whose < others;
  return one.plan === other.plan ? one.tier < other.tier : one.plan < other.plan;
}

const timesUse = (use: Use, times: bigint): Use =>
  Object.fromEntries(METERS.map((meter) => [meter, use[meter] * times])) as Use;

const joined = (one: DayShare, other: DayShare): DayShare => ({
  ...one,
  seconds: one.seconds + other.seconds,
  use: addedUse(one.use, other.use),
  attributed: plus(one.attributed, other.attributed),
  shared: plus(one.shared, other.shared),
  alwaysOn: plus(one.alwaysOn, other.alwaysOn),
});
