/** What tenants and customers may use and have used, and databases without an account. */

import type { Consumption, Quota, QuotaState } from '../contract/quotas/quota.ts';
import type { ParamsOf, QueryOf } from '../contract/routes.ts';
import type { Claim, Claimable } from '../contract/tenants/claim.ts';
import type { Tenant } from '../contract/tenants/tenant.ts';
import type { CallOptions, Transport } from './transport.ts';

/** Limits, soft and hard, and what counts towards them. */
export class Limits {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** What a tenant has used in a month, this one if not given. */
  consumption(
    ref: string,
    query: QueryOf<'getConsumption'> = {},
    options?: CallOptions,
  ): Promise<Consumption> {
    return this.#transport.call('getConsumption', { params: { ref }, query }, options);
  }

  /** What all tenants of a customer have used. */
  customerConsumption(
    customer: string,
    query: QueryOf<'getCustomerConsumption'> = {},
    options?: CallOptions,
  ): Promise<Consumption> {
    const call = { params: { customer }, query };
    return this.#transport.call('getCustomerConsumption', call, options);
  }

  /** The limits of a tenant, by whom they were set, and how much of them is used. */
  quota(ref: string, options?: CallOptions): Promise<QuotaState> {
    return this.#transport.call('getQuota', { params: { ref } }, options);
  }

  /** Replaces the limits that the caller has set; a customer's are its own, beside the operator's. */
  setQuota(ref: string, quota: Quota, options?: CallOptions): Promise<QuotaState> {
    return this.#transport.call('setQuota', { params: { ref }, body: quota }, options);
  }

  /** The limits of a customer, for all its tenants together. */
  customerQuota(customer: string, options?: CallOptions): Promise<QuotaState> {
    return this.#transport.call('getCustomerQuota', { params: { customer } }, options);
  }

  /** Replaces them. */
  setCustomerQuota(customer: string, quota: Quota, options?: CallOptions): Promise<QuotaState> {
    const call = { params: { customer }, body: quota };
    return this.#transport.call('setCustomerQuota', call, options);
  }

  /** The limits of each tenant of a plan that has none of its own. */
  planQuota(plan: ParamsOf<'getPlanQuota'>['plan'], options?: CallOptions): Promise<Quota> {
    return this.#transport.call('getPlanQuota', { params: { plan } }, options);
  }

  /** Replaces them. */
  setPlanQuota(
    plan: ParamsOf<'setPlanQuota'>['plan'],
    quota: Quota,
    options?: CallOptions,
  ): Promise<Quota> {
    return this.#transport.call('setPlanQuota', { params: { plan }, body: quota }, options);
  }

  /** Where clients of all tenants of a customer may come from; none for anywhere. */
  async customerAddresses(customer: string, options?: CallOptions): Promise<readonly string[]> {
    const call = { params: { customer } };
    const found = await this.#transport.call('getCustomerAddresses', call, options);
    return found.allowedAddresses;
  }

  /** Replaces them. Holds at once, and ends sessions that come from elsewhere. */
  async setCustomerAddresses(
    customer: string,
    addresses: readonly string[],
    options?: CallOptions,
  ): Promise<readonly string[]> {
    const call = { params: { customer }, body: { allowedAddresses: [...addresses] } };
    const found = await this.#transport.call('setCustomerAddresses', call, options);
    return found.allowedAddresses;
  }
}

/** Databases without an account, which somebody claims or which go. */
export class Claims {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** With a key of role `claimer`. The answer holds password and token, which are shown only here. */
  create(options?: CallOptions): Promise<Claimable> {
    return this.#transport.call('createClaimable', {}, options);
  }

  /** Name and time left, for whoever has the token. */
  get(token: string, options?: CallOptions): Promise<Claim> {
    return this.#transport.call('getClaim', { params: { token } }, options);
  }

  /** Makes it the caller's customer's, without an end. */
  claim(token: string, options?: CallOptions): Promise<Tenant> {
    return this.#transport.call('claim', { body: { token } }, options);
  }
}
