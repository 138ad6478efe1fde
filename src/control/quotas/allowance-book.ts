/**
 * What limits let tenants do, in memory: limits that were passed, limits on sessions, and lists of addresses.
 *
 * It is asked at every login and every wake, so it answers by a few look-ups and asks the catalog nothing. Kept is only
 * who has passed a limit, has a limit on sessions, or is a customer with a list: a hundred bytes or two each.
 */
import type { Clock } from '../../domain/clock.ts';
import type { CustomerId, TenantId } from '../../domain/ids.ts';
import {
  type Allowance,
  effectiveQuota,
  type HoldName,
  type Mark,
  NO_QUOTAS,
  type Quota,
  type QuotaBook,
  type QuotaHold,
  type QuotaOwner,
} from '../../domain/quota.ts';
import type { Tenant } from '../../domain/tenant.ts';
import type { Plan } from '../../domain/tier.ts';

type Grade = Mark['grade'];

type Who = Pick<Tenant, 'id' | 'plan' | 'customer'>;

const NO_ADDRESSES: readonly (readonly string[])[] = [];

export class AllowanceBook implements Allowance {
  readonly #clock: Clock;
  /** Of an owner, by quota and grade. */
  readonly #marks = new Map<string, Map<string, Mark>>();
  readonly #sessionLimits = new Map<string, QuotaBook>();
  readonly #addresses = new Map<CustomerId, readonly (readonly string[])[]>();
  /** Tenants of customers that have a limit on sessions, and had a session. */
  readonly #tenantsOf = new Map<CustomerId, Set<TenantId>>();
  #plans: Readonly<Partial<Record<Plan, Quota>>> = {};
  /** Sessions open now; set when there is somebody to ask. */
  sessions: (tenant: TenantId) => number = () => 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  holdOf({ id, customer }: Pick<Tenant, 'id' | 'customer'>): QuotaHold | null {
    return (
      this.#held(id, 'tenant') ?? (customer === null ? null : this.#held(customer, 'customer'))
    );
  }

  refusalOf(tenant: Who): QuotaHold | null {
    const { id, customer } = tenant;
    const hold = this.holdOf(tenant);
    if (hold !== null) return hold;
    const limit = this.sessionsMaxOf(tenant);
    if (limit !== null && this.sessions(id) >= limit) return full(limit, 'tenant');
    const ofAll = customer && this.#sessionsMax(customer, {});
    if (customer === null || ofAll === null) return null;
    return this.#sessionsOf(customer, id) >= ofAll ? full(ofAll, 'customer') : null;
  }

  sessionsMaxOf({ id, plan }: Pick<Tenant, 'id' | 'plan'>): number | null {
    return this.#sessionsMax(id, this.#plans[plan] ?? {});
  }

  addressesOf({ customer }: Pick<Tenant, 'customer'>): readonly (readonly string[])[] {
    return (customer !== null && this.#addresses.get(customer)) || NO_ADDRESSES;
  }

  /** The limits that plans have. */
  get plans(): Readonly<Partial<Record<Plan, Quota>>> {
    return this.#plans;
  }

  setPlans(plans: Readonly<Partial<Record<Plan, Quota>>>): void {
    this.#plans = plans;
  }

  setSessionLimit({ id }: QuotaOwner, quota: QuotaBook): void {
    if (quota.operator.sessions === undefined && quota.own.sessions === undefined) {
      this.#sessionLimits.delete(id);
    } else this.#sessionLimits.set(id, quota);
  }

  setAddresses(customer: CustomerId, allowed: readonly string[]): void {
    if (allowed.length === 0) this.#addresses.delete(customer);
    else this.#addresses.set(customer, [allowed]);
  }

  /** Null if it was not passed, or that is over. */
  mark({ id }: QuotaOwner, quota: HoldName, grade: Grade): Mark | null {
    return this.#marks.get(id)?.get(keyOf(quota, grade)) ?? null;
  }

  marksOf({ id }: QuotaOwner): readonly Mark[] {
    return [...(this.#marks.get(id)?.values() ?? [])];
  }

  keep(mark: Mark): void {
    const marks = this.#marks.get(mark.owner.id) ?? new Map<string, Mark>();
    this.#marks.set(mark.owner.id, marks.set(keyOf(mark.quota, mark.grade), mark));
  }

  drop({ owner, quota, grade }: Pick<Mark, 'owner' | 'quota' | 'grade'>): void {
    const marks = this.#marks.get(owner.id);
    marks?.delete(keyOf(quota, grade));
    if (marks?.size === 0) this.#marks.delete(owner.id);
  }

  /** Marks whose time is over. */
  over(): readonly Mark[] {
    const now = this.#clock.wall();
    const all = [...this.#marks.values()].flatMap((marks) => [...marks.values()]);
    return all.filter(({ quota, until }) => quota !== 'logicalSizeBytes' && until <= now);
  }

  /** It is no more. */
  forget(id: TenantId | CustomerId): void {
    this.#marks.delete(id);
    this.#sessionLimits.delete(id);
    this.#addresses.delete(id as CustomerId);
    this.#tenantsOf.delete(id as CustomerId);
  }

  #held(id: string, of: QuotaHold['of']): QuotaHold | null {
    const marks = this.#marks.get(id);
    if (marks === undefined) return null;
    const now = this.#clock.wall();
    for (const { quota, grade, limit, until, stops } of marks.values()) {
      const holds = grade === 'hard' && until > now && quota !== 'sessions';
      if (holds && (quota !== 'logicalSizeBytes' || stops > 0)) return { quota, limit, of, until };
    }
    return null;
  }

  #sessionsMax(id: string, ofPlan: Quota): number | null {
    const own = this.#sessionLimits.get(id);
    if (own === undefined && ofPlan.sessions === undefined) return null;
    return effectiveQuota(own ?? NO_QUOTAS, ofPlan).sessions?.hard ?? null;
  }

  #sessionsOf(customer: CustomerId, asks: TenantId): number {
    const tenants = this.#tenantsOf.get(customer) ?? new Set<TenantId>();
    let sum = 0;
    for (const tenant of tenants) {
      const sessions = this.sessions(tenant);
      if (sessions === 0) tenants.delete(tenant);
      sum += sessions;
    }
    this.#tenantsOf.set(customer, tenants.add(asks));
    return sum;
  }

  /** So that its sessions count for its customer, although nobody has asked since the server started. */
  noteTenant(tenant: TenantId, customer: CustomerId | null): void {
    if (customer === null || !this.#sessionLimits.has(customer)) return;
    const tenants = this.#tenantsOf.get(customer) ?? new Set<TenantId>();
    this.#tenantsOf.set(customer, tenants.add(tenant));
  }
}

const keyOf = (quota: HoldName, grade: Grade): string => `${quota} ${grade}`;

const full = (limit: number, of: QuotaHold['of']): QuotaHold => ({
  ...{ quota: 'sessions', limit, of, until: null },
});
