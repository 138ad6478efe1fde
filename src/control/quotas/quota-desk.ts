/** What can be done with limits: looked at, set, and lists of addresses with them. */
import { type Caller, mayDo } from '../../domain/caller.ts';
import type { Catalog } from '../../domain/catalog.ts';
import type { Clock } from '../../domain/clock.ts';
import type { Events } from '../../domain/events.ts';
import { fault } from '../../domain/faults.ts';
import type { Sessions } from '../../domain/gate.ts';
import { type CustomerId, isId, type TenantId } from '../../domain/ids.ts';
import type { Lifecycle } from '../../domain/lifecycle.ts';
import {
  effectiveQuota,
  type Mark,
  monthStart,
  nextMonth,
  QUOTA_NAMES,
  type Quota,
  type QuotaBook,
  type QuotaName,
  type QuotaOwner,
  type QuotaStore,
  raisedIn,
  type Usage,
  usedOf,
} from '../../domain/quota.ts';
import type { Tenant } from '../../domain/tenant.ts';
import type { Plan } from '../../domain/tier.ts';
import type { Timestamp } from '../../domain/units.ts';
import type { TenantRef } from '../control.ts';
import { findTenant } from '../find-tenant.ts';
import type { AllowanceBook } from './allowance-book.ts';
import type { QuotaKeeper } from './quota-keeper.ts';

export type QuotaDeskWorld = {
  readonly clock: Clock;
  readonly events: Events;
  readonly catalog: Pick<Catalog, 'tenantById' | 'tenantByName'>;
  readonly store: QuotaStore;
  readonly book: AllowanceBook;
  readonly keeper: Pick<QuotaKeeper, 'review' | 'reviewCustomer'>;
  readonly lifecycle: Pick<Lifecycle, 'live' | 'changed'>;
  readonly sessions: () => Pick<Sessions, 'confine'>;
};

/** What was used in a month, by the names of the quotas. */
export type ConsumptionView = {
  readonly from: Timestamp;
  readonly to: Timestamp;
  readonly used: Readonly<Record<QuotaName, number>>;
};

/** Limits, by who has set them, and how they stand. */
export type QuotaView = {
  readonly books: QuotaBook;
  readonly effective: Quota;
  readonly used: Readonly<Record<QuotaName, number>>;
  /** Limits that were passed in this period. */
  readonly marks: readonly Mark[];
  /** When what is counted by the month begins anew. */
  readonly resetsAt: Timestamp;
};

export class QuotaDesk {
  readonly #world: QuotaDeskWorld;

  constructor(world: QuotaDeskWorld) {
    this.#world = world;
  }

  /** As of the last minute. Throws `TENANT_UNKNOWN`, as all that take a tenant do. */
  async consumption(ref: TenantRef, month: Timestamp | null): Promise<ConsumptionView> {
    const { id } = await findTenant(this.#world.catalog, ref);
    const asked = month ?? this.#world.clock.wall();
    return viewOf(asked, await this.#usage(id, asked));
  }

  /** Of all its tenants together. */
  async ofCustomer(customer: CustomerId, month: Timestamp | null): Promise<ConsumptionView> {
    const asked = month ?? this.#world.clock.wall();
    return viewOf(asked, await this.#usageOfCustomer(customer, asked));
  }

  async tenantQuota(ref: TenantRef): Promise<QuotaView> {
    return await this.#tenantView(await findTenant(this.#world.catalog, ref));
  }

  /** Replaces what the caller has set: the operator's limits, or the customer's own. Throws `FORBIDDEN`. */
  async setTenantQuota(ref: TenantRef, quota: Quota, caller: Caller): Promise<QuotaView> {
    const { store, book, keeper, events } = this.#world;
    const tenant = await findTenant(this.#world.catalog, ref);
    const ofPlan = book.plans[tenant.plan] ?? {};
    const books = setBy(caller, await store.tenantQuota(tenant.id), { quota, ofPlan });
    await store.setTenantQuota(tenant.id, books);
    book.setSessionLimit(ownerOf(tenant.id), books);
    const { id, name, customer } = tenant;
    const data = { fields: ['quota'] };
    events.publish({ type: 'tenant.changed', tenant: { id, name }, customer, data });
    await keeper.review(id);
    return await this.#tenantView(tenant);
  }

  customerQuota(customer: CustomerId): Promise<QuotaView> {
    return this.#customerView(customer);
  }

  /** As `setTenantQuota`. */
  async setCustomerQuota(customer: CustomerId, quota: Quota, caller: Caller): Promise<QuotaView> {
    const { store, book, keeper, events } = this.#world;
    const books = setBy(caller, await store.customerQuota(customer), { quota, ofPlan: {} });
    await store.setCustomerQuota(customer, books);
    book.setSessionLimit(ownerOf(customer), books);
    events.publish({ type: 'customer.changed', customer, data: { fields: ['quota'] } });
    await keeper.reviewCustomer(customer);
    return await this.#customerView(customer);
  }

  planQuota(plan: Plan): Quota {
    return this.#world.book.plans[plan] ?? {};
  }

  /** Holds for tenants of the plan at the next count, and at once for who is looked at. */
  async setPlanQuota(plan: Plan, quota: Quota): Promise<Quota> {
    const { store, book } = this.#world;
    const plans = { ...book.plans, [plan]: quota };
    await store.setPlanQuotas(plans);
    book.setPlans(plans);
    return quota;
  }

  customerAddresses(customer: CustomerId): readonly string[] {
    return this.#world.book.addressesOf({ customer })[0] ?? [];
  }

  /** Holds at once; sessions that come from elsewhere end. */
  async setCustomerAddresses(
    customer: CustomerId,
    allowed: readonly string[],
  ): Promise<readonly string[]> {
    const { store, book, events, catalog } = this.#world;
    await store.setCustomerAddresses(customer, allowed);
    book.setAddresses(customer, allowed);
    events.publish({ type: 'customer.changed', customer, data: { fields: ['allowedAddresses'] } });
    for (const id of await store.tenantsOf(customer)) {
      const tenant = await catalog.tenantById(id);
      if (tenant !== undefined) this.confine(tenant);
    }
    return allowed;
  }

  /** Ends sessions of the tenant that come from where they no longer may. */
  confine(tenant: Pick<Tenant, 'id' | 'name' | 'customer' | 'allowedAddresses'>): void {
    const lists = [tenant.allowedAddresses, ...this.#world.book.addressesOf(tenant)];
    if (lists.every((list) => list.length === 0)) return;
    const because = fault('ADDRESS_NOT_ALLOWED', { tenant: tenant.name });
    this.#world.sessions().confine(tenant.id, lists, because);
  }

  async #tenantView(tenant: Tenant): Promise<QuotaView> {
    const { store, book, clock } = this.#world;
    const books = await store.tenantQuota(tenant.id);
    return {
      books,
      effective: effectiveQuota(books, book.plans[tenant.plan]),
      used: usedOf(await this.#usage(tenant.id, clock.wall())),
      marks: book.marksOf(ownerOf(tenant.id)),
      resetsAt: nextMonth(clock.wall()),
    };
  }

  async #customerView(customer: CustomerId): Promise<QuotaView> {
    const { store, book, clock } = this.#world;
    const books = await store.customerQuota(customer);
    return {
      books,
      effective: effectiveQuota(books),
      used: usedOf(await this.#usageOfCustomer(customer, clock.wall())),
      marks: book.marksOf(ownerOf(customer)),
      resetsAt: nextMonth(clock.wall()),
    };
  }

  async #usage(id: TenantId, at: Timestamp): Promise<Usage> {
    const { store, lifecycle } = this.#world;
    const used = await store.consumption(id, monthStart(at));
    return { ...used, sessions: lifecycle.live(id).sessions };
  }

  async #usageOfCustomer(customer: CustomerId, at: Timestamp): Promise<Usage> {
    const { store, lifecycle } = this.#world;
    const used = await store.ofCustomer(customer, monthStart(at));
    const tenants = await store.tenantsOf(customer);
    const sessions = tenants.reduce((sum, id) => sum + lifecycle.live(id).sessions, 0);
    return { ...used, sessions };
  }
}

const ownerOf = (id: TenantId | CustomerId): QuotaOwner =>
  isId('cu', id) ? { kind: 'customer', id } : { kind: 'tenant', id: id as TenantId };

const viewOf = (asked: Timestamp, usage: Usage): ConsumptionView => ({
  ...{ from: monthStart(asked), to: nextMonth(asked) },
  used: usedOf(usage),
});

/** Operators set the operator's limits, and customers their own, below those. */
function setBy(
  caller: Caller,
  books: QuotaBook,
  { quota, ofPlan }: { readonly quota: Quota; readonly ofPlan: Quota },
): QuotaBook {
  const upsideDown = QUOTA_NAMES.find((name) => {
    const { soft = null, hard = null } = quota[name] ?? {};
    return soft !== null && hard !== null && soft > hard;
  });
  if (upsideDown !== undefined) {
    throw fault('BAD_REQUEST', { why: `the soft limit of ${upsideDown} is above its hard one` });
  }
  if (caller.scope.kind === 'operator') return { ...books, operator: quota };
  if (!mayDo(caller, 'billing')) {
    throw fault('FORBIDDEN', { why: `limits are not for role ${caller.role}` });
  }
  const raised = raisedIn(quota, effectiveQuota({ operator: books.operator, own: {} }, ofPlan));
  if (raised !== undefined) {
    throw fault('FORBIDDEN', { why: `${raised} would be above what the operator has set` });
  }
  return { ...books, own: quota };
}
