/** What PostgreSQL answers about a session, whatever the session has done to be misread. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { PinReason } from '../domain/gate.ts';
import { HiddenSession } from '../testing/hidden-session.ts';
import { type RealPostgres, realPostgres } from '../testing/real-postgres.ts';
import { bindMessage, executeMessage, parseMessage, SYNC } from './requests.ts';
import { restore } from './restore.ts';

const PLAIN = { user: 'plain' };
const GRANT = 'grant execute on function pg_catalog.pg_get_backend_memory_contexts() to public';

let server: RealPostgres;
beforeAll(async () => {
  server = await realPostgres();
  await server.sql('create role plain login password $$only-for-tests$$');
  await server.sql('grant all on database postgres to plain');
  await server.sql('create sequence counter');
  await server.sql('grant all on counter to plain');
});
afterAll(() => server?.[Symbol.asyncDispose]());

describe('a session is pinned by', () => {
  test.each<[string, string, string, PinReason]>([
    ['a temporary table', 'create temp table t ()', 'drop table t', 'temporary objects'],
    ['a temporary view', 'create temp view v as select 1', 'drop view v', 'temporary objects'],
    [
      'a temporary type',
      'create type pg_temp.t as enum ()',
      'drop type pg_temp.t',
      'temporary objects',
    ],
    [
      'a temporary function',
      'create function pg_temp.f() returns int4 language sql return 1',
      'drop function pg_temp.f()',
      'temporary objects',
    ],
    [
      'a temporary collation',
      'create collation pg_temp.c from "C"',
      'drop collation pg_temp.c',
      'temporary objects',
    ],
    [
      'a temporary operator',
      'create operator pg_temp.### (function = pg_catalog.int4pl, leftarg = int4, rightarg = int4)',
      'drop operator pg_temp.### (int4, int4)',
      'temporary objects',
    ],
    ['a temporary sequence', 'create temp sequence s', 'drop sequence s', 'temporary objects'],
    [
      'a cursor that is held',
      'declare c cursor with hold for select 1',
      'close c',
      'cursor WITH HOLD',
    ],
    [
      'an advisory lock',
      'select pg_advisory_lock(1)',
      'select pg_advisory_unlock(1)',
      'advisory lock',
    ],
    [
      'a shared advisory lock',
      'select pg_advisory_lock_shared(1, 2)',
      'select pg_advisory_unlock_shared(1, 2)',
      'advisory lock',
    ],
  ])('%s, and by nothing once it is gone', async (_, make, unmake, reason) => {
    using session = await HiddenSession.open(server, PLAIN);
    await session.run(make);
    expect((await session.ask()).pins).toEqual([reason]);
    await session.run(unmake);
    expect((await session.ask()).pins).toEqual([]);
  });
});

test('the temporary objects and locks of others pin nobody', async () => {
  using other = await HiddenSession.open(server, PLAIN);
  await other.run('create temp table t ()', 'select pg_advisory_lock(5)');
  using session = await HiddenSession.open(server, PLAIN);
  expect((await session.ask()).pins).toEqual([]);
});

test('another session user than the login is told, and none by its own name', async () => {
  using session = await HiddenSession.open(server);
  await session.run('set session authorization plain');
  expect((await session.ask()).pins).toEqual(['session authorization']);
  await session.run('reset session authorization', 'set role plain');
  const { pins, state } = await session.ask();
  expect([pins, state.role]).toEqual([[], 'plain']);
});

test('more than a megabyte of statements is not carried around', async () => {
  using session = await HiddenSession.open(server, PLAIN);
  const text = `select '${'x'.repeat(300_000)}'`;
  for (const name of ['a', 'b', 'c']) await session.run(`prepare ${name} as ${text}`);
  expect((await session.ask()).pins).toEqual([]);
  await session.run(`prepare d as ${text}`);
  const { pins, state } = await session.ask();
  expect([pins, state.statements]).toEqual([['statement too large'], []]);
});

test('a statement that cannot be cut out of its batch pins', async () => {
  using session = await HiddenSession.open(server, PLAIN);
  await session.run("prepare a as select 'x\\'; deallocate a; prepare a as select 2");
  expect((await session.ask()).pins).toEqual(['prepared in a batch']);
});

test('a sequence value is found where the right is there, and feared where it is not', async () => {
  using ungranted = await HiddenSession.open(server, PLAIN);
  expect((await ungranted.ask()).holdsSequence).toBe(true);
  await server.sql(GRANT);
  using session = await HiddenSession.open(server, PLAIN);
  expect((await session.ask()).holdsSequence).toBe(false);
  await session.run("select nextval('counter')");
  expect((await session.ask()).holdsSequence).toBe(true);
  await session.run('discard sequences');
  expect((await session.ask()).holdsSequence).toBe(false);
});

test('custom settings are told by their names, and only where they are there', async () => {
  using session = await HiddenSession.open(server, PLAIN);
  const ask = { names: ['app.one', 'app.two', 'nodot', 'plpgsql.extra_warnings', 'a.b', ''] };
  expect((await session.ask(ask)).isTainted).toBe(false);
  await session.run(
    "set app.one = '1'",
    "set plpgsql.extra_warnings = 'all'",
    'do $$ begin end $$',
  );
  const { state, isTainted } = await session.ask(ask);
  expect([state.settings, isTainted]).toEqual([
    [
      ['plpgsql.extra_warnings', 'all'],
      ['app.one', '1'],
    ],
    true,
  ]);
});

test('names of custom settings are found in functions', async () => {
  await server.sql(`create function public.sets() returns void language plpgsql as $f$
    begin set local app.tenant = 'x'; perform set_config('My.Name', 'y', true);
    execute format('set %I = 1', 'third.name'); SET  SESSION  a.b.c to 5; end $f$`);
  using session = await HiddenSession.open(server, PLAIN);
  const { customInFunctions } = await session.ask({ scanFunctions: true });
  expect([...customInFunctions].sort()).toEqual(['a.b.c', 'app.tenant', 'my.name', 'third.name']);
  expect((await session.ask()).customInFunctions).toEqual([]);
});

test('settings that the backend reports come with it', async () => {
  using session = await HiddenSession.open(server, { ...PLAIN, application_name: 'mine' });
  const reported = ['application_name', 'DateStyle', 'session_authorization', 'no_such'];
  expect([...(await session.ask({ reported })).reported]).toEqual([
    ['application_name', 'mine'],
    ['DateStyle', 'ISO, MDY'],
    ['session_authorization', 'plain'],
  ]);
});

test('the unnamed statement of the client survives', async () => {
  using session = await HiddenSession.open(server, PLAIN);
  await session.hidden(Buffer.concat([parseMessage('', "select 'mine'"), SYNC]), 1);
  await session.ask();
  await session.ask();
  const use = Buffer.concat([bindMessage(''), executeMessage(''), SYNC]);
  const { rows } = await session.hidden(use, 1);
  expect(rows.map(([value]) => value?.toString())).toEqual(['mine']);
});

test('an answer that is cut off by a timeout does not spoil the next one', async () => {
  using session = await HiddenSession.open(server, PLAIN);
  const own = parseMessage('__dynabase', 'select 1');
  await session.hidden(Buffer.concat([own, SYNC]), 1);
  expect((await session.ask()).state.statements).toEqual([]);
});

/** Functions and operators of these names, for every type that could be meant, that raise. */
const HOSTILE = `do $do$
declare one record; made int4 := 0; failed int4 := 0;
begin
  create schema hostile;
  create function hostile.boom_fn() returns bool language plpgsql as
    $$ begin raise exception 'hostile'; end $$;
  for one in select p.oid, p.proname, pg_get_function_arguments(p.oid) as args,
      pg_get_function_result(p.oid) as result from pg_proc as p where p.prokind = 'f'
      and p.pronamespace = 11 and not p.prosrc = '' and p.proname in ('set_config', 'current_setting',
      'pg_show_all_settings', 'pg_prepared_statement', 'pg_listening_channels', 'pg_cursor',
      'pg_lock_status', 'pg_my_temp_schema', 'pg_backend_pid', 'convert_to', 'convert_from',
      'octet_length', 'lower', 'json_array_elements', 'json_array_elements_text', 'json_each_text',
      'json_array_element_text', 'has_function_privilege', 'pg_get_userbyid', 'regexp_matches',
      'pg_stat_get_activity', 'ts_stat', 'pg_get_backend_memory_contexts') loop
    begin
      execute format('create function hostile.%I(%s) returns %s language plpgsql as
        $$ begin raise exception ''hostile''; end $$', one.proname,
        regexp_replace(one.args, ' DEFAULT [^,)]*', '', 'g'), one.result);
      made := made + 1;
    exception when others then failed := failed + 1;
    end;
  end loop;
  for one in select o.oprname, o.oprleft::regtype::text as l, o.oprright::regtype::text as r
      from pg_operator as o where o.oprleft <> 0 and o.oprname in
      ('=', '<>', '<', '<=', '>', '>=', '||', '~', '~~', '->', '->>', '/', '+', '!~') loop
    begin
      execute format('create function hostile.op(%s, %s) returns bool language plpgsql as
        $$ begin raise exception ''hostile''; end $$', one.l, one.r);
    exception when others then null;
    end;
    begin
      execute format('create operator hostile.%s (function = hostile.op, leftarg = %s, rightarg = %s)',
        one.oprname, one.l, one.r);
      made := made + 1;
    exception when others then failed := failed + 1;
    end;
  end loop;
  create domain hostile.text as pg_catalog.text check (pg_catalog.length(value) < 0);
  create domain hostile.json as pg_catalog.json check (hostile.boom_fn());
  create domain hostile.oid as pg_catalog.oid check (hostile.boom_fn());
  create domain hostile.int8 as pg_catalog.int8 check (hostile.boom_fn());
  create domain hostile.bytea as pg_catalog.bytea check (hostile.boom_fn());
  create table hostile.pg_depend (refclassid pg_catalog.oid, refobjid pg_catalog.oid);
  create table hostile.pg_proc (oid pg_catalog.oid, prosrc pg_catalog.text);
  create table hostile.s (lie pg_catalog.text);
  grant usage on schema hostile to public;
  if made < 150 then raise exception 'only % made, % failed', made, failed; end if;
end $do$`;

test('a search path full of traps changes neither the answer nor the restore', async () => {
  await server.sql(HOSTILE);
  const queries = [
    "set app.one = 'x'",
    'listen here',
    'prepare a as select 1',
    'create temp table t ()',
  ];
  const ask = { names: ['app.one'], reported: ['TimeZone'], scanFunctions: true };
  using calm = await HiddenSession.open(server, PLAIN);
  await calm.run(...queries);
  using trapped = await HiddenSession.open(server, PLAIN);
  const path = 'hostile, pg_temp, pg_catalog, public';
  await trapped.run(...queries, `select pg_catalog.set_config('search_path', '${path}', false)`);
  await expect(trapped.run("select 'a' = 'b'::pg_catalog.text")).rejects.toThrow('hostile');
  const expected = await calm.ask(ask);
  const asked = await trapped.ask(ask);
  const settings = [['search_path', path], ...expected.state.settings];
  expect(asked).toEqual({ ...expected, state: { ...expected.state, settings } });
  using to = await HiddenSession.open(server, PLAIN);
  expect((await to.hidden(restore(asked.state, null).bytes, 1)).errors).toEqual([]);
  expect((await to.ask(ask)).state).toEqual(asked.state);
});
