/** What is inside tenants, over the API of the whole program. */
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DynaBase } from '../sdk/index.ts';
import { asClient, failureOf } from '../testing/client-calls.ts';
import { type RealServer, realServer } from '../testing/real-server.ts';

let server: RealServer;
let api: DynaBase;

beforeAll(async () => {
  server = await realServer();
  api = server.client;
}, 120_000);

afterAll(() => server[Symbol.asyncDispose]());

describe('query', () => {
  beforeAll(async () => {
    await api.tenants.create({ name: 'asked' });
  });

  test('wakes the tenant, runs as its owner, and tells types', async () => {
    const first = await api.inside.query('asked', {
      sql: `select 1 as one, 2::int8 as big, 'x'::text as t, null::int as n, true as b,
        '{"a":1}'::jsonb as j, array[1,2] as l, current_user as u, 1.50::numeric as m`,
    });
    expect(first.wakeMs).toBeGreaterThan(0);
    expect(first.rows).toEqual([
      { one: 1, big: '2', t: 'x', n: null, b: true, j: { a: 1 }, l: [1, 2], u: 'asked', m: '1.50' },
    ]);
    expect(first.columns.slice(0, 2)).toEqual([
      { name: 'one', type: 'int4', typeId: 23 },
      { name: 'big', type: 'int8', typeId: 20 },
    ]);
    expect(first).toMatchObject({ rowCount: 1, command: 'SELECT', truncated: false });
    const second = await api.inside.query('asked', { sql: 'select 1', arrayMode: true });
    expect(second).toMatchObject({ wakeMs: 0, rows: [[1]] });
  });

  test('takes parameters of every kind', async () => {
    const { rows } = await api.inside.query('asked', {
      sql: 'select $1::int + 1 as a, $2::text as b, $3::bool as c, $4::jsonb as d, $5::text[] as e, $6::int as f',
      params: [41, "o'brien", true, { k: ['v'] }, ['a "quoted"', null, 'b\\c'], null],
    });
    expect(rows).toEqual([
      { a: 42, b: "o'brien", c: true, d: { k: ['v'] }, e: ['a "quoted"', null, 'b\\c'], f: null },
    ]);
  });

  test('several statements have a result each', async () => {
    const answer = await api.inside.query('asked', {
      sql: 'create table t (id int primary key); insert into t select generate_series(1, 3); select id from t',
    });
    expect(answer.results?.map(({ command, rowCount }) => [command, rowCount])).toEqual([
      ['CREATE TABLE', null],
      ['INSERT', 3],
      ['SELECT', 3],
    ]);
    expect(answer.rows).toEqual([{ id: 1 }, { id: 2 }, { id: 3 }]);
  });

  test('what PostgreSQL says besides is told with the statement, and with a failure', async () => {
    const raised = "do $$ begin raise warning 'low' using hint = 'fill it'; end $$";
    const { results } = await api.inside.query('asked', { sql: `commit; select 1; ${raised}` });
    const none = { severity: 'WARNING', message: 'there is no transaction in progress' };
    const low = { severity: 'WARNING', message: 'low', hint: 'fill it' };
    expect(results?.map(({ notices }) => notices)).toEqual([[none], [], [low]]);
    const alone = await api.inside.query('asked', { sql: raised, readOnly: true });
    expect(alone).toMatchObject({ notices: [low], noticesLeftOut: 0 });
    const sql = "do $$ begin raise notice 'step %', 1; raise exception 'no'; end $$";
    const failed = await failureOf(api.inside.query('asked', { sql }));
    expect(failed.database?.notices).toEqual([{ severity: 'NOTICE', message: 'step 1' }]);
    // More than an answer may have; the next query of the session hears none of them.
    const flood = await api.inside.query('asked', {
      sql: "do $$ begin for i in 1..20000 loop raise notice '% %', i, repeat('x', 200); end loop; end $$",
      bytesMax: 100_000,
    });
    expect([flood.notices.length, flood.noticesLeftOut]).toEqual([100, 19_900]);
    expect((await api.inside.query('asked', { sql: 'select 1' })).notices).toEqual([]);
  });

  test('a parameter of a megabyte arrives, and JSON keeps all digits', async () => {
    const params = ['x'.repeat(1_000_000), '{"id": 9007199254740993}'];
    const sql = 'select length($1) as n, $2::jsonb as j';
    const { rows } = await api.inside.query('asked', { sql, params, jsonAsText: true });
    expect(rows).toEqual([{ n: 1_000_000, j: '{"id": 9007199254740993}' }]);
    const answer = await fetch(`${server.apiUrl}/v1/tenants/asked/query`, {
      method: 'POST',
      headers: { authorization: `Bearer ${server.apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ sql, params }),
    });
    expect(await answer.text()).toContain('"j":{"id":9007199254740993}');
  });

  test('rows and bytes are bounded, and what is left out is told', async () => {
    const some = await api.inside.query('asked', {
      sql: 'select i from generate_series(1, 10000000) i',
      rowsMax: 100,
    });
    expect(some).toMatchObject({ truncated: true });
    expect(some.rows).toHaveLength(100);
    expect(some.rows.at(-1)).toEqual({ i: 100 });
    const exact = await api.inside.query('asked', {
      sql: 'select i from generate_series(1, 100) i',
      rowsMax: 100,
    });
    expect([exact.truncated, exact.rowCount]).toEqual([false, 100]);
    const large = await api.inside.query('asked', {
      sql: "select repeat('x', 10000) as x from generate_series(1, 1000000)",
      bytesMax: 100_000,
    });
    expect(large.truncated).toBe(true);
    expect(large.rows).toHaveLength(9);
    const several = await api.inside.query('asked', {
      sql: 'select 1; select i from generate_series(1, 200000) i',
      rowsMax: 10,
    });
    expect(several.results?.map(({ rows, truncated }) => [rows.length, truncated])).toEqual([
      [1, false],
      [10, true],
    ]);
  });

  test('one row that is larger than all that may be told is refused, and the next query works', async () => {
    const sql = "select repeat('x', 100000000) as x";
    const failure = await failureOf(api.inside.query('asked', { sql, bytesMax: 10_000 }));
    expect([failure.code, failure.http]).toEqual(['RESPONSE_TOO_LARGE', 507]);
    expect((await api.inside.query('asked', { sql: 'select 1 as a' })).rows).toEqual([{ a: 1 }]);
  });

  test('what PostgreSQL refuses is told with its SQLSTATE, position, hint and detail', async () => {
    const typo = await failureOf(api.inside.query('asked', { sql: 'select nmae from t' }));
    expect(typo).toMatchObject({ code: 'QUERY_FAILED', http: 400, sqlstate: '42703' });
    expect(typo.database).toMatchObject({ position: 8 });
    const twice = await failureOf(api.inside.query('asked', { sql: 'insert into t values (1)' }));
    expect(twice).toMatchObject({ sqlstate: '23505', retry: 'never' });
    expect(twice.database).toMatchObject({
      detail: 'Key (id)=(1) already exists.',
      constraint: 't_pkey',
    });
    const nowhere = await failureOf(
      api.inside.query('asked', { sql: 'select 1', database: 'Nowhere' }),
    );
    expect(nowhere).toMatchObject({ code: 'QUERY_FAILED', sqlstate: '3D000' });
    const copy = await failureOf(api.inside.query('asked', { sql: 'copy t to stdout' }));
    expect(copy).toMatchObject({ code: 'QUERY_FAILED', sqlstate: '0A000' });
    const into = await failureOf(api.inside.query('asked', { sql: 'copy t from stdin' }));
    expect(into).toMatchObject({ code: 'QUERY_FAILED', sqlstate: '57014' });
  });

  test.each([
    'insert into t values (100)',
    'with w as (insert into t values (100) returning id) select * from w',
    'create table u ()',
    "select set_config('transaction_read_only', 'off', true), (select count(*) from t)",
    'do $$ begin set transaction read write; insert into t values (100); end $$',
    "select nextval(pg_get_serial_sequence('t', 'id')) from lateral (select lo_creat(-1)) x",
    'commit; insert into t values (100)',
    'rollback; create table u ()',
    'select 1; select 2',
  ])('a query that only reads cannot %s', async (sql) => {
    const failure = await failureOf(api.inside.query('asked', { sql, readOnly: true }));
    expect(failure.code).toBe('QUERY_FAILED');
    const { rows } = await api.inside.query('asked', {
      sql: "select count(*)::int as t, to_regclass('u') as u from t",
    });
    expect(rows).toEqual([{ t: 3, u: null }]);
  });

  test('a query that only reads is made by a role that can do nothing else', async () => {
    const { rows } = await api.inside.query('asked', {
      sql: 'select current_user as u, session_user as s, (select count(*)::int from t) as t',
      readOnly: true,
    });
    expect(rows).toEqual([{ u: 'dynabase_reader', s: 'dynabase_reader', t: 3 }]);
    expect(await api.inside.roles('asked')).not.toContainEqual(
      expect.objectContaining({ name: 'dynabase_reader' }),
    );
  });

  test('nothing of one query is left for the next', async () => {
    await api.inside.query('asked', { sql: 'set statement_timeout = 77777' });
    await api.inside.query('asked', { sql: 'create temporary table mine ()' });
    await api.inside.query('asked', { sql: 'begin' });
    await api.inside.query('asked', {
      sql: 'set session characteristics as transaction read write',
      readOnly: true,
    });
    const { rows } = await api.inside.query('asked', {
      sql: `select current_setting('statement_timeout') as t, to_regclass('mine') as m,
        current_setting('transaction_read_only') as r`,
    });
    expect(rows).toEqual([{ t: '0', m: null, r: 'off' }]);
  });

  test('what takes too long is cancelled where it runs', async () => {
    const sql = "select pg_sleep(60) as slept_for_long, 'marked-late'";
    const failure = await failureOf(api.inside.query('asked', { sql, timeoutMs: 300 }));
    expect(failure).toMatchObject({ code: 'QUERY_TIMEOUT', http: 408, retry: 'never' });
    await gone('marked-late');
  });

  test('what nobody waits for is cancelled where it runs', async () => {
    const caller = new AbortController();
    const sql = "select pg_sleep(60) as slept_for_long, 'marked-left'";
    const asked = api.inside.query('asked', { sql }, { signal: caller.signal });
    asked.catch(() => {});
    await running('marked-left');
    caller.abort(new Error('enough'));
    await expect(asked).rejects.toThrow('enough');
    await gone('marked-left');
  });

  test('it is a session like others, under our name', async () => {
    const { rows } = await api.inside.query('asked', {
      sql: 'select application_name as a, rolsuper as s from pg_stat_activity join pg_roles on rolname = current_user where pid = pg_backend_pid()',
    });
    expect(rows).toEqual([{ a: 'dynabase-api', s: false }]);
    const sessions = await api.tenants.sessions('asked');
    expect(sessions.map(({ applicationName }) => applicationName)).toContain('dynabase-api');
  });

  const count = async (mark: string): Promise<number> => {
    const { rows } = await api.inside.query('asked', {
      sql: 'select count(*)::int as n from pg_stat_activity where query like $1 and state = $2 and pid <> pg_backend_pid()',
      params: [`%${mark}%`, 'active'],
    });
    return (rows[0] as { n: number }).n;
  };
  const running = (mark: string) => expect.poll(() => count(mark), { timeout: 20_000 }).toBe(1);
  const gone = (mark: string) => expect.poll(() => count(mark), { timeout: 20_000 }).toBe(0);
});

describe('roles', () => {
  beforeAll(async () => {
    await api.tenants.create({ name: 'cast' });
    await api.inside.query('cast', {
      sql: 'create table before (id serial, v int); create schema apart; create table apart.far (id int)',
    });
  });

  test('a reader reads what there is and what comes, and writes nothing', async () => {
    const made = await api.inside.createRole('cast', { name: 'reader', access: 'read-only' });
    expect(made).toMatchObject({
      name: 'reader',
      access: 'read-only',
      login: true,
      isOwner: false,
    });
    await api.inside.query('cast', {
      sql: 'create table after (id int); create schema later; create table later.new (id int)',
    });
    await asClient(made.connectionUri, async (client) => {
      for (const table of ['before', 'apart.far', 'after', 'later.new']) {
        await client.query(`select * from ${table}`);
        await expect(client.query(`insert into ${table} values (1)`)).rejects.toThrow('permission');
      }
      await expect(client.query('select rolpassword from pg_authid')).rejects.toThrow('permission');
      await expect(client.query('create table public.x ()')).rejects.toThrow('permission');
    });
  });

  test('a writer writes, also with sequences; its access is taken at once', async () => {
    const made = await api.inside.createRole('cast', { name: 'writer', access: 'read-write' });
    const write = (client: pg.Client) => client.query('insert into before (v) values (1)');
    await asClient(made.connectionUri, write);
    await api.inside.changeRole('cast', 'writer', { access: 'read-only' });
    await expect(asClient(made.connectionUri, write)).rejects.toThrow('permission');
    await api.inside.changeRole('cast', 'writer', { access: 'owner' });
    await asClient(made.connectionUri, (client) => client.query('alter table before add w int'));
    await api.inside.changeRole('cast', 'writer', { access: 'none' });
    await expect(
      asClient(made.connectionUri, (client) => client.query('select * from before')),
    ).rejects.toThrow('permission');
  });

  test('a password is rotated or given, and only the last one opens', async () => {
    const made = await api.inside.createRole('cast', { name: 'changing', password: 'first-one' });
    expect(made.password).toBeNull();
    const ask = (password: string) =>
      asClient(server.uri({ role: 'changing', password, database: 'cast' }), (client) =>
        client.query('select 1'),
      );
    await ask('first-one');
    const rotated = await api.inside.rotateRolePassword('cast', 'changing');
    await asClient(rotated.connectionUri, (client) => client.query('select 1'));
    await expect(ask('first-one')).rejects.toThrow('password authentication failed');
    await api.inside.changeRole('cast', 'changing', { login: false });
    await expect(ask(rotated.password ?? '')).rejects.toThrow('password authentication failed');
  });

  test('what a deleted role owned is the owner’s; its sessions end with their next request', async () => {
    const made = await api.inside.createRole('cast', { name: "o'dd role@home", access: 'owner' });
    const client = new pg.Client(made.connectionUri);
    client.on('error', () => {});
    await client.connect();
    await client.query('create table left_behind (id int)');
    await api.inside.deleteRole('cast', "o'dd role@home");
    await expect(client.query('select 1')).rejects.toThrow();
    await client.end();
    await expect(asClient(made.connectionUri, async () => {})).rejects.toThrow('password');
    const { rows } = await api.inside.query('cast', {
      sql: "select tableowner as o from pg_tables where tablename = 'left_behind'",
    });
    expect(rows).toEqual([{ o: 'cast' }]);
  });

  test('the owner is protected, reserved names are refused, unknown ones are told', async () => {
    const roles = await api.inside.roles('cast');
    expect(roles.map(({ name }) => name)).toEqual(['cast', 'changing', 'reader', 'writer']);
    expect(roles[0]).toMatchObject({ isOwner: true, access: 'owner' });
    const codes = await Promise.all(
      [
        api.inside.changeRole('cast', 'cast', { login: false }),
        api.inside.deleteRole('cast', 'cast'),
        api.inside.rotateRolePassword('cast', 'cast'),
        api.inside.createRole('cast', { name: 'reader' }),
        api.inside.createRole('cast', { name: 'dynabase_readers' }),
        api.inside.createRole('cast', { name: 'pg_mine' }),
        api.inside.createRole('cast', { name: 'alice.asked' }),
        api.inside.role('cast', 'dynabase'),
        api.inside.deleteRole('cast', 'nobody'),
        api.inside.changeRole('cast', 'dynabase_operator', { access: 'owner' }),
      ].map(async (call) => (await failureOf(call)).code),
    );
    expect(codes).toEqual([
      ...['BAD_REQUEST', 'BAD_REQUEST', 'BAD_REQUEST', 'ALREADY_EXISTS'],
      ...['BAD_NAME', 'BAD_NAME', 'BAD_NAME', 'NOT_FOUND', 'NOT_FOUND', 'NOT_FOUND'],
    ]);
  });

  test('the owner acts as a role by name', async () => {
    const asked = { sql: 'select current_user as u', role: 'reader' };
    expect((await api.inside.query('cast', asked)).rows).toEqual([{ u: 'reader' }]);
    const { rows } = await api.inside.query('cast', { sql: 'select current_user as u' });
    expect(rows).toEqual([{ u: 'cast' }]);
    const not = await failureOf(api.inside.query('cast', { sql: 'select 1', role: 'dynabase' }));
    expect(not).toMatchObject({ code: 'QUERY_FAILED', sqlstate: '42501' });
  });
});
