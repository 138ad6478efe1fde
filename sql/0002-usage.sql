-- What tenants used, by minute, and which batches of it have been counted.

create table dynabase.usage_minutes (
  tenant_id text collate "C" not null,
  minute timestamptz not null,
  sessions bigint not null,
  queries bigint not null,
  transactions bigint not null,
  errors jsonb not null,
  bytes_in bigint not null,
  bytes_out bigint not null,
  latency bigint[] not null,
  latency_sum_us bigint not null,
  primary key (tenant_id, minute)
);

-- A batch whose outcome its writer did not learn is offered again, and must not count twice.
create table dynabase.usage_batches (
  id text collate "C" primary key,
  added_at timestamptz not null default now()
);

create index usage_batches_by_age on dynabase.usage_batches (added_at);

-- {"42": 3} and {"42": 1, "23": 5} make {"42": 4, "23": 5}.
create function dynabase.added_counts(one jsonb, other jsonb) returns jsonb
language sql immutable strict
set search_path = pg_catalog, pg_temp
as $$
  select case when other = '{}' then one when one = '{}' then other else (
    select jsonb_object_agg(sums.key, sums.total)
    from (
      select counts.key, sum(counts.value::bigint) as total
      from (
        select key, value from jsonb_each_text(one)
        union all
        select key, value from jsonb_each_text(other)
      ) as counts
      group by counts.key
    ) as sums
  ) end
$$;

-- {1,2} and {10,20,30} make {11,22,30}.
create function dynabase.added_elements(one bigint[], other bigint[]) returns bigint[]
language sql immutable strict
set search_path = pg_catalog, pg_temp
as $$
  select array(
    select coalesce(pair.a, 0) + coalesce(pair.b, 0)
    from unnest(one, other) with ordinality as pair (a, b, place)
    order by pair.place
  )
$$;
