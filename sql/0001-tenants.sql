-- Tenants, the roles that may log in to them, and how many tenants there are.

create table dynabase.tenants (
  id text collate "C" primary key,
  name text collate "C" not null constraint tenants_name_unique unique,
  plan text not null check (plan in ('free', 'starter', 'professional', 'enterprise')),
  tier text not null check (tier in ('COLD', 'WARM', 'HOT', 'PERSISTENT')),
  state text not null check (
    state in ('creating', 'suspended', 'waking', 'running', 'suspending', 'failed', 'deleting')
  ),
  state_attempt integer,
  state_reason text,
  state_retry_at timestamptz,
  state_since timestamptz not null default now(),
  generation bigint not null default 1,
  settled boolean not null default false,
  suspend_after_ms bigint check (suspend_after_ms > 0),
  sessions_max integer check (sessions_max > 0),
  created_at timestamptz not null default now(),
  constraint tenants_state_whole check (
    (state_attempt is not null) = (state in ('waking', 'failed'))
    and (state_reason is not null) = (state = 'failed')
    and (state_retry_at is not null) = (state = 'failed')
  )
);

-- What a crash may have left half done. As large as what is awake, however many tenants sleep.
create index tenants_unrested on dynabase.tenants (id) include (state) where state <> 'suspended';

create table dynabase.tenant_roles (
  tenant_id text collate "C" not null references dynabase.tenants on delete cascade,
  role text collate "C" not null,
  verifier text,
  may_log_in boolean not null,
  is_owner boolean not null,
  primary key (tenant_id, role)
);

create unique index tenant_roles_owner on dynabase.tenant_roles (tenant_id) where is_owner;

-- The number of tenants, as a sum of shards: one row would make every two creations wait for each
-- other. Counts by state are not kept: what is awake is counted in its partial index, and the rest
-- of the sum is asleep.
create table dynabase.tenant_counts (
  shard smallint primary key,
  tenants bigint not null
);

insert into dynabase.tenant_counts select shard, 0 from generate_series(0, 15) as shard;

create function dynabase.count_tenant() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  if tg_op = 'INSERT' then
    update dynabase.tenant_counts set tenants = tenants + 1
    where shard = (hashtext(new.id) & 15)::smallint;
  else
    update dynabase.tenant_counts set tenants = tenants - 1
    where shard = (hashtext(old.id) & 15)::smallint;
  end if;
  return null;
end
$$;

create trigger tenants_counted after insert or delete on dynabase.tenants
for each row execute function dynabase.count_tenant();
