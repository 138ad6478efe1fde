import { describe, expect, test } from 'vitest';
import { sqlDesk } from '../../testing/sql-desk.ts';

const desk = sqlDesk();

describe('SQL as an argument', () => {
  test('is answered by a table', async () => {
    expect(await desk.sql(["select 1 as id, 'alice' as name"])).toEqual({
      status: 0,
      out: ' id | name\n----+-------\n  1 | alice\n(1 row)\n',
      err: '',
    });
  });

  test('or by an array of objects', async () => {
    const text =
      "select 1 as a, null as b, true as c, '{\"x\": 1}'::jsonb as d, '{1,2}'::int[] as e";
    expect(await desk.sql([text, '--json'])).toEqual({
      status: 0,
      out: '[{"a":1,"b":null,"c":true,"d":{"x":1},"e":[1,2]}]\n',
      err: '',
    });
  });

  test('may be several statements, each with its answer', async () => {
    const text = 'create table t (a int); insert into t values (1), (2); select * from t; ';
    expect((await desk.sql([text])).out).toBe(
      ['CREATE TABLE', 'INSERT 0 2', ' a', '---', ' 1', ' 2', '(2 rows)', ''].join('\n'),
    );
    expect((await desk.sql(['select 1 as a; select 2 as b', '--json'])).out).toBe(
      '[{"a":1}]\n[{"b":2}]\n',
    );
  });

  test('is one transaction: after an error nothing of it is there', async () => {
    const failed = await desk.sql(['create table t (a int); select 1/0']);
    expect(failed).toEqual({
      status: 1,
      out: 'CREATE TABLE\n',
      err: 'error: division by zero [22012]\n',
    });
    expect((await desk.sql(["select to_regclass('t') as t", '--json'])).out).toBe('[{"t":null}]\n');
  });

  test('that is wrong is answered with its place, hint and status 1', async () => {
    expect(await desk.sql(['select *\nfrom nowhere'])).toEqual({
      status: 1,
      out: '',
      err: [
        'error: relation "nowhere" does not exist [42P01]',
        'LINE 2: from nowhere',
        '             ^',
        '',
      ].join('\n'),
    });
    const { status, out, err } = await desk.sql(['select nme from (select 1 as name) x', '--json']);
    expect([status, out, JSON.parse(err)]).toEqual([
      1,
      '',
      {
        code: '42703',
        message: 'column "nme" does not exist',
        hint: expect.any(String),
        line: 1,
        column: 8,
      },
    ]);
  });

  test('may raise notices, which go to standard error', async () => {
    expect(await desk.sql(["do $$ begin raise notice 'look'; end $$"])).toEqual({
      status: 0,
      out: 'DO\n',
      err: 'notice: look\n',
    });
  });

  test('may be a backslash command', async () => {
    await desk.sql(['create table t (id int primary key, name text not null, check (id > 0))']);
    expect((await desk.sql(['\\dt', '--json'])).out).toBe(
      '[{"Schema":"public","Name":"t","Type":"table","Owner":"postgres"}]\n',
    );
    const { out } = await desk.sql(['\\d t']);
    expect(out).toContain(' name   | text    | not null |');
    expect(out).toContain('CREATE UNIQUE INDEX t_pkey ON public.t USING btree (id)');
    expect(out).toContain('CHECK ((id > 0))');
    for (const command of ['\\l', '\\dn', '\\dv', '\\di', '\\df', '\\du', '\\d']) {
      expect(await desk.sql([command])).toMatchObject({ status: 0, err: '' });
    }
    expect(await desk.sql(['\\d nowhere'])).toMatchObject({
      status: 1,
      err: expect.stringContaining('relation "nowhere" does not exist [42P01]'),
    });
  });

  test('that copies in is refused, and copied out is printed as it is', async () => {
    expect((await desk.sql(['copy (select 1, 2) to stdout'])).out).toBe('1\t2\nCOPY 1\n');
    expect(await desk.sql(['create table t (a int); copy t from stdin'])).toMatchObject({
      status: 1,
      err: expect.stringContaining('COPY ... FROM STDIN is not supported here; use psql'),
    });
  });

  test('says who it is', async () => {
    const text =
      'select application_name as name from pg_stat_activity where pid = pg_backend_pid()';
    expect((await desk.sql([text, '--json'])).out).toBe('[{"name":"dynabase sql"}]\n');
  });
});

describe('for programs', () => {
  test('rows are CSV, with or without heads', async () => {
    const text = "select 1 as a, 'x,y' as b; select null as c";
    expect((await desk.sql([text, '--csv'])).out).toBe('a,b\n1,"x,y"\nc\n\n');
    expect((await desk.sql([text, '--csv', '--tuples-only'])).out).toBe('1,"x,y"\n\n');
    expect((await desk.sql(['select 1 as a; create table t ()', '-t'])).out).toBe(' 1\n');
  });

  test('CSV and JSON cannot both be asked for', async () => {
    expect(await desk.sql(['select 1', '--csv', '--json'])).toMatchObject({ status: 1, out: '' });
  });
});

describe('a script on standard input', () => {
  test('runs statement by statement', async () => {
    const stdin = "create table t (a text);\ninsert into t\nvalues ('x;y');\ntable t; vacuum t";
    expect(await desk.sql([], { stdin })).toEqual({
      status: 0,
      out: ['CREATE TABLE', 'INSERT 0 1', '  a', '-----', ' x;y', '(1 row)', 'VACUUM', ''].join(
        '\n',
      ),
      err: '',
    });
  });

  test('ends at the first error, with the line of the script; what was before stays', async () => {
    const stdin = 'create table t (a int);\n\nselect nothing;\ncreate table u (a int);';
    expect(await desk.sql([], { stdin })).toEqual({
      status: 1,
      out: 'CREATE TABLE\n',
      err: [
        'error: column "nothing" does not exist [42703]',
        'LINE 3: select nothing;',
        '               ^',
        '',
      ].join('\n'),
    });
    const there = "select to_regclass('t') as t, to_regclass('u') as u";
    expect((await desk.sql([there, '--json'])).out).toBe('[{"t":"t","u":null}]\n');
  });

  test('that is empty asks nothing of the tenant', async () => {
    expect(await desk.sql([], { stdin: '-- nothing\n' })).toEqual({ status: 0, out: '', err: '' });
    expect(desk.control.calls).not.toContain('ticket acme');
  });

  test('may quit before its end', async () => {
    expect((await desk.sql([], { stdin: 'select 1 as a;\n\\q\nselect 2;' })).out).toBe(
      ' a\n---\n 1\n(1 row)\n',
    );
  });
});

describe('a login that fails', () => {
  test('is told with its code', async () => {
    desk.control.ticketUri = `postgresql://postgres:wrong@127.0.0.1:${desk.port}/postgres`;
    expect(await desk.sql(['select 1'])).toEqual({
      status: 1,
      out: '',
      err: 'error: password authentication failed for user "postgres" [28P01]\n',
    });
  });

  test('names the tenant that is not there', async () => {
    desk.control.failNext('TENANT_UNKNOWN', { tenant: 'acme' });
    expect(await desk.sql(['select 1'])).toEqual({
      status: 1,
      out: '',
      err: 'error: there is no tenant "acme" [TENANT_UNKNOWN]\n',
    });
  });
});

test('an interrupt cancels the statement of a script, which then ends', async () => {
  const { world, ended } = desk.start(['select pg_sleep(600)']);
  await desk.postgres.sqlUntilRows(
    "select 1 from pg_stat_activity where query like 'select pg_sleep%' and wait_event = 'PgSleep'",
  );
  world.interrupt();
  expect(await ended).toBe(1);
  expect(world.stderr.text()).toBe('error: canceling statement due to user request [57014]\n');
  expect(world.interrupts.size).toBe(0);
});
