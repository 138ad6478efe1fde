/**
 * Weeks in which tenants were used, written into the catalog as if they had been: the first of them by people at work, the second
 * every night by a program, the third now and then, and so on in turn. None was used in the hour that is not over.
 */
import { LATENCY_BOUNDS_US } from '../domain/usage.ts';
import type { RealPostgres } from './real-postgres.ts';

const WEEKS = 4;

/**
 * When somebody was at work, as `work (tenant_id, at, way)`, and for how many minutes; five minutes later the compute slept.
 * People begin something at each of three times an hour, but for one in seven.
 */
const WORK = `
  with lived as (
    select id, customer_id, plan, tier, name, (array_position($1::text[], name) - 1) % 3 as way
    from dynabase.tenants where name = any ($1)
  ), days as (
    select generate_series(date_trunc('day', now(), 'UTC') - interval '${WEEKS} weeks', now(), interval '1 day') as day
  ), work as (
    select lived.*, day + make_interval(hours => hour, mins => minute) as at, 4 as busy
    from lived, days, generate_series(7, 15) as hour, unnest(array[3, 24, 47]) as minute
    where way = 0 and extract(isodow from day at time zone 'UTC') < 6
      and (hour * 5 + minute + extract(doy from day)::int) % 7 > 0
    union all
    select lived.*, day + interval '2 hours', 11 from lived, days where way = 1
    union all
    select lived.*, day + interval '19 hours', 6 from lived, days where way = 2 and extract(doy from day)::int % 3 = 0
  ), known as (
    select * from work where at < date_trunc('hour', now()) - interval '1 hour'
  )`;

const REST = 5;

const STATEMENTS = [
  `update dynabase.tenants set created_at = now() - interval '${WEEKS} weeks' where name = any ($1)`,
  `update dynabase.use_spans span set since = least(since, now() - interval '${WEEKS} weeks')
   from dynabase.tenants where tenants.id = tenant_id and name = any ($1)`,
  `${WORK} select dynabase.add_use(array_agg(row(id, at + make_interval(mins => minute), coalesce(customer_id, ''),
     plan, tier, 60, 60 * 24000000::bigint, case when minute < busy then 3000000 else 20000 end, 60, 60 * 30000000::bigint,
     60 * 40000000::bigint, 0, 60 * 40000000::bigint, case when minute < busy then 400000 else 0 end,
     case when minute < busy then 250000 else 0 end, case when minute = 0 then 1 else 0 end)::dynabase.use_minutes))
   from known, generate_series(0, busy + ${REST - 1}) as minute`,
  `${WORK} insert into dynabase.traffic_hours
   select id, date_trunc('hour', at), coalesce(customer_id, ''), count(*), sum(busy) * 90, 0, sum(busy) * 80, sum(busy) * 9000,
     sum(busy) * 250000, sum(busy) * 90 * 1500, '{}', array_fill(sum(busy)::bigint, array[${LATENCY_BOUNDS_US.length + 1}]),
     array[sum(busy) * 80, sum(busy) * 10, 0]::bigint[] from known group by 1, 2, 3`,
  `${WORK} insert into dynabase.awake_intervals
   select id, at, customer_id, 'L3', 84, 1,
     jsonb_build_object('kind', 'session', 'who', jsonb_build_object('role', name, 'from', '10.0.0.7', 'visitor', 'person',
       'applicationName', case way when 1 then 'report' else 'shop' end, 'statement', 'read')),
     jsonb_build_array(jsonb_build_object('from', extract(epoch from at) * 1000, 'kept', jsonb_build_object('kind', 'work', 'who', null))),
     at + make_interval(mins => busy + ${REST}), jsonb_build_object('kind', 'idle', 'because', 'nobody was at work')
   from known where at > now() - interval '6 days'`,
  `insert into dynabase.overhead_hours
   select at, array[3600 * 180000000::numeric, 20000000, 0, 0, 0, 0, 0, 0, 0, 0]
   from generate_series(date_trunc('day', now(), 'UTC') - interval '${WEEKS} weeks', now() - interval '2 hours', interval '1 hour') as at
   on conflict do nothing`,
  `insert into dynabase.decisions (tenant_id, at, kind, was, becomes, because, inputs)
   select id, now() - interval '1 day' * (2 + array_position($1::text[], name) % 4), 'tier', move[1], move[2], 'it is used more', '{}'
   from dynabase.tenants, lateral (select (array[array['COLD', 'WARM'], array['WARM', 'HOT'], array['HOT', 'WARM'],
     array['WARM', 'COLD'], array['HOT', 'PERSISTENT']])[1 + array_position($1::text[], name) % 5:1 + array_position($1::text[], name) % 5]
     as moves) as them, lateral (select array[moves[1][1], moves[1][2]] as move) as one
   where name = any ($1)`,
] as const;

export async function livePast(
  postgres: RealPostgres,
  names: readonly string[],
  database: string,
): Promise<void> {
  for (const statement of STATEMENTS) {
    await postgres.sql(statement, statement.includes('$1') ? [names] : [], database);
  }
}
