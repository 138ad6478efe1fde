-- Invoices, credits, and what has been reported to a payment provider.

-- Which plan a tenant was on, for whom, since when. Written by a trigger, in the transaction of whatever changes it: no
-- way of changing a tenant can forget it. No references: what is owed outlives tenants and customers.
create table dynabase.plan_changes (
  id bigint generated always as identity primary key,
  tenant_id text collate "C" not null,
  tenant_name text collate "C" not null,
  -- Null for nobody's.
  customer_id text collate "C",
  -- Null once it is gone.
  plan text check (plan in ('free', 'starter', 'professional', 'enterprise')),
  at timestamptz not null
);

create index plan_changes_of_tenant on dynabase.plan_changes (tenant_id, id);

create index plan_changes_of_customer on dynabase.plan_changes (customer_id, at) where customer_id is not null;

-- What is written here stays as it was written.
create function dynabase.refuse_change() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  raise exception 'rows of %.% are never changed', tg_table_schema, tg_table_name using errcode = '55000';
end
$$;

create trigger plan_changes_stay before update or delete on dynabase.plan_changes
for each row execute function dynabase.refuse_change();

create trigger plan_changes_stay_all before truncate on dynabase.plan_changes
for each statement execute function dynabase.refuse_change();

create function dynabase.note_plan() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  of_tenant dynabase.tenants := case when tg_op = 'DELETE' then old else new end;
  plan_now text := case when tg_op = 'DELETE' or of_tenant.state = 'deleting' then null else of_tenant.plan end;
  last_one dynabase.plan_changes;
begin
  select * into last_one from dynabase.plan_changes where tenant_id = of_tenant.id order by id desc limit 1;
  if found and last_one.plan is not distinct from plan_now and (
    plan_now is null or (
      last_one.customer_id is not distinct from of_tenant.customer_id and last_one.tenant_name = of_tenant.name
    )
  ) then
    return null;
  end if;
  -- The row is locked here, and the clock is read behind the lock: changes of a tenant follow each other.
  insert into dynabase.plan_changes (tenant_id, tenant_name, customer_id, plan, at)
  values (of_tenant.id, of_tenant.name, of_tenant.customer_id, plan_now, greatest(clock_timestamp(), last_one.at));
  return null;
end
$$;

create trigger tenants_plan_begun after insert or delete on dynabase.tenants
for each row execute function dynabase.note_plan();

create trigger tenants_plan_changed after update of plan, customer_id, name on dynabase.tenants
for each row
when (
  old.plan <> new.plan or old.customer_id is distinct from new.customer_id or old.name <> new.name
)
execute function dynabase.note_plan();

create trigger tenants_plan_ended after update of state on dynabase.tenants
for each row
when (new.state = 'deleting' and old.state <> 'deleting')
execute function dynabase.note_plan();

insert into dynabase.plan_changes (tenant_id, tenant_name, customer_id, plan, at)
select id, name, customer_id, plan, created_at from dynabase.tenants where state <> 'deleting';

-- To whom invoices are made out, and how they are taxed. It outlives the customer, who may owe something still.
create table dynabase.billing_profiles (
  customer_id text collate "C" primary key,
  -- As the customer is called.
  name text not null,
  -- In place of that on invoices.
  legal_name text,
  address text[] not null default '{}',
  tax_id text,
  taxes jsonb not null default '[]',
  -- What is open with the payment provider: since when, and its own words.
  failed_at timestamptz,
  failed_note text
);

create function dynabase.note_customer() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into dynabase.billing_profiles (customer_id, name) values (new.id, new.name)
  on conflict (customer_id) do update set name = excluded.name;
  return null;
end
$$;

create trigger customers_named after insert or update of name on dynabase.customers
for each row execute function dynabase.note_customer();

insert into dynabase.billing_profiles (customer_id, name) select id, name from dynabase.customers;

-- The seller, numbers, when months are closed: one row.
create table dynabase.billing_settings (
  is_only boolean primary key default true check (is_only),
  settings jsonb not null
);

-- The number of the last invoice; its row is the lock that keeps numbers without gaps.
create table dynabase.invoice_numbers (
  is_only boolean primary key default true check (is_only),
  last bigint not null
);

insert into dynabase.invoice_numbers (last) values (0);

create table dynabase.invoices (
  ordinal bigint primary key,
  number text collate "C" not null unique,
  customer_id text collate "C" not null,
  month text collate "C" not null check (month ~ '^\d{4}-\d\d$'),
  currency text not null,
  -- For lists; the text is what counts.
  total numeric(30, 12) not null,
  text text not null,
  digest text not null,
  -- What it was made of besides the ledger.
  basis text not null,
  closed_at timestamptz not null,
  unique (customer_id, month)
);

create trigger invoices_stay before update or delete on dynabase.invoices
for each row execute function dynabase.refuse_change();

create trigger invoices_stay_all before truncate on dynabase.invoices
for each statement execute function dynabase.refuse_change();

-- Money that customers have with us, and what they were billed too little.
create table dynabase.billing_items (
  id text collate "C" primary key,
  customer_id text collate "C" not null,
  kind text not null check (kind in ('credit', 'adjustment')),
  says text not null,
  currency text not null,
  amount numeric(30, 12) not null check (amount > 0),
  -- What no invoice has used yet.
  remaining numeric(30, 12) not null check (remaining >= 0 and remaining <= amount),
  created_at timestamptz not null,
  place bigint generated always as identity
);

create index billing_items_of_customer on dynabase.billing_items (customer_id, place);

create index billing_items_open on dynabase.billing_items (customer_id, place) where remaining > 0;

-- Months of which every customer has what it is owed.
create table dynabase.closed_months (
  month text collate "C" primary key,
  closed_at timestamptz not null
);

-- How it stands with the payment of an invoice.
create table dynabase.invoice_payments (
  number text collate "C" primary key references dynabase.invoices (number),
  state text not null check (state in ('open', 'paid', 'failed', 'void')),
  provider_id text collate "C",
  changed_at timestamptz not null
);

-- What is to be told to the payment provider, once and no more: `key` names it for ever.
create table dynabase.payment_outbox (
  id bigint generated always as identity primary key,
  key text collate "C" not null unique,
  kind text not null check (kind in ('meter', 'invoice')),
  customer_id text collate "C" not null,
  body jsonb not null,
  attempts integer not null default 0,
  -- Of the first attempt: what came of that may be unknown.
  begun_at timestamptz,
  -- Null once it is done, or given up.
  next_at timestamptz,
  done_at timestamptz,
  last_error text
);

create index payment_outbox_due on dynabase.payment_outbox (next_at, id) where next_at is not null;

create index payment_outbox_of_customer on dynabase.payment_outbox (customer_id, id);

-- What the provider calls a customer.
create table dynabase.payment_accounts (
  customer_id text collate "C" primary key,
  provider_id text collate "C" not null unique
);

-- How far use is in the outbox, and what has been told of each month: whole units are told, the rest is carried on.
create table dynabase.payment_progress (
  is_only boolean primary key default true check (is_only),
  told_until timestamptz not null
);

create table dynabase.payment_meters (
  customer_id text collate "C" not null,
  month text collate "C" not null,
  meter text not null,
  used numeric(40, 0) not null,
  primary key (customer_id, month, meter)
);

-- Messages of the provider that have been taken, for as long as they may come again.
create table dynabase.payment_messages (
  id text collate "C" primary key,
  at timestamptz not null
);

create index payment_messages_by_time on dynabase.payment_messages (at);
