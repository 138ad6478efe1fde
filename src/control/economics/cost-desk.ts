/**
 * What use has cost, what it brings in, and what a month will come to.
 *
 * Settled days are summed by the catalog; what is not settled is added as it stands. The operator is told costs; customers are
 * told what they are charged, and nothing of what that costs us.
 */
import type { Clock } from '../../domain/clock.ts';
import { DAY, dayOf, dayText } from '../../domain/day.ts';
import type { CostStore, FleetDay } from '../../domain/economics.ts';
import type { CustomerId, TenantId } from '../../domain/ids.ts';
import type { Log } from '../../domain/log.ts';
import { PLANS } from '../../domain/tier.ts';
import { later, type Timestamp, timestamp } from '../../domain/units.ts';
import type { Use } from '../../domain/use.ts';
import { type PriceAdvice, priceFor, pricesFor, type Target } from '../../economics/margin.ts';
import { type Amount, allocated, amount, plus, sumOf } from '../../economics/money.ts';
import { HOUR_MS, monthOf } from '../../economics/month.ts';
import { type Charge, chargedIn } from '../../economics/plans.ts';
import { type HourAmount, type Projection, projected } from '../../economics/projection.ts';
import { inOrder, inTurns, type Steps } from '../../economics/steps.ts';
import { type TariffBook, tariffAt } from '../../economics/tariffs.ts';
import { type DaySpan, daySpan } from '../day-span.ts';
import type { CostDays, DayBooked } from './cost-days.ts';
import {
  costByDay,
  daily,
  grownToEnd,
  isAll,
  joining,
  type Of,
  onlyOf,
  type Parted,
  partedIn,
  useOf,
} from './cost-shares.ts';
import {
  type CostKey,
  type CostLine,
  chargedFor,
  type DayShare,
  isEarly,
  linesByDay,
  liningBy,
  type MonthShare,
  together,
  withCost,
} from './cost-sums.ts';
import { FleetMemory } from './fleet-memory.ts';
import type { PriceDesk } from './price-desk.ts';
import type { Charges, ChargesOf } from './revenue.ts';

/** Days of one answer at most. */
const DAYS_MAX = 400;

/** Days of history from which is projected. */
const HISTORY_DAYS = 56;

/** Days with which a tenant's day is compared. */
const LATE_DAYS = 28;

/** Tenant-seconds from which a plan's mean says something: a week of one. */
const ADVISED_FROM = 7n * 86_400n;

const TARGET_DEFAULT: Target = { marginMills: 750, step: amount('1') };

export type CostDeskWorld = {
  readonly clock: Clock;
  readonly store: CostStore;
  readonly days: Pick<CostDays, 'unsettled'>;
  readonly prices: Pick<PriceDesk, 'book' | 'tariffs'>;
  /** What was charged. */
  readonly charges: ChargesOf;
  readonly log: Log;
  /** Lets everybody else have his turn: what is summed of a large fleet takes seconds of a processor. */
  readonly pause: () => Promise<void>;
  /** What those are called that are asked for together; deleted ones have no name. */
  readonly namesOf: (
    ids: readonly (TenantId | CustomerId)[],
  ) => Promise<ReadonlyMap<string, string>>;
};

export type NamedLine = CostLine & {
  /** Null for tenants of nobody. */
  readonly key: string | null;
  readonly name: string | null;
};

export type CostReport = DaySpan & {
  readonly book: string;
  readonly currency: string;
  readonly settledUntil: Timestamp | null;
  /** Nobody has been there for a day. */
  readonly isEarly: boolean;
  /** The fleet, with what no tenant bears in its cost. */
  readonly total: CostLine;
  readonly unattributed: Record<'overhead' | 'idle' | 'minimum' | 'unborne', Amount>;
  /** What part of the machines that are paid for was used, by price; null where none are. */
  readonly utilisation: number | null;
  readonly lines: readonly NamedLine[];
  /** The rest together; null where nothing is left out. */
  readonly others: CostLine | null;
  readonly projection: Projection;
  readonly advice: readonly PriceAdvice[];
};

/** One tenant, or all of a customer. */
export type OwnCost = DaySpan & {
  readonly currency: string;
  readonly chargesCurrency: string;
  readonly charged: Amount;
  /** If the rest of the month goes on as it has. */
  readonly chargedAtMonthEnd: Amount;
  readonly chargedFor: ReadonlyMap<Charge['meter'], Amount>;
  readonly use: Use;
  readonly line: CostLine;
  readonly days: readonly { readonly day: Timestamp; readonly cost: Amount }[];
  readonly projection: Projection;
  /** What a month would have to be sold for; null where it costs nothing. */
  readonly suggestedPrice: Amount | null;
};

export type TenantToday = {
  readonly tenant: TenantId;
  readonly customer: CustomerId | null;
  readonly day: Timestamp;
  readonly cost: Amount;
};

/** What shares cost and were charged, with the whole of the fleet where it is about all of it. */
type Earned = {
  readonly shares: readonly MonthShare[];
  readonly fleet: readonly FleetDay[];
  readonly charges: Charges;
};

/** Of the whole fleet, and all that it was made of. */
type FleetEarned = Earned & { readonly unsettled: readonly DayBooked[] };

export class CostDesk {
  readonly #world: CostDeskWorld;
  readonly #fleets: FleetMemory<FleetEarned>;

  constructor(world: CostDeskWorld) {
    this.#world = world;
    const { clock, log } = world;
    const failed = (error: unknown) =>
      log.warn('what the fleet has cost is told as it was', { error });
    this.#fleets = new FleetMemory({ clock, failed });
  }

  /** This month so far, where nothing else is asked for. Throws `BAD_REQUEST`. */
  spanOf(from: Timestamp | undefined, to: Timestamp | undefined): DaySpan {
    const now = this.#world.clock.wall();
    const begin = (end: Timestamp) => monthOf(timestamp(end - 1)).from;
    return daySpan({ from, to }, { now, begin, daysMax: DAYS_MAX, what: 'costs' });
  }

  /** Throws `CATALOG_DOWN`. */
  async report(
    span: DaySpan,
    {
      by,
      limit,
      marginMills,
    }: { readonly by: CostKey; readonly limit: number; readonly marginMills: number },
  ): Promise<CostReport> {
    const { store, prices } = this.#world;
    const { shares, fleet, charges } = await this.#earned(span);
    const earned = { charged: this.#tariffs() && charges, isEarly: isEarly(shares) };
    const lines: ReadonlyMap<string | null, CostLine> =
      by === 'day'
        ? new Map(
            [...linesByDay(await this.#days(span), earned)].map(([day, line]) => [
              dayText(day),
              line,
            ]),
          )
        : await this.#inTurns(liningBy(by, shares, earned));
    const shown =
      by === 'day' ? [...lines] : await this.#inTurns(inOrder([...lines], dearestFirst));
    const sum = (of: (day: FleetDay) => bigint): Amount =>
      fleet.reduce((all, day) => all + of(day), 0n) as Amount;
    const machines = sum((day) => day.machines);
    const unattributed = {
      overhead: sum((day) => day.overhead),
      idle: sum((day) => day.idle),
      minimum: sum((day) => day.minimum),
      unborne: sum((day) => day.unborne),
    };
    const rest = shown.slice(limit).map(([, line]) => line);
    return {
      ...span,
      ...{ book: prices.book.name, currency: prices.book.currency, unattributed },
      settledUntil: await store.settledUntil(),
      isEarly: earned.isEarly,
      total: withUnborne(together(lines.values(), earned.isEarly), unattributed.unborne),
      utilisation: machines === 0n ? null : 1 - Number(unattributed.idle) / Number(machines),
      lines: await this.#named(shown.slice(0, limit), by),
      others: rest.length === 0 ? null : together(rest, earned.isEarly),
      projection: await this.#projection(),
      advice: this.#advice(shares, { ...TARGET_DEFAULT, marginMills }),
    };
  }

  /** Throws `CATALOG_DOWN`. */
  async own(of: Of, span: DaySpan): Promise<OwnCost> {
    const { prices, clock } = this.#world;
    const { shares, charges } = await this.#earned(span, of);
    const days = await this.#days(span, of);
    const { tariffs, book } = prices;
    const now = clock.wall();
    const month = monthOf(now);
    const present = shares.filter((share) => share.month === month.from);
    const history = await this.#history(of);
    const projection = projected(history, month, now);
    const earned = { charged: this.#tariffs() && charges, isEarly: isEarly(shares) };
    const lines = await this.#inTurns(liningBy('plan', shares, earned));
    const line = together(lines.values(), earned.isEarly);
    return {
      ...span,
      ...{ currency: book.currency, chargesCurrency: tariffs.currency },
      charged: sumOf(charges.map(([, one]) => chargedIn(one))),
      chargedAtMonthEnd: await this.#chargedAtEnd(of, present, now),
      chargedFor: chargedFor(charges),
      use: useOf(shares),
      line,
      days: costByDay(days),
      projection,
      suggestedPrice:
        projection.expected === 0n ? null : priceFor(projection.expected, TARGET_DEFAULT),
    };
  }

  /** This month's shares so far, and its fleet. Throws `CATALOG_DOWN`. */
  async month(): Promise<Earned> {
    return await this.#earned(this.spanOf(undefined, undefined));
  }

  /** Of the running day so far, by tenant. Throws `CATALOG_DOWN`. */
  async today(): Promise<readonly TenantToday[]> {
    const running = (await this.#world.days.unsettled()).at(-1);
    if (running === undefined) return [];
    const sums = new Map<TenantId, TenantToday>();
    for (const { tenant, customer, attributed, shared } of running.shares) {
      const cost = (attributed + shared + (sums.get(tenant)?.cost ?? 0n)) as Amount;
      sums.set(tenant, { tenant, customer, day: running.fleet.day, cost });
    }
    return [...sums.values()];
  }

  /** What one tenant cost on each day before that one, of late. Throws `CATALOG_DOWN`. */
  async daysOf(tenant: TenantId, before: Timestamp): Promise<readonly Amount[]> {
    const from = timestamp(before - LATE_DAYS * DAY);
    const days = await this.#world.store.byDay({ from, to: before, tenant });
    return costByDay(days).map(({ cost }) => cost);
  }

  /** What the fleet cost in each hour of the last days, the newest last. */
  async #fleetHours(): Promise<readonly HourAmount[]> {
    const now = this.#world.clock.wall();
    const from = timestamp(dayOf(now) - HISTORY_DAYS * DAY);
    const fleet = await this.#fleet(await this.#parted({ from, to: later(dayOf(now), DAY) }));
    return fleet
      .flatMap(({ day, hours: byHour }) =>
        byHour.map((cost, at) => ({
          hour: timestamp(day + at * HOUR_MS),
          amount: cost as Amount,
        })),
      )
      .filter(({ hour }) => hour <= now);
  }

  /** Those that have ended. Throws `CATALOG_DOWN`. */
  async fleetHours(): Promise<readonly HourAmount[]> {
    const now = this.#world.clock.wall();
    return (await this.#fleetHours()).filter(({ hour }) => hour + HOUR_MS <= now);
  }

  /** Null for revenue where tariffs are in another currency than costs: nothing is ever converted. */
  #tariffs(): TariffBook | null {
    const { book, tariffs } = this.#world.prices;
    return book.currency === tariffs.currency ? tariffs : null;
  }

  async #earned(span: DaySpan, of: Of = {}): Promise<Earned> {
    if (!isAll(of)) return await this.#gathered(span, of, await this.#parted(span));
    const { days, prices } = this.#world;
    const unsettled = await days.unsettled();
    const present = this.spanOf(undefined, undefined);
    const isMonth = span.from === present.from && span.to === present.to;
    return await this.#fleets.of(span, { tariffs: prices.tariffs, isMonth }).get(
      (known) => known.unsettled === unsettled,
      async () => ({
        ...(await this.#gathered(span, of, partedIn(span, unsettled))),
        unsettled,
      }),
    );
  }

  /** The month's charges if what is used goes on as it has: all of it by the time that has passed. */
  async #chargedAtEnd(of: Of, shares: readonly MonthShare[], now: Timestamp): Promise<Amount> {
    const { charges, prices } = this.#world;
    const { from, to } = monthOf(now);
    const wish = { ...of, tariffs: prices.tariffs, shares: grownToEnd(shares, now), from, to };
    return sumOf((await charges(wish)).map(([, one]) => chargedIn(one)));
  }

  /** What is settled while this is asked for stays in one of the two. */
  async #parted(span: DaySpan): Promise<Parted> {
    return partedIn(span, await this.#world.days.unsettled());
  }

  async #fleet({ running, settled }: Parted): Promise<readonly FleetDay[]> {
    return [...(await this.#world.store.days(settled)), ...running.map((day) => day.fleet)];
  }

  /** By day, plan and tier. */
  async #days(span: DaySpan, of: Of = {}): Promise<readonly DayShare[]> {
    const { running, settled } = await this.#parted(span);
    const known = await this.#world.store.byDay({ ...settled, ...of });
    const own = running.map((day) => (isAll(of) ? day : onlyOf(day, of)));
    return [...known, ...(await this.#inTurns(daily(own)))];
  }

  /** What is settled and what is not, as one. */
  async #gathered(span: DaySpan, of: Of, { running, settled }: Parted): Promise<Earned> {
    const { store, charges, prices, clock } = this.#world;
    const fleet = isAll(of) ? await this.#fleet({ running, settled }) : [];
    const known = await store.byMonth({ ...settled, ...of });
    const own = running.map((day) => (isAll(of) ? day : onlyOf(day, of)));
    const shares = await this.#inTurns(joining(known, own));
    const to = timestamp(Math.min(span.to, clock.wall()));
    const wish = { ...of, tariffs: prices.tariffs, shares, from: span.from, to };
    return { shares, fleet, charges: await charges(wish) };
  }

  #inTurns<T>(steps: Steps<T>): Promise<T> {
    return inTurns(steps, this.#world.pause);
  }

  async #projection(): Promise<Projection> {
    const now = this.#world.clock.wall();
    return projected(await this.#fleetHours(), monthOf(now), now);
  }

  /** By hour; settled days are kept as wholes, and are laid on their hours evenly. */
  async #history(of: Of): Promise<readonly HourAmount[]> {
    const now = this.#world.clock.wall();
    const from = timestamp(dayOf(now) - HISTORY_DAYS * DAY);
    const days = await this.#days({ from, to: later(dayOf(now), DAY) }, of);
    return costByDay(days).flatMap(({ day, cost }) => {
      const ended = Math.min(24, Math.max(1, Math.floor((now - day) / HOUR_MS)));
      const parts = allocated(
        cost,
        Array.from({ length: ended }, () => 1n),
      );
      return parts.map((part, at) => ({ hour: timestamp(day + at * HOUR_MS), amount: part }));
    });
  }

  #advice(shares: readonly MonthShare[], target: Target): readonly PriceAdvice[] {
    const tariffs = this.#tariffs();
    if (tariffs === null) return [];
    const month = monthOf(this.#world.clock.wall());
    const plans = PLANS.map((plan) => {
      const on = shares.filter((share) => share.plan === plan);
      const seconds = on.reduce((all, share) => all + share.seconds, 0n);
      const cost = on.reduce((all, share) => all + share.attributed + share.shared, 0n) as Amount;
      const isFree = tariffAt(tariffs, plan, month.from).month === 0n;
      return { plan, seconds: seconds < ADVISED_FROM ? 0n : seconds, cost, isFree };
    });
    return pricesFor(plans, month.seconds, target);
  }

  async #named(
    lines: readonly (readonly [string | null, CostLine])[],
    by: CostKey,
  ): Promise<readonly NamedLine[]> {
    const isNamed = by === 'tenant' || by === 'customer';
    const ids = lines.flatMap(([key]) => (isNamed && key !== null ? [key] : []));
    const names = await this.#world.namesOf(ids as (TenantId | CustomerId)[]);
    return lines.map(([key, line]) => {
      const name = key === null ? null : (names.get(key) ?? null);
      return { ...line, key, name };
    });
  }
}

const dearestFirst = (
  [, one]: readonly [string | null, CostLine],
  [, other]: readonly [string | null, CostLine],
): number => (one.cost > other.cost ? -1 : one.cost < other.cost ? 1 : 0);

/** What no tenant bears is the fleet's cost all the same. */
const withUnborne = (line: CostLine, unborne: Amount): CostLine =>
  withCost(line, {
    cost: plus(line.cost, unborne),
    isEarly: line.marginUnknown === 'too early',
  });
