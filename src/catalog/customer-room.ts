/** Whether a customer may have another tenant. */
import { fault } from '../domain/faults.ts';
import type { CustomerId, TenantId } from '../domain/ids.ts';
import type { AccessDb } from './access/access-schema.ts';

/**
 * Within the transaction that gives it one. Who has a limit is given one after the other, so that nobody counts what
 * another is about to add. Throws `CUSTOMER_UNKNOWN`, `TENANTS_FULL`.
 */
export async function requireRoom(db: AccessDb, customer: CustomerId): Promise<void> {
  const asked = db.selectFrom('customers').select('tenants_max').where('id', '=', customer);
  const row = await asked.forKeyShare().executeTakeFirst();
  if (row === undefined) throw fault('CUSTOMER_UNKNOWN', { customer });
  if (row.tenants_max === null) return;
  const max = (await asked.forNoKeyUpdate().executeTakeFirst())?.tenants_max ?? row.tenants_max;
  const { count } = db.fn;
  const own = db.selectFrom('tenants').select(count<number>('id').as('tenants'));
  const { tenants } = await own.where('customer_id', '=', customer).executeTakeFirstOrThrow();
  if (tenants >= max) throw fault('TENANTS_FULL', { max });
}

/** A tenant that is another's now: the keys of its old owner reach it no more. */
export async function revokeTenantKeys(db: AccessDb, tenant: TenantId): Promise<void> {
  const keys = db.deleteFrom('api_keys');
  await keys.where('tenant_id', '=', tenant).execute();
}
