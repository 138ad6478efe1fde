import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ClientTenant, clientTenant } from '../../testing/client-tenant.ts';
import { eventually } from '../../testing/eventually.ts';

describe.each([false, true])('postgres.js, chaos %s', (chaos) => {
  let tenant: ClientTenant;

  beforeAll(async () => {
    tenant = await clientTenant({ chaos });
  });

  afterAll(() => tenant[Symbol.asyncDispose]());

  const connected = (options: postgres.Options<Record<string, never>> = {}) => {
    const sql = postgres({ ...tenant.connection, max: 1, onnotice: () => {}, ...options });
    return Object.assign(sql, { [Symbol.asyncDispose]: () => sql.end({ timeout: 5 }) });
  };

  test('prepares by itself, and pipelines what comes at once', async () => {
    await using sql = connected();
    for (let round = 0; round < 4; round++) {
      await tenant.rest();
      const answers = Array.from(
        { length: 50 },
        (_, n) => sql`select ${n}::int * ${round}::int as p`,
      );
      const found = (await Promise.all(answers)).map(([row]) => row?.p);
      expect(found).toEqual(Array.from({ length: 50 }, (_, n) => n * round));
    }
  });

  test('mixes types, json, arrays, bytes and dates', async () => {
    await using sql = connected();
    await sql`create table things (id int, doc jsonb, names text[], raw bytea, at timestamptz)`;
    const at = new Date('2026-01-02T03:04:05Z');
    const raw = Buffer.from([0, 1, 255]);
    for (const id of [1, 2]) {
      await tenant.rest();
      await sql`insert into things values (${id}, ${sql.json({ id })}, ${['a', 'b']}, ${raw}, ${at})`;
      await tenant.rest();
      expect([...(await sql`select * from things where id = ${id}`)]).toEqual([
        { id, doc: { id }, names: ['a', 'b'], raw, at },
      ]);
    }
  });

  test('runs transactions with savepoints, and rolls back what throws', async () => {
    await using sql = connected({ max: 3 });
    await sql`create table accounts (id int primary key, euros int check (euros >= 0))`;
    await sql`insert into accounts values (1, 10), (2, 0)`;
    await sql.begin(async (tx) => {
      await tx`update accounts set euros = euros - 5 where id = 1`;
      await tenant.rest();
      await tx.savepoint((inner) => inner`select 1/0`).catch(() => {});
      await tx`update accounts set euros = euros + 5 where id = 2`;
    });
    await tenant.rest();
    const overdraft = sql.begin((tx) => tx`update accounts set euros = euros - 99 where id = 1`);
    await expect(overdraft).rejects.toMatchObject({ code: '23514' });
    await tenant.rest();
    expect([...(await sql`select euros from accounts order by id`)]).toEqual([
      { euros: 5 },
      { euros: 5 },
    ]);
  });

  test('reads by cursor', async () => {
    await using sql = connected();
    await tenant.rest();
    const sums: number[] = [];
    const rows = sql`select n from generate_series(1, 1000) n`;
    await rows.cursor(100, async (batch) => {
      await tenant.rest();
      sums.push(batch.reduce((sum, { n }) => sum + n, 0));
    });
    expect(sums.length).toBe(10);
    expect(sums.reduce((sum, n) => sum + n, 0)).toBe(500_500);
  });

  test('copies in and out', async () => {
    await using sql = connected();
    await sql`create table copied (n int, body text)`;
    const lines = Array.from({ length: 20_000 }, (_, n) => `${n}\tline ${n}\n`);
    await tenant.rest();
    await pipeline(Readable.from(lines), await sql`copy copied from stdin`.writable());
    await tenant.rest();
    let text = '';
    const readable = await sql`copy (select * from copied order by n) to stdout`.readable();
    for await (const chunk of readable) text += chunk;
    expect(text).toBe(lines.join(''));
    await tenant.rest();
    expect([...(await sql`select count(*)::int as n from copied`)]).toEqual([{ n: 20_000 }]);
  });

  test('listens on a connection of its own', async () => {
    await using sql = connected();
    const heard: string[] = [];
    const { unlisten } = await sql.listen('news', (payload) => heard.push(payload));
    for (const payload of ['one', 'two', 'three']) {
      await tenant.rest();
      await sql.notify('news', payload);
    }
    await eventually('all are heard', async () => heard.length === 3);
    expect(heard).toEqual(['one', 'two', 'three']);
    await unlisten();
  });

  test('meets errors in the middle of a pipeline, each where it belongs', async () => {
    await using sql = connected();
    await tenant.rest();
    const outcomes = await Promise.allSettled([
      sql`select 1 as n`,
      sql`select ${0}::int / 0`,
      sql`select 2 as n`,
      sql`select * from nowhere`,
      sql`select 3 as n`,
    ]);
    const told = outcomes.map((one) =>
      one.status === 'fulfilled' ? one.value[0]?.n : (one.reason as { code: string }).code,
    );
    expect(told).toEqual([1, '22012', 2, '42P01', 3]);
  });

  test('cancels a running query, and goes on', async () => {
    await using sql = connected({ max: 2 });
    await tenant.rest();
    const sleeping = sql`select pg_sleep(60)`.execute();
    const outcome = expect(sleeping).rejects.toMatchObject({ code: '57014' });
    await eventually('it sleeps', async () => {
      const found = await sql`select 1 from pg_stat_activity
        where query like 'select pg_sleep(60)%' and state = 'active'`;
      return found.length > 0;
    });
    sleeping.cancel();
    await outcome;
    expect([...(await sql`select 1 as one`)]).toEqual([{ one: 1 }]);
  });

  test('keeps what a connection was opened with', async () => {
    await using sql = connected({ connection: { application_name: 'shop', work_mem: 7_000 } });
    for (let round = 0; round < 2; round++) {
      await tenant.rest();
      const [row] = await sql`select current_setting('application_name') as name,
        current_setting('work_mem') as mem`;
      expect(row).toEqual({ name: 'shop', mem: '7000kB' });
    }
  });
});
