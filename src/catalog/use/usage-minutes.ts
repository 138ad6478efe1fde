/** What tenants used, added up by minute. */
import { type Kysely, sql } from 'kysely';
import type { TenantId } from '../../domain/ids.ts';
import { hours, type Timestamp, timestamp } from '../../domain/units.ts';
import { addedUsage, type UsageMinute } from '../../domain/usage.ts';
import { fromWallTime, type Tables, toWallTime, type UsageRow } from '../schema.ts';

const MINUTES_MAX = 10_000;

/**
 * Adds a whole batch in one statement, unless it has been added before.
 *
 * Records of tenants that are gone are dropped: a scalar subquery asks for each by index, where
 * `exists` may be planned as a join that reads all tenants. Rows are written in one order by all
 * writers, so that none waits for another in a circle. Ids of batches are forgotten after a week,
 * by which time nobody offers them again. What went out is added to the
 * month's consumption as well, and all of it to the hours, also of a tenant that is just gone.
 * Returns whether the batch was new.
 */
export async function addUsage(
  db: Kysely<Tables>,
  records: readonly UsageMinute[],
  batch: string,
): Promise<boolean> {
  if (records.length === 0) return true;
  const json = asJson(records);
  const byHour = records.map((record) => ({ ...record, minute: hourOf(record.minute) }));
  const { rows } = await sql<{ is_new: boolean }>`
    with forgotten as (
      delete from dynabase.usage_batches where added_at < now() - interval '7 days'
    ), batch as (
      insert into dynabase.usage_batches (id) values (${batch})
      on conflict (id) do nothing returning id
    ), added as (
    insert into dynabase.usage_minutes as stored (
      tenant_id, minute, sessions, queries, by_robots, transactions, errors,
      bytes_in, bytes_out, latency, latency_sum_us, classes
    )
    select tenant_id, to_timestamp(minute_ms / 1000.0), sessions, queries, by_robots, transactions,
      errors, bytes_in, bytes_out, latency, latency_sum_us, classes
    from batch, jsonb_to_recordset(${json}::jsonb) as record (
      tenant_id text, minute_ms bigint, sessions bigint, queries bigint, by_robots bigint,
      transactions bigint, errors jsonb, bytes_in bigint, bytes_out bigint, latency bigint[], latency_sum_us bigint,
      classes bigint[]
    )
    where (select true from dynabase.tenants where tenants.id = record.tenant_id)
    order by tenant_id, minute_ms
    on conflict (tenant_id, minute) do update set
      sessions = stored.sessions + excluded.sessions,
      queries = stored.queries + excluded.queries,
      by_robots = stored.by_robots + excluded.by_robots,
      transactions = stored.transactions + excluded.transactions,
      errors = dynabase.added_counts(stored.errors, excluded.errors),
      bytes_in = stored.bytes_in + excluded.bytes_in,
      bytes_out = stored.bytes_out + excluded.bytes_out,
      latency = dynabase.added_elements(stored.latency, excluded.latency),
      latency_sum_us = stored.latency_sum_us + excluded.latency_sum_us,
      classes = dynabase.added_elements(stored.classes, excluded.classes)
    ), transferred as (
      insert into dynabase.tenant_consumption as stored (tenant_id, month, transfer_bytes)
      select tenant_id, date_trunc('month', to_timestamp(minute_ms / 1000.0) at time zone 'UTC')::date as month,
        sum(bytes_out)
      from batch, jsonb_to_recordset(${json}::jsonb)
        as record (tenant_id text, minute_ms bigint, bytes_out bigint)
      where bytes_out > 0 and (select true from dynabase.tenants where tenants.id = record.tenant_id)
      group by 1, 2 order by 1, 2
      on conflict (tenant_id, month) do update
        set transfer_bytes = stored.transfer_bytes + excluded.transfer_bytes
    ), rolled as (
      select dynabase.count_traffic(array_agg(row(tenant_id, to_timestamp(minute_ms / 1000.0), '',
        sessions, queries, by_robots, transactions, bytes_in, bytes_out, latency_sum_us, errors,
        latency, classes)::dynabase.traffic_hours), (
          select array_agg(row(tenant_id, to_timestamp(minute_ms / 1000.0), '', '', '',
            0, 0, 0, 0, 0, 0, 0, 0, 0, bytes_out, 0)::dynabase.use_minutes)
          from jsonb_to_recordset(${json}::jsonb)
            as record (tenant_id text, minute_ms bigint, bytes_out bigint)
        ))
      from batch, jsonb_to_recordset(${asJson(byHour)}::jsonb) as record (
        tenant_id text, minute_ms bigint, sessions bigint, queries bigint, by_robots bigint,
        transactions bigint, errors jsonb, bytes_in bigint, bytes_out bigint, latency bigint[],
        latency_sum_us bigint, classes bigint[]
      )
      having count(*) > 0
    )
    select exists (select from batch) as is_new, (select true from rolled) as is_rolled`.execute(
    db,
  );
  return rows[0]?.is_new === true;
}

const hourOf = (at: Timestamp): Timestamp => timestamp(at - (at % hours(1)));

/** Minutes in [from, to), oldest first, at most 10,000. */
export async function usageOf(
  db: Kysely<Tables>,
  tenant: TenantId,
  span: { readonly from: Timestamp; readonly to: Timestamp },
): Promise<readonly UsageMinute[]> {
  const rows = await db
    .selectFrom('usage_minutes')
    .selectAll()
    .where('tenant_id', '=', tenant)
    .where('minute', '>=', toWallTime(span.from))
    .where('minute', '<', toWallTime(span.to))
    .orderBy('minute')
    .limit(MINUTES_MAX)
    .execute();
  return rows.map((row) => minuteOf(tenant, row));
}

/** One row may be changed only once a statement, so records of one tenant and minute are merged. */
function asJson(records: readonly UsageMinute[]): string {
  const merged = new Map<string, UsageMinute>();
  for (const record of records) {
    const key = `${record.tenant} ${record.minute}`;
    const same = merged.get(key);
    merged.set(key, same ? addedUsage(same, record) : record);
  }
  return JSON.stringify(
    [...merged.values()].map((minute) => ({
      tenant_id: minute.tenant,
      minute_ms: minute.minute,
      sessions: minute.sessions,
      queries: minute.queries,
      by_robots: minute.byRobots,
      transactions: minute.transactions,
      errors: minute.errors,
      bytes_in: minute.bytesIn,
      bytes_out: minute.bytesOut,
      latency: minute.latency,
      latency_sum_us: minute.latencySumUs,
      classes: minute.classes,
    })),
  );
}

const minuteOf = (tenant: TenantId, row: UsageRow): UsageMinute => ({
  tenant,
  minute: fromWallTime(row.minute),
  sessions: row.sessions,
  queries: row.queries,
  byRobots: row.by_robots,
  transactions: row.transactions,
  errors: row.errors,
  bytesIn: row.bytes_in,
  bytesOut: row.bytes_out,
  latency: row.latency,
  latencySumUs: row.latency_sum_us,
  classes: row.classes,
});
