/** How the server does, and where that can be seen. */
import type { KpiReport, StatusLink } from '../contract/health.ts';
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

  /** Where the public status page of a tenant is, by id or name. */
  statusLink(ref: string, options?: CallOptions): Promise<StatusLink> {
    return this.#transport.call('getStatusLink', { params: { ref } }, options);
  }
}
