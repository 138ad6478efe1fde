import { NeonDbError, neon } from '@neondatabase/serverless';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ClientTenant, clientTenant } from '../../testing/client-tenant.ts';
import { aimNeonAt } from '../../testing/neon-driver.ts';

/** With its compute stopped again and again under the calls, and without. */
describe.each([false, true])('@neondatabase/serverless over HTTP, chaos %s', (chaos) => {
  let tenant: ClientTenant;

  beforeAll(async () => {
    tenant = await clientTenant({ chaos });
    aimNeonAt(tenant);
  });

  afterAll(() => tenant[Symbol.asyncDispose]());

  test('asks one question, with values of every kind', async () => {
    const sql = neon(tenant.uri);
    await tenant.rest();
    const doc = { a: [1, null, 'x"y'], b: { c: true } };
    const [row] = await sql`select ${1}::int as n, ${"it's"}::text as t, ${null}::text as nothing,
      ${true}::bool as b, ${doc}::jsonb as doc, ${['a', 'b"c', null]}::text[] as list,
      ${12345678901234567890n}::numeric as big`;
    expect(row).toEqual({
      ...{ n: 1, t: "it's", nothing: null, b: true, doc, list: ['a', 'b"c', null] },
      big: '12345678901234567890',
    });
  });

  test('tells fields, command and count, as rows and as arrays', async () => {
    const full = neon(tenant.uri, { fullResults: true });
    await full`create table if not exists notes (id int primary key, said text)`;
    await full`truncate notes`;
    await tenant.rest();
    const inserted = await full`insert into notes values (1, 'a'), (2, null)`;
    expect(inserted).toMatchObject({ command: 'INSERT', rowCount: 2, rows: [], fields: [] });
    const read = await full.query('select * from notes order by id', [], { arrayMode: true });
    expect(read).toMatchObject({ command: 'SELECT', rowCount: 2, rowAsArray: true });
    expect(read.rows).toEqual([
      [1, 'a'],
      [2, null],
    ]);
    expect(read.fields.map(({ name, dataTypeID }) => [name, dataTypeID])).toEqual([
      ['id', 23],
      ['said', 25],
    ]);
    expect(await full`create index if not exists notes_said on notes (said)`).toMatchObject({
      command: 'CREATE',
      rowCount: null,
    });
  });

  test('runs a batch as one transaction, or not at all', async () => {
    const sql = neon(tenant.uri);
    await sql`create table if not exists accounts (id int primary key, euros int check (euros >= 0))`;
    await sql`truncate accounts`;
    await tenant.rest();
    const [, , sum] = await sql.transaction([
      sql`insert into accounts values (1, 10), (2, 0)`,
      sql`update accounts set euros = euros + 1`,
      sql`select sum(euros)::int as sum from accounts`,
    ]);
    expect(sum).toEqual([{ sum: 12 }]);
    const failing = sql.transaction((tx) => [
      tx`update accounts set euros = euros + 5 where id = 2`,
      tx`update accounts set euros = euros - 500 where id = 1`,
    ]);
    await expect(failing).rejects.toMatchObject({
      code: '23514',
      constraint: 'accounts_euros_check',
    });
    await tenant.rest();
    expect(await sql`select euros from accounts order by id`).toEqual([
      { euros: 11 },
      { euros: 1 },
    ]);
    expect(await sql.transaction([])).toEqual([]);
  });

  test('takes the isolation of a batch', async () => {
    const sql = neon(tenant.uri);
    const shown = (tx: typeof sql) => [
      tx`select current_setting('transaction_isolation') as level,
        current_setting('transaction_read_only') as ro, current_setting('transaction_deferrable') as d`,
    ];
    const asked = async (options: Parameters<typeof sql.transaction>[1]) =>
      (await sql.transaction(shown(sql), options))[0];
    expect(await asked({})).toEqual([{ level: 'read committed', ro: 'off', d: 'off' }]);
    for (const [isolationLevel, level] of [
      ['ReadUncommitted', 'read uncommitted'],
      ['RepeatableRead', 'repeatable read'],
      ['Serializable', 'serializable'],
    ] as const) {
      expect(await asked({ isolationLevel })).toEqual([{ level, ro: 'off', d: 'off' }]);
    }
    expect(
      await asked({ isolationLevel: 'Serializable', readOnly: true, deferrable: true }),
    ).toEqual([{ level: 'serializable', ro: 'on', d: 'on' }]);
    const writing = sql.transaction([sql`create table never (a int)`], { readOnly: true });
    await expect(writing).rejects.toMatchObject({ code: '25006' });
  });

  test('has every field of an error', async () => {
    const sql = neon(tenant.uri);
    await sql`create table if not exists parents (id int primary key)`;
    await sql`create table if not exists children (of int not null constraint has_parent references parents)`;
    await tenant.rest();
    const failed = await sql`insert into children values (7)`.catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(NeonDbError);
    expect(failed).toMatchObject({
      ...{ code: '23503', severity: 'ERROR', schema: 'public', table: 'children' },
      ...{ constraint: 'has_parent', detail: 'Key (of)=(7) is not present in table "parents".' },
      ...{ routine: 'ri_ReportViolation', file: 'ri_triggers.c' },
    });
    const misspelt = await sql`selec 1`.catch((error: unknown) => error);
    expect(misspelt).toMatchObject({ code: '42601', position: '1' });
    const within = await sql`do $$ begin perform 1 / 0; end $$`.catch((error: unknown) => error);
    expect(within).toMatchObject({ code: '22012', where: expect.stringContaining('PL/pgSQL') });
  });

  test('leaves nothing of one call to the next', async () => {
    const sql = neon(tenant.uri);
    const state = async () =>
      await sql`select current_setting('search_path') as path, current_setting('my.own', true) as own,
        (select count(*)::int from pg_locks where locktype = 'advisory') as locks,
        (select count(*)::int from pg_prepared_statements) as statements,
        to_regclass('pg_temp.scratch')::text as scratch`;
    const clean = [{ path: '"$user", public', own: null, locks: 0, statements: 0, scratch: null }];
    expect(await state()).toEqual(clean);
    await sql`set search_path = nowhere`;
    await sql`select set_config('my.own', 'x', false)`;
    await sql`select pg_advisory_lock(1)`;
    await sql`create temporary table scratch (a int)`;
    await sql`prepare p as select 1`;
    await sql`listen c`;
    await sql`begin`;
    // By what no text of a call shows.
    await sql`create or replace function hidden() returns int language plpgsql as
      $$ begin perform set_config('search_path', 'elsewhere', false); return 1; end $$`;
    for (let round = 0; round < 3; round++)
      expect(await sql`select hidden()`).toEqual([{ hidden: 1 }]);
    expect(await state()).toEqual(clean);
    await sql`create sequence if not exists numbers`;
    await sql`select nextval('numbers')`;
    await expect(sql`select currval('numbers')`).rejects.toMatchObject({ code: '55000' });
    await sql`drop function hidden`;
  });

  test('tells a wrong password from nothing else', async () => {
    const wrong = neon(tenant.uri.replace(tenant.password, 'wrong'));
    const failed = await wrong`select 1`.catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(NeonDbError);
    expect(failed).toMatchObject({
      message: 'password authentication failed for user "acme"',
      code: '28P01',
    });
    const nobody = neon(tenant.uri.replaceAll('acme', 'nobody'));
    const unknown = await nobody`select 1`.catch((error: unknown) => error);
    expect(Object.keys(unknown as object).sort()).toEqual(Object.keys(failed as object).sort());
    expect(unknown).toMatchObject({
      message: 'password authentication failed for user "nobody"',
      code: '28P01',
    });
  });
});
