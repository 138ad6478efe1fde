/**
 * Counts what tenants use, and holds those that have used what they may.
 *
 *   tenant.state ──running──▶ awake ──suspended──▶ ended
 *                               │ once a minute        │ once
 *                               ▼                      ▼
 *   one look at the accounts ─▶ gauges of who was used ─▶ one write ─▶ limits
 *
 * Once a minute all that is awake, or was, is read with one statement and written with another, under a name by which it
 * is counted once. What a crash loses is at most the minute since; a compute that went on running meanwhile is counted
 * from where its row says. Sizes are measured where somebody has asked something since the last time.
 */
import type { Catalog } from '../../domain/catalog.ts';
import type { CancelTimer, Clock } from '../../domain/clock.ts';
import type { Events } from '../../domain/events.ts';
import type { CustomerId, TenantId } from '../../domain/ids.ts';
import type { Lifecycle } from '../../domain/lifecycle.ts';
import type { Log } from '../../domain/log.ts';
import {
  type Account,
  byMonth,
  computeUnits,
  type GaugeReading,
  type Gauges,
  type MeterChange,
  type MeterSeen,
  monthStart,
  type QuotaStore,
  type Usage,
} from '../../domain/quota.ts';
import type { Random } from '../../domain/random.ts';
import {
  type DurationMs,
  elapsed,
  type Instant,
  later,
  minutes,
  ms,
  type Timestamp,
} from '../../domain/units.ts';
import type { UsageMinute } from '../../domain/usage.ts';
import type { Rules } from '../../policy/rules.ts';
import { fewAtOnce } from '../few-at-once.ts';
import type { AllowanceBook } from './allowance-book.ts';
import { QuotaJudge } from './quota-judge.ts';

export const COUNT_EVERY = minutes(1);

/** Computes that are measured at once; each is a connection. */
const MEASURED_AT_ONCE = 4;

export type KeeperWorld = {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly events: Events;
  readonly store: QuotaStore;
  readonly book: AllowanceBook;
  readonly gauges: Gauges;
  readonly lifecycle: Pick<Lifecycle, 'live' | 'halt'>;
  readonly rules: () => Rules;
  readonly countEvery: DurationMs;
};

/** An awake tenant; null where its row says since when it is counted. */
type Awake = { readonly since: Instant | null };

type Batch = {
  readonly changes: readonly MeterChange[];
  readonly seen: readonly MeterSeen[];
  readonly name: string;
};

export class QuotaKeeper {
  readonly #world: KeeperWorld;
  readonly #judge: QuotaJudge;
  readonly #awake = new Map<TenantId, Awake>();
  /** Time awake of those that sleep again, not counted yet. */
  readonly #ended = new Map<TenantId, { readonly lengthMs: number; readonly until: Timestamp }>();
  /** Somebody has asked something of them since they were measured. */
  #used = new Set<TenantId>();
  #unsent: Batch | null = null;
  #counting: Promise<void> = Promise.resolve();
  #cancel: CancelTimer | null = null;
  #unsubscribe: () => void = () => {};

  constructor(world: KeeperWorld) {
    this.#world = world;
    const isAwake = (tenant: TenantId): boolean => this.#awake.has(tenant);
    this.#judge = new QuotaJudge({ ...world, isAwake });
  }

  /** From now on it counts. To be called before tenants are healed. Throws `CATALOG_DOWN`. */
  async start(catalog: Pick<Catalog, 'unrestedTenants'>): Promise<void> {
    const { events, store, book, lifecycle } = this.#world;
    book.sessions = (tenant) => lifecycle.live(tenant).sessions;
    book.setPlans(await store.planQuotas());
    for (const mark of await store.marks()) book.keep(mark);
    for (const { owner, quota } of await store.sessionLimits()) book.setSessionLimit(owner, quota);
    for (const { id, allowed } of await store.customerAddresses()) book.setAddresses(id, allowed);
    for (const { id, state } of await catalog.unrestedTenants()) {
      const { kind } = state;
      if (kind === 'running' || kind === 'suspending') this.#awake.set(id, { since: null });
    }
    this.#unsubscribe = events.subscribe({ types: ['tenant.*'] }, ({ type, tenant, data }) => {
      if (tenant === null) return;
      if (type === 'tenant.state') this.#moved(tenant.id, String(data.to));
      else if (type === 'tenant.deleted') this.#gone(tenant.id);
      else if (type === 'tenant.changed') this.#changed(tenant.id, data.fields);
    });
    this.#later();
  }

  /** What tenants used, as it was stored. */
  used(records: readonly UsageMinute[]): void {
    for (const { tenant, bytesIn } of records) if (bytesIn > 0) this.#used.add(tenant);
  }

  /** Counts now, and looks at all limits of who was counted. Never rejects. */
  count(): Promise<void> {
    this.#counting = this.#counting
      .then(() => this.#round())
      .catch((error: unknown) => {
        this.#world.log.warn('consumption was not counted; it is tried again', { error });
      });
    return this.#counting;
  }

  /** Limits or plan of a tenant are others now. Throws `CATALOG_DOWN`. */
  async review(tenant: TenantId): Promise<void> {
    const { store, clock } = this.#world;
    const [account] = await store.accounts([tenant], monthStart(clock.wall()));
    if (account !== undefined) await this.#judge.tenant(account, this.#usageOf(account, null));
  }

  async reviewCustomer(customer: CustomerId): Promise<void> {
    await this.#judge.customer(customer);
  }

  async close(): Promise<void> {
    this.#cancel?.();
    this.#unsubscribe();
    await this.count();
  }

  #later(): void {
    const { clock, countEvery } = this.#world;
    this.#cancel = clock.timer(countEvery, () => {
      this.#later();
      void this.count();
    });
  }

  #moved(tenant: TenantId, to: string): void {
    const { clock } = this.#world;
    if (to === 'suspending') return;
    if (to === 'running') {
      if (this.#awake.has(tenant)) return;
      this.#awake.set(tenant, { since: clock.now() });
      this.#judge.woke(tenant);
      return;
    }
    const awake = this.#awake.get(tenant);
    if (awake === undefined) return;
    this.#awake.delete(tenant);
    const before = this.#ended.get(tenant)?.lengthMs ?? 0;
    const now = clock.now();
    const lengthMs = before + elapsed(awake.since ?? now, now);
    this.#ended.set(tenant, { lengthMs, until: clock.wall() });
  }

  /** Another plan has other limits, which may let it go. */
  #changed(tenant: TenantId, fields: unknown): void {
    const isReplanned = Array.isArray(fields) && fields.includes('plan');
    const isMarked = this.#world.book.marksOf({ kind: 'tenant', id: tenant }).length > 0;
    if (!isReplanned || !isMarked) return;
    this.review(tenant).catch((error: unknown) => {
      this.#world.log.warn('limits of a new plan were not looked at', { tenant, error });
    });
  }

  #gone(tenant: TenantId): void {
    this.#awake.delete(tenant);
    this.#ended.delete(tenant);
    this.#used.delete(tenant);
    this.#world.book.forget(tenant);
  }

  async #round(): Promise<void> {
    const { clock, store } = this.#world;
    if (this.#unsent !== null) await this.#send(this.#unsent);
    const due = new Set([...this.#awake.keys(), ...this.#ended.keys(), ...this.#used]);
    const accounts = await store.accounts([...due], monthStart(clock.wall()));
    const readings = await this.#measured(accounts);
    const batch = this.#batch(accounts, readings);
    this.#unsent = batch;
    await this.#send(batch);
    await this.#judge.expire();
    await this.#judgeAll(accounts, readings, batch);
  }

  async #judgeAll(
    accounts: readonly Account[],
    readings: ReadonlyMap<TenantId, GaugeReading>,
    { changes }: Batch,
  ): Promise<void> {
    const month = monthStart(this.#world.clock.wall());
    const present = changes.filter((change) => change.month === month);
    const counted = Map.groupBy(present, ({ tenant }) => tenant);
    const customers = new Set<CustomerId>();
    for (const account of accounts) {
      const { id, customer, customerQuota } = account;
      const used = (counted.get(id) ?? []).reduce(added, account.used);
      await this.#judge.tenant(
        account,
        this.#usageOf({ ...account, used }, readings.get(id) ?? null),
      );
      this.#world.book.noteTenant(id, customer);
      const isLimited =
        Object.keys({ ...customerQuota?.operator, ...customerQuota?.own }).length > 0;
      if (customer !== null && isLimited) customers.add(customer);
    }
    for (const customer of customers) await this.#judge.customer(customer);
  }

  #usageOf({ id, used, logicalBytes }: Account, reading: GaugeReading | null): Usage {
    const { sessions } = this.#world.lifecycle.live(id);
    return { ...used, logicalBytes: reading?.logicalBytes ?? logicalBytes, sessions };
  }

  /** Those in which something may have been written. One that cannot be measured is measured the next time. */
  async #measured(accounts: readonly Account[]): Promise<ReadonlyMap<TenantId, GaugeReading>> {
    const { gauges, log } = this.#world;
    const used = this.#used;
    this.#used = new Set();
    const readings = new Map<TenantId, GaugeReading>();
    const due = accounts.filter(
      ({ id, walPosition }) => used.has(id) || this.#ended.has(id) || walPosition === null,
    );
    await fewAtOnce(due, MEASURED_AT_ONCE, async ({ id }) => {
      try {
        readings.set(id, await gauges.read(id));
      } catch (error) {
        this.#used.add(id);
        log.debug('a tenant could not be measured', { tenant: id, error });
      }
    });
    return readings;
  }

  /** What is to be written. From here on nothing that is in it is counted a second time. */
  #batch(accounts: readonly Account[], readings: ReadonlyMap<TenantId, GaugeReading>): Batch {
    const name = Buffer.from(this.#world.random.bytes(12)).toString('base64url');
    const counted = accounts.map((account) => this.#counted(account, readings.get(account.id)));
    return {
      name,
      changes: counted.flatMap(({ changes }) => changes),
      seen: counted.map(({ seen }) => seen),
    };
  }

  #counted(
    account: Account,
    reading: GaugeReading | undefined,
  ): { readonly changes: readonly MeterChange[]; readonly seen: MeterSeen } {
    const { clock, rules } = this.#world;
    const { id: tenant, tier, walPosition } = account;
    const wall = clock.wall();
    const units = computeUnits(rules().tiers[tier].limits.memoryMb);
    const changes = this.#awakeTimes(account, wall).map(({ month, length }) => ({
      ...{ tenant, month, activeMs: length, computeMs: length * units, writtenBytes: 0 },
    }));
    const at = reading?.walPosition ?? null;
    // A snapshot that was put in place of the data begins further back: from there on is counted.
    const written = at === null || walPosition === null ? 0 : Math.max(0, at - walPosition);
    const writing = {
      tenant,
      month: monthStart(wall),
      activeMs: 0,
      computeMs: 0,
      writtenBytes: written,
    };
    return {
      changes: written > 0 ? [...changes, writing] : changes,
      seen: {
        tenant,
        countedUntil: this.#awake.has(tenant) ? wall : null,
        ...(at === null ? {} : { walPosition: at }),
        ...(reading?.logicalBytes == null ? {} : { logicalBytes: reading.logicalBytes }),
      },
    };
  }

  /** Since it was counted last, in pieces of a month. */
  #awakeTimes({ id, countedUntil }: Account, wall: Timestamp): ReturnType<typeof byMonth> {
    const { clock } = this.#world;
    const now = clock.now();
    const ended = this.#ended.get(id);
    this.#ended.delete(id);
    const before =
      ended === undefined ? [] : byMonth(later(ended.until, ms(-ended.lengthMs)), ended.until);
    const awake = this.#awake.get(id);
    if (awake === undefined) return before;
    this.#awake.set(id, { since: now });
    const from =
      awake.since === null ? (countedUntil ?? wall) : later(wall, ms(-elapsed(awake.since, now)));
    return [...before, ...byMonth(from, wall)];
  }

  async #send(batch: Batch): Promise<void> {
    await this.#world.store.count(batch.changes, batch.seen, batch.name);
    this.#unsent = null;
  }
}

const added = (used: Account['used'], change: MeterChange): Account['used'] => ({
  ...used,
  activeMs: used.activeMs + change.activeMs,
  computeMs: used.computeMs + change.computeMs,
  writtenBytes: used.writtenBytes + change.writtenBytes,
});
