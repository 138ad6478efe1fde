import { once } from 'node:events';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ClientTenant, clientTenant } from '../../testing/client-tenant.ts';

describe.each([false, true])('pg, chaos %s', (chaos) => {
  let tenant: ClientTenant;

  beforeAll(async () => {
    tenant = await clientTenant({ chaos });
  });

  afterAll(() => tenant[Symbol.asyncDispose]());

  const connected = async (config: pg.ClientConfig = {}) => {
    const client = new pg.Client({ ...tenant.connection, ...config });
    await client.connect();
    return Object.assign(client, { [Symbol.asyncDispose]: () => client.end() });
  };

  const rowsOf = async (client: pg.Client, query: string | pg.QueryConfig): Promise<unknown[]> => {
    await tenant.rest();
    return (await client.query(query)).rows;
  };

  test('simple, parameterised and named queries answer after a rest as before', async () => {
    await using client = await connected();
    await client.query('create table notes (id serial primary key, body text, tags text[])');
    const insert = 'insert into notes (body, tags) values ($1, $2) returning id';
    const named = { name: 'by-id', text: 'select body, tags from notes where id = $1' };
    for (const id of [1, 2, 3]) {
      await tenant.rest();
      const { rows } = await client.query(insert, [`note ${id}`, ['a', `b"${id}`]]);
      expect(rows).toEqual([{ id }]);
      expect(await rowsOf(client, { ...named, values: [id] })).toEqual([
        { body: `note ${id}`, tags: ['a', `b"${id}`] },
      ]);
    }
    await tenant.rest();
    const several: unknown = await client.query('select count(*)::int as n from notes; show fsync');
    expect(several).toMatchObject([{ rows: [{ n: 3 }] }, { command: 'SHOW' }]);
  });

  test('two hundred queued queries are answered in order', async () => {
    await using client = await connected();
    const numbers = Array.from({ length: 200 }, (_, n) => n);
    for (let round = 0; round < 3; round++) {
      await tenant.rest();
      const answers = numbers.map((n) => client.query('select $1::int as n', [n]));
      expect((await Promise.all(answers)).map(({ rows }) => rows[0].n)).toEqual(numbers);
    }
  });

  test('settings, role and search_path stay', async () => {
    await using client = await connected({ options: '-c work_mem=6MB -c app.from=startup' });
    await client.query(`create schema mine; set search_path = mine, public; create table here ()`);
    await client.query(
      `set app.tenant = 'it''s'; set timezone = 'Asia/Kolkata'; set work_mem = 70`,
    );
    await client.query(
      `create role helper; grant helper to acme; grant usage on schema mine to helper; set role helper`,
    );
    const state = `select current_user as role, current_setting('app.tenant') as tenant,
      current_setting('app.from') as from, current_setting('timezone') as zone,
      current_setting('search_path') as path, to_regclass('here') is not null as sees`;
    const expected = {
      ...{ role: 'helper', tenant: `it's`, from: 'startup', zone: 'Asia/Kolkata' },
      ...{ path: 'mine, public', sees: true },
    };
    expect(await rowsOf(client, state)).toEqual([expected]);
    expect(await rowsOf(client, 'show work_mem')).toEqual([{ work_mem: '70kB' }]);
    await client.query('reset work_mem; reset role');
    expect(await rowsOf(client, 'show work_mem')).toEqual([{ work_mem: '6MB' }]);
    expect(await rowsOf(client, 'select current_user as role')).toEqual([{ role: 'acme' }]);
  });

  test('a listener hears all that is notified, and nothing after UNLISTEN', async () => {
    await using listener = await connected();
    await using speaker = await connected();
    const heard: (string | undefined)[] = [];
    listener.on('notification', ({ channel, payload }) => heard.push(`${channel} ${payload}`));
    await listener.query('listen news; listen "Loud"');
    for (let n = 0; n < 10; n++) {
      await tenant.rest();
      await speaker.query(`select pg_notify($1, $2)`, [n % 2 ? 'Loud' : 'news', `${n}`]);
    }
    await rowsOf(listener, 'select 1');
    const expected = Array.from({ length: 10 }, (_, n) => `${n % 2 ? 'Loud' : 'news'} ${n}`);
    expect(heard).toEqual(expected);
    await listener.query('unlisten news');
    await tenant.rest();
    await speaker.query(`notify news, 'unheard'`);
    await speaker.query(`notify "Loud", 'heard'`);
    await rowsOf(listener, 'select 1');
    expect(heard).toEqual([...expected, 'Loud heard']);
  });

  test('a notification comes to a listener that asks nothing', async () => {
    await using listener = await connected();
    await using speaker = await connected();
    await listener.query('listen quiet');
    await tenant.rest();
    const heard = once(listener, 'notification');
    await speaker.query(`notify quiet, 'psst'`);
    expect((await heard)[0]).toMatchObject({ channel: 'quiet', payload: 'psst' });
  });

  test('a transaction holds together, whatever time passes in it', async () => {
    await using client = await connected();
    await using other = await connected();
    await client.query('create table ledger (n int)');
    await client.query('begin');
    await client.query('insert into ledger values (1)');
    expect(await rowsOf(other, 'select n from ledger')).toEqual([]);
    await client.query('savepoint a');
    await tenant.rest();
    await expect(client.query('select 1/0')).rejects.toMatchObject({ code: '22012' });
    await tenant.rest();
    await expect(client.query('select 1')).rejects.toMatchObject({ code: '25P02' });
    await client.query('rollback to a');
    await tenant.rest();
    await client.query('commit');
    expect(await rowsOf(other, 'select n from ledger')).toEqual([{ n: 1 }]);
  });

  test('errors are told whole, and the session goes on', async () => {
    await using client = await connected();
    await client.query('create table pairs (a int primary key check (a > 0))');
    for (const [sql, told] of [
      ['selec 1', { code: '42601', position: '1', message: 'syntax error at or near "selec"' }],
      ['insert into pairs values (0)', { code: '23514', constraint: 'pairs_a_check' }],
      [
        'insert into pairs values (1), (1)',
        { code: '23505', detail: 'Key (a)=(1) already exists.' },
      ],
    ] as const) {
      await tenant.rest();
      await expect(client.query(sql)).rejects.toMatchObject(told);
      await expect(client.query({ name: sql, text: sql })).rejects.toMatchObject(told);
    }
    expect(await rowsOf(client, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  test('what cannot outlive a backend is still there: temporary tables, cursors, locks, sequences', async () => {
    await using client = await connected();
    await using other = await connected();
    await client.query('create temp table scratch as select generate_series(1, 5) as n');
    await client.query('create sequence steps');
    expect(await rowsOf(client, 'select sum(n)::int from scratch')).toEqual([{ sum: 15 }]);
    await client.query('drop table scratch');
    await client.query('declare kept cursor with hold for select generate_series(1, 5) as n');
    expect(await rowsOf(client, 'fetch 2 from kept')).toEqual([{ n: 1 }, { n: 2 }]);
    expect(await rowsOf(client, 'fetch 2 from kept')).toEqual([{ n: 3 }, { n: 4 }]);
    await client.query('close kept');
    await client.query('select pg_advisory_lock(7)');
    expect(await rowsOf(other, 'select pg_try_advisory_lock(7) as got')).toEqual([{ got: false }]);
    expect(await rowsOf(client, 'select pg_advisory_unlock(7) as held')).toEqual([{ held: true }]);
    // Whoever asks for such a value once is known to need it.
    await expect(client.query('select lastval()')).rejects.toMatchObject({ code: '55000' });
    expect(await rowsOf(client, `select nextval('steps')::int as n`)).toEqual([{ n: 1 }]);
    expect(await rowsOf(client, `select currval('steps')::int as n`)).toEqual([{ n: 1 }]);
  });

  test('prepared statements of both kinds stay, with their types', async () => {
    await using client = await connected();
    await client.query('prepare plus(int, int) as select $1 + $2 as sum');
    await client.query({ name: 'times', text: 'select $1::int * 2 as twice', values: [1] });
    const listed = `select name, from_sql, parameter_types::text as types
      from pg_prepared_statements order by name`;
    expect(await rowsOf(client, listed)).toEqual([
      { name: 'plus', from_sql: true, types: '{integer,integer}' },
      { name: 'times', from_sql: false, types: '{integer}' },
    ]);
    expect(await rowsOf(client, 'execute plus(20, 22)')).toEqual([{ sum: 42 }]);
    await client.query('deallocate plus');
    await tenant.rest();
    await expect(client.query('execute plus(1, 1)')).rejects.toMatchObject({ code: '26000' });
    const times = { name: 'times', text: 'select $1::int * 2 as twice', values: [21] };
    expect(await rowsOf(client, times)).toEqual([{ twice: 42 }]);
  });

  test('a running query is cancelled, and the session goes on', async () => {
    await using client = await connected();
    await using other = await connected();
    await tenant.rest();
    const begun = once(client, 'notice');
    const sleeping = client.query(`do $$ begin raise notice 'begun'; perform pg_sleep(60); end $$`);
    const outcome = expect(sleeping).rejects.toMatchObject({ code: '57014' });
    await begun;
    const [row] = await rowsOf(
      other,
      `select pg_cancel_backend(pid) as sent from pg_stat_activity
       where query like '%pg_sleep(60)%' and state = 'active' and pid <> pg_backend_pid()`,
    );
    expect(row).toEqual({ sent: true });
    await outcome;
    expect(await rowsOf(client, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  test('a pool of clients that rest between their queries is served whole', async () => {
    const pool = new pg.Pool({ ...tenant.connection, max: 8, idleTimeoutMillis: 0 });
    try {
      await pool.query('create table hits (n int)');
      for (let round = 0; round < 5; round++) {
        await tenant.rest();
        const work = Array.from({ length: 16 }, (_, n) =>
          pool.query('insert into hits values ($1)', [n]),
        );
        await Promise.all(work);
      }
      const { rows } = await pool.query('select count(*)::int as n from hits');
      expect(rows).toEqual([{ n: 80 }]);
    } finally {
      await pool.end();
    }
  });

  test('rows of a megabyte and a hundred thousand rows come whole', async () => {
    await using client = await connected();
    const big = `select repeat(md5(n::text), 32768) as body from generate_series(1, 4) n`;
    const bodies = (await rowsOf(client, big)) as { body: string }[];
    expect(bodies.map(({ body }) => body.length)).toEqual([1, 1, 1, 1].map(() => 1_048_576));
    const many = await rowsOf(client, 'select n from generate_series(1, 100000) n');
    expect(many.length).toBe(100_000);
  });
});
