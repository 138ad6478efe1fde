-- What tenants use, by minute and hour, and what is kept of it at rest.
--
-- Every tenant has one open span: since when it is as it is, that is, awake or not, of this plan, tier and
-- customer, with so many bytes at each level. Whoever changes one of these, in whatever statement, turns the span:
-- a trigger counts it until now and begins the next. Who is awake has its span counted once a minute besides, with
-- what its compute was measured to use. So the seconds of a tenant add up to its life, whatever crashes, and one
-- that sleeps costs a row however long it does.
--
-- Times are cut at whole seconds, rounded down: what lies between two of them is the same however it is cut.

create table dynabase.use_spans (
  tenant_id text collate "C" primary key,
  since timestamptz not null,
  -- Its compute runs.
  is_awake boolean not null,
  -- The tenant is deleted; kept for what is still on its way, and to whom it is counted.
  is_gone boolean not null default false,
  -- Empty for a tenant of nobody, here and below.
  customer_id text collate "C" not null,
  plan text collate "C" not null,
  tier text collate "C" not null,
  l2_bytes bigint not null,
  l3_bytes bigint not null,
  l4_bytes bigint not null,
  stored_bytes bigint not null,
  -- What its compute was measured to have used last: of which run, when, and how much by then.
  run text,
  sampled_at timestamptz,
  memory_bytes bigint,
  cpu_us bigint,
  disk_bytes bigint
);

create index use_spans_awake on dynabase.use_spans (tenant_id) where is_awake;

create index use_spans_gone on dynabase.use_spans (since) where is_gone;

create index use_spans_of_customer on dynabase.use_spans (customer_id, tenant_id);

-- Spans of an hour and more in which the tenant slept; shorter ones are added to the hours.
create table dynabase.use_rests (
  tenant_id text collate "C" not null,
  since timestamptz not null,
  until timestamptz not null,
  customer_id text collate "C" not null,
  plan text collate "C" not null,
  tier text collate "C" not null,
  l2_bytes bigint not null,
  l3_bytes bigint not null,
  l4_bytes bigint not null,
  stored_bytes bigint not null,
  primary key (tenant_id, since)
);

create index use_rests_by_time on dynabase.use_rests using gist (tstzrange(since, until));

create index use_rests_ended on dynabase.use_rests (until);

-- What was used; `at` is the beginning of the minute. Of minutes only those in which the compute ran.
create table dynabase.use_minutes (
  tenant_id text collate "C" not null,
  at timestamptz not null,
  customer_id text collate "C" not null,
  plan text collate "C" not null,
  tier text collate "C" not null,
  seconds bigint not null,
  -- As `domain/use.ts` has them: bytes by second, microseconds, seconds, bytes.
  memory bigint not null,
  cpu bigint not null,
  awake bigint not null,
  l2 bigint not null,
  l3 bigint not null,
  l4 bigint not null,
  stored bigint not null,
  written bigint not null,
  egress bigint not null,
  wakes bigint not null,
  primary key (tenant_id, at, customer_id, plan, tier)
);

create table dynabase.use_hours (like dynabase.use_minutes including all);

create table dynabase.use_days (like dynabase.use_minutes including all);

create index use_minutes_by_time on dynabase.use_minutes (at);

create index use_hours_by_time on dynabase.use_hours (at, tenant_id);

create index use_days_by_time on dynabase.use_days (at, tenant_id);

create index use_hours_of_customer on dynabase.use_hours (customer_id, at);

create index use_days_of_customer on dynabase.use_days (customer_id, at);

-- What time it is for what is counted.
create function dynabase.use_clock() returns timestamptz
language sql stable
set search_path = pg_catalog, pg_temp
as $$ select now() $$;

create function dynabase.whole_seconds(at timestamptz) returns bigint
language sql immutable strict
as $$ select pg_catalog.floor(extract(epoch from at))::bigint $$;

-- Where [since, until) lies in pieces that begin at whole `width`s, and how many seconds each holds.
create function dynabase.use_pieces(since timestamptz, until timestamptz, width interval)
returns table (at timestamptz, seconds bigint)
language sql immutable strict
as $$
  select greatest(piece, since),
    dynabase.whole_seconds(least(until, piece + width)) - dynabase.whole_seconds(greatest(since, piece))
  from pg_catalog.generate_series(
    pg_catalog.date_bin(width, since, timestamptz '2000-01-01 00:00:00+00'),
    until - interval '1 microsecond', width
  ) as piece
$$;

-- Adds what was used to its minutes, hours and days. Whoever calls it has locked the spans of the tenants before,
-- many of them in the order of their ids, so that no two wait for each other.
create function dynabase.add_use(pieces dynabase.use_minutes[]) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into dynabase.use_minutes as kept
  select tenant_id, date_trunc('minute', at, 'UTC'), customer_id, plan, tier,
    sum(seconds), sum(memory), sum(cpu), sum(awake), sum(l2), sum(l3),
    sum(l4), sum(stored), sum(written), sum(egress), sum(wakes)
  from unnest(pieces)
  where awake > 0 or memory > 0 or cpu > 0 or written > 0 or egress > 0 or wakes > 0
  group by 1, 2, 3, 4, 5
  order by 1, 2, 3, 4, 5
  on conflict (tenant_id, at, customer_id, plan, tier) do update set
    seconds = kept.seconds + excluded.seconds,
    memory = kept.memory + excluded.memory,
    cpu = kept.cpu + excluded.cpu,
    awake = kept.awake + excluded.awake,
    l2 = kept.l2 + excluded.l2,
    l3 = kept.l3 + excluded.l3,
    l4 = kept.l4 + excluded.l4,
    stored = kept.stored + excluded.stored,
    written = kept.written + excluded.written,
    egress = kept.egress + excluded.egress,
    wakes = kept.wakes + excluded.wakes;
  insert into dynabase.use_hours as kept
  select tenant_id, date_trunc('hour', at, 'UTC'), customer_id, plan, tier,
    sum(seconds), sum(memory), sum(cpu), sum(awake), sum(l2), sum(l3),
    sum(l4), sum(stored), sum(written), sum(egress), sum(wakes)
  from unnest(pieces)
  group by 1, 2, 3, 4, 5
  order by 1, 2, 3, 4, 5
  on conflict (tenant_id, at, customer_id, plan, tier) do update set
    seconds = kept.seconds + excluded.seconds,
    memory = kept.memory + excluded.memory,
    cpu = kept.cpu + excluded.cpu,
    awake = kept.awake + excluded.awake,
    l2 = kept.l2 + excluded.l2,
    l3 = kept.l3 + excluded.l3,
    l4 = kept.l4 + excluded.l4,
    stored = kept.stored + excluded.stored,
    written = kept.written + excluded.written,
    egress = kept.egress + excluded.egress,
    wakes = kept.wakes + excluded.wakes;
  insert into dynabase.use_days as kept
  select tenant_id, date_trunc('day', at, 'UTC'), customer_id, plan, tier,
    sum(seconds), sum(memory), sum(cpu), sum(awake), sum(l2), sum(l3),
    sum(l4), sum(stored), sum(written), sum(egress), sum(wakes)
  from unnest(pieces)
  group by 1, 2, 3, 4, 5
  order by 1, 2, 3, 4, 5
  on conflict (tenant_id, at, customer_id, plan, tier) do update set
    seconds = kept.seconds + excluded.seconds,
    memory = kept.memory + excluded.memory,
    cpu = kept.cpu + excluded.cpu,
    awake = kept.awake + excluded.awake,
    l2 = kept.l2 + excluded.l2,
    l3 = kept.l3 + excluded.l3,
    l4 = kept.l4 + excluded.l4,
    stored = kept.stored + excluded.stored,
    written = kept.written + excluded.written,
    egress = kept.egress + excluded.egress,
    wakes = kept.wakes + excluded.wakes;
end
$$;

-- What [since, until) of a span comes to, in pieces that are within a minute if it was awake, else within an hour.
create function dynabase.span_use(span dynabase.use_spans, until timestamptz) returns setof dynabase.use_minutes
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select span.tenant_id, piece.at, span.customer_id, span.plan, span.tier, piece.seconds, 0::bigint, 0::bigint,
    case when span.is_awake then piece.seconds else 0 end, span.l2_bytes * piece.seconds,
    span.l3_bytes * piece.seconds, span.l4_bytes * piece.seconds, span.stored_bytes * piece.seconds,
    0::bigint, 0::bigint, 0::bigint
  from dynabase.use_pieces(
    span.since, until, case when span.is_awake then interval '1 minute' else interval '1 hour' end
  ) as piece
  where piece.seconds > 0
$$;

-- Counts a span that ends. That a compute ran is believed for five minutes after it was last seen to.
create function dynabase.close_span(span dynabase.use_spans, until timestamptz, wakes integer) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  pieces dynabase.use_minutes[];
begin
  if span.is_awake and until - span.since > interval '5 minutes' then span.is_awake := false; end if;
  if not span.is_awake and until - span.since >= interval '1 hour' then
    insert into dynabase.use_rests
    values (span.tenant_id, span.since, until, span.customer_id, span.plan, span.tier,
      span.l2_bytes, span.l3_bytes, span.l4_bytes, span.stored_bytes);
  else
    pieces := array(select piece from dynabase.span_use(span, until) as piece);
  end if;
  if wakes > 0 then
    pieces := pieces || row(span.tenant_id, until, span.customer_id, span.plan, span.tier,
      0, 0, 0, 0, 0, 0, 0, 0, 0, 0, wakes)::dynabase.use_minutes;
  end if;
  if cardinality(pieces) > 0 then perform dynabase.add_use(pieces); end if;
end
$$;

-- Ends the open span of a tenant that is not any more as the span has it, and begins the next.
create function dynabase.turn_span(tenant text) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  held dynabase.use_spans;
  next dynabase.use_spans;
  is_running boolean;
begin
  select * into held from dynabase.use_spans where tenant_id = tenant for update;
  select t.state in ('running', 'suspending')
      -- Of a restart nothing is told but that it wakes.
      or (t.state = 'waking' and coalesce(held.is_awake, false)),
    coalesce(t.customer_id, ''), t.plan, t.tier, coalesce(l.l2_bytes, 0),
    -- Files are measured when they come to rest; until then they are at least as large as what is in them.
    greatest(coalesce(l.l3_bytes, 0), case when t.home = 'local' then coalesce(m.logical_bytes, 0) else 0 end),
    coalesce(l.l4_bytes, 0),
    coalesce(nullif(m.logical_bytes, 0), nullif(l.l3_bytes, 0), l.l4_bytes, 0)
  into is_running, next.customer_id, next.plan, next.tier, next.l2_bytes, next.l3_bytes,
    next.l4_bytes, next.stored_bytes
  from dynabase.tenants t
  left join dynabase.tenant_levels l on l.tenant_id = t.id
  left join dynabase.tenant_meters m on m.tenant_id = t.id
  where t.id = tenant;
  if not found then
    if held.tenant_id is null or held.is_gone then return; end if;
    perform dynabase.close_span(held, greatest(held.since, dynabase.use_clock()), 0);
    update dynabase.use_spans
    set since = greatest(held.since, dynabase.use_clock()), is_awake = false, is_gone = true
    where tenant_id = tenant;
    return;
  end if;
  if held.tenant_id is not null then
    if (held.is_awake, held.customer_id, held.plan, held.tier, held.l2_bytes, held.l3_bytes,
        held.l4_bytes, held.stored_bytes)
      is not distinct from (is_running, next.customer_id, next.plan, next.tier, next.l2_bytes,
        next.l3_bytes, next.l4_bytes, next.stored_bytes) then return;
    end if;
    perform dynabase.close_span(held, greatest(held.since, dynabase.use_clock()),
      (is_running and not held.is_awake)::integer);
  end if;
  insert into dynabase.use_spans as span (tenant_id, since, is_awake, customer_id, plan, tier,
    l2_bytes, l3_bytes, l4_bytes, stored_bytes)
  values (tenant, greatest(held.since, dynabase.use_clock()), is_running, next.customer_id,
    next.plan, next.tier, next.l2_bytes, next.l3_bytes, next.l4_bytes, next.stored_bytes)
  on conflict (tenant_id) do update set since = excluded.since, is_awake = excluded.is_awake,
    customer_id = excluded.customer_id, plan = excluded.plan, tier = excluded.tier,
    l2_bytes = excluded.l2_bytes, l3_bytes = excluded.l3_bytes, l4_bytes = excluded.l4_bytes,
    stored_bytes = excluded.stored_bytes;
end
$$;

create function dynabase.tenant_turned() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  perform dynabase.turn_span(case when tg_op = 'DELETE' then old.id else new.id end);
  return null;
end
$$;

-- The move to `waking` is the one that somebody waits for; it changes nothing here.
create trigger tenants_use_began after insert or delete on dynabase.tenants
for each row execute function dynabase.tenant_turned();

create trigger tenants_use_turned after update of state, plan, tier, customer_id on dynabase.tenants
for each row when (
  old.plan is distinct from new.plan or old.tier is distinct from new.tier
  or old.customer_id is distinct from new.customer_id
  or (old.state is distinct from new.state and new.state <> 'waking')
) execute function dynabase.tenant_turned();

create function dynabase.levels_turned() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  perform dynabase.turn_span(new.tenant_id);
  return null;
end
$$;

create trigger tenant_levels_use_began after insert on dynabase.tenant_levels
for each row execute function dynabase.levels_turned();

create trigger tenant_levels_use_turned after update on dynabase.tenant_levels
for each row when (
  old.l2_bytes is distinct from new.l2_bytes or old.l3_bytes <> new.l3_bytes or old.l4_bytes <> new.l4_bytes
) execute function dynabase.levels_turned();

create trigger tenant_meters_use_began after insert on dynabase.tenant_meters
for each row execute function dynabase.levels_turned();

create trigger tenant_meters_use_turned after update on dynabase.tenant_meters
for each row when (old.logical_bytes <> new.logical_bytes)
execute function dynabase.levels_turned();

-- From now on what there is counts.
insert into dynabase.use_spans (tenant_id, since, is_awake, customer_id, plan, tier,
  l2_bytes, l3_bytes, l4_bytes, stored_bytes)
select t.id, now(), t.state in ('running', 'suspending'), coalesce(t.customer_id, ''), t.plan, t.tier,
  coalesce(l.l2_bytes, 0), coalesce(l.l3_bytes, 0), coalesce(l.l4_bytes, 0),
  coalesce(nullif(m.logical_bytes, 0), nullif(l.l3_bytes, 0), l.l4_bytes, 0)
from dynabase.tenants t
left join dynabase.tenant_levels l on l.tenant_id = t.id
left join dynabase.tenant_meters m on m.tenant_id = t.id;

-- Counts who is awake until `until`, with what their computes were measured to use since they were last, unless this
-- batch has been counted before.
--   seen: {tenant, run, at, memory, cpu, disk} of computes that run: how they stand
--   used: {tenant, at, memory, cpu, written}: what they used, each within a minute
-- Returns whether the batch was new.
create function dynabase.count_use(batch text, until timestamptz, seen jsonb, used jsonb) returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  ids text[];
  pieces dynabase.use_minutes[];
begin
  insert into dynabase.usage_batches (id) values (batch) on conflict (id) do nothing;
  if not found then return false; end if;
  ids := array(
    select span.tenant_id from dynabase.use_spans span
    where span.tenant_id in (
      select entry ->> 'tenant' from jsonb_array_elements(seen || used) as entry
    )
    order by span.tenant_id for update
  );
  pieces := array(
    select piece
    from dynabase.use_spans span
    join jsonb_to_recordset(seen) as look (tenant text) on look.tenant = span.tenant_id
    cross join lateral dynabase.span_use(span, until) as piece
    where span.tenant_id = any (ids) and span.is_awake and span.since < until
  ) || array(
    select row(span.tenant_id, piece.at, span.customer_id, span.plan, span.tier,
      0, piece.memory, piece.cpu, 0, 0, 0, 0, 0, piece.written, 0, 0)::dynabase.use_minutes
    from jsonb_to_recordset(used)
      as piece (tenant text, at timestamptz, memory bigint, cpu bigint, written bigint)
    join dynabase.use_spans span on span.tenant_id = piece.tenant
  );
  perform dynabase.add_use(pieces);
  update dynabase.use_spans span set
    since = case when span.is_awake then greatest(span.since, until) else span.since end,
    run = look.run, sampled_at = look.at, memory_bytes = look.memory, cpu_us = look.cpu, disk_bytes = look.disk
  from jsonb_to_recordset(seen)
    as look (tenant text, run text, at timestamptz, memory bigint, cpu bigint, disk bigint)
  where span.tenant_id = look.tenant;
  return true;
end
$$;

-- What was asked by hour, as `usage_minutes` has it by minute; by day once the hours are forgotten.
create table dynabase.traffic_hours (
  tenant_id text collate "C" not null,
  at timestamptz not null,
  customer_id text collate "C" not null,
  sessions bigint not null,
  queries bigint not null,
  by_robots bigint not null,
  transactions bigint not null,
  bytes_in bigint not null,
  bytes_out bigint not null,
  latency_sum_us bigint not null,
  errors jsonb not null,
  latency bigint[] not null,
  -- By the places of QUERY_CLASSES in domain/usage.ts.
  classes bigint[] not null,
  primary key (tenant_id, at, customer_id)
);

create table dynabase.traffic_days (like dynabase.traffic_hours including all);

create index traffic_hours_by_time on dynabase.traffic_hours (at);

create index traffic_days_by_time on dynabase.traffic_days (at);

create index traffic_hours_of_customer on dynabase.traffic_hours (customer_id, at);

create index traffic_days_of_customer on dynabase.traffic_days (customer_id, at);

create index usage_minutes_by_time on dynabase.usage_minutes (minute);

-- As before, in a tenth of the time.
create or replace function dynabase.added_elements(one bigint[], other bigint[]) returns bigint[]
language plpgsql immutable strict
set search_path = pg_catalog, pg_temp
as $$
declare
  sums bigint[] := case when cardinality(one) >= cardinality(other) then one else other end;
  less bigint[] := case when cardinality(one) >= cardinality(other) then other else one end;
begin
  for place in 1 .. cardinality(less) loop
    if less[place] <> 0 then sums[place] := sums[place] + less[place]; end if;
  end loop;
  return sums;
end
$$;

create aggregate dynabase.sum_elements(bigint[]) (
  sfunc = dynabase.added_elements, stype = bigint[], initcond = '{}'
);

create aggregate dynabase.sum_counts(jsonb) (
  sfunc = dynabase.added_counts, stype = jsonb, initcond = '{}'
);

alter table dynabase.usage_minutes add column classes bigint[] not null default '{}';

-- The buckets of latency have become finer; each old bound is one of the new ones.
update dynabase.usage_minutes set latency = array(
  select coalesce(usage_minutes.latency[coarse.place], 0)
  from generate_series(1, 37) as fine (place)
  left join unnest(array[1, 4, 6, 8, 11, 13, 15, 18, 20, 22, 25, 27, 29, 32, 34, 36, 37])
    with ordinality as coarse (fine, place) on coarse.fine = fine.place
  order by fine.place
) where cardinality(latency) = 17;

insert into dynabase.traffic_hours
select m.tenant_id, date_trunc('hour', m.minute, 'UTC'), coalesce(t.customer_id, ''), sum(m.sessions),
  sum(m.queries), sum(m.by_robots), sum(m.transactions), sum(m.bytes_in), sum(m.bytes_out),
  sum(m.latency_sum_us), dynabase.sum_counts(m.errors), dynabase.sum_elements(m.latency), '{}'
from dynabase.usage_minutes m
join dynabase.tenants t on t.id = m.tenant_id
group by 1, 2, 3;

-- Adds what was asked, one record a tenant and hour, to the hours, and what went to clients to what was used, which is
-- given by the minute with nothing but tenant, time and `egress`.
create function dynabase.count_traffic(records dynabase.traffic_hours[], sent dynabase.use_minutes[])
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  perform from dynabase.use_spans span
  where span.tenant_id = any (array(select distinct tenant_id from unnest(records)))
  order by span.tenant_id for update;
  insert into dynabase.traffic_hours as kept
  select piece.tenant_id, piece.at, span.customer_id, piece.sessions, piece.queries, piece.by_robots,
    piece.transactions, piece.bytes_in, piece.bytes_out, piece.latency_sum_us, piece.errors, piece.latency,
    piece.classes
  from unnest(records) as piece
  join dynabase.use_spans span on span.tenant_id = piece.tenant_id
  order by piece.tenant_id, piece.at
  on conflict (tenant_id, at, customer_id) do update set
    sessions = kept.sessions + excluded.sessions,
    queries = kept.queries + excluded.queries,
    by_robots = kept.by_robots + excluded.by_robots,
    transactions = kept.transactions + excluded.transactions,
    bytes_in = kept.bytes_in + excluded.bytes_in,
    bytes_out = kept.bytes_out + excluded.bytes_out,
    latency_sum_us = kept.latency_sum_us + excluded.latency_sum_us,
    errors = dynabase.added_counts(kept.errors, excluded.errors),
    latency = dynabase.added_elements(kept.latency, excluded.latency),
    classes = dynabase.added_elements(kept.classes, excluded.classes);
  perform dynabase.add_use(array(
    select row(span.tenant_id, piece.at, span.customer_id, span.plan, span.tier,
      0, 0, 0, 0, 0, 0, 0, 0, 0, piece.egress, 0)::dynabase.use_minutes
    from unnest(sent) as piece
    join dynabase.use_spans span on span.tenant_id = piece.tenant_id
    where piece.egress > 0
  ));
end
$$;

-- Forgets at most `at_once` rows of each kind that are older than this; of rests as old as hours are the days kept.
-- Returns whether there may be more.
create function dynabase.forget_use(
  minutes_before timestamptz, hours_before timestamptz, gone_before timestamptz, at_once integer
) returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  forgotten bigint;
  most bigint;
  rests dynabase.use_rests[];
begin
  delete from dynabase.use_minutes where ctid = any (array(
    select ctid from dynabase.use_minutes where at < minutes_before limit at_once for update skip locked));
  get diagnostics most = row_count;
  delete from dynabase.use_hours where ctid = any (array(
    select ctid from dynabase.use_hours where at < hours_before limit at_once for update skip locked));
  get diagnostics forgotten = row_count;
  most := greatest(most, forgotten);
  with forgotten as (
    delete from dynabase.traffic_hours where ctid = any (array(
      select ctid from dynabase.traffic_hours where at < hours_before order by at limit at_once
      for update skip locked))
    returning *
  ), counted as (select count(*) as hours from forgotten), kept_by_day as (
    insert into dynabase.traffic_days as kept
    select tenant_id, date_trunc('day', at, 'UTC'), customer_id, sum(sessions), sum(queries),
      sum(by_robots), sum(transactions), sum(bytes_in), sum(bytes_out), sum(latency_sum_us),
      dynabase.sum_counts(errors), dynabase.sum_elements(latency), dynabase.sum_elements(classes)
    from forgotten
    group by 1, 2, 3 order by 1, 2, 3
    on conflict (tenant_id, at, customer_id) do update set
      sessions = kept.sessions + excluded.sessions,
      queries = kept.queries + excluded.queries,
      by_robots = kept.by_robots + excluded.by_robots,
      transactions = kept.transactions + excluded.transactions,
      bytes_in = kept.bytes_in + excluded.bytes_in,
      bytes_out = kept.bytes_out + excluded.bytes_out,
      latency_sum_us = kept.latency_sum_us + excluded.latency_sum_us,
      errors = dynabase.added_counts(kept.errors, excluded.errors),
      latency = dynabase.added_elements(kept.latency, excluded.latency),
      classes = dynabase.added_elements(kept.classes, excluded.classes)
  )
  select hours into forgotten from counted;
  most := greatest(most, forgotten);
  delete from dynabase.usage_minutes where ctid = any (array(
    select ctid from dynabase.usage_minutes where minute < minutes_before limit at_once for update skip locked));
  get diagnostics forgotten = row_count;
  most := greatest(most, forgotten);
  delete from dynabase.use_spans where ctid = any (array(
    select ctid from dynabase.use_spans where is_gone and since < gone_before limit at_once for update skip locked));
  rests := array(
    select rest from dynabase.use_rests as rest where until < hours_before
    order by tenant_id, since limit at_once / 10 for update skip locked);
  if cardinality(rests) = 0 then return most >= at_once; end if;
  delete from dynabase.use_rests as kept using unnest(rests) as rest
  where kept.tenant_id = rest.tenant_id and kept.since = rest.since;
  insert into dynabase.use_days as kept
  select tenant_id, date_trunc('day', piece.at, 'UTC'), customer_id, plan, tier, sum(piece.seconds), 0, 0, 0,
    sum(l2_bytes * piece.seconds), sum(l3_bytes * piece.seconds), sum(l4_bytes * piece.seconds),
    sum(stored_bytes * piece.seconds), 0, 0, 0
  from unnest(rests) as rest
  cross join lateral dynabase.use_pieces(since, until, interval '1 day') as piece
  group by 1, 2, 3, 4, 5 order by 1, 2, 3, 4, 5
  on conflict (tenant_id, at, customer_id, plan, tier) do update set
    seconds = kept.seconds + excluded.seconds, l2 = kept.l2 + excluded.l2, l3 = kept.l3 + excluded.l3,
    l4 = kept.l4 + excluded.l4, stored = kept.stored + excluded.stored;
  return most >= at_once or cardinality(rests) >= at_once / 10;
end
$$;
