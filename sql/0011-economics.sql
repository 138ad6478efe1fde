-- Price books, tariffs, budgets, and what settled days have cost.

-- Each change of a book is a row more: what a day was reckoned by can be read for ever.
create table dynabase.price_books (
  name text collate "C" not null,
  revision integer not null check (revision > 0),
  document text not null,
  created_at timestamptz not null default now(),
  primary key (name, revision)
);

-- Which book holds from which hour on; the first holds for all before it, too.
create table dynabase.price_books_in_force (
  since timestamptz primary key,
  name text collate "C" not null
);

create table dynabase.tariffs (
  revision integer primary key check (revision > 0),
  document text not null,
  created_at timestamptz not null default now()
);

-- What our own processes used, by hour; meters in the order of the program.
create table dynabase.overhead_hours (
  hour timestamptz primary key,
  use numeric[] not null
);

-- Amounts are millionths of millionths of the currency's unit.
create table dynabase.settled_days (
  day date primary key,
  book text collate "C" not null,
  revision integer not null,
  currency text not null,
  tenants integer not null,
  -- All that was paid, by hour.
  hours numeric[] not null check (cardinality(hours) = 24),
  overhead_use numeric[] not null,
  overhead numeric not null,
  idle numeric not null,
  minimum numeric not null,
  unborne numeric not null,
  machines numeric not null,
  total numeric not null,
  always_on numeric not null,
  settled_at timestamptz not null default now()
);

-- No references: what a day has cost outlives whom it was spent on.
create table dynabase.cost_days (
  day date not null references dynabase.settled_days,
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
  primary key (day, tenant_id, customer_id, plan, tier)
);

create index cost_days_of_tenant on dynabase.cost_days (tenant_id, day);

create index cost_days_of_customer on dynabase.cost_days (customer_id, day) where customer_id <> '';

-- What a day has cost was told to somebody, and stays.
create function dynabase.refuse_change_of_settled() returns trigger language plpgsql as $$
begin
  raise exception 'day % is settled', old.day using errcode = 'object_not_in_prerequisite_state';
end $$;

create trigger settled_days_stay before update or delete on dynabase.settled_days
  for each row execute function dynabase.refuse_change_of_settled();

create trigger cost_days_stay before update or delete on dynabase.cost_days
  for each row execute function dynabase.refuse_change_of_settled();

create table dynabase.budgets (
  -- 'fleet', or the id of a tenant or customer.
  owner text collate "C" not null,
  measure text not null check (measure in ('cost', 'charges')),
  tenant_id text collate "C" references dynabase.tenants on delete cascade,
  customer_id text collate "C" references dynabase.customers on delete cascade,
  amount numeric not null check (amount > 0),
  is_capped boolean not null,
  emails text[] not null,
  set_at timestamptz not null default now(),
  primary key (owner, measure),
  check (owner = coalesce(tenant_id, customer_id, 'fleet'))
);

create index budgets_of_tenant on dynabase.budgets (tenant_id) where tenant_id is not null;

create index budgets_of_customer on dynabase.budgets (customer_id) where customer_id is not null;

-- What was told of whom, so that it is told once.
create table dynabase.alert_states (
  owner text collate "C" not null,
  measure text not null,
  state jsonb not null,
  changed_at timestamptz not null default now(),
  primary key (owner, measure)
);

create table dynabase.cost_alerts (
  id bigint generated always as identity primary key,
  at timestamptz not null default now(),
  owner text collate "C" not null,
  tenant_id text collate "C",
  customer_id text collate "C",
  measure text not null,
  kind text not null,
  data jsonb not null
);

create index cost_alerts_of_customer on dynabase.cost_alerts (customer_id, id) where customer_id is not null;

create table dynabase.mails (
  id bigint generated always as identity primary key,
  recipient text not null,
  subject text not null,
  body text not null,
  created_at timestamptz not null default now(),
  attempts integer not null default 0,
  due_at timestamptz not null default now()
);

create index mails_due on dynabase.mails (due_at);
