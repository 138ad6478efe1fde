/**
 * Data as tenants have it, of a given size: rows of about a kilobyte, half of it words and half of it
 * noise that nothing compresses, with a primary key and an index on a name.
 */
import { randomBytes } from 'node:crypto';
import pg from 'pg';

const ROWS_AT_ONCE = 1_000;
const NOISE_BYTES = 500;
const WORDS = 75;
const VOCABULARY = 3_000;

/** Of table and indexes, a row. */
const ROW_BYTES = 1_110;

const vocabulary = Array.from({ length: VOCABULARY }, (_, i) =>
  randomBytes(2 + (i % 5))
    .toString('hex')
    .slice(0, 3 + (i % 7)),
);

/** Words as a language has them: few often, many seldom. */
function prose(words: number): string {
  const picked: string[] = [];
  for (let i = 0; i < words; i++) {
    picked.push(vocabulary[Math.floor(VOCABULARY * Math.random() ** 2)] ?? '');
  }
  return picked.join(' ');
}

/** Fills a tenant up to about `mb`; returns how many rows it has. */
export async function fillTenant(uri: string, mb: number): Promise<number> {
  const rows = Math.floor((mb * 1e6) / ROW_BYTES);
  const client = new pg.Client(uri);
  await client.connect();
  await client.query(
    'create table items (id int primary key, name text not null, body text, noise bytea)',
  );
  await client.query('alter table items alter noise set storage external');
  for (let from = 0; from < rows; from += ROWS_AT_ONCE) {
    const ids = Array.from({ length: Math.min(ROWS_AT_ONCE, rows - from) }, (_, i) => from + i);
    await client.query(
      `insert into items select * from unnest($1::int[], $2::text[], $3::text[], $4::bytea[])`,
      [
        ids,
        ids.map(() => prose(3)),
        ids.map(() => prose(WORDS)),
        ids.map(() => randomBytes(NOISE_BYTES)),
      ],
    );
  }
  await client.query('create index on items (name)');
  await client.query('vacuum (analyze) items');
  await client.end();
  return rows;
}

/** A question about rows, and its parameters. */
export type Question = { readonly text: string; readonly values: readonly unknown[] };

/** One row by its primary key; of a tenant without rows, one of its catalog. */
export const oneRow = (rows: number): Question =>
  rows === 0
    ? { text: 'select relname from pg_class where oid = $1', values: [1259] }
    : {
        text: 'select body, noise from items where id = $1',
        values: [Math.floor(Math.random() * rows)],
      };

/** The rows that a customer works with, strewn over all of the table: always the same ones. */
export const workingSet = (rows: number, count: number): Question => {
  const step = Math.floor(rows / count);
  const ids = Array.from({ length: count }, (_, i) => i * step + ((i * 7_919) % step));
  return {
    text: 'select sum(length(body)), sum(length(noise)) from items where id = any($1::int[])',
    values: [ids],
  };
};

/** Changes about one row in `each`, all over the table. */
export const slightChange = (each: number): Question => ({
  text: 'update items set name = name || $2 where id % $1 = 0',
  values: [each, '+'],
});
