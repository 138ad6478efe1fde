-- One of every kind of object that an owner can make and pg_dump knows.
create extension pg_trgm;
create extension citext;
create schema shop;
comment on schema shop is 'what is sold';
create type shop.state as enum ('new', 'paid', 'it''s gone');
create type shop.address as (street text, number int);
create type shop.span as range (subtype = timestamptz);
create domain shop.euros as numeric(10, 2) check (value >= 0);
create collation shop.by_c (provider = libc, locale = 'C');
create sequence shop.tickets start 100 increment 5 cache 3;
create table shop.customers (
  id int generated always as identity primary key,
  name citext not null unique,
  home shop.address,
  tags text[] default '{}',
  doc jsonb,
  raw bytea,
  upper_name text generated always as (upper(name::text)) stored
);
create table shop.orders (
  id bigserial,
  customer int not null references shop.customers on delete cascade deferrable initially deferred,
  state shop.state not null default 'new',
  price shop.euros,
  placed timestamptz not null,
  check (placed > '2000-01-01')
) partition by range (placed);
create table shop.orders_2025 partition of shop.orders for values from ('2025-01-01') to ('2026-01-01');
create table shop.orders_2026 partition of shop.orders for values from ('2026-01-01') to ('2027-01-01');
create index on shop.orders (customer, placed desc);
create index on shop.customers using gin (name gin_trgm_ops);
create index by_tag on shop.customers using gin (tags) where cardinality(tags) > 0;
create unique index by_expression on shop.customers (lower(name::text) collate shop.by_c);
create statistics shop.related (dependencies) on customer, state from shop.orders;
create table shop.bookings (room int, during tstzrange, exclude using gist (during with &&));
create table shop.base (id int, note text);
create table shop.child (extra int) inherits (shop.base);
create unlogged table shop.scratch (n int);
create view shop.paid with (security_barrier) as select * from shop.orders where state = 'paid';
create materialized view shop.totals as select customer, sum(price) from shop.orders group by 1 with no data;
create function shop.plus(a int, b int default 1) returns int language sql immutable strict as 'select a + b';
create procedure shop.touch(inout n int) language plpgsql as $$ begin n := n + 1; end $$;
create aggregate shop.total(int) (sfunc = int4pl, stype = int, initcond = '0');
create operator shop.@@ (leftarg = int, rightarg = int, function = shop.plus);
create function shop.stamp() returns trigger language plpgsql as
  $$ begin new.note := coalesce(new.note, '') || '!'; return new; end $$;
create trigger stamped before insert on shop.base for each row when (new.id > 0) execute function shop.stamp();
create rule no_delete as on delete to shop.bookings do instead nothing;
alter table shop.bookings enable row level security;
create policy mine on shop.bookings using (room::text = current_setting('app.room', true));
create cast (shop.state as int) with function pg_catalog.hashenum(anyenum);
create text search configuration shop.plain (copy = simple);
create publication everything for table shop.base;
comment on column shop.customers.doc is 'free form';
insert into shop.customers (name, home, tags, doc, raw)
  select 'Customer ' || n, row('Street "' || n::text || '"', n::int)::shop.address, array['a', 'b,c', null], jsonb_build_object('n', n), '\x00ff'
  from generate_series(1, 500) n;
insert into shop.orders (customer, state, price, placed)
  select 1 + n % 500, (enum_range(null::shop.state))[1 + n % 3], n, '2025-06-01'::timestamptz + n * interval '1 hour'
  from generate_series(1, 5000) n;
insert into shop.bookings values (1, '[2026-01-01, 2026-01-02)');
insert into shop.base values (1, 'one'), (-1, null);
insert into shop.child values (2, 'two', 3);
select nextval('shop.tickets');
select lo_from_bytea(4711, '\x0102ff');
refresh materialized view shop.totals;
