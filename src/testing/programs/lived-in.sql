-- A database that somebody has lived in: something of every kind that an import carries over.
create extension pg_trgm;
create extension citext with schema public;
create role reader;
create schema shop;
comment on schema shop is 'what is sold';

create type shop.mood as enum ('glad', 'so so', 'it''s bad');
create domain shop.price as numeric(12, 2) default 1 check (value >= 0) constraint low check (value < 1000000);
create type shop.size as (width int, height int);
create type shop.span as range (subtype = float8, subtype_diff = float8mi);
create sequence shop.numbers as bigint increment 5 minvalue 10 start 20 cache 3 cycle;

create function shop.twice(n int) returns int language sql immutable as 'select n * 2';
create function shop.stamp() returns trigger language plpgsql as $body$
begin
  new.changed := now(); -- a semicolon; in a "comment"
  return new;
end $body$;
create aggregate shop.product(float8) (sfunc = float8mul, stype = float8, initcond = '1');
create procedure shop.tidy() language plpgsql as 'begin delete from shop.orders where false; end';

create table shop.people (
  id int generated always as identity (start 100 increment 2) primary key,
  name text collate "C" not null,
  email public.citext unique,
  mood shop.mood default 'glad',
  size shop.size,
  tags text[],
  twice int generated always as (shop.twice(length(name))) stored,
  doc jsonb,
  raw bytea,
  changed timestamptz,
  "Odd Column" int
) with (fillfactor = 80);
comment on table shop.people is 'they buy';
comment on column shop.people.name is 'as they say it';
alter table shop.people drop column doc;
alter table shop.people add column doc jsonb default '{}';

create table shop.orders (
  id bigserial primary key,
  person int not null references shop.people on delete cascade deferrable initially deferred,
  price shop.price,
  valid shop.span,
  number bigint default nextval('shop.numbers'),
  constraint cheap check (price < 5000) not valid,
  exclude using gist (valid with &&) where (price > 4000)
);
create index on shop.orders (person, price desc) where price > 10;
create index people_name on shop.people using gin (name public.gin_trgm_ops);
create unique index on shop.people ((lower(name))) include (mood);
create statistics shop.depends (dependencies) on person, price from shop.orders;
create trigger stamp before insert or update on shop.people for each row execute function shop.stamp();
create trigger off after insert on shop.orders for each row execute function shop.stamp();
alter table shop.orders disable trigger off;

create table shop.events (at date not null, what text, primary key (at, what)) partition by range (at);
create table shop.events_2029 partition of shop.events for values from ('2029-01-01') to ('2030-01-01');
create table shop.events_rest partition of shop.events default;
create index events_what on shop.events (what);
create table shop.vehicles (wheels int check (wheels > 0), name text);
create table shop.cars (doors int) inherits (shop.vehicles);
create unlogged table shop.scratch (a int, b text);
create table shop."Mixed ""Case""" ("select" int primary key, "a'b" text default E'x\\y');
create table shop.empty ();

create view shop.glad with (security_barrier) as select id, name from shop.people where mood = 'glad';
create view shop.zz_first as select * from shop.glad;
create materialized view shop.aa_counts as select count(*) as n from shop.zz_first;
create unique index on shop.aa_counts (n);
create view shop.uses_counts as select n + 1 as m from shop.aa_counts;
create materialized view shop.never_filled as select 1 as x with no data;
create rule quiet as on delete to shop.glad do instead nothing;

alter table shop.people enable row level security;
create policy mine on shop.people for select to reader using (name = current_user);
create policy adults on shop.people as restrictive using (id > 0) with check (id < 1000000);
grant select on shop.people to reader;

insert into shop.people (name, email, mood, size, tags, doc, raw, "Odd Column")
  select 'person ' || i, 'P' || i || '@Example.com', case i % 3 when 0 then 'it''s bad' else 'glad' end::shop.mood,
    row(i, null)::shop.size, array['a,b', null, E'tab\tline\nend\\', 'ü'], jsonb_build_object('i', i),
    decode(lpad(to_hex(i), 8, '0'), 'hex'), nullif(i % 7, 0)
  from generate_series(1, 500) i;
insert into shop.orders (person, price, valid)
  select 100 + 2 * (i % 500), i % 4000, shop.span(i, i + 0.5) from generate_series(1, 3000) i;
insert into shop.events select '2029-01-01'::date + i, 'e' || i from generate_series(0, 729) i;
insert into shop.vehicles values (2, 'bicycle');
insert into shop.cars values (4, 'car', 5);
insert into shop.scratch values (1, null), (2, ''), (3, '\N');
insert into shop."Mixed ""Case""" values (1, 'x'), (2, default);
insert into shop.empty default values;
refresh materialized view shop.aa_counts;
alter sequence shop.orders_id_seq increment 3;
analyze;
