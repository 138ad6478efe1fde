/** What customers and all tenants used, and figures of how they are used. */

import type { FleetMetrics, TenantMetrics, Usage } from '../contract/metering/usage.ts';
import type { QueryOf } from '../contract/routes.ts';
import type { CallOptions, Transport } from './transport.ts';

/** What was used and asked; of one tenant see also `tenants.usage`. */
export class UsageReports {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Of all tenants that were the customer's at the time. */
  ofCustomer(
    customer: string,
    query: QueryOf<'getCustomerUsage'> = {},
    options?: CallOptions,
  ): Promise<Usage> {
    return this.#transport.call('getCustomerUsage', { params: { customer }, query }, options);
  }

  ofAll(query: QueryOf<'getFleetUsage'> = {}, options?: CallOptions): Promise<Usage> {
    return this.#transport.call('getFleetUsage', { query }, options);
  }

  /** How a tenant is used, in a few figures. */
  metrics(ref: string, options?: CallOptions): Promise<TenantMetrics> {
    return this.#transport.call('getMetrics', { params: { ref } }, options);
  }

  /** How all tenants are used together. */
  fleetMetrics(options?: CallOptions): Promise<FleetMetrics> {
    return this.#transport.call('getFleetMetrics', {}, options);
  }
}
