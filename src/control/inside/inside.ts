/** The way of the desks into a tenant: found, woken, and not stopped while they are there. */
import type { Caller } from '../../domain/caller.ts';
import type { Catalog } from '../../domain/catalog.ts';
import { fault } from '../../domain/faults.ts';
import type { Interior, Place } from '../../domain/interior.ts';
import type { Lifecycle } from '../../domain/lifecycle.ts';
import type { Tenant } from '../../domain/tenant.ts';
import type { TenantRef } from '../control.ts';
import { findTenant } from '../find-tenant.ts';

export type InsideWorld = {
  readonly catalog: Pick<Catalog, 'tenantById' | 'tenantByName'>;
  readonly lifecycle: Pick<Lifecycle, 'inside'>;
  readonly interior: Interior;
};

/** What somebody inside has: the port, and where it is meant for. */
export type Inside = {
  readonly tenant: Tenant;
  readonly interior: Interior;
  readonly place: Place;
};

/** Throws `TENANT_UNKNOWN`, what `Lifecycle.inside` throws, and what `work` throws. */
export async function goInside<T>(
  { catalog, lifecycle, interior }: InsideWorld,
  ref: TenantRef,
  work: (inside: Inside) => Promise<T>,
): Promise<T> {
  const tenant = await findTenant(catalog, ref);
  return await lifecycle.inside(tenant.id, (address) =>
    work({ tenant, interior, place: { tenant: tenant.id, name: tenant.name, address } }),
  );
}

/** Who is only for money reads no data. Throws `FORBIDDEN`. */
export function mustReadData({ role }: Caller): void {
  if (role !== 'billing') return;
  throw fault('FORBIDDEN', { why: 'its role is billing, which reads no data' });
}

/** The database that is meant. Throws `NOT_FOUND`. */
export async function databaseMeant(
  { interior, place }: Inside,
  asked: string | null,
): Promise<string> {
  const databases = await interior.databases(place);
  const wanted = asked ?? place.name;
  if (databases.some(({ name }) => name === wanted)) return wanted;
  throw fault('NOT_FOUND', { what: `database "${wanted}"` });
}
