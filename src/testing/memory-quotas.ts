/** Limits, consumption and claims in memory. */
import type { Claim, ClaimStore, Ending, EndingStore } from '../domain/claim.ts';
import type { CustomerId, TenantId } from '../domain/ids.ts';
import {
  type Account,
  type Consumption,
  type Mark,
  type MeterChange,
  type MeterSeen,
  monthStart,
  NO_QUOTAS,
  NOTHING_USED,
  type Quota,
  type QuotaBook,
  type QuotaOwner,
  type QuotaStore,
} from '../domain/quota.ts';
import type { Tenant } from '../domain/tenant.ts';
import type { Plan } from '../domain/tier.ts';
import type { Timestamp } from '../domain/units.ts';

type Seen = Omit<MeterSeen, 'tenant'>;

const keyOf = (tenant: string, month: Timestamp): string => `${tenant} ${monthStart(month)}`;

export class MemoryQuotas implements QuotaStore {
  readonly #tenants: () => readonly Tenant[];
  readonly #used = new Map<string, Consumption>();
  readonly #seen = new Map<TenantId, Seen>();
  readonly #batches = new Set<string>();
  readonly #quotas = new Map<string, QuotaBook>();
  readonly #addresses = new Map<CustomerId, readonly string[]>();
  readonly #marks = new Map<string, Mark>();
  #plans: Readonly<Partial<Record<Plan, Quota>>> = {};
  /** Thrown once, after the work of the next `count` is done: its outcome is not known then. */
  failAfterCount: Error | null = null;

  constructor(tenants: () => readonly Tenant[]) {
    this.#tenants = tenants;
  }

  async count(
    changes: readonly MeterChange[],
    seen: readonly MeterSeen[],
    batch: string,
  ): Promise<void> {
    if (!this.#batches.has(batch)) {
      this.#batches.add(batch);
      for (const { tenant, month, ...change } of changes) {
        this.use(tenant, month, { ...change, transferBytes: 0 });
      }
      for (const { tenant, ...look } of seen) {
        this.#seen.set(tenant, { ...this.#seen.get(tenant), ...look });
      }
    }
    const failure = this.failAfterCount;
    this.failAfterCount = null;
    if (failure !== null) throw failure;
  }

  /** As if it had been counted. */
  use(tenant: TenantId, month: Timestamp, more: Partial<Consumption>): void {
    const key = keyOf(tenant, month);
    const before = this.#used.get(key) ?? NOTHING_USED;
    this.#used.set(key, sum(before, { ...NOTHING_USED, ...more }));
  }

  async accounts(tenants: readonly TenantId[], month: Timestamp): Promise<readonly Account[]> {
    return this.#tenants()
      .filter(({ id }) => tenants.includes(id))
      .map(({ id, name, tier, plan, customer }) => ({
        ...{ id, name, tier, plan, customer },
        quota: this.#quotas.get(id) ?? NO_QUOTAS,
        customerQuota: customer === null ? null : (this.#quotas.get(customer) ?? NO_QUOTAS),
        used: this.#used.get(keyOf(id, month)) ?? NOTHING_USED,
        logicalBytes: this.#seen.get(id)?.logicalBytes ?? 0,
        walPosition: this.#seen.get(id)?.walPosition ?? null,
        countedUntil: this.#seen.get(id)?.countedUntil ?? null,
      }));
  }

  async consumption(tenant: TenantId, month: Timestamp) {
    const used = this.#used.get(keyOf(tenant, month)) ?? NOTHING_USED;
    return { ...used, logicalBytes: this.#seen.get(tenant)?.logicalBytes ?? 0 };
  }

  async ofCustomer(customer: CustomerId, month: Timestamp) {
    let all = { ...NOTHING_USED, logicalBytes: 0 };
    for (const tenant of await this.tenantsOf(customer)) {
      const used = await this.consumption(tenant, month);
      all = { ...sum(all, used), logicalBytes: all.logicalBytes + used.logicalBytes };
    }
    return all;
  }

  async tenantsOf(customer: CustomerId): Promise<readonly TenantId[]> {
    return this.#tenants()
      .filter((tenant) => tenant.customer === customer)
      .map(({ id }) => id);
  }

  async tenantQuota(tenant: TenantId): Promise<QuotaBook> {
    return this.#quotas.get(tenant) ?? NO_QUOTAS;
  }

  async setTenantQuota(tenant: TenantId, quota: QuotaBook): Promise<void> {
    this.#quotas.set(tenant, quota);
  }

  async customerQuota(customer: CustomerId): Promise<QuotaBook> {
    return this.#quotas.get(customer) ?? NO_QUOTAS;
  }

  async setCustomerQuota(customer: CustomerId, quota: QuotaBook): Promise<void> {
    this.#quotas.set(customer, quota);
  }

  async planQuotas() {
    return this.#plans;
  }

  async setPlanQuotas(quotas: Readonly<Partial<Record<Plan, Quota>>>): Promise<void> {
    this.#plans = quotas;
  }

  async customerAddresses() {
    return [...this.#addresses].map(([id, allowed]) => ({ id, allowed }));
  }

  async setCustomerAddresses(customer: CustomerId, allowed: readonly string[]): Promise<void> {
    this.#addresses.set(customer, allowed);
  }

  async sessionLimits() {
    return [...this.#quotas].map(([id, quota]) => ({ owner: ownerOf(id), quota }));
  }

  async marks(): Promise<readonly Mark[]> {
    return [...this.#marks.values()];
  }

  async setMark(mark: Mark): Promise<void> {
    this.#marks.set(markKey(mark), mark);
  }

  async removeMark(mark: Pick<Mark, 'owner' | 'quota' | 'grade'>): Promise<void> {
    this.#marks.delete(markKey(mark));
  }
}

const markKey = ({ owner, quota, grade }: Pick<Mark, 'owner' | 'quota' | 'grade'>): string =>
  [owner.id, quota, grade].join(' ');

const ownerOf = (id: string): QuotaOwner =>
  id.startsWith('cu_')
    ? { kind: 'customer', id: id as CustomerId }
    : { kind: 'tenant', id: id as TenantId };

const sum = (one: Consumption, other: Consumption): Consumption => ({
  activeMs: one.activeMs + other.activeMs,
  computeMs: one.computeMs + other.computeMs,
  writtenBytes: one.writtenBytes + other.writtenBytes,
  transferBytes: one.transferBytes + other.transferBytes,
});

type World = {
  readonly now: () => Timestamp;
  readonly tenants: () => readonly Tenant[];
  readonly change: (id: TenantId, change: Partial<Tenant>) => void;
  readonly quotas: MemoryQuotas;
};

export class MemoryClaims implements ClaimStore, EndingStore {
  readonly #world: World;
  readonly #claims = new Map<string, TenantId>();
  readonly #told = new Map<string, number>();

  constructor(world: World) {
    this.#world = world;
  }

  async count(): Promise<number> {
    return [...this.#claims.keys()].filter((hash) => this.#found(hash) !== undefined).length;
  }

  async insert(tenant: TenantId, hash: Uint8Array, quota: QuotaBook): Promise<void> {
    this.#claims.set(Buffer.from(hash).toString('hex'), tenant);
    await this.#world.quotas.setTenantQuota(tenant, quota);
  }

  async find(hash: Uint8Array): Promise<Claim | undefined> {
    return this.#found(Buffer.from(hash).toString('hex'));
  }

  async claim(
    hash: Uint8Array,
    { customer, plan }: { readonly customer: CustomerId; readonly plan: Plan },
  ): Promise<Claim | undefined> {
    const key = Buffer.from(hash).toString('hex');
    const claim = this.#found(key);
    if (claim === undefined) return undefined;
    this.#claims.delete(key);
    this.#world.change(claim.id, { customer, plan, expiresAt: null, sessionsMax: null });
    await this.#world.quotas.setTenantQuota(claim.id, NO_QUOTAS);
    return claim;
  }

  async over(now: Timestamp, limit: number): Promise<readonly Ending[]> {
    return this.#ending(now).slice(0, limit);
  }

  async warn(
    { now, before }: { readonly now: Timestamp; readonly before: Timestamp },
    warnings: number,
    limit: number,
  ): Promise<readonly Ending[]> {
    const due = this.#ending(before).filter(({ id, expiresAt }) => {
      return expiresAt > now && (this.#told.get(`${id} ${expiresAt}`) ?? 0) < warnings;
    });
    for (const { id, expiresAt } of due.slice(0, limit)) {
      this.#told.set(`${id} ${expiresAt}`, warnings);
    }
    return due.slice(0, limit);
  }

  #ending(until: Timestamp): readonly Ending[] {
    return this.#world.tenants().flatMap(({ id, name, customer, expiresAt }) => {
      return expiresAt !== null && expiresAt <= until ? [{ id, name, customer, expiresAt }] : [];
    });
  }

  #found(key: string): Claim | undefined {
    const found = this.#world.tenants().find(({ id }) => id === this.#claims.get(key));
    if (found === undefined || found.expiresAt === null) return undefined;
    const { id, name, expiresAt } = found;
    return expiresAt > this.#world.now() ? { id, name, expiresAt } : undefined;
  }
}
