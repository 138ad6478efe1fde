/** Why tenants were awake, as rows. */
import { sql } from 'kysely';
import type {
  AwakeCause,
  AwakeEnd,
  AwakeInterval,
  AwakeSegment,
  AwakeSpan,
  AwakeStore,
} from '../../domain/awake.ts';
import { isId, isTenantId, type TenantId } from '../../domain/ids.ts';
import { LEVELS } from '../../domain/levels.ts';
import { ms, type Timestamp } from '../../domain/units.ts';
import type { Ask } from '../access/access-schema.ts';
import { fromWallTime, toWallTime } from '../schema.ts';

/** Intervals that are forgotten with each that is entered: more than one, so that they end. */
const FORGOTTEN_AT_ONCE = 4;

type Begun = { readonly from: number; readonly kept: AwakeSegment['kept'] };

type AwakeRow = {
  readonly tenant_id: string;
  readonly woke_at: number;
  readonly customer_id: string | null;
  readonly from_level: string | null;
  readonly wake_ms: number | null;
  readonly waited: number;
  readonly cause: AwakeCause;
  readonly segments: readonly Begun[];
  readonly until: number;
  readonly ended: AwakeEnd | null;
};

export class PgAwakeStore implements AwakeStore {
  readonly #ask: Ask;

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  async lasting(): ReturnType<AwakeStore['lasting']> {
    return await this.#ask(async (db) => {
      const { rows } = await sql<AwakeRow>`
        select * from dynabase.awake_intervals where ended is null order by tenant_id, woke_at`.execute(
        db,
      );
      const seen = await sql<{
        seen_at: number;
      }>`select seen_at from dynabase.awake_watch`.execute(db);
      const seenAt = seen.rows[0]?.seen_at;
      return {
        intervals: rows.flatMap(intervalOf),
        seenAt: seenAt === undefined ? null : fromWallTime(seenAt),
      };
    });
  }

  /** One statement, however many there are. */
  async save(intervals: readonly AwakeInterval[], seenAt: Timestamp): Promise<void> {
    await this.#ask((db) =>
      sql`
        with forgotten as (
          delete from dynabase.awake_intervals where (tenant_id, woke_at) in (
            select tenant_id, woke_at from dynabase.awake_intervals
            where ended is not null and until < now() - interval '90 days'
            order by until limit ${intervals.length * FORGOTTEN_AT_ONCE} for update skip locked
          )
        ), seen as (
          insert into dynabase.awake_watch (seen_at) values (${toWallTime(seenAt)})
          on conflict (one) do update set seen_at = excluded.seen_at
        )
        insert into dynabase.awake_intervals as known (tenant_id, woke_at, customer_id, from_level,
          wake_ms, waited, cause, segments, until, ended)
        select tenant_id, to_timestamp(woke_ms / 1000), customer_id, from_level, wake_ms, waited,
          cause, segments, to_timestamp(until_ms / 1000), nullif(ended, 'null'::jsonb)
        from jsonb_to_recordset(${asJson(intervals)}::jsonb) as given (
          tenant_id text, woke_ms double precision, customer_id text, from_level text,
          wake_ms double precision, waited integer, cause jsonb, segments jsonb,
          until_ms double precision, ended jsonb
        )
        where (select true from dynabase.tenants where tenants.id = given.tenant_id)
        order by tenant_id, woke_ms
        on conflict (tenant_id, woke_at) do update set waited = excluded.waited,
          cause = excluded.cause, segments = excluded.segments, until = excluded.until,
          ended = excluded.ended
        where known.ended is null`.execute(db),
    );
  }

  async of(
    tenant: TenantId,
    {
      from,
      to,
      before,
      limit,
    }: AwakeSpan & { readonly before: Timestamp | null; readonly limit: number },
  ): Promise<readonly AwakeInterval[]> {
    return await this.#ask(async (db) => {
      const end = toWallTime(before !== null && before < to ? before : to);
      const { rows } = await sql<AwakeRow>`
        select * from dynabase.awake_intervals
        where tenant_id = ${tenant} and woke_at < ${end}
          and (until > ${toWallTime(from)} or ended is null)
        order by woke_at desc limit ${limit}`.execute(db);
      return rows.flatMap(intervalOf);
    });
  }
}

/** An interval is there once in a statement: who saves has one of each. */
const asJson = (intervals: readonly AwakeInterval[]): string =>
  // PostgreSQL's text and JSON cannot hold a zero byte.
  JSON.stringify(intervals.map(rowOf)).replaceAll('\\u0000', '');

const rowOf = (interval: AwakeInterval): object => ({
  tenant_id: interval.tenant,
  woke_ms: interval.from,
  customer_id: interval.customer,
  from_level: interval.level,
  wake_ms: interval.wakeMs,
  waited: interval.waited,
  cause: interval.cause,
  segments: interval.segments.map(({ from, kept }): Begun => ({ from, kept })),
  until_ms: interval.to,
  ended: interval.ended,
});

function intervalOf(row: AwakeRow): readonly AwakeInterval[] {
  const { tenant_id: tenant, customer_id: customer, cause, waited, ended } = row;
  if (!isTenantId(tenant)) return [];
  const to = fromWallTime(row.until);
  const segments = row.segments.map(({ from, kept }, at) => ({
    from: fromWallTime(from),
    to: fromWallTime(row.segments[at + 1]?.from ?? row.until),
    kept,
  }));
  return [
    {
      ...{ tenant, cause, waited, ended, to, segments },
      customer: customer !== null && isId('cu', customer) ? customer : null,
      from: fromWallTime(row.woke_at),
      level: LEVELS.find((level) => level === row.from_level) ?? null,
      wakeMs: row.wake_ms === null ? null : ms(row.wake_ms),
    },
  ];
}
