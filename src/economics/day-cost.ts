/**
 * What a day cost, hour after hour, so that a fleet of any size is reckoned with one hour of its rows in memory.
 *
 * What comes out is the same to the last digit as `costOf` over all rows of the day, but for who bears a minimum: that is laid
 * on the day as a whole, by the same rule.
 */
import { assert } from '../domain/assert.ts';
import type { Timestamp } from '../domain/units.ts';
import { addedUse, NO_USE, type Use, type UseRow } from '../domain/use.ts';
import { type Amount, allocated, minus, NOTHING, plus, scaled, sumOf } from './money.ts';
import { HOUR_MS, monthOf } from './month.ts';
import { type PriceBook, type PriceVersion, pricesAt } from './price-book.ts';
import { finished, inSteps, type Steps } from './steps.ts';
import { alwaysOnCosting, costing, type FleetHour, shareOut } from './usage-cost.ts';

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

export class DayCosts {
  readonly #book: PriceBook;
  /** The same without minimums, which are judged over the day. */
  readonly #metered: PriceBook;
  #totals = EMPTY;
  #shares: Map<string, DayShare>;
  #seen: Timestamp[] = [];

  constructor(book: PriceBook) {
    this.#book = book;
    this.#metered = withoutMinimum(book);
    this.#shares = new Map();
  }

  /** Goes on from here by itself: what is added to one is not in the other. */
  copy(): DayCosts {
    const copy = new DayCosts(this.#book);
    copy.#totals = this.#totals;
    copy.#shares = new Map(this.#shares);
    copy.#seen = [...this.#seen];
    return copy;
  }

  /** An hour later than those before it, of the same day. */
  add(fleet: FleetHour): void {
    finished(this.adding(fleet));
  }

  /** The same in steps; nobody may ask what the day has cost between them. */
  *adding(fleet: FleetHour): Steps<void> {
    const { hour, rows, overhead } = fleet;
    const last = this.#seen.at(-1);
    assert(last === undefined || hour > last, 'hours of a day come in their order');
    this.#seen.push(hour);
    const cost = yield* costing(this.#metered, [fleet]);
    const always = yield* alwaysOnCosting(this.#book, rows);
    yield* inSteps(cost.rows, (row, at) => {
      const key = `${row.tenant} ${row.customer} ${row.plan} ${row.tier}`;
      const { tenant, customer, plan, tier, seconds, use, attributed, shared } = row;
      const before = this.#shares.get(key);
      const alwaysOn = always[at] ?? NOTHING;
      const now = { tenant, customer, plan, tier, seconds, use, attributed, shared, alwaysOn };
      this.#shares.set(key, before === undefined ? now : joined(before, now));
    });
    const { unattributed, machines, total } = cost;
    const before = this.#totals;
    this.#totals = {
      hours: [...before.hours, total],
      overheadUse: addedUse(before.overheadUse, overhead),
      overhead: plus(before.overhead, unattributed.overhead),
      idle: plus(before.idle, unattributed.idle),
      minimum: NOTHING,
      unborne: plus(before.unborne, unattributed.unborne),
      machines: plus(before.machines, machines),
      total: plus(before.total, total),
      alwaysOn: plus(before.alwaysOn, sumOf(always)),
    };
  }

  /** As it stands, a minimum for the hours so far included. */
  done(): DayCost {
    const totals = this.#totals;
    const shares = [...this.#shares.values()];
    const minimum = this.#missing();
    const { sharing } = pricesAt(this.#book, this.#seen.at(-1) ?? (0 as Timestamp));
    const borne = shareOut(shares, minimum, sharing);
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

const joined = (one: DayShare, other: DayShare): DayShare => ({
  ...one,
  seconds: one.seconds + other.seconds,
  use: addedUse(one.use, other.use),
  attributed: plus(one.attributed, other.attributed),
  shared: plus(one.shared, other.shared),
  alwaysOn: plus(one.alwaysOn, other.alwaysOn),
});

function withoutMinimum(book: PriceBook): PriceBook {
  const bare = (version: PriceVersion): PriceVersion => ({ ...version, minimum: NOTHING });
  const [first, ...rest] = book.versions;
  return { ...book, versions: [bare(first), ...rest.map(bare)] };
}
