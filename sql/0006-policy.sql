-- What the policy decides about tenants, and what it has learned.
alter table dynabase.tenants
  add column tier_since timestamptz not null default now(),
  add column override_tier text check (override_tier in ('COLD', 'WARM', 'HOT', 'PERSISTENT')),
  add column override_until timestamptz,
  add column override_by text check (override_by in ('operator', 'customer'));

update dynabase.tenants set tier_since = created_at;

-- Learned of a tenant, at most 2 kB; `ask_at` is when the policy wants to be asked about it while it sleeps.
create table dynabase.tenant_habits (
  tenant_id text collate "C" primary key references dynabase.tenants on delete cascade,
  learned bytea not null,
  ask_at timestamptz,
  learned_at timestamptz not null default now()
);

create index tenant_habits_due on dynabase.tenant_habits (ask_at) where ask_at is not null;

-- Learned of all tenants together, and what a person has set for all of them.
create table dynabase.fleet (
  key text primary key,
  value bytea not null,
  changed_at timestamptz not null default now()
);

create table dynabase.decisions (
  id bigint generated always as identity primary key,
  tenant_id text collate "C" not null references dynabase.tenants on delete cascade,
  at timestamptz not null,
  kind text not null,
  was text,
  becomes text,
  because text not null,
  inputs jsonb not null
);

create index decisions_of_tenant on dynabase.decisions (tenant_id, at, id);

create index decisions_by_age on dynabase.decisions (at);

-- The sums of the homes, and of the tiers in the same shards; what is none of the three is PERSISTENT.
alter table dynabase.tenant_counts
  add column cold bigint not null default 0,
  add column warm bigint not null default 0,
  add column hot bigint not null default 0;

update dynabase.tenant_counts as counts set cold = sums.cold, warm = sums.warm, hot = sums.hot
from (
  select (hashtext(id) & 15)::smallint as shard,
    count(*) filter (where tier = 'COLD') as cold,
    count(*) filter (where tier = 'WARM') as warm,
    count(*) filter (where tier = 'HOT') as hot
  from dynabase.tenants group by 1
) as sums
where counts.shard = sums.shard;

create or replace function dynabase.count_tenant() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  was dynabase.tenants := case when tg_op <> 'INSERT' then old end;
  becomes dynabase.tenants := case when tg_op <> 'DELETE' then new end;
begin
  update dynabase.tenant_counts set
    tenants = tenants + (becomes.id is not null)::integer - (was.id is not null)::integer,
    homeless = homeless + (becomes.home is not distinct from 'none')::integer
      - (was.home is not distinct from 'none')::integer,
    archived = archived + (becomes.home is not distinct from 'archive')::integer
      - (was.home is not distinct from 'archive')::integer,
    cold = cold + (becomes.tier is not distinct from 'COLD')::integer
      - (was.tier is not distinct from 'COLD')::integer,
    warm = warm + (becomes.tier is not distinct from 'WARM')::integer
      - (was.tier is not distinct from 'WARM')::integer,
    hot = hot + (becomes.tier is not distinct from 'HOT')::integer
      - (was.tier is not distinct from 'HOT')::integer
  where shard = (hashtext(coalesce(becomes.id, was.id)) & 15)::smallint;
  return null;
end
$$;

drop trigger tenants_rehomed on dynabase.tenants;

create trigger tenants_recounted after update of home, tier on dynabase.tenants
for each row when (old.home is distinct from new.home or old.tier is distinct from new.tier)
execute function dynabase.count_tenant();

-- Who is due for the archive is asked tier by tier: some keep their files at hand.
drop index dynabase.tenants_rested;

create index tenants_rested on dynabase.tenants (tier, state_since)
where state = 'suspended' and home = 'local';
