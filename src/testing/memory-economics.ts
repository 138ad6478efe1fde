/** Prices, costs and budgets in memory, and a ledger of rows that were given. */
import {
  type AlertMemory,
  type BookInForce,
  type BookText,
  type Budget,
  type BudgetMeasure,
  type BudgetOwner,
  type BudgetStore,
  type CostQuery,
  type CostShare,
  type CostStore,
  type FleetDay,
  type Mail,
  type NewAlert,
  ownerKey,
  type PriceStore,
  type StoredAlert,
  type StoredMail,
} from '../domain/economics.ts';
import type { CustomerId, TenantId } from '../domain/ids.ts';
import type { UseLedger, UseMinute, UseParted, UseQuery } from '../domain/metering.ts';
import { hours, later, type Timestamp, timestamp } from '../domain/units.ts';
import { addedUse, NO_USE, type Use, type UseRow } from '../domain/use.ts';

export class MemoryPrices implements PriceStore {
  readonly #books: BookText[] = [];
  #inForce: readonly BookInForce[] = [];
  #tariffs: { readonly revision: number; readonly document: string } | null = null;

  async books(): Promise<readonly BookText[]> {
    const newest = new Map(this.#books.map((book) => [book.name, book]));
    return [...newest.values()].toSorted((one, other) => (one.name < other.name ? -1 : 1));
  }

  async putBook(name: string, document: string): Promise<number> {
    const revision = 1 + this.#books.filter((book) => book.name === name).length;
    this.#books.push({ name, revision, document });
    return revision;
  }

  async inForce(): Promise<readonly BookInForce[]> {
    return this.#inForce;
  }

  async use(book: BookInForce): Promise<void> {
    this.#inForce = [...this.#inForce.filter(({ since }) => since < book.since), book];
  }

  async tariffs() {
    return this.#tariffs;
  }

  async putTariffs(document: string): Promise<number> {
    const revision = (this.#tariffs?.revision ?? 0) + 1;
    this.#tariffs = { revision, document };
    return revision;
  }
}

const DAY = hours(24);

export class MemoryCosts implements CostStore {
  readonly #days = new Map<Timestamp, FleetDay>();
  readonly #shares = new Map<Timestamp, readonly CostShare[]>();
  readonly #overhead = new Map<Timestamp, Use>();

  async settledUntil(): Promise<Timestamp | null> {
    const last = [...this.#days.keys()].toSorted((one, other) => one - other).at(-1);
    return last === undefined ? null : later(last, DAY);
  }

  async settle(day: FleetDay, shares: readonly CostShare[]): Promise<boolean> {
    if (this.#days.has(day.day)) return false;
    this.#days.set(day.day, day);
    this.#shares.set(day.day, shares);
    return true;
  }

  async days({ from, to }: Pick<CostQuery, 'from' | 'to'>): Promise<readonly FleetDay[]> {
    const all = [...this.#days.values()].filter(({ day }) => day >= from && day < to);
    return all.toSorted((one, other) => one.day - other.day);
  }

  async byMonth(query: CostQuery) {
    const sums = new Map<string, CostShare & { readonly month: Timestamp }>();
    for (const [day, share] of this.#within(query)) {
      const date = new Date(day);
      const month = timestamp(Date.UTC(date.getUTCFullYear(), date.getUTCMonth()));
      const { tenant, customer, plan, tier } = share;
      const key = `${month} ${tenant} ${customer ?? ''} ${plan} ${tier}`;
      const before = sums.get(key);
      sums.set(
        key,
        before === undefined ? { ...share, month } : { ...added(before, share), month },
      );
    }
    return [...sums].toSorted(([one], [other]) => (one < other ? -1 : 1)).map(([, sum]) => sum);
  }

  async byDay(query: CostQuery) {
    const sums = new Map<string, CostShare & { day: Timestamp }>();
    for (const [day, share] of this.#within(query)) {
      const key = `${day} ${share.plan} ${share.tier}`;
      const before = sums.get(key);
      sums.set(key, before === undefined ? { ...share, day } : { ...added(before, share), day });
    }
    return [...sums]
      .toSorted(([one], [other]) => (one < other ? -1 : 1))
      .map(([, { tenant: _, customer: __, use: ___, ...sum }]) => sum);
  }

  async addOverhead(hour: Timestamp, use: Use): Promise<void> {
    this.#overhead.set(hour, addedUse(this.#overhead.get(hour) ?? NO_USE, use));
  }

  async overhead({ from, to }: Pick<CostQuery, 'from' | 'to'>) {
    const all = [...this.#overhead].map(([hour, use]) => ({ hour, use }));
    return all
      .filter(({ hour }) => hour >= from && hour < to)
      .toSorted((one, other) => one.hour - other.hour);
  }

  #within({ from, to, tenant, customer }: CostQuery): readonly (readonly [Timestamp, CostShare])[] {
    return [...this.#shares]
      .filter(([day]) => day >= from && day < to)
      .flatMap(([day, shares]) => shares.map((share) => [day, share] as const))
      .filter(([, share]) => tenant === undefined || share.tenant === tenant)
      .filter(([, share]) => customer === undefined || share.customer === customer);
  }
}

const added = (one: CostShare, other: CostShare): CostShare => ({
  ...one,
  seconds: one.seconds + other.seconds,
  use: addedUse(one.use, other.use),
  attributed: one.attributed + other.attributed,
  shared: one.shared + other.shared,
  alwaysOn: one.alwaysOn + other.alwaysOn,
});

export class MemoryBudgets implements BudgetStore {
  readonly #now: () => Timestamp;
  readonly #budgets = new Map<string, Budget>();
  readonly #memories = new Map<string, AlertMemory>();
  readonly #alerts: StoredAlert[] = [];
  #mails: readonly (StoredMail & { readonly dueAt: Timestamp })[] = [];
  #count = 0;

  constructor(now: () => Timestamp) {
    this.#now = now;
  }

  async all(): Promise<readonly Budget[]> {
    return [...this.#budgets].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one);
  }

  async set(budget: Budget): Promise<void> {
    this.#budgets.set(keyOf(budget), budget);
  }

  async remove(owner: BudgetOwner, measure: BudgetMeasure): Promise<void> {
    this.#budgets.delete(keyOf({ owner, measure }));
  }

  async memories(): Promise<readonly AlertMemory[]> {
    return [...this.#memories.values()];
  }

  async tell(
    memory: AlertMemory,
    alerts: readonly NewAlert[],
    mails: readonly Mail[],
  ): Promise<readonly StoredAlert[]> {
    this.#memories.set(keyOf(memory), memory);
    const at = this.#now();
    for (const mail of mails) {
      this.#mails = [...this.#mails, { ...mail, id: ++this.#count, attempts: 0, dueAt: at }];
    }
    const stored = alerts.map((alert) => ({ ...alert, id: ++this.#count, at }));
    this.#alerts.push(...stored);
    return stored;
  }

  async alerts(query: { readonly customer?: CustomerId | undefined; readonly limit: number }) {
    const { customer, limit } = query;
    const all = this.#alerts.filter(
      (one) => customer === undefined || (one.customer === customer && one.measure === 'charges'),
    );
    return all.toReversed().slice(0, limit);
  }

  async takeMails(max: number, again: Timestamp): Promise<readonly StoredMail[]> {
    const due = this.#mails.filter(({ dueAt }) => dueAt <= this.#now()).slice(0, max);
    const ids = new Set(due.map(({ id }) => id));
    this.#mails = this.#mails.map((mail) =>
      ids.has(mail.id) ? { ...mail, attempts: mail.attempts + 1, dueAt: again } : mail,
    );
    return this.#mails.filter(({ id }) => ids.has(id)).map(({ dueAt: _, ...mail }) => mail);
  }

  async postponeMail(id: number, until: Timestamp): Promise<void> {
    this.#mails = this.#mails.map((mail) => (mail.id === id ? { ...mail, dueAt: until } : mail));
  }

  async removeMail(id: number): Promise<void> {
    this.#mails = this.#mails.filter((mail) => mail.id !== id);
  }
}

const keyOf = ({ owner, measure }: Pick<Budget, 'owner' | 'measure'>): string =>
  `${ownerKey(owner)} ${measure}`;

/** Says what it was given. */
export class GivenLedger implements UseLedger {
  given: readonly UseRow[] = [];
  givenMinutes: readonly UseMinute[] = [];

  async keptFrom(): Promise<Timestamp> {
    return timestamp(0);
  }

  async *rows({ from, to, tenant, customer, tenants }: UseQuery): AsyncIterable<UseRow> {
    const found = this.given
      .filter((row) => tenants === undefined || tenants.includes(row.tenant))
      .filter(({ hour }) => hour >= from && hour < to)
      .filter((row) => tenant === undefined || row.tenant === tenant)
      .filter((row) => customer === undefined || row.customer === customer);
    yield* found.toSorted(
      (one, other) => one.hour - other.hour || (one.tenant < other.tenant ? -1 : 1),
    );
  }

  async parted({ from, to }: Pick<UseQuery, 'from' | 'to'>): Promise<UseParted> {
    const own = this.given.filter(({ hour }) => hour >= from && hour < to);
    const resting: UseRow[] = [];
    const others: TenantId[] = [];
    for (const [tenant, rows] of Map.groupBy(own, (row) => row.tenant)) {
      const [first] = rows;
      const same = new Set(rows.map(({ hour: _, ...rest }) => Object.values(rest.use).join()));
      const places = new Set(rows.map((row) => `${row.customer} ${row.plan} ${row.tier}`));
      const isSteady = rows.length === (to - from) / hours(1) && same.size === 1;
      const isWhole = rows.every(({ seconds }) => seconds === 3_600n);
      const rests = first?.use.awake === 0n && places.size === 1 && isSteady && isWhole;
      if (rests) resting.push(first);
      else others.push(tenant);
    }
    return {
      resting: resting.toSorted((one, other) => (one.tenant < other.tenant ? -1 : 1)),
      others: others.toSorted(),
    };
  }

  async minutes(): Promise<readonly UseMinute[]> {
    return this.givenMinutes;
  }
}
