/** Parts of the questions about what was used. */
import { type RawBuilder, sql } from 'kysely';
import type { StepQuery, UseQuery } from '../../domain/metering.ts';
import { hours } from '../../domain/units.ts';
import { METERS, type Meter, type Use } from '../../domain/use.ts';
import { toWallTime } from '../schema.ts';

/** Sums may be larger than what a number holds. */
export type Sums = Readonly<Record<Meter, string>>;

export const SUMS = sql.raw(METERS.map((meter) => `sum(${meter})::text as ${meter}`).join(', '));

export const useOf = (row: Sums): Use =>
  Object.fromEntries(METERS.map((meter) => [meter, BigInt(row[meter])])) as Use;

/** Whose use: all of what is given holds. Of a range of ids `after` is not in it, and `until` is. */
export type Whose = Pick<UseQuery, 'tenant' | 'customer' | 'tenants'> & {
  readonly among?: { readonly after: string; readonly until: string | null };
};

/** Which tenants, in any table that has the two columns. Only what is asked for is compared, so that an index serves. */
export function ofWhom({ tenant, customer, tenants, among }: Whose): RawBuilder<unknown> {
  const parts = [sql`true`];
  if (tenant !== undefined) parts.push(sql`tenant_id = ${tenant}`);
  if (tenants !== undefined) parts.push(sql`tenant_id = any (${[...tenants]}::text[])`);
  if (customer !== undefined) parts.push(sql`customer_id = ${customer ?? ''}`);
  if (among !== undefined) parts.push(sql`tenant_id > ${among.after}`);
  if (among?.until != null) parts.push(sql`tenant_id <= ${among.until}`);
  return sql.join(parts, sql` and `);
}

/** What was kept at rest, in pieces within an hour and with the columns of `use_hours`; open spans as far as now. */
export function atRest({ from, to, ...whose }: Rests): RawBuilder<unknown> {
  // In line, since a function that is asked for each rest takes longer than all else here.
  return sql`
    select tenant_id, at, customer_id, plan, tier, seconds,
      0, 0, 0, l2_bytes * seconds, l3_bytes * seconds, l4_bytes * seconds, stored_bytes * seconds, 0, 0, 0
    from (${rests({ from, to, ...whose })}) as rests
    cross join lateral (
      select greatest(hour, since) as at, dynabase.whole_seconds(least(until, hour + interval '1 hour'))
        - dynabase.whole_seconds(greatest(hour, since)) as seconds
      from generate_series(date_trunc('hour', since, 'UTC'), until - interval '1 microsecond', interval '1 hour') as hour
    ) as pieces`;
}

/**
 * The same of all tenants together, step by step. Where a rest begins and ends within a step it is counted as it is; over the
 * steps between it is added once and taken away once, and one sum runs over them. So a month of a large fleet costs its
 * rests, not its rests times the hours they last.
 */
export function atRestTogether({ step, from, to, ...whose }: StepQuery): RawBuilder<unknown> {
  const width = sql`${`1 ${step}`}::interval`;
  const stepOf = (at: RawBuilder<unknown>) =>
    sql`date_bin(${width}, ${at}, timestamptz '2000-01-01 00:00:00+00')`;
  const bytes = sql`l2_bytes, l3_bytes, l4_bytes, stored_bytes`;
  return sql`(
    with cut as materialized (
      select *, ${stepOf(sql`since`)} as first, ${stepOf(sql`until`)} as last
      from (${rests({ from, to, ...whose })}) as rests where since < until
    ), pieces as (
      select first as at, ${bytes},
        dynabase.whole_seconds(least(until, first + ${width})) - dynabase.whole_seconds(since) as seconds
      from cut
      union all
      select last, ${bytes}, dynabase.whole_seconds(until) - dynabase.whole_seconds(last)
      from cut where last > first
    ), changes as (
      select at, sum(times) as times, sum(times * l2_bytes) as l2, sum(times * l3_bytes) as l3,
        sum(times * l4_bytes) as l4, sum(times * stored_bytes) as stored
      from (
        select first + ${width} as at, 1 as times, ${bytes} from cut where last > first
        union all
        select last, -1, ${bytes} from cut where last > first
      ) as edges group by at
    ), whole as (
      select at, extract(epoch from ${width})::bigint as width, sum(times) over so_far as times,
        sum(l2) over so_far as l2, sum(l3) over so_far as l3, sum(l4) over so_far as l4,
        sum(stored) over so_far as stored
      from generate_series(${stepOf(toWallTime(from))}, ${toWallTime(to)}, ${width}) as at
      left join changes using (at) window so_far as (order by at)
    )
    select '', at, '', '', '', sum(seconds), 0, 0, 0, sum(l2_bytes * seconds), sum(l3_bytes * seconds),
      sum(l4_bytes * seconds), sum(stored_bytes * seconds), 0, 0, 0 from pieces group by at
    union all
    select '', at, '', '', '', width * times, 0, 0, 0, width * l2, width * l3, width * l4, width * stored, 0, 0, 0
    from whole where times > 0
  )`;
}

/**
 * Whoever was there: one row for each rest, and one without a customer for each that has hours. `is_steady` says that the rest is
 * all that there is of its tenant in the whole time, and every hour of it is like the others.
 */
export function parted({ from, to, ...whose }: Rests): RawBuilder<unknown> {
  const [begin, end] = [toWallTime(from), toWallTime(to)];
  const within = sql`at >= ${begin} and at < ${end} and ${ofWhom(whose)}`;
  const isOneHour = to - from <= HOUR;
  return sql`
    with busy as materialized (select distinct tenant_id from dynabase.use_hours where ${within})
    select tenant_id, customer_id, plan, tier, l2_bytes::text as l2, l3_bytes::text as l3, l4_bytes::text as l4,
      stored_bytes::text as stored, dynabase.whole_seconds(until) - dynabase.whole_seconds(since) as seconds,
      busy.tenant_id is null and since = ${begin}
        and until = ${isOneHour ? sql`least(dynabase.use_clock(), ${end})` : end} as is_steady
    from (${rests({ from, to, ...whose })}) as rests left join busy using (tenant_id) where since < until
    union all
    select tenant_id, null, null, null, null, null, null, null, 0, false from busy
    order by tenant_id`;
}

const HOUR = hours(1);

type Rests = Pick<StepQuery, 'from' | 'to'> & Whose;

/** All that was at rest meanwhile, cut at both ends. */
function rests({ from, to, ...whose }: Rests): RawBuilder<unknown> {
  const [begin, end] = [toWallTime(from), toWallTime(to)];
  const cut = (table: string, until: string) => sql`
    select tenant_id, customer_id, plan, tier, l2_bytes, l3_bytes, l4_bytes, stored_bytes,
      greatest(since, ${begin}) as since, least(${sql.raw(until)}, ${end}) as until
    from ${sql.raw(table)}`;
  return sql`
    ${cut('dynabase.use_rests', 'until')}
    where tstzrange(since, until) && tstzrange(${begin}, ${end}) and ${ofWhom(whose)}
    union all
    ${cut('dynabase.use_spans', 'dynabase.use_clock()')}
    where not is_awake and not is_gone and since < ${end} and ${ofWhom(whose)}`;
}
