/** What the catalog does with tenants, a statement or a transaction each. */
import { type Kysely, type RawBuilder, sql, type Updateable } from 'kysely';
import { assert } from '../domain/assert.ts';
import type { TenantDraft, TenantSettings } from '../domain/catalog.ts';
import { fault } from '../domain/faults.ts';
import type { TenantId, TenantName } from '../domain/ids.ts';
import {
  type HomeKind,
  type MoveChange,
  moved,
  type Tenant,
  type TenantState,
  type TenantStateKind,
} from '../domain/tenant.ts';
import type { Tier } from '../domain/tier.ts';
import type { Timestamp } from '../domain/units.ts';
import { requireRoom, revokeTenantKeys } from './customer-room.ts';
import { violates } from './pg-failure.ts';
import {
  DATABASE_NOW,
  type Tables,
  type TenantRow,
  type TenantTable,
  toWallTime,
} from './schema.ts';
import {
  consentColumns,
  homeColumns,
  overrideColumns,
  STATE_KINDS,
  stateColumns,
  tenantOf,
} from './tenant-row.ts';

export async function insertTenant(db: Kysely<Tables>, draft: TenantDraft): Promise<Tenant> {
  try {
    return await db.transaction().execute(async (tx) => {
      if (draft.customer != null) await requireRoom(tx.withTables(), draft.customer);
      const row = await tx
        .insertInto('tenants')
        .values({
          id: draft.id,
          name: draft.name,
          plan: draft.plan,
          tier: draft.tier,
          ...overrideColumns(null),
          suspend_after_ms: draft.suspendAfter,
          sessions_max: draft.sessionsMax,
          max_pin_idle_ms: draft.maxPinIdle,
          ...(draft.allowedAddresses && { allowed_addresses: [...draft.allowedAddresses] }),
          vault: draft.vault,
          customer_id: draft.customer ?? null,
          expires_at: draft.expiresAt == null ? null : toWallTime(draft.expiresAt),
          ...homeColumns(draft.home),
          ...(draft.generation === undefined
            ? stateColumns({ kind: 'creating' })
            : { ...stateColumns({ kind: 'suspended' }), generation: draft.generation }),
        })
        .returningAll()
        .executeTakeFirstOrThrow();
      await tx
        .insertInto('tenant_roles')
        .values({
          tenant_id: draft.id,
          role: draft.name,
          verifier: draft.verifier,
          may_log_in: true,
          is_owner: true,
        })
        .execute();
      return tenantOf(row);
    });
  } catch (error) {
    if (!violates(error, 'tenants_name_unique') && !violates(error, 'tenants_pkey')) throw error;
    throw fault('TENANT_EXISTS', { name: draft.name }, { cause: error });
  }
}

export async function tenantBy(
  db: Kysely<Tables>,
  key: { readonly id: TenantId } | { readonly name: TenantName },
): Promise<Tenant | undefined> {
  const all = db.selectFrom('tenants').selectAll();
  const one = 'id' in key ? all.where('id', '=', key.id) : all.where('name', '=', key.name);
  const row = await one.executeTakeFirst();
  return row && tenantOf(row);
}

/**
 * Reads the rows of what is awake, from their partial index, and sixteen shards of the sum:
 * nothing that grows with the number of tenants asleep.
 */
export async function countTenants(
  db: Kysely<Tables>,
): Promise<Readonly<Record<TenantStateKind, number>>> {
  const { rows } = await sql<{ state: TenantStateKind | null; tenants: number }>`
    select state, count(*) as tenants from dynabase.tenants where state <> 'suspended' group by state
    union all
    select null, sum(tenants)::bigint from dynabase.tenant_counts`.execute(db);
  const counts = Object.fromEntries(STATE_KINDS.map((kind) => [kind, 0])) as Record<
    TenantStateKind,
    number
  >;
  let awake = 0;
  let all = 0;
  for (const { state, tenants } of rows) {
    if (state === null) all = tenants;
    else {
      counts[state] = tenants;
      awake += tenants;
    }
  }
  return { ...counts, suspended: all - awake };
}

/** As cheap as `countTenants`: the homes are summed up in the same shards. */
export async function countHomes(db: Kysely<Tables>): Promise<Readonly<Record<HomeKind, number>>> {
  const { rows } = await sql<{ none: number; local: number; archive: number }>`
    select sum(homeless)::bigint as none, sum(archived)::bigint as archive,
      sum(tenants - homeless - archived)::bigint as local
    from dynabase.tenant_counts`.execute(db);
  return rows[0] ?? { none: 0, local: 0, archive: 0 };
}

/** Likewise. */
export async function countTiers(db: Kysely<Tables>): Promise<Readonly<Record<Tier, number>>> {
  const { rows } = await sql<Record<Tier, number>>`
    select sum(cold)::bigint as "COLD", sum(warm)::bigint as "WARM", sum(hot)::bigint as "HOT",
      sum(tenants - cold - warm - hot)::bigint as "PERSISTENT"
    from dynabase.tenant_counts`.execute(db);
  return rows[0] ?? { COLD: 0, WARM: 0, HOT: 0, PERSISTENT: 0 };
}

export async function unrestedTenants(db: Kysely<Tables>): Promise<readonly Tenant[]> {
  const unrested = db.selectFrom('tenants').selectAll().where('state', '<>', 'suspended');
  return (await unrested.orderBy('id').execute()).map(tenantOf);
}

/** Writes a move. One to `waking` begins the time since when there are changes. */
export function moveTenant(
  db: Kysely<Tables>,
  tenant: Tenant,
  move: { readonly to: TenantState; readonly change: MoveChange },
): Promise<Tenant> {
  const { generation } = moved(tenant, move, tenant.stateSince);
  const columns = { ...changeColumns(move.change), generation };
  const state = { ...stateColumns(move.to), state_since: DATABASE_NOW };
  const dirty = move.to.kind === 'waking' ? { dirty_since: begun(move.change.dirtySince) } : {};
  return writeTenant(db, tenant, { ...columns, ...state, ...dirty });
}

/** Writes what moves may write beside the state, which stays. */
export const noteTenant = (
  db: Kysely<Tables>,
  tenant: Tenant,
  change: MoveChange,
): Promise<Tenant> =>
  writeTenant(db, tenant, { ...changeColumns(change), generation: tenant.generation + 1 });

/** Throws `STALE_GENERATION` unless the stored generation is still the tenant's. */
async function writeTenant(
  db: Kysely<Tables>,
  tenant: Tenant,
  columns: Updateable<TenantTable>,
): Promise<Tenant> {
  const row = await db
    .updateTable('tenants')
    .set(columns)
    .where('id', '=', tenant.id)
    .where('generation', '=', tenant.generation)
    .returningAll()
    .executeTakeFirst();
  if (row !== undefined) return tenantOf(row);
  const present = await tenantBy(db, { id: tenant.id });
  throw fault(present ? 'STALE_GENERATION' : 'TENANT_UNKNOWN', { tenant: tenant.name });
}

const changeColumns = ({
  home,
  dirtySince,
  settled,
  tier,
  tierBefore,
}: MoveChange): Updateable<TenantTable> => ({
  ...(home !== undefined && homeColumns(home)),
  ...(settled !== undefined && { settled }),
  ...(tier !== undefined && tierColumns(tier, tierBefore)),
  ...(dirtySince !== undefined && { dirty_since: dirtySince && toWallTime(dirtySince) }),
});

/** A tenant that has the tier already has it since when it had it. */
const tierColumns = (tier: Tier, before: Tier | null = null): Updateable<TenantTable> => ({
  tier,
  tier_before: before,
  tier_since: sql<number>`case when tier = ${tier} then tier_since else now() end`,
});

/** `given`; where that says nothing what is stored, and where that is null, too, now. */
function begun(given: Timestamp | null | undefined): RawBuilder<number> {
  if (given === undefined) return sql<number>`coalesce(dirty_since, now())`;
  return given === null ? DATABASE_NOW : toWallTime(given);
}

export async function configureTenant(
  db: Kysely<Tables>,
  id: TenantId,
  change: TenantSettings,
): Promise<Tenant> {
  const columns = {
    ...(change.suspendAfter !== undefined && { suspend_after_ms: change.suspendAfter }),
    ...(change.sessionsMax !== undefined && { sessions_max: change.sessionsMax }),
    ...(change.maxPinIdle !== undefined && { max_pin_idle_ms: change.maxPinIdle }),
    ...(change.plan !== undefined && { plan: change.plan }),
    ...(change.override !== undefined && overrideColumns(change.override)),
    ...(change.consent !== undefined && consentColumns(change.consent)),
    ...(change.customer !== undefined && { customer_id: change.customer }),
    ...(change.expiresAt !== undefined && {
      expires_at: change.expiresAt && toWallTime(change.expiresAt),
    }),
    ...(change.allowedAddresses !== undefined && {
      allowed_addresses: [...change.allowedAddresses],
    }),
    ...(change.tier !== undefined && tierColumns(change.tier)),
  };
  if (Object.keys(columns).length === 0) return knownTenant(await tenantBy(db, { id }), id);
  const written = async (on: Kysely<Tables>): Promise<Tenant> => {
    const row = await on
      .updateTable('tenants')
      .set(columns)
      .where('id', '=', id)
      .returningAll()
      .executeTakeFirst();
    return knownTenant(row && tenantOf(row), id);
  };
  const { customer } = change;
  if (customer === undefined) return await written(db);
  return await db.transaction().execute(async (tx) => {
    const before = knownTenant(await lockedTenant(tx, id), id);
    if (before.customer_id === customer) return await written(tx);
    if (customer !== null) await requireRoom(tx.withTables(), customer);
    await revokeTenantKeys(tx.withTables(), id);
    return await written(tx);
  });
}

/** No effect on a tenant that is gone. What it used goes with it. */
export function removeTenant(db: Kysely<Tables>, id: TenantId): Promise<void> {
  return db.transaction().execute(async (tx) => {
    const row = await lockedTenant(tx, id);
    if (row === undefined) return;
    assert(row.state === 'deleting', `tenant ${id} is removed while ${row.state}`);
    await tx.deleteFrom('usage_minutes').where('tenant_id', '=', id).execute();
    await tx.deleteFrom('tenants').where('id', '=', id).execute();
  });
}

/** The tenant's row, which no other transaction changes before this one ends. */
export const lockedTenant = (tx: Kysely<Tables>, id: TenantId): Promise<TenantRow | undefined> =>
  tx.selectFrom('tenants').selectAll().where('id', '=', id).forUpdate().executeTakeFirst();

/** Throws `TENANT_UNKNOWN` if there is no `tenant`. */
export function knownTenant<T>(tenant: T | undefined, id: TenantId): T {
  if (tenant === undefined) throw fault('TENANT_UNKNOWN', { tenant: id });
  return tenant;
}
