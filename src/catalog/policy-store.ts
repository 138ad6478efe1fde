/** What the policy keeps: what it has learned, for whom it wants to be asked, and what it decided. */
import { type Kysely, sql } from 'kysely';
import { type Decision, isDecisionKind } from '../domain/decision.ts';
import { isTenantId, type TenantId } from '../domain/ids.ts';
import type { FleetKey, Learned, TenantDecision, TenantDue } from '../domain/policy-store.ts';
import type { Timestamp } from '../domain/units.ts';
import { type DecisionRow, fromWallTime, type Tables, toWallTime } from './schema.ts';

/** Decisions that are forgotten with each one that is recorded: more than one, so that they end. */
const FORGOTTEN_AT_ONCE = 20;

export async function learnedOf(
  db: Kysely<Tables>,
  tenant: TenantId,
): Promise<Uint8Array | undefined> {
  const row = await db
    .selectFrom('tenant_habits')
    .select('learned')
    .where('tenant_id', '=', tenant)
    .executeTakeFirst();
  return row?.learned;
}

/** One statement, however many there are. */
export async function saveLearned(db: Kysely<Tables>, all: readonly Learned[]): Promise<void> {
  if (all.length === 0) return;
  const askAt = all.map(({ askAt }) => askAt);
  await sql`
    insert into dynabase.tenant_habits (tenant_id, learned, ask_at, learned_at)
    select id, given.learned, to_timestamp(given.ask_at / 1000), now()
    from unnest(
      ${all.map(({ tenant }) => tenant)}::text[],
      ${all.map(({ bytes }) => Buffer.from(bytes))}::bytea[],
      ${askAt}::double precision[]
    ) as given (tenant_id, learned, ask_at)
    join dynabase.tenants on id = given.tenant_id
    on conflict (tenant_id) do update set
      learned = excluded.learned, ask_at = excluded.ask_at, learned_at = excluded.learned_at`.execute(
    db,
  );
}

export async function dueToAsk(
  db: Kysely<Tables>,
  before: Timestamp,
  limit: number,
): Promise<readonly TenantDue[]> {
  const rows = await db
    .selectFrom('tenant_habits')
    .select(['tenant_id', 'ask_at'])
    .where('ask_at', '<', toWallTime(before))
    .orderBy('ask_at')
    .limit(limit)
    .execute();
  return rows.flatMap(({ tenant_id, ask_at }) =>
    isTenantId(tenant_id) && ask_at !== null
      ? [{ tenant: tenant_id, askAt: fromWallTime(ask_at) }]
      : [],
  );
}

export async function fleetValue(
  db: Kysely<Tables>,
  key: FleetKey,
): Promise<Uint8Array | undefined> {
  const found = db.selectFrom('fleet').select('value').where('key', '=', key);
  return (await found.executeTakeFirst())?.value;
}

export async function saveFleet(
  db: Kysely<Tables>,
  key: FleetKey,
  value: Uint8Array | null,
): Promise<void> {
  if (value === null) {
    await db.deleteFrom('fleet').where('key', '=', key).execute();
    return;
  }
  await sql`
    insert into dynabase.fleet (key, value, changed_at) values (${key}, ${Buffer.from(value)}, now())
    on conflict (key) do update set value = excluded.value, changed_at = excluded.changed_at`.execute(
    db,
  );
}

export async function recordDecisions(
  db: Kysely<Tables>,
  all: readonly TenantDecision[],
): Promise<void> {
  if (all.length === 0) return;
  const each = <T>(part: (of: TenantDecision) => T): T[] => all.map(part);
  await sql`
    with forgotten as (
      delete from dynabase.decisions where id in (
        select id from dynabase.decisions where at < now() - interval '90 days'
        order by at limit ${all.length * FORGOTTEN_AT_ONCE} for update skip locked
      )
    )
    insert into dynabase.decisions (tenant_id, at, kind, was, becomes, because, inputs)
    select tenants.id, to_timestamp(given.at / 1000), given.kind, given.was, given.becomes,
      given.because, given.inputs::jsonb
    from unnest(
      ${each(({ tenant }) => tenant)}::text[],
      ${each(({ decision }) => decision.at)}::double precision[],
      ${each(({ decision }) => decision.kind)}::text[],
      ${each(({ decision }) => decision.from)}::text[],
      ${each(({ decision }) => decision.to)}::text[],
      ${each(({ decision }) => storable(decision.because))}::text[],
      ${each(({ decision }) => storable(JSON.stringify(decision.inputs)))}::text[]
    ) with ordinality as given (tenant_id, at, kind, was, becomes, because, inputs, place)
    join dynabase.tenants on tenants.id = given.tenant_id
    order by given.place`.execute(db);
}

export async function decisionsOf(
  db: Kysely<Tables>,
  tenant: TenantId,
  { before, limit }: { readonly before: Timestamp | null; readonly limit: number },
): Promise<readonly Decision[]> {
  let found = db.selectFrom('decisions').selectAll().where('tenant_id', '=', tenant);
  if (before !== null) found = found.where('at', '<', toWallTime(before));
  const rows = await found.orderBy('at', 'desc').orderBy('id', 'desc').limit(limit).execute();
  return rows.flatMap(decisionOf);
}

/** None for a kind that a newer program has written. */
function decisionOf(row: DecisionRow): readonly Decision[] {
  const { kind, was: from, becomes: to, because, inputs } = row;
  if (!isDecisionKind(kind)) return [];
  return [{ at: fromWallTime(row.at), kind, from, to, because, inputs }];
}

/** PostgreSQL's text and JSON cannot hold a zero byte. */
const storable = (text: string): string => text.replaceAll('\0', '').replaceAll('\\u0000', '');
