/** What the catalog knows of the ladder: what is due, levels and their sums, and the steps done. */
import { type Kysely, sql } from 'kysely';
import type { DueQuery } from '../domain/catalog.ts';
import type { TenantId } from '../domain/ids.ts';
import {
  type LadderStep,
  LEVELS,
  type LevelTotals,
  NO_TOTALS,
  STEP_KINDS,
} from '../domain/levels.ts';
import type { Tenant } from '../domain/tenant.ts';
import type { Timestamp } from '../domain/units.ts';
import { fromWallTime, type LevelRow, type StepRow, type Tables, toWallTime } from './schema.ts';
import { tenantOf } from './tenant-row.ts';

/** Steps that are forgotten with each one that is recorded: more than one, so that they end. */
const FORGOTTEN_AT_ONCE = 20;

export async function dueForArchive(
  db: Kysely<Tables>,
  query: DueQuery,
): Promise<readonly Tenant[]> {
  if (query.tiers.length === 0) return [];
  const rows = await db
    .selectFrom('tenants')
    .selectAll()
    .where('state', '=', 'suspended')
    .where('home', '=', 'local')
    .where('tier', 'in', query.tiers)
    .where('state_since', '<', toWallTime(query.restedBefore))
    .orderBy('state_since')
    .limit(query.limit)
    .execute();
  return rows.map(tenantOf);
}

/** Those between two states are left out: they come again when they are in one. */
export async function dueForSnapshot(
  db: Kysely<Tables>,
  before: Timestamp,
  limit: number,
): Promise<readonly Tenant[]> {
  const rows = await db
    .selectFrom('tenants')
    .selectAll()
    .where('dirty_since', '<', toWallTime(before))
    .where('state', 'in', ['running', 'suspended'])
    .where('home', '=', 'local')
    .orderBy('dirty_since')
    .limit(limit)
    .execute();
  return rows.map(tenantOf);
}

/** Reads one entry of an index. */
export async function unsavedSince(db: Kysely<Tables>): Promise<Timestamp | null> {
  const row = await db
    .selectFrom('tenants')
    .select('dirty_since')
    .where('dirty_since', 'is not', null)
    .orderBy('dirty_since')
    .limit(1)
    .executeTakeFirst();
  return row === undefined || row.dirty_since === null ? null : fromWallTime(row.dirty_since);
}

/**
 * Adds to reads and wakes and replaces bytes, in one statement. A trigger keeps the fleet's sum.
 * A `l2` of null says that it cannot be measured any more.
 */
export async function noteLevels(
  db: Kysely<Tables>,
  id: TenantId,
  change: Partial<LevelTotals>,
): Promise<void> {
  const first = { ...NO_TOTALS, ...change };
  const { l2, l3, l4 } = change;
  await sql`
    insert into dynabase.tenant_levels as stored (
      tenant_id, l2_bytes, l3_bytes, l4_bytes,
      l1_hits, l2_hits, l3_hits, l2_wakes, l3_wakes, l4_wakes
    )
    select id, ${first.l2}::bigint, ${first.l3}, ${first.l4},
      ${first.hitsL1}, ${first.hitsL2}, ${first.hitsL3},
      ${first.wakesL2}, ${first.wakesL3}, ${first.wakesL4}
    from dynabase.tenants where id = ${id}
    on conflict (tenant_id) do update set
      l2_bytes = case when ${l2 !== undefined}::boolean then excluded.l2_bytes else stored.l2_bytes end,
      l3_bytes = case when ${l3 !== undefined}::boolean then excluded.l3_bytes else stored.l3_bytes end,
      l4_bytes = case when ${l4 !== undefined}::boolean then excluded.l4_bytes else stored.l4_bytes end,
      l1_hits = stored.l1_hits + excluded.l1_hits,
      l2_hits = stored.l2_hits + excluded.l2_hits,
      l3_hits = stored.l3_hits + excluded.l3_hits,
      l2_wakes = stored.l2_wakes + excluded.l2_wakes,
      l3_wakes = stored.l3_wakes + excluded.l3_wakes,
      l4_wakes = stored.l4_wakes + excluded.l4_wakes`.execute(db);
}

export async function levelsOf(db: Kysely<Tables>, id: TenantId): Promise<LevelTotals> {
  const found = db.selectFrom('tenant_levels').selectAll().where('tenant_id', '=', id);
  const row = await found.executeTakeFirst();
  return row === undefined ? NO_TOTALS : totalsOf(row);
}

/** Sixteen rows, however many tenants there are. */
export async function fleetLevels(db: Kysely<Tables>): Promise<LevelTotals> {
  const { rows } = await sql<Omit<LevelRow, 'tenant_id'>>`
    select case when sum(l2_tenants) > 0 then sum(l2_bytes)::bigint end as l2_bytes,
      sum(l3_bytes)::bigint as l3_bytes, sum(l4_bytes)::bigint as l4_bytes,
      sum(l1_hits)::bigint as l1_hits, sum(l2_hits)::bigint as l2_hits,
      sum(l3_hits)::bigint as l3_hits, sum(l2_wakes)::bigint as l2_wakes,
      sum(l3_wakes)::bigint as l3_wakes, sum(l4_wakes)::bigint as l4_wakes
    from dynabase.fleet_levels`.execute(db);
  const [row] = rows;
  return row === undefined ? NO_TOTALS : totalsOf(row);
}

/**
 * Forgets a few of the oldest with each that it records, so that no statement has much to do. What
 * another one is forgetting is left to it.
 */
export async function recordStep(
  db: Kysely<Tables>,
  id: TenantId,
  step: LadderStep,
): Promise<void> {
  await sql`
    with forgotten as (
      delete from dynabase.ladder_steps where id in (
        select id from dynabase.ladder_steps where at < now() - interval '30 days'
        order by at limit ${FORGOTTEN_AT_ONCE} for update skip locked
      )
    )
    insert into dynabase.ladder_steps (tenant_id, at, kind, bytes, took_ms, from_level, because)
    select id, ${toWallTime(step.at)}, ${step.kind}, ${Math.round(step.bytes)}, ${step.ms},
      ${step.from}::text, ${step.because.replaceAll('\0', '')}
    from dynabase.tenants where id = ${id}`.execute(db);
}

export async function stepsOf(
  db: Kysely<Tables>,
  id: TenantId,
  limit: number,
): Promise<readonly LadderStep[]> {
  const rows = await db
    .selectFrom('ladder_steps')
    .selectAll()
    .where('tenant_id', '=', id)
    .orderBy('at', 'desc')
    .orderBy('id', 'desc')
    .limit(limit)
    .execute();
  return rows.flatMap(stepOf);
}

const totalsOf = (row: Omit<LevelRow, 'tenant_id'>): LevelTotals => ({
  l2: row.l2_bytes,
  l3: row.l3_bytes,
  l4: row.l4_bytes,
  hitsL1: row.l1_hits,
  hitsL2: row.l2_hits,
  hitsL3: row.l3_hits,
  wakesL2: row.l2_wakes,
  wakesL3: row.l3_wakes,
  wakesL4: row.l4_wakes,
});

/** None for a kind that a newer program has written. */
function stepOf(row: StepRow): readonly LadderStep[] {
  const kind = STEP_KINDS.find((known) => known === row.kind);
  if (kind === undefined) return [];
  const from = LEVELS.find((known) => known === row.from_level) ?? null;
  const { bytes, took_ms: ms, because } = row;
  return [{ at: fromWallTime(row.at), kind, bytes, ms, from, because }];
}
