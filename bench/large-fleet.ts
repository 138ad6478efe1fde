/**
 * A fleet as large as one likes, written into the catalog: tenants at rest with names, customers, plans and tiers, what they
 * used and were asked over a month, and what that has cost. None of them has ever had a compute.
 */
import { LATENCY_BOUNDS_US } from '../src/domain/usage.ts';
import type { RealPostgres } from '../src/testing/real-postgres.ts';

const DAYS = 30;

/** Of so many one is in the archive, has failed, or belongs to nobody. */
const FILL = [
  `insert into dynabase.customers (id, name, plan)
   select 'cu_' || lpad(i::text, 12, '0'), (array['Northwind', 'Blue Yonder', 'Tiny', 'Fabrikam',
     'Contoso', 'Ærø Havn', 'דוגמה', 'Zürich'])[1 + i % 8] || ' ' || i,
     (array['free', 'starter', 'professional', 'enterprise'])[1 + i % 4]
   from generate_series(1, greatest(1, $1::integer / 20)) as i`,
  `insert into dynabase.tenants (id, vault, name, plan, tier, home, snapshot, state, customer_id,
     created_at, state_since, tier_since)
   select id, id, (array['shop', 'crm', 'books', 'legal', 'clinic', 'maps', 'mail', 'labs'])[1 + i % 8]
       || '-' || lpad(to_hex((i::bigint * 2654435761) % 4294967296), 8, '0'),
     (array['free', 'starter', 'professional', 'enterprise'])[1 + i % 4],
     (array['COLD', 'COLD', 'COLD', 'WARM', 'HOT', 'COLD', 'COLD', 'WARM', 'COLD', 'PERSISTENT'])[1 + i % 10],
     case i % 10 when 0 then 'archive' else 'none' end,
     case i % 10 when 0 then 'sn_000000000001' end, 'suspended',
     case when i % 5 > 0 then 'cu_' || lpad((1 + i % greatest(1, $1 / 20))::text, 12, '0') end,
     now() - i * interval '25 s', now() - (i * 7919 % 100000) * interval '20 s', now() - i * interval '9 s'
   from generate_series(1, $1::integer) as i, lateral (select 'tn_' || lpad(i::text, 12, '0') as id) as ids`,
  `insert into dynabase.tenant_levels (tenant_id, l3_bytes, l4_bytes)
   select id, 8000000, 60000 from dynabase.tenants where home = 'archive'`,
  `update dynabase.use_spans span set since = tenants.created_at
   from dynabase.tenants where tenants.id = span.tenant_id`,
  `insert into dynabase.traffic_hours
   select tenants.id, date_trunc('hour', now()) - hour * interval '1 hour', coalesce(customer_id, ''),
     1, 5 + (hour * 13 % 24) * 3, 0, 4, 900, 40000, 90000, '{}', array_fill(1::bigint, array[$1::integer]), array[3, 1, 1]::bigint[]
   from (select * from dynabase.tenants order by id limit $2 / 20) as tenants, generate_series(0, 167) as hour
   where (hour * 7 + length(tenants.name)) % 5 < 2`,
  `insert into dynabase.settled_days select day::date, 'machine', 1, 'USD', $1,
     array_fill(4000000000::numeric, array[24]), array_fill(0::numeric, array[10]),
     20000000000, 40000000000, 0, 0, 0, 96000000000, 900000000000
   from generate_series(current_date - ${DAYS}, current_date - 2, interval '1 day') as day`,
  `insert into dynabase.cost_days
   select day, tenants.id, coalesce(customer_id, ''), plan, tier, 86400, array_fill(1000::numeric, array[10]),
     3600000 + hashtext(tenants.id) % 3000000, 2000000, 90000000
   from dynabase.settled_days, (select * from dynabase.tenants order by id limit $1 / 10) as tenants`,
  `select dynabase.sum_cost_day(day) from dynabase.settled_days`,
  `insert into dynabase.decisions (tenant_id, at, kind, was, becomes, because, inputs)
   select id, now() - (hashtext(id) & 1048575) * interval '500 ms', 'tier', 'COLD', tier, 'it is used more', '{}'
   from dynabase.tenants where tier <> 'COLD' limit $1 / 20`,
  `insert into dynabase.audit (at, request_id, operation, caller_kind, caller_id, caller_name, by_operator,
     address, tenant_id, target, outcome)
   select now() - i * interval '40 s', 'rq_' || i, 'changeTenant', 'key', 'key_1', 'deploy', true,
     '10.0.0.1', 'tn_' || lpad(i::text, 12, '0'), 'shop', 'done' from generate_series(1, $1::integer) as i`,
  `insert into dynabase.operations (id, kind, status, tenant_id, tenant_name, caller, begun_at, ended_at)
   select 'op_' || lpad(i::text, 12, '0'), 'wake', 'done', 'tn_' || lpad(i::text, 12, '0'), 'shop', 'a client',
     now() - i * interval '30 s', now() - i * interval '30 s' + interval '30 ms' from generate_series(1, $1::integer) as i`,
] as const;

const BUCKETS = LATENCY_BOUNDS_US.length + 1;

export async function fillFleet(postgres: RealPostgres, tenants: number): Promise<void> {
  for (const statement of FILL) {
    const values = [tenants].slice(0, statement.includes('$1') ? 1 : 0);
    if (statement.includes('$2')) values.unshift(BUCKETS);
    await postgres.sql(statement, values);
  }
  await postgres.sql('vacuum analyze');
}
