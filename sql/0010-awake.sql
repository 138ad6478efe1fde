-- Why a tenant was awake: each interval with its cause, what kept it awake, and its end.
create table dynabase.awake_intervals (
  tenant_id text collate "C" not null references dynabase.tenants on delete cascade,
  -- When its compute was ready.
  woke_at timestamptz not null,
  -- Whose the tenant was then: its clients' addresses are told to nobody else.
  customer_id text collate "C",
  from_level text,
  wake_ms double precision,
  waited integer not null default 0,
  cause jsonb not null,
  -- Its segments by their beginnings: each ends where the next begins, the last at `until`.
  segments jsonb not null,
  until timestamptz not null,
  -- Null while it lasts.
  ended jsonb,
  primary key (tenant_id, woke_at)
);

-- As large as what is awake.
create index awake_lasting on dynabase.awake_intervals (tenant_id) where ended is null;

create index awake_by_age on dynabase.awake_intervals (until) where ended is not null;

-- Until when all that lasts was seen: one row, written once a minute, however many are awake.
create table dynabase.awake_watch (
  one boolean primary key default true check (one),
  seen_at timestamptz not null
);
