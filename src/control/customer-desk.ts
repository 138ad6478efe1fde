/** What can be done with customers, and with the plans that they pay for. */
import { type Caller, customerOf, mayDo } from '../domain/caller.ts';
import type {
  Customer,
  CustomerChange,
  CustomerPlace,
  CustomerQuery,
  CustomerStore,
} from '../domain/customer.ts';
import type { Events } from '../domain/events.ts';
import { fault } from '../domain/faults.ts';
import { type CustomerId, isId, newId } from '../domain/ids.ts';
import type { Random } from '../domain/random.ts';
import type { ServerSettings } from '../domain/settings.ts';
import type { Tenant } from '../domain/tenant.ts';
import { PLANS, type Plan } from '../domain/tier.ts';
import type { KeyRing } from './access/key-ring.ts';
import type { Control } from './control.ts';

export type CustomerWorld = {
  readonly random: Random;
  readonly store: CustomerStore;
  readonly control: Pick<Control, 'listTenants' | 'configureTenant'>;
  readonly events: Events;
  readonly ring: KeyRing;
  readonly settings: () => Pick<ServerSettings, 'defaultPlan' | 'selfServicePlans'>;
};

export type NewCustomer = Pick<Customer, 'name' | 'externalId' | 'tenantsMax'> & {
  readonly plan: Plan;
};

/** A customer, and how many tenants it has now. */
export type CustomerView = { readonly customer: Customer; readonly tenants: number };

export type CustomerListing = {
  readonly customers: readonly Customer[];
  readonly next: CustomerPlace | null;
};

/** Tenants that are given another plan at once; each takes a few statements and perhaps a wake. */
const REPLANNED_AT_ONCE = 4;
const TENANTS_PAGE = 200;

export class CustomerDesk {
  readonly #world: CustomerWorld;

  constructor(world: CustomerWorld) {
    this.#world = world;
  }

  async create({ name, externalId, plan, tenantsMax }: NewCustomer): Promise<CustomerView> {
    const { events, random, store } = this.#world;
    const id = newId('cu', random);
    const customer = await store.insert({ id, name, externalId, plan, tenantsMax });
    events.publish({ type: 'customer.created', customer: id, data: { name, plan } });
    return { customer, tenants: 0 };
  }

  /** Throws `CUSTOMER_UNKNOWN`, as all that take a customer do. */
  async show(id: string): Promise<CustomerView> {
    const customer = await this.find(id);
    return { customer, tenants: await this.#world.store.countTenants(customer.id) };
  }

  async find(id: string): Promise<Customer> {
    const found = isId('cu', id) ? await this.#world.store.byId(id) : undefined;
    if (found === undefined) throw fault('CUSTOMER_UNKNOWN', { customer: id });
    return found;
  }

  /** Sorted by name. */
  async list(query: CustomerQuery): Promise<CustomerListing> {
    const found = await this.#world.store.list({ ...query, limit: query.limit + 1 });
    const customers = found.slice(0, query.limit);
    const last = found.length > query.limit ? customers.at(-1) : undefined;
    return { customers, next: last === undefined ? null : { name: last.name, id: last.id } };
  }

  /**
   * Another plan is that of its tenants too, but of those that were given one of their own. They come first: what is
   * cut off half-way is finished by the same change once more.
   */
  async change(id: string, change: CustomerChange, caller: Caller): Promise<CustomerView> {
    const { events, store } = this.#world;
    const before = await this.find(id);
    this.#requireMay(change, caller);
    const { plan } = change;
    const isOther = plan !== undefined && plan !== before.plan;
    if (isOther) await this.#replan(before.id, before.plan, plan);
    const customer = await store.change(before.id, change);
    // Who was made meanwhile was made with the old one.
    if (isOther) await this.#replan(before.id, before.plan, plan);
    events.publish({ type: 'customer.changed', customer: before.id, data: { ...change } });
    return { customer, tenants: await store.countTenants(before.id) };
  }

  async remove(id: string): Promise<void> {
    const customer = await this.find(id);
    await this.#world.store.remove(customer.id);
    const data = { name: customer.name, id: customer.id };
    this.#world.events.publish({ type: 'customer.deleted', customer: customer.id, data });
  }

  /** For whom a caller makes a tenant, and with which plan. Throws `PLAN_NOT_ALLOWED`. */
  async placeOf(
    caller: Caller,
    asked: { readonly customer?: string | null | undefined; readonly plan?: Plan | undefined },
  ): Promise<{ readonly customer: CustomerId | null; readonly plan: Plan }> {
    const own = customerOf(caller);
    if (own !== null && asked.customer != null && ![own, 'me'].includes(asked.customer)) {
      throw fault('CUSTOMER_UNKNOWN', { customer: asked.customer });
    }
    const id = own ?? asked.customer ?? null;
    if (id === null)
      return { customer: null, plan: asked.plan ?? this.#world.settings().defaultPlan };
    const customer = await this.find(id);
    const { plan = customer.plan } = asked;
    this.requirePlan(caller, plan, customer.plan);
    return { customer: customer.id, plan };
  }

  /** Customers choose at most what they pay for, unless they may choose that too. */
  requirePlan(caller: Caller, plan: Plan, own: Plan): void {
    if (caller.scope.kind === 'operator') return;
    if (PLANS.indexOf(plan) <= PLANS.indexOf(own)) return;
    if (mayDo(caller, 'billing') && this.#world.settings().selfServicePlans.includes(plan)) return;
    throw fault('PLAN_NOT_ALLOWED', { plan, own });
  }

  /**
   * Whether a caller may change a tenant like that; gives the customer that it is to be of, if that is asked for.
   * Throws `FORBIDDEN`, `PLAN_NOT_ALLOWED`, `CUSTOMER_UNKNOWN`.
   */
  async allowed(
    tenant: Tenant,
    change: { readonly customer?: string | null; readonly plan?: Plan },
    caller: Caller,
  ): Promise<{ readonly customer?: CustomerId | null }> {
    const { customer, plan, ...rest } = change;
    const changesMore = Object.keys(rest).length > 0 || customer !== undefined;
    if (changesMore && !mayDo(caller, 'change')) {
      throw fault('FORBIDDEN', { why: `its role is ${caller.role}` });
    }
    if (plan !== undefined && plan !== tenant.plan) {
      if (!mayDo(caller, 'billing')) {
        throw fault('FORBIDDEN', { why: `plans are not for role ${caller.role}` });
      }
      const own = tenant.customer === null ? tenant : await this.find(tenant.customer);
      this.requirePlan(caller, plan, own.plan);
    }
    if (customer === undefined) return {};
    if (caller.scope.kind !== 'operator') {
      throw fault('FORBIDDEN', { why: 'tenants are given to others by callers of the operator' });
    }
    return { customer: customer === null ? null : (await this.find(customer)).id };
  }

  /** Keys for a tenant that is another's now have been revoked. */
  settle(before: Tenant, after: Tenant): void {
    if (before.customer !== after.customer) this.#world.ring.forgetAll();
  }

  /** Names are for who changes things, plans for who pays, bounds and ids for the operator. */
  #requireMay(change: CustomerChange, caller: Caller): void {
    const { name, externalId, plan, tenantsMax } = change;
    const isOperator = caller.scope.kind === 'operator';
    if (!isOperator && (externalId !== undefined || tenantsMax !== undefined)) {
      throw fault('FORBIDDEN', {
        why: 'externalId and tenantsMax are for callers of the operator',
      });
    }
    if ((name ?? externalId) !== undefined && !mayDo(caller, 'change')) {
      throw fault('FORBIDDEN', { why: `its role is ${caller.role}` });
    }
    if ((plan !== undefined || tenantsMax !== undefined) && !mayDo(caller, 'billing')) {
      throw fault('FORBIDDEN', { why: `plans are not for role ${caller.role}` });
    }
    if (
      plan !== undefined &&
      !isOperator &&
      !this.#world.settings().selfServicePlans.includes(plan)
    ) {
      throw fault('FORBIDDEN', { why: `plan ${plan} is given by the operator alone` });
    }
  }

  async #replan(customer: CustomerId, from: Plan, plan: Plan): Promise<void> {
    const { control } = this.#world;
    let after: string | null = null;
    do {
      const page = await control.listTenants({ after, limit: TENANTS_PAGE, state: null, customer });
      const due = page.tenants.filter(({ tenant }) => tenant.plan === from);
      for (let first = 0; first < due.length; first += REPLANNED_AT_ONCE) {
        const some = due.slice(first, first + REPLANNED_AT_ONCE);
        await Promise.all(some.map(({ tenant }) => control.configureTenant(tenant.id, { plan })));
      }
      after = page.next;
    } while (after !== null);
  }
}
