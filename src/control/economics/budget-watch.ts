/**
 * Looks every quarter of an hour at what the month has come to, and tells who has to know.
 *
 *   this month's sums ─▶ budgets ─▶ told once each part ─▶ event, letters
 *                     │          └▶ a hard cap is reached ─▶ the tenant is held until the month ends, as by a quota
 *                     ├▶ margins of the fleet and of tenants
 *                     ├▶ the last hour against such hours before, and tenants' days against theirs
 *                     └▶ plans that never cost more ─▶ held once what is included is used
 *
 * What was told is written in one statement with what is remembered of it and with the letters, before anybody hears of it: a
 * crash tells nobody twice. Where there are no budgets and nobody earns anything, a look is one sum.
 */
import type { Clock } from '../../domain/clock.ts';
import {
  type AlertMemory,
  type Budget,
  type BudgetMeasure,
  type BudgetOwner,
  type BudgetStore,
  type Mail,
  ownerKey,
} from '../../domain/economics.ts';
import type { Events } from '../../domain/events.ts';
import type { CustomerId, TenantId } from '../../domain/ids.ts';
import type { Log } from '../../domain/log.ts';
import { nextMonth } from '../../domain/quota.ts';
import { Rounds } from '../../domain/rounds.ts';
import { minutes } from '../../domain/units.ts';
import { METERS } from '../../domain/use.ts';
import {
  type Alert,
  type AlertFacts,
  type AlertState,
  judged,
  NO_ALERTS,
} from '../../economics/alerts.ts';
import { type Amount, amount, type Currency, fromRough, roughly } from '../../economics/money.ts';
import { HOUR_MS, monthOf } from '../../economics/month.ts';
import { includedOf } from '../../economics/plans.ts';
import { tariffAt } from '../../economics/tariffs.ts';
import { eventOf, isBlank, sameState, stateJson, stateOf } from './alert-memory.ts';
import { alertData, alertMail, alertWords } from './alert-words.ts';
import type { BudgetHolds, Due } from './budget-holds.ts';
import type { CostDesk } from './cost-desk.ts';
import {
  type CostLine,
  isEarly,
  linesBy,
  type MonthShare,
  together,
  withCost,
} from './cost-sums.ts';
import { DearDays } from './dear-days.ts';
import type { PriceDesk } from './price-desk.ts';

const LOOK_EVERY = minutes(15);

/** Tenants whose margin is told of at one look; the worst first. */
const TOLD_AT_ONCE = 100;

/** A loss below this is not worth a word. */
const WORTH_A_WORD = amount('0.01');

export type WatchWorld = {
  readonly clock: Clock;
  readonly log: Log;
  readonly events: Events;
  readonly store: BudgetStore;
  readonly costs: Pick<CostDesk, 'month' | 'fleetHours' | 'today' | 'daysOf'>;
  readonly prices: Pick<PriceDesk, 'book' | 'tariffs'>;
  readonly holds: BudgetHolds;
  readonly namesOf: (
    ids: readonly (TenantId | CustomerId)[],
  ) => Promise<ReadonlyMap<string, string>>;
};

export type Standing = Budget & {
  readonly name: string | null;
  readonly customer: CustomerId | null;
  readonly spent: Amount;
  readonly currency: string;
};

/** This month's sums, by whom. */
type Month = {
  readonly shares: readonly MonthShare[];
  readonly fleet: CostLine;
  readonly tenants: ReadonlyMap<string | null, CostLine>;
  readonly customers: ReadonlyMap<string | null, CostLine>;
  readonly charged: ReadonlyMap<string, Amount>;
  readonly customerOf: ReadonlyMap<TenantId, CustomerId | null>;
};

type Told = { readonly about: AlertMemory; readonly customer: CustomerId | null };

export class BudgetWatch {
  readonly #world: WatchWorld;
  readonly #dearDays: DearDays;
  #memories: Map<string, AlertState> | null = null;
  #judgedHour = 0;
  readonly #rounds: Rounds;

  constructor(world: WatchWorld) {
    this.#world = world;
    this.#dearDays = new DearDays(world.costs);
    const failed = 'budgets were not looked at; it is tried again';
    const { clock, log } = world;
    this.#rounds = new Rounds({ clock, log, every: LOOK_EVERY, work: () => this.#look(), failed });
  }

  start(): void {
    this.#rounds.start();
  }

  async close(): Promise<void> {
    await this.#rounds.close();
  }

  /** Never rejects. */
  look(): Promise<void> {
    return this.#rounds.now();
  }

  /** All budgets as they stand. Throws `CATALOG_DOWN`. */
  async standings(): Promise<readonly Standing[]> {
    const { store } = this.#world;
    const budgets = await store.all();
    if (budgets.length === 0) return [];
    const month = await this.#month();
    const ids = budgets.flatMap(({ owner }) => (owner.kind === 'fleet' ? [] : [owner.id]));
    const names = await this.#world.namesOf(ids);
    return budgets.map((budget) => ({
      ...budget,
      name: names.get(ownerKey(budget.owner)) ?? null,
      customer: customerOf(budget.owner, month),
      ...this.#spentOf(budget, month),
    }));
  }

  async #look(): Promise<void> {
    const { store } = this.#world;
    this.#memories ??= new Map(
      (await store.memories()).map((one) => [keyOf(one), stateOf(one.state)]),
    );
    const month = await this.#month();
    const budgets = await store.all();
    for (const budget of budgets) await this.#judgeBudget(budget, month);
    await this.#holdBy(budgets, month);
    await this.#judgeFleet(budgets, month);
    await this.#judgeMargins(month);
    await this.#judgeDays(budgets);
    await this.#holdIncluded(month);
  }

  async #month(): Promise<Month> {
    const { costs, prices } = this.#world;
    const { tariffs, book } = prices;
    const { shares, fleet, charges } = await costs.month();
    const own = book.currency === tariffs.currency ? charges : null;
    const earned = { charged: own, isEarly: isEarly(shares) };
    const tenants = linesBy('tenant', shares, earned);
    const all = together(tenants.values(), earned.isEarly);
    const unborne = fleet.reduce((sum, day) => sum + day.unborne, 0n);
    const charged = new Map<string, Amount>();
    const add = (key: string, more: Amount): void => {
      charged.set(key, ((charged.get(key) ?? 0n) + more) as Amount);
    };
    for (const { tenant, customer, amount: one } of charges.flatMap(([, of]) => of)) {
      add(tenant, one);
      add(customer, one);
      add('fleet', one);
    }
    return {
      ...{ shares, tenants, charged, customers: linesBy('customer', shares, earned) },
      fleet: withCost(all, { cost: (all.cost + unborne) as Amount, ...earned }),
      customerOf: new Map(shares.map(({ tenant, customer }) => [tenant, customer])),
    };
  }

  #spentOf(
    { owner, measure }: Pick<Budget, 'owner' | 'measure'>,
    month: Month,
  ): Pick<Standing, 'spent' | 'currency'> {
    const { book, tariffs } = this.#world.prices;
    const none = 0n as Amount;
    if (measure === 'charges') {
      return { spent: month.charged.get(ownerKey(owner)) ?? none, currency: tariffs.currency };
    }
    const line =
      owner.kind === 'fleet'
        ? month.fleet
        : (owner.kind === 'tenant' ? month.tenants : month.customers).get(owner.id);
    return { spent: line?.cost ?? none, currency: book.currency };
  }

  async #judgeBudget(budget: Budget, month: Month): Promise<void> {
    const { owner, measure } = budget;
    // The fleet's is judged with its margin and its hours.
    if (owner.kind === 'fleet' && measure === 'cost') return;
    const { spent } = this.#spentOf(budget, month);
    await this.#judge(
      { owner, measure, customer: customerOf(owner, month) },
      { ...this.#facts(), spent, budget: budget.amount as Amount },
      budget.emails,
    );
  }

  async #judgeFleet(budgets: readonly Budget[], month: Month): Promise<void> {
    const budget = budgets.find(
      ({ owner, measure }) => owner.kind === 'fleet' && measure === 'cost',
    );
    const { cost } = month.fleet;
    const facts: AlertFacts = {
      ...this.#facts(),
      spent: cost,
      budget: (budget?.amount ?? null) as Amount | null,
      margin: marginOf(month.fleet),
      hour: await this.#hour(),
    };
    const about = { owner: { kind: 'fleet' }, measure: 'cost', customer: null } as const;
    await this.#judge(about, facts, budget?.emails ?? []);
  }

  /** Of tenants that somebody pays for, or that were told of before. */
  async #judgeMargins({ tenants, customerOf }: Month): Promise<void> {
    const losing = [...tenants]
      .flatMap(([id, line]) => {
        const margin = marginOf(line);
        return id === null || margin === null ? [] : [{ id: id as TenantId, margin }];
      })
      .filter(({ id, margin: { profit } }) => {
        const isKnown = this.#memories?.has(
          keyOf({ owner: { kind: 'tenant', id }, measure: 'cost' }),
        );
        return isKnown || -profit >= WORTH_A_WORD;
      })
      .toSorted((one, other) => (one.margin.profit < other.margin.profit ? -1 : 1));
    for (const { id, margin } of losing.slice(0, TOLD_AT_ONCE)) {
      const owner: BudgetOwner = { kind: 'tenant', id };
      const about = { owner, measure: 'cost', customer: customerOf.get(id) ?? null } as const;
      const known = this.#memories?.get(keyOf(about)) ?? NO_ALERTS;
      // Its budget is judged by itself, and stays as it was told.
      const facts = { ...this.#facts(), spent: 0n as Amount, budget: known.budget, margin };
      await this.#judge(about, facts, []);
    }
  }

  /** Told to whom the tenant's own budget names, or else to whom the fleet's does. */
  async #judgeDays(budgets: readonly Budget[]): Promise<void> {
    const costs = budgets.filter(({ measure }) => measure === 'cost');
    const emailsOf = (key: string) => costs.find(({ owner }) => ownerKey(owner) === key)?.emails;
    for (const day of await this.#dearDays.find()) {
      const owner: BudgetOwner = { kind: 'tenant', id: day.tenant };
      const about = { owner, measure: 'cost', customer: day.customer } as const;
      const known = this.#memories?.get(keyOf(about)) ?? NO_ALERTS;
      // Its budget and its margin are judged by themselves, and stay as they were told.
      const facts = { ...this.#facts(), budget: known.budget, day };
      await this.#judge(about, facts, emailsOf(day.tenant) ?? emailsOf('fleet') ?? []);
    }
  }

  #facts(): AlertFacts {
    const month = monthOf(this.#world.clock.wall()).name;
    return { month, spent: 0n as Amount, budget: null, margin: null, hour: null };
  }

  /** The last hour that has ended, against the same hour of other days; null if it was judged already. */
  async #hour(): Promise<AlertFacts['hour']> {
    const hours = await this.#world.costs.fleetHours();
    const last = hours.at(-1);
    if (last === undefined || last.hour <= this.#judgedHour) return null;
    this.#judgedHour = last.hour;
    const alike = hours
      .filter(({ hour }) => hour < last.hour && (last.hour - hour) % (24 * HOUR_MS) === 0)
      .map(({ amount: one }) => roughly(one));
    if (alike.length < 3) return null;
    const mean = alike.reduce((sum, one) => sum + one, 0) / alike.length;
    const squares = alike.reduce((sum, one) => sum + (one - mean) ** 2, 0) / alike.length;
    const [expected, deviation] = [fromRough(mean), fromRough(Math.sqrt(squares))];
    return { cost: last.amount, expected, deviation };
  }

  async #judge(
    { owner, measure, customer }: Pick<Budget, 'owner' | 'measure'> & Pick<Told, 'customer'>,
    facts: AlertFacts,
    emails: readonly string[],
  ): Promise<void> {
    const key = keyOf({ owner, measure });
    const before = this.#memories?.get(key) ?? NO_ALERTS;
    const { alerts, state } = judged(before, facts);
    if (alerts.length === 0 && sameState(before, state)) return;
    if (alerts.length === 0 && before === NO_ALERTS && isBlank(state)) return;
    const about = { owner, measure, state: stateJson(state) };
    await this.#tell({ about, customer }, alerts, emails);
    this.#memories?.set(key, state);
  }

  async #tell(
    { about, customer }: Told,
    alerts: readonly Alert[],
    emails: readonly string[],
  ): Promise<void> {
    const { store, events, prices } = this.#world;
    const { owner, measure } = about;
    const currency: Currency = measure === 'cost' ? prices.book.currency : prices.tariffs.currency;
    const names = owner.kind === 'fleet' ? new Map() : await this.#world.namesOf([owner.id]);
    const name = owner.kind === 'fleet' ? null : (names.get(owner.id) ?? owner.id);
    const news = alerts.map((alert) => {
      const data = {
        ...alertData(alert, currency),
        currency,
        name,
        says: alertWords(alert, currency),
      };
      return { owner, customer, measure, kind: alert.kind, data };
    });
    const mails: Mail[] = news.flatMap((alert) => emails.map((to) => alertMail(to, alert)));
    for (const stored of await store.tell(about, news, mails))
      events.publish(eventOf(stored, name));
  }

  /** Who has come to a hard cap is held, and who is below it again is let go. */
  async #holdBy(budgets: readonly Budget[], month: Month): Promise<void> {
    const { holds, clock } = this.#world;
    const due = new Map<string, Due>();
    for (const budget of budgets.filter(({ isCapped }) => isCapped)) {
      const { owner, measure, amount: most } = budget;
      if (this.#spentOf(budget, month).spent < most) continue;
      const until = nextMonth(clock.wall());
      // Customers are told of the hold: of what they cost the operator nothing may be in it.
      const limit = measure === 'charges' ? Math.round(roughly(most as Amount)) : 0;
      due.set(ownerKey(owner), { owner, limit, until });
    }
    await holds.set('budget', due);
  }

  /** A plan that never costs more gives no more than it includes. */
  async #holdIncluded({ shares }: Month): Promise<void> {
    const { holds, prices, clock } = this.#world;
    const now = clock.wall();
    const month = monthOf(now);
    const due = new Map<string, Due>();
    for (const { tenant: id, plan, use } of shares) {
      const tariff = tariffAt(prices.tariffs, plan, now);
      if (!tariff.capped) continue;
      const isOver = METERS.some(
        (meter) =>
          tariff.included[meter] !== undefined &&
          use[meter] > includedOf(tariff, meter, month, month.seconds),
      );
      if (isOver) due.set(id, { owner: { kind: 'tenant', id }, limit: 0, until: month.to });
    }
    await holds.set('included', due);
  }
}

const keyOf = ({ owner, measure }: { owner: BudgetOwner; measure: BudgetMeasure }): string =>
  `${ownerKey(owner)} ${measure}`;

function customerOf(owner: BudgetOwner, month: Month): CustomerId | null {
  if (owner.kind === 'fleet') return null;
  return owner.kind === 'customer' ? owner.id : (month.customerOf.get(owner.id) ?? null);
}

const marginOf = ({ margin, profit }: CostLine): AlertFacts['margin'] =>
  margin === null || profit === null ? null : { ratio: margin, profit };
