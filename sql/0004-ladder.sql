-- breaking
-- Where each tenant's data is, what of it is at which level, and what was done on the ladder.
-- Older programs would take a tenant in the archive for one whose files are here.

alter table dynabase.tenants
  drop constraint tenants_state_check,
  add constraint tenants_state_check check (
    state in (
      'creating', 'suspended', 'waking', 'running', 'suspending', 'failed', 'archiving', 'deleting'
    )
  ),
  add column home text not null default 'local'
    constraint tenants_home_check check (home in ('none', 'local', 'archive')),
  add column snapshot text collate "C",
  add column vault text collate "C",
  add column dirty_since timestamptz,
  add constraint tenants_home_whole check ((snapshot is not null) = (home = 'archive'));

-- Nothing of them is in an archive yet.
update dynabase.tenants set vault = id, dirty_since = now();

alter table dynabase.tenants
  alter column home drop default,
  alter column vault set not null;

-- What is due: as large as what may still go to the archive, and as what no snapshot has.
create index tenants_rested on dynabase.tenants (state_since)
where state = 'suspended' and home = 'local';

create index tenants_dirty on dynabase.tenants (dirty_since) where dirty_since is not null;

-- The same sums as before, by home; what is neither is local.
alter table dynabase.tenant_counts
  add column homeless bigint not null default 0,
  add column archived bigint not null default 0;

create or replace function dynabase.count_tenant() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  was text := case when tg_op <> 'INSERT' then old.home end;
  becomes text := case when tg_op <> 'DELETE' then new.home end;
begin
  update dynabase.tenant_counts set
    tenants = tenants + (becomes is not null)::integer - (was is not null)::integer,
    homeless = homeless + (becomes is not distinct from 'none')::integer
      - (was is not distinct from 'none')::integer,
    archived = archived + (becomes is not distinct from 'archive')::integer
      - (was is not distinct from 'archive')::integer
  where shard = (hashtext(case when tg_op = 'DELETE' then old.id else new.id end) & 15)::smallint;
  return null;
end
$$;

create trigger tenants_rehomed after update of home on dynabase.tenants
for each row when (old.home is distinct from new.home)
execute function dynabase.count_tenant();

-- Bytes as last measured, reads and wakes since the tenant was made.
create table dynabase.tenant_levels (
  tenant_id text collate "C" primary key references dynabase.tenants on delete cascade,
  l2_bytes bigint,
  l3_bytes bigint not null default 0,
  l4_bytes bigint not null default 0,
  l1_hits bigint not null default 0,
  l2_hits bigint not null default 0,
  l3_hits bigint not null default 0,
  l2_wakes bigint not null default 0,
  l3_wakes bigint not null default 0,
  l4_wakes bigint not null default 0
);

-- Their sum, in shards. Reads and wakes of a tenant that is gone stay in it: they are counters, and
-- what watches them takes one that falls for one that began anew.
create table dynabase.fleet_levels (
  shard smallint primary key,
  l2_tenants bigint not null default 0,
  l2_bytes bigint not null default 0,
  l3_bytes bigint not null default 0,
  l4_bytes bigint not null default 0,
  l1_hits bigint not null default 0,
  l2_hits bigint not null default 0,
  l3_hits bigint not null default 0,
  l2_wakes bigint not null default 0,
  l3_wakes bigint not null default 0,
  l4_wakes bigint not null default 0
);

insert into dynabase.fleet_levels (shard) select shard from generate_series(0, 15) as shard;

create function dynabase.sum_levels() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  was dynabase.tenant_levels := case when tg_op <> 'INSERT' then old end;
  becomes dynabase.tenant_levels := case when tg_op <> 'DELETE' then new end;
begin
  update dynabase.fleet_levels set
    l2_tenants = l2_tenants + (becomes.l2_bytes is not null)::integer
      - (was.l2_bytes is not null)::integer,
    l2_bytes = l2_bytes + coalesce(becomes.l2_bytes, 0) - coalesce(was.l2_bytes, 0),
    l3_bytes = l3_bytes + coalesce(becomes.l3_bytes, 0) - coalesce(was.l3_bytes, 0),
    l4_bytes = l4_bytes + coalesce(becomes.l4_bytes, 0) - coalesce(was.l4_bytes, 0),
    l1_hits = l1_hits + coalesce(becomes.l1_hits - coalesce(was.l1_hits, 0), 0),
    l2_hits = l2_hits + coalesce(becomes.l2_hits - coalesce(was.l2_hits, 0), 0),
    l3_hits = l3_hits + coalesce(becomes.l3_hits - coalesce(was.l3_hits, 0), 0),
    l2_wakes = l2_wakes + coalesce(becomes.l2_wakes - coalesce(was.l2_wakes, 0), 0),
    l3_wakes = l3_wakes + coalesce(becomes.l3_wakes - coalesce(was.l3_wakes, 0), 0),
    l4_wakes = l4_wakes + coalesce(becomes.l4_wakes - coalesce(was.l4_wakes, 0), 0)
  where shard = (hashtext(coalesce(becomes.tenant_id, was.tenant_id)) & 15)::smallint;
  return null;
end
$$;

create trigger tenant_levels_summed after insert or update or delete on dynabase.tenant_levels
for each row execute function dynabase.sum_levels();

create table dynabase.ladder_steps (
  id bigint generated always as identity primary key,
  tenant_id text collate "C" not null references dynabase.tenants on delete cascade,
  at timestamptz not null,
  kind text not null,
  bytes bigint not null,
  took_ms double precision not null,
  from_level text,
  because text not null
);

create index ladder_steps_of_tenant on dynabase.ladder_steps (tenant_id, at, id);

create index ladder_steps_by_age on dynabase.ladder_steps (at);
