/** Why tenants are awake, and what that costs: one at a time, its history, and who is awake now. */
import type { AwakeInterval, AwakeReason, AwakeSpan, AwakeStore } from '../../domain/awake.ts';
import type { Catalog } from '../../domain/catalog.ts';
import type { Clock } from '../../domain/clock.ts';
import type { CustomerId, TenantId } from '../../domain/ids.ts';
import type { Lifecycle } from '../../domain/lifecycle.ts';
import type { UseLedger, UseMinute } from '../../domain/metering.ts';
import type { Tenant } from '../../domain/tenant.ts';
import { hours, later, minutes, ms, type Timestamp, timestamp } from '../../domain/units.ts';
import { type Amount, type Currency, NOTHING, plus } from '../../economics/money.ts';
import type { TenantRef } from '../control.ts';
import { fewAtOnce } from '../few-at-once.ts';
import { findTenant } from '../find-tenant.ts';
import { type AwakeFacts, whySays } from './awake-answer.ts';
import type { AwakeBook } from './awake-book.ts';
import { type AwakeShare, awakeShares, byReason } from './awake-costs.ts';
import type { AwakePrice } from './awake-price.ts';
import { askerSeen, askerWords, type Viewer } from './awake-words.ts';

const MINUTE = minutes(1);

/** Intervals that are summed for one answer; the catalog answers with as many minutes at once. */
const INTERVALS_MAX = 1_000;
const MINUTES_AT_ONCE = 10_000;

/** Awake tenants whose cost is asked for at most: those that are awake longest. */
const FLEET_MAX = 500;
const FLEET_AT_ONCE = 4;
const FLEET_SPAN = hours(24);

export type AwakeDeskWorld = {
  readonly clock: Clock;
  readonly catalog: Pick<Catalog, 'tenantById' | 'tenantByName'>;
  readonly lifecycle: Pick<Lifecycle, 'live'>;
  readonly store: AwakeStore;
  readonly book: AwakeBook;
  readonly ledger: Pick<UseLedger, 'minutes'>;
  /** What is told to the operator, and to customers. */
  readonly price: (viewer: { readonly isOperator: boolean }) => AwakePrice;
};

export type AwakeQuery = AwakeSpan & { readonly before: Timestamp | null; readonly limit: number };

/** A time awake, what it cost, and what of it whoever asks may see. */
export type AwakeShown = AwakeShare & {
  readonly viewer: Viewer;
  readonly currency: Currency;
};

export type AwakeListing = {
  readonly shown: readonly AwakeShown[];
  readonly next: Timestamp | null;
};

/** Wakes of one cause together. */
export type CauseSum = {
  readonly kind: AwakeInterval['cause']['kind'];
  /** Whom, where that is a client. */
  readonly role: string | null;
  readonly applicationName: string | null;
  /** Whom, where that is a request through the API. */
  readonly by: string | null;
  readonly wakes: number;
  readonly ms: number;
  readonly cost: Amount;
};

export type AwakeWhy = {
  readonly tenant: Tenant;
  readonly says: readonly string[];
  /** The present one, or the last. */
  readonly last: AwakeShown | null;
  readonly sleepsAt: Timestamp | null;
  readonly since: Timestamp;
  readonly total: {
    readonly wakes: number;
    readonly ms: number;
    readonly cost: Amount;
    readonly currency: Currency;
  };
  /** The costliest first. */
  readonly causes: readonly CauseSum[];
  readonly reasons: ReadonlyMap<AwakeReason, { readonly ms: number; readonly cost: Amount }>;
  /** There were more than are summed. */
  readonly isCut: boolean;
};

export type AwakeNow = {
  readonly tenant: Tenant;
  /** What it cost in the last day, at most. */
  readonly shown: AwakeShown;
};

export type AwakeFleet = { readonly awake: number; readonly tenants: readonly AwakeNow[] };

export class AwakeDesk {
  readonly #world: AwakeDeskWorld;

  constructor(world: AwakeDeskWorld) {
    this.#world = world;
  }

  /** The latest first. Throws `TENANT_UNKNOWN`. */
  async list(ref: TenantRef, query: AwakeQuery, isOperator: boolean): Promise<AwakeListing> {
    const tenant = await findTenant(this.#world.catalog, ref);
    const found = await this.#of(tenant.id, { ...query, limit: query.limit + 1 });
    const page = found.slice(0, query.limit);
    const shares = await this.#costed(tenant, page, isOperator);
    const next = found.length > query.limit ? (page.at(-1)?.from ?? null) : null;
    return { shown: this.#shown(tenant, shares, isOperator), next };
  }

  /** Throws `TENANT_UNKNOWN`. Wakes nobody. */
  async why(ref: TenantRef, since: Timestamp, isOperator: boolean): Promise<AwakeWhy> {
    const { clock, catalog, lifecycle, price } = this.#world;
    const tenant = await findTenant(catalog, ref);
    const now = clock.wall();
    const span = { from: since, to: later(now, MINUTE), before: null, limit: INTERVALS_MAX };
    const found = await this.#of(tenant.id, span);
    const shares = await this.#costed(tenant, found, isOperator);
    const shown = this.#shown(tenant, shares, isOperator);
    const last = shown[0] ?? (await this.#lastBefore(tenant, since, isOperator));
    const { suspendAt: sleepsAt } = lifecycle.live(tenant.id);
    const { currency } = price({ isOperator });
    const cost = shares.reduce((sum, share) => plus(sum, share.cost), NOTHING);
    const length = shares.reduce((sum, { interval: { from, to } }) => sum + to - from, 0);
    const total = { wakes: shares.length, ms: length, cost, currency };
    const facts: AwakeFacts = { now, since, last, sleepsAt, isOperator, total };
    const reasons = byReason(shares);
    return {
      ...{ tenant, last, sleepsAt, since, total, reasons },
      says: whySays(facts, reasons),
      causes: causesOf(shown),
      isCut: found.length === INTERVALS_MAX,
    };
  }

  /** Who is awake, by what it cost in the last day. */
  async fleet(customer: CustomerId | null, limit: number): Promise<AwakeFleet> {
    const { book, catalog, clock } = this.#world;
    const isOperator = customer === null;
    const awake = book.awake(customer);
    const since = later(clock.wall(), ms(-FLEET_SPAN));
    const found: AwakeNow[] = [];
    await fewAtOnce(awake.slice(0, FLEET_MAX), FLEET_AT_ONCE, async (id) => {
      const tenant = await catalog.tenantById(id).catch(() => undefined);
      const interval = book.now(id);
      if (tenant === undefined || interval === null) return;
      if (customer !== null && tenant.customer !== customer) return;
      const spent = await this.#minutes(tenant, [interval], since).catch(() => []);
      const shares = this.#laid(tenant, [interval], { spent, isOperator });
      const [shown] = this.#shown(tenant, shares, isOperator);
      if (shown !== undefined) found.push({ tenant, shown });
    });
    const byCost = found.sort(
      ({ shown: one }, { shown: other }) =>
        Number(other.cost - one.cost) || one.interval.from - other.interval.from,
    );
    return { awake: awake.length, tenants: byCost.slice(0, limit) };
  }

  /** Those that are kept, and the present one as it stands now. */
  async #of(tenant: TenantId, query: AwakeQuery): Promise<readonly AwakeInterval[]> {
    const { store, book } = this.#world;
    await book.endsWritten(tenant);
    const now = book.now(tenant);
    const kept = (await store.of(tenant, query)).filter(({ from }) => from !== now?.from);
    const end = query.before ?? query.to;
    if (now === null || now.from >= end || now.to <= query.from) return kept;
    return [now, ...kept].sort((one, other) => other.from - one.from).slice(0, query.limit);
  }

  async #lastBefore(
    tenant: Tenant,
    before: Timestamp,
    isOperator: boolean,
  ): Promise<AwakeShown | null> {
    const query = { from: timestamp(0), to: before, before, limit: 1 };
    const shares = await this.#costed(tenant, await this.#of(tenant.id, query), isOperator);
    return this.#shown(tenant, shares, isOperator)[0] ?? null;
  }

  /** Minutes are parted with intervals that are not asked for, where these reach into the same ones. */
  async #costed(
    tenant: Tenant,
    asked: readonly AwakeInterval[],
    isOperator: boolean,
  ): Promise<readonly AwakeShare[]> {
    const [latest, earliest] = [asked[0], asked.at(-1)];
    if (latest === undefined || earliest === undefined) return [];
    const around = await this.#of(tenant.id, {
      from: minuteOf(earliest.from),
      to: later(minuteOf(latest.to), MINUTE),
      before: null,
      limit: INTERVALS_MAX + 2 * NEIGHBOURS_MAX,
    });
    const known = new Set(asked.map(({ from }) => from));
    const all = [...asked, ...around.filter(({ from }) => !known.has(from))];
    const spent = await this.#minutes(tenant, asked, timestamp(0));
    return this.#laid(tenant, all, { spent, isOperator }).slice(0, asked.length);
  }

  #laid(
    tenant: Tenant,
    intervals: readonly AwakeInterval[],
    { spent, isOperator }: { readonly spent: readonly UseMinute[]; readonly isOperator: boolean },
  ): readonly AwakeShare[] {
    const costs = this.#world.price({ isOperator }).costs(tenant, spent);
    const priced = spent.map((minute, at) => ({ ...minute, cost: costs[at] ?? NOTHING }));
    return awakeShares(intervals, priced).shares;
  }

  async #minutes(
    { id }: Tenant,
    intervals: readonly AwakeInterval[],
    since: Timestamp,
  ): Promise<readonly UseMinute[]> {
    const begin = Math.min(...intervals.map(({ from }) => from));
    const end = Math.max(...intervals.map(({ to }) => to));
    const to = later(minuteOf(timestamp(end)), MINUTE);
    const found: UseMinute[] = [];
    for (let from = minuteOf(timestamp(Math.max(begin, since))); from < to; ) {
      const page = await this.#world.ledger.minutes(id, { from, to });
      found.push(...page);
      const last = page.at(-1);
      if (page.length < MINUTES_AT_ONCE || last === undefined) break;
      from = later(last.minute, MINUTE);
    }
    return found;
  }

  #shown(
    tenant: Tenant,
    shares: readonly AwakeShare[],
    isOperator: boolean,
  ): readonly AwakeShown[] {
    const { currency } = this.#world.price({ isOperator });
    return shares.map((share) => {
      const seesClients = isOperator || share.interval.customer === tenant.customer;
      return { ...share, currency, viewer: { isOperator, seesClients } };
    });
  }
}

/** Intervals that may begin and end in the minutes at either end. */
const NEIGHBOURS_MAX = 100;

const minuteOf = (at: Timestamp): Timestamp => timestamp(at - (at % MINUTE));

function causesOf(shown: readonly AwakeShown[]): readonly CauseSum[] {
  const sums = new Map<string, CauseSum>();
  for (const { interval, cost, viewer } of shown) {
    const { cause, from, to } = interval;
    const who = 'who' in cause && viewer.seesClients ? cause.who : null;
    const { role = null, applicationName = null } = who ?? {};
    const asker = cause.kind === 'operator' ? askerSeen(cause.asking, viewer) : null;
    const by = asker && askerWords(asker);
    const key = JSON.stringify([cause.kind, role, applicationName, by]);
    const sum = sums.get(key) ?? { wakes: 0, ms: 0, cost: NOTHING };
    sums.set(key, {
      ...{ kind: cause.kind, role, applicationName, by, wakes: sum.wakes + 1 },
      ...{ ms: sum.ms + to - from, cost: plus(sum.cost, cost) },
    });
  }
  return [...sums.values()].sort(
    (one, other) => Number(other.cost - one.cost) || other.ms - one.ms,
  );
}
