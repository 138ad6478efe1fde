/**
 * The roles that may log in to a tenant, and whether its compute knows the owner's.
 *
 * Every change locks the tenant's row first: whether the owner's verifier may be taken from the
 * compute, or is itself on its way there, is decided by `settled`, and both must be seen at once.
 */
import type { Kysely } from 'kysely';
import type { TenantId } from '../domain/ids.ts';
import type { Tenant } from '../domain/tenant.ts';
import { isVerifier, type RoleRecord, type Verifier } from '../domain/verifier.ts';
import type { Tables } from './schema.ts';
import { tenantOf } from './tenant-row.ts';
import { knownTenant, lockedTenant } from './tenants.ts';

export async function verifierOf(
  db: Kysely<Tables>,
  tenant: TenantId,
  role: string,
): Promise<Verifier | undefined> {
  const row = await db
    .selectFrom('tenant_roles')
    .select('verifier')
    .where('tenant_id', '=', tenant)
    .where('role', '=', role)
    .where('may_log_in', '=', true)
    .executeTakeFirst();
  const verifier = row?.verifier ?? undefined;
  return verifier !== undefined && isVerifier(verifier) ? verifier : undefined;
}

/** Throws `TENANT_UNKNOWN`. */
export function markSettled(db: Kysely<Tables>, id: TenantId, verifier: Verifier): Promise<Tenant> {
  return db.transaction().execute(async (tx) => {
    const row = knownTenant(await lockedTenant(tx, id), id);
    const owner = await tx
      .selectFrom('tenant_roles')
      .select('verifier')
      .where('tenant_id', '=', id)
      .where('is_owner', '=', true)
      .executeTakeFirst();
    if (owner?.verifier !== verifier || row.settled) return tenantOf(row);
    return setSettled(tx, id, true);
  });
}

/** Throws `TENANT_UNKNOWN`. */
export function rotateOwner(db: Kysely<Tables>, id: TenantId, verifier: Verifier): Promise<Tenant> {
  return db.transaction().execute(async (tx) => {
    knownTenant(await lockedTenant(tx, id), id);
    await tx
      .updateTable('tenant_roles')
      .set({ verifier, may_log_in: true })
      .where('tenant_id', '=', id)
      .where('is_owner', '=', true)
      .execute();
    return setSettled(tx, id, false);
  });
}

/** An owner that its compute no longer has is kept, unable to log in. Throws `TENANT_UNKNOWN`. */
export function saveRoles(
  db: Kysely<Tables>,
  id: TenantId,
  roles: readonly RoleRecord[],
): Promise<void> {
  return db.transaction().execute(async (tx) => {
    const { name: owner, settled } = knownTenant(await lockedTenant(tx, id), id);
    await tx
      .deleteFrom('tenant_roles')
      .where('tenant_id', '=', id)
      .where('is_owner', '=', false)
      .execute();
    const others = roles.filter(({ role }) => role !== owner);
    if (others.length > 0) {
      const rows = others.map((role) => ({ tenant_id: id, ...roleColumns(role), is_owner: false }));
      await tx.insertInto('tenant_roles').values(rows).execute();
    }
    if (!settled) return;
    const ofOwner = roles.find(({ role }) => role === owner);
    await tx
      .updateTable('tenant_roles')
      .set(ofOwner ? roleColumns(ofOwner) : { verifier: null, may_log_in: false })
      .where('tenant_id', '=', id)
      .where('is_owner', '=', true)
      .execute();
  });
}

const roleColumns = ({ role, verifier, mayLogIn }: RoleRecord) => ({
  role,
  verifier,
  may_log_in: mayLogIn,
});

async function setSettled(tx: Kysely<Tables>, id: TenantId, settled: boolean): Promise<Tenant> {
  const row = await tx
    .updateTable('tenants')
    .set({ settled })
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow();
  return tenantOf(row);
}
