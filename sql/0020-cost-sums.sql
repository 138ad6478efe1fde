-- Sums of settled days, kept as they are settled: who asks for a month of a large fleet reads a row for each of its tenants,
-- and not one for each and day.

create table dynabase.cost_months (
  -- Its first day.
  month date not null,
  tenant_id text collate "C" not null,
  -- '' for nobody.
  customer_id text collate "C" not null,
  plan text collate "C" not null,
  tier text collate "C" not null,
  seconds bigint not null,
  use numeric[] not null,
  attributed numeric not null,
  shared numeric not null,
  always_on numeric not null,
  primary key (month, tenant_id, customer_id, plan, tier)
);

create table dynabase.cost_day_sums (
  day date not null references dynabase.settled_days,
  plan text collate "C" not null,
  tier text collate "C" not null,
  seconds bigint not null,
  attributed numeric not null,
  shared numeric not null,
  always_on numeric not null,
  primary key (day, plan, tier)
);

create trigger cost_day_sums_stay before update or delete on dynabase.cost_day_sums
  for each row execute function dynabase.refuse_change_of_settled();

-- Two uses together, of which one may know fewer meters.
create function dynabase.added_use(one numeric[], other numeric[]) returns numeric[]
language sql immutable strict
set search_path = pg_catalog, pg_temp
as $$
  select array(
    select coalesce(a, 0) + coalesce(b, 0) from unnest(one, other) with ordinality as both_of (a, b, place) order by place
  )
$$;

create aggregate dynabase.sum_use(numeric[]) (sfunc = dynabase.added_use, stype = numeric[], initcond = '{}');

-- Adds to the sums what a day that was just written has cost.
create function dynabase.sum_cost_day(settled date) returns void
language sql
set search_path = pg_catalog, pg_temp
as $$
  insert into dynabase.cost_months as kept
  select date_trunc('month', day)::date, tenant_id, customer_id, plan, tier, seconds, use, attributed, shared, always_on
  from dynabase.cost_days where day = settled
  on conflict (month, tenant_id, customer_id, plan, tier) do update set
    seconds = kept.seconds + excluded.seconds,
    use = dynabase.added_use(kept.use, excluded.use),
    attributed = kept.attributed + excluded.attributed,
    shared = kept.shared + excluded.shared,
    always_on = kept.always_on + excluded.always_on;
  insert into dynabase.cost_day_sums
  select day, plan, tier, sum(seconds), sum(attributed), sum(shared), sum(always_on)
  from dynabase.cost_days where day = settled group by 1, 2, 3
$$;

insert into dynabase.cost_months
select date_trunc('month', day)::date, tenant_id, customer_id, plan, tier, sum(seconds), dynabase.sum_use(use),
  sum(attributed), sum(shared), sum(always_on)
from dynabase.cost_days group by 1, 2, 3, 4, 5;

insert into dynabase.cost_day_sums
select day, plan, tier, sum(seconds), sum(attributed), sum(shared), sum(always_on)
from dynabase.cost_days group by 1, 2, 3;
