/** A small shop to try things on: tables that refer to each other, and rows that look like those of a shop. */
import type { Query } from '../../sdk/index.ts';

/** What is done, together or not at all. Each time it gives the same rows. */
const SAMPLE_SQL = `
begin;
create schema shop;
create table shop.customers (
  id integer generated always as identity primary key,
  name text not null, email text not null unique, country text not null,
  since date not null
);
create table shop.products (
  id integer generated always as identity primary key,
  name text not null unique, category text not null,
  price numeric(10,2) not null check (price > 0), stock integer not null default 0
);
create table shop.orders (
  id integer generated always as identity primary key,
  customer_id integer not null references shop.customers,
  placed_at timestamptz not null, status text not null
);
create table shop.order_lines (
  order_id integer not null references shop.orders,
  product_id integer not null references shop.products,
  quantity integer not null check (quantity > 0), price numeric(10,2) not null,
  primary key (order_id, product_id)
);
insert into shop.products (name, category, price, stock)
select kind || ' ' || item, category, round((4 + (n * 3 + k) * 37 % 90 + 0.9)::numeric, 2),
  ((n * 3 + k) * 13 % 120)::int
from rows from (
    unnest('{Desk lamp,Notebook,Fountain pen,Teapot,Mug,Backpack,Blanket,Umbrella}'::text[]),
    unnest('{Home,Paper,Paper,Kitchen,Kitchen,Travel,Home,Travel}'::text[])
  ) with ordinality things(item, category, n),
  unnest('{Small,Classic,Large}'::text[]) with ordinality kinds(kind, k);
insert into shop.customers (name, email, country, since)
select first || ' ' || last, lower(first || '.' || last || '@example.com'),
  (array['DE', 'FR', 'GB', 'US', 'BR', 'JP'])[1 + (f * 5 + l * 3)::int % 6],
  current_date - ((f * 31 + l * 53)::int % 700)
from unnest('{Ada,Ben,Chiara,David,Elif,Femi,Greta,Hugo,Ines,Jonas,Kaori,Lena}'::text[])
    with ordinality firsts(first, f),
  unnest('{Moreau,Okafor,Silva,Tanaka,Weber,Young,Rossi,Novak,Patel,Lind}'::text[])
    with ordinality lasts(last, l);
insert into shop.orders (customer_id, placed_at, status)
select 1 + (n * 7919) % 120, date_trunc('hour', now()) - make_interval(hours => (n * 61) % 2160),
  (array['paid', 'paid', 'shipped', 'shipped', 'shipped', 'returned'])[1 + n % 6]
from generate_series(1, 1500) n;
insert into shop.order_lines (order_id, product_id, quantity, price)
select o.id, p.id, 1 + (o.id + line) % 3, p.price
from shop.orders o, generate_series(0, 2) line, shop.products p
where p.id = 1 + (o.id * 5 + line * 7) % 24 and line <= o.id % 3;
create index on shop.orders (customer_id);
create index on shop.orders (placed_at);
comment on schema shop is 'sample data';
commit;
`;

export const SAMPLE: Query = { sql: SAMPLE_SQL.trim(), timeoutMs: 60_000 };

/** Something that is worth looking at in it. */
export const SAMPLE_QUESTION = `select p.category, count(*) as sold, sum(l.quantity * l.price) as revenue
from shop.order_lines l join shop.products p on p.id = l.product_id
group by p.category
order by revenue desc`;
