/** How clients are told to connect. Asks nobody inside: what is named need not be there yet. */
import type { Catalog } from '../../domain/catalog.ts';
import type { TenantRef } from '../control.ts';
import { findTenant } from '../find-tenant.ts';
import { type ConnectionForm, connectionForms } from './connection-strings.ts';
import { type ProxyAddress, userOf } from './connection-uri.ts';

export type StringWorld = {
  readonly catalog: Pick<Catalog, 'tenantById' | 'tenantByName'>;
  readonly proxy: ProxyAddress;
  readonly requireTls: boolean;
};

export type StringsAsked = {
  /** The owner if null. */
  readonly role: string | null;
  /** The tenant's own if null. */
  readonly database: string | null;
  readonly pooled: boolean;
};

export type ConnectionStrings = ProxyAddress & {
  readonly user: string;
  readonly database: string;
  readonly pooled: boolean;
  readonly forms: readonly ConnectionForm[];
};

export class StringDesk {
  readonly #world: StringWorld;

  constructor(world: StringWorld) {
    this.#world = world;
  }

  /** Throws `TENANT_UNKNOWN`. */
  async strings(
    ref: TenantRef,
    { role, database: asked, pooled }: StringsAsked,
  ): Promise<ConnectionStrings> {
    const { catalog, proxy, requireTls } = this.#world;
    const { name: tenant } = await findTenant(catalog, ref);
    const database = asked ?? tenant;
    const user = userOf({ role: role ?? tenant, database, tenant });
    const forms = connectionForms({ proxy, user, database, pooled, requireTls });
    return { ...proxy, user, database, pooled, forms };
  }
}
