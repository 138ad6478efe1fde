-- What the policy decides about tenants, and what it has learned.
alter table dynabase.tenants
  add column tier_since timestamptz not null default now(),
  add column override_tier text check (override_tier in ('COLD', 'WARM', 'HOT', 'PERSISTENT')),
  add column override_until timestamptz,
  add column override_by text;

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
