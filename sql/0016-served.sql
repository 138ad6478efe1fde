-- What tenants were served with: from which level, and for whom they were woken, by the hour; by the day once the hours
-- are forgotten. Nothing in it is money.
create table dynabase.served_hours (
  tenant_id text collate "C" not null,
  -- The beginning of the hour.
  at timestamptz not null,
  -- Empty for a tenant of nobody.
  customer_id text collate "C" not null,
  -- L1 to L4, or `husk` for a first wake, whose files were empty.
  level text collate "C" not null,
  -- `page` for pages that were read, else who or what it was woken by.
  what text collate "C" not null,
  times bigint not null,
  primary key (tenant_id, at, customer_id, level, what)
);

create table dynabase.served_days (like dynabase.served_hours including all);

create index served_hours_by_time on dynabase.served_hours (at);

create index served_days_by_time on dynabase.served_days (at);

create index served_hours_of_customer on dynabase.served_hours (customer_id, at);

create index served_days_of_customer on dynabase.served_days (customer_id, at);

-- How many pages each run of a compute is counted with.
create table dynabase.page_points (
  tenant_id text collate "C" not null references dynabase.tenants on delete cascade,
  run text not null,
  seen_at timestamptz not null,
  l1 bigint not null default 0,
  l2 bigint not null default 0,
  l3 bigint not null default 0,
  primary key (tenant_id, run)
);

-- Tenants that have got their first files, and whose wake is not written yet.
create table dynabase.fresh_tenants (
  tenant_id text collate "C" primary key references dynabase.tenants on delete cascade
);

create function dynabase.tenant_fresh() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into dynabase.fresh_tenants values (new.id) on conflict do nothing;
  return null;
end
$$;

create trigger tenants_fresh after update of home on dynabase.tenants
for each row when (old.home = 'none' and new.home = 'local')
execute function dynabase.tenant_fresh();

create function dynabase.wake_cause(cause jsonb) returns text
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select case
    when cause ->> 'kind' not in ('session', 'expected') then cause ->> 'kind'
    when cause #>> '{who,visitor}' = 'person' then 'person'
    else 'robot'
  end
$$;

create function dynabase.add_served(
  tenant text, at timestamptz, customer text, level text, what text, times bigint
) returns void
language sql
set search_path = pg_catalog, pg_temp
as $$
  insert into dynabase.served_hours as kept
  values (tenant, date_trunc('hour', at, 'UTC'), customer, level, what, times)
  on conflict (tenant_id, at, customer_id, level, what) do update set times = kept.times + excluded.times
$$;

-- A wake is counted with its interval, once however often that is written. Who it was for may be told later.
create function dynabase.wake_entered() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  served text := coalesce(new.from_level, 'L1');
  customer text := coalesce(new.customer_id, '');
  before text := case when tg_op = 'UPDATE' then dynabase.wake_cause(old.cause) end;
  becomes text := dynabase.wake_cause(new.cause);
begin
  if before = becomes then return null; end if;
  if before is null then
    delete from dynabase.fresh_tenants where tenant_id = new.tenant_id;
    if found and becomes <> 'found' then served := 'husk'; end if;
  else
    if exists (
      select from dynabase.served_hours kept
      where kept.tenant_id = new.tenant_id and kept.at = date_trunc('hour', new.woke_at, 'UTC')
        and kept.customer_id = customer and kept.level = 'husk' and kept.what = before and kept.times > 0
    ) then served := 'husk'; end if;
    perform dynabase.add_served(new.tenant_id, new.woke_at, customer, served, before, -1);
  end if;
  perform dynabase.add_served(new.tenant_id, new.woke_at, customer, served, becomes, 1);
  return null;
end
$$;

create trigger awake_intervals_served after insert on dynabase.awake_intervals
for each row execute function dynabase.wake_entered();

create trigger awake_intervals_served_for_another after update of cause on dynabase.awake_intervals
for each row when (old.cause is distinct from new.cause)
execute function dynabase.wake_entered();

-- Counts pages that computes have read, each told since its run began, so that what is offered again adds nothing; and
-- notes what awake tenants have in the page cache.
--   readings: {tenant, run, at, l1, l2, l3, cached}, each run once; `cached` may be null
create function dynabase.count_pages(readings jsonb) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into dynabase.page_points (tenant_id, run, seen_at)
  select look.tenant, look.run, look.at
  from jsonb_to_recordset(readings) as look (tenant text, run text, at timestamptz)
  join dynabase.tenants t on t.id = look.tenant
  order by 1, 2
  on conflict (tenant_id, run) do nothing;
  perform from dynabase.page_points point
  join jsonb_to_recordset(readings) as look (tenant text, run text)
    on (point.tenant_id, point.run) = (look.tenant, look.run)
  order by point.tenant_id, point.run for update of point;
  insert into dynabase.served_hours as kept
  select span.tenant_id, date_trunc('hour', look.at, 'UTC'), span.customer_id, read.level, 'page', sum(read.times)
  from jsonb_to_recordset(readings)
    as look (tenant text, run text, at timestamptz, l1 bigint, l2 bigint, l3 bigint)
  join dynabase.page_points point on (point.tenant_id, point.run) = (look.tenant, look.run)
  join dynabase.use_spans span on span.tenant_id = look.tenant
  cross join lateral (
    values ('L1', look.l1 - point.l1), ('L2', look.l2 - point.l2), ('L3', look.l3 - point.l3)
  ) as read (level, times)
  where read.times > 0
  group by 1, 2, 3, 4 order by 1, 2, 3, 4
  on conflict (tenant_id, at, customer_id, level, what) do update set times = kept.times + excluded.times;
  update dynabase.page_points point set
    seen_at = greatest(point.seen_at, look.at),
    l1 = greatest(point.l1, look.l1), l2 = greatest(point.l2, look.l2), l3 = greatest(point.l3, look.l3)
  from jsonb_to_recordset(readings)
    as look (tenant text, run text, at timestamptz, l1 bigint, l2 bigint, l3 bigint)
  where (point.tenant_id, point.run) = (look.tenant, look.run);
  -- Nothing more comes of runs that were followed by others long ago.
  delete from dynabase.page_points point
  using jsonb_to_recordset(readings) as look (tenant text, run text, at timestamptz)
  where point.tenant_id = look.tenant and point.run <> look.run
    and point.seen_at < look.at - interval '1 hour';
  insert into dynabase.tenant_levels as kept (tenant_id, l2_bytes)
  select distinct on (look.tenant) look.tenant, look.cached
  from jsonb_to_recordset(readings) as look (tenant text, at timestamptz, cached bigint)
  join dynabase.tenants t on t.id = look.tenant and t.state in ('running', 'suspending')
  where look.cached is not null
  order by look.tenant, look.at desc
  on conflict (tenant_id) do update set l2_bytes = excluded.l2_bytes
  where kept.l2_bytes is distinct from excluded.l2_bytes;
end
$$;

-- Makes days of at most `at_once` rows that are older. Returns whether there may be more.
create function dynabase.forget_served(hours_before timestamptz, at_once integer) returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  forgotten bigint;
begin
  with forgotten as (
    delete from dynabase.served_hours where ctid = any (array(
      select ctid from dynabase.served_hours where at < hours_before order by at limit at_once
      for update skip locked))
    returning *
  ), kept_by_day as (
    insert into dynabase.served_days as kept
    select tenant_id, date_trunc('day', at, 'UTC'), customer_id, level, what, sum(times)
    from forgotten
    group by 1, 2, 3, 4, 5 order by 1, 2, 3, 4, 5
    on conflict (tenant_id, at, customer_id, level, what) do update set times = kept.times + excluded.times
  )
  select count(*) into forgotten from forgotten;
  return forgotten >= at_once;
end
$$;
