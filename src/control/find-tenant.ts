import type { Catalog } from '../domain/catalog.ts';
import { fault } from '../domain/faults.ts';
import { isTenantId, isTenantName } from '../domain/ids.ts';
import type { Tenant } from '../domain/tenant.ts';
import type { TenantRef } from './control.ts';

/** Throws `TENANT_UNKNOWN`. */
export async function findTenant(
  catalog: Pick<Catalog, 'tenantById' | 'tenantByName'>,
  ref: TenantRef,
): Promise<Tenant> {
  const found = isTenantId(ref)
    ? await catalog.tenantById(ref)
    : isTenantName(ref)
      ? await catalog.tenantByName(ref)
      : undefined;
  if (found === undefined) throw fault('TENANT_UNKNOWN', { tenant: ref });
  return found;
}
