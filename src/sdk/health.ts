/** How the server does, and where that can be seen. */

import type { QueryOf } from '../contract/routes.ts';
import type { Fleet, KpiReport, StatusLink, TierFlows } from '../contract/service/health.ts';
import type { CallOptions, Transport } from './transport.ts';

/** How the server does, and where that can be seen. */
export class Health {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** What the product is measured by, against its targets. */
  kpis(options?: CallOptions): Promise<KpiReport> {
    return this.#transport.call('getKpis', {}, options);
  }

  /** How tenants have woken in the last hour. */
  fleet(options?: CallOptions): Promise<Fleet> {
    return this.#transport.call('getFleet', {}, options);
  }

  /** How often tenants went from one tier to another, by day; of the last seven if nothing else is asked for. */
  tierFlows(query: QueryOf<'getTierFlows'> = {}, options?: CallOptions): Promise<TierFlows> {
    return this.#transport.call('getTierFlows', { query }, options);
  }

  /** Where the public status page of a tenant is, by id or name. */
  statusLink(ref: string, options?: CallOptions): Promise<StatusLink> {
    return this.#transport.call('getStatusLink', { params: { ref } }, options);
  }
}
