-- Customers, who may call, what was changed by whom, work that takes long, and who is told.

create table dynabase.customers (
  id text collate "C" primary key,
  name text not null,
  external_id text collate "C" constraint customers_external_unique unique,
  plan text not null check (plan in ('free', 'starter', 'professional', 'enterprise')),
  tenants_max integer check (tenants_max > 0),
  quota jsonb not null default '{}',
  created_at timestamptz not null default now(),
  changed_at timestamptz not null default now()
);

create index customers_by_name on dynabase.customers (name, id);

alter table dynabase.tenants
  add column customer_id text collate "C" references dynabase.customers,
  -- It is deleted then: it was created without an account and nobody has claimed it, or so was asked.
  add column expires_at timestamptz,
  -- Addresses, networks and ranges that clients may come from; none for any.
  add column allowed_addresses text[] not null default '{}',
  add column quota jsonb not null default '{}';

create index tenants_of_customer on dynabase.tenants (customer_id, name) where customer_id is not null;

create index tenants_expiring on dynabase.tenants (expires_at) where expires_at is not null;

create table dynabase.api_keys (
  id text collate "C" primary key,
  name text not null,
  hash bytea not null,
  -- The secret before the last rotation, for as long as it is still taken.
  old_hash bytea,
  old_until timestamptz,
  -- Of the operator if both are null.
  customer_id text collate "C" references dynabase.customers on delete cascade,
  tenant_id text collate "C" references dynabase.tenants on delete cascade,
  role text not null check (role in ('admin', 'operator', 'billing', 'viewer', 'claimer')),
  read_only boolean not null,
  -- Whom it stands for, if it is of one who has logged in; and whether a browser has it as its session.
  person text collate "C",
  is_session boolean not null default false check (person is not null or not is_session),
  created_at timestamptz not null default now(),
  created_by text not null,
  expires_at timestamptz,
  last_used_at timestamptz,
  last_used_from text
);

create index api_keys_of_customer on dynabase.api_keys (customer_id) where customer_id is not null;

create index api_keys_of_tenant on dynabase.api_keys (tenant_id) where tenant_id is not null;

create index api_keys_of_person on dynabase.api_keys (person) where person is not null;

create index api_keys_expiring on dynabase.api_keys (expires_at) where expires_at is not null;

-- People who log in with an identity provider.
create table dynabase.people (
  email text collate "C" not null,
  -- Of the operator if null.
  customer_id text collate "C" references dynabase.customers on delete cascade,
  role text not null check (role in ('admin', 'operator', 'billing', 'viewer')),
  created_at timestamptz not null default now(),
  last_seen_at timestamptz
);

create unique index people_once on dynabase.people (email, coalesce(customer_id, ''));

-- Applications whose signed tokens stand for their customers.
create table dynabase.token_issuers (
  id text collate "C" primary key,
  name text not null,
  issuer text collate "C" not null constraint token_issuers_issuer_unique unique,
  audience text not null,
  -- A JSON Web Key Set, or where to get it.
  keys jsonb,
  keys_url text,
  customer_claim text not null,
  role text not null check (role in ('admin', 'operator', 'billing', 'viewer')),
  created_at timestamptz not null default now(),
  check ((keys is null) <> (keys_url is null))
);

create table dynabase.audit (
  id bigint generated always as identity primary key,
  at timestamptz not null default now(),
  request_id text not null,
  operation text not null,
  caller_kind text not null,
  caller_id text not null,
  caller_name text not null,
  -- Whether the caller was the operator's; to customers it is nothing more than that.
  by_operator boolean not null,
  address text not null,
  -- No references: the entry outlives what it is about.
  customer_id text collate "C",
  tenant_id text collate "C",
  target text,
  outcome text not null check (outcome in ('begun', 'done', 'failed')),
  fault text,
  before jsonb,
  after jsonb
);

create index audit_by_time on dynabase.audit (at, id);

create index audit_of_customer on dynabase.audit (customer_id, id) where customer_id is not null;

create index audit_of_tenant on dynabase.audit (tenant_id, id) where tenant_id is not null;

create table dynabase.operations (
  id text collate "C" primary key,
  kind text not null,
  status text not null check (status in ('running', 'done', 'failed', 'cancelled')),
  customer_id text collate "C",
  tenant_id text collate "C",
  tenant_name text,
  caller text not null,
  progress jsonb,
  result jsonb,
  fault jsonb,
  begun_at timestamptz not null default now(),
  ended_at timestamptz
);

create index operations_by_time on dynabase.operations (begun_at, id);

create index operations_of_tenant on dynabase.operations (tenant_id, begun_at) where tenant_id is not null;

create index operations_of_customer on dynabase.operations (customer_id, begun_at) where customer_id is not null;

create index operations_running on dynabase.operations (id) where status = 'running';

create table dynabase.webhooks (
  id text collate "C" primary key,
  -- Of the operator if null.
  customer_id text collate "C" references dynabase.customers on delete cascade,
  url text not null,
  events text[] not null,
  -- Encrypted: it signs, so a hash would not do.
  secret bytea not null,
  is_active boolean not null,
  failing_since timestamptz,
  created_at timestamptz not null default now()
);

create table dynabase.webhook_deliveries (
  id text collate "C" primary key,
  webhook_id text collate "C" not null references dynabase.webhooks on delete cascade,
  event text not null,
  payload text not null,
  created_at timestamptz not null default now(),
  attempts integer not null default 0,
  -- Null once it was delivered, or given up.
  next_at timestamptz,
  delivered_at timestamptz,
  last_status integer,
  last_error text
);

create index webhook_deliveries_due on dynabase.webhook_deliveries (webhook_id, next_at) where next_at is not null;

create index webhook_deliveries_over on dynabase.webhook_deliveries (created_at) where next_at is null;

create index webhook_deliveries_of on dynabase.webhook_deliveries (webhook_id, created_at);

-- What a tenant has used in a calendar month (UTC), against its quotas.
create table dynabase.tenant_consumption (
  tenant_id text collate "C" not null references dynabase.tenants on delete cascade,
  month date not null,
  active_ms bigint not null default 0,
  compute_ms bigint not null default 0,
  written_bytes bigint not null default 0,
  transfer_bytes bigint not null default 0,
  primary key (tenant_id, month)
);

-- What was last seen of a tenant, so that nothing is counted twice, and nothing is left out.
create table dynabase.tenant_meters (
  tenant_id text collate "C" primary key references dynabase.tenants on delete cascade,
  wal_position bigint,
  logical_bytes bigint not null default 0,
  -- Until when its being awake is counted; null while it sleeps.
  counted_until timestamptz
);

create index tenants_with_quota on dynabase.tenants (id) where quota <> '{}';

-- Limits that were passed, for as long as that counts.
create table dynabase.quota_marks (
  owner text collate "C" not null,
  tenant_id text collate "C" references dynabase.tenants on delete cascade,
  customer_id text collate "C" references dynabase.customers on delete cascade,
  quota text not null,
  grade text not null check (grade in ('soft', 'hard')),
  limit_value bigint not null,
  until timestamptz not null,
  stops integer not null default 0,
  primary key (owner, quota, grade),
  check ((tenant_id is null) <> (customer_id is null))
);

create index quota_marks_of_tenant on dynabase.quota_marks (tenant_id) where tenant_id is not null;

create index quota_marks_of_customer on dynabase.quota_marks (customer_id) where customer_id is not null;

alter table dynabase.customers add column allowed_addresses text[] not null default '{}';

-- The last warning of its end: for which end it was given, and how many had been.
alter table dynabase.tenants
  add column expiry_told_of timestamptz,
  add column expiry_told integer not null default 0;

-- Tenants that nobody has claimed yet; what proves the right to is kept as a hash.
create table dynabase.claims (
  token_hash bytea primary key,
  tenant_id text collate "C" not null unique references dynabase.tenants on delete cascade,
  created_at timestamptz not null default now()
);

-- Lists of tenants by these, a page at a time.
create index tenants_by_creation on dynabase.tenants (created_at, name);

create index tenants_by_tier on dynabase.tenants (tier_since, name);

-- Requests with an idempotency key that have been done, for as long as they may come again.
create table dynabase.done_requests (
  -- Hashes of key and caller, and of what was asked.
  key_hash bytea primary key,
  request_hash bytea not null,
  operation text not null,
  -- What it was answered; of an answer that holds a secret only what it is about.
  answer jsonb,
  subject jsonb not null,
  at timestamptz not null default now()
);

create index done_requests_by_time on dynabase.done_requests (at);
