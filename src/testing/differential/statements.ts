/**
 * Statements that leave something behind in a session, use it or fail, drawn by chance.
 *
 * Few names, so that they meet: a setting is set, shadowed, reset and read; a statement is prepared
 * twice, executed, and deallocated under somebody's feet. What they answer depends on the session's
 * past alone: no time, no process id, no object id.
 */
import type { Chance } from './chance.ts';

type Draw = (chance: Chance) => string;

const SETTINGS: readonly (readonly [name: string, ...values: string[]])[] = [
  ['work_mem', "'5MB'", "'64kB'", '8192', "'nonsense'"],
  ['application_name', "'one'", "'tw\u00f6'", "''"],
  ['datestyle', "'German, DMY'", "'ISO, MDY'"],
  ['timezone', "'Asia/Kolkata'", "'UTC'", 'LOCAL', "'Nowhere/Land'"],
  ['intervalstyle', "'iso_8601'", "'sql_standard'"],
  ['client_encoding', "'LATIN1'", "'UTF8'"],
  ['standard_conforming_strings', 'off', 'on'],
  ['bytea_output', "'escape'", "'hex'"],
  ['extra_float_digits', '0', '3'],
  ['search_path', 'other, public', 'public', "''", 'hostile, pg_catalog, public', '"$user"'],
  ['default_transaction_isolation', "'serializable'", "'read committed'"],
  ['default_transaction_read_only', 'on', 'off'],
  ['statement_timeout', "'30s'", '0'],
  ['row_security', 'off', 'on'],
  ['enable_seqscan', 'off', 'on'],
  ['quote_all_identifiers', 'on', 'off'],
  ['client_min_messages', "'warning'", "'notice'"],
  ['plan_cache_mode', "'force_generic_plan'", "'auto'"],
  ['session_replication_role', "'replica'"],
  ['no_such_setting', '1'],
  ['app.tenant', "'t1'", "'it''s'", "''"],
  ['app."Strange Name"', "'x'"],
  ['app.user_id', '42', "'\u00fc'"],
];

const CUSTOM = ['app.tenant', 'app.user_id', 'app.never'];

const set: Draw = (chance) => {
  const [name, ...values] = chance.one(SETTINGS);
  return `set ${chance.one(['', 'session ', 'local '])}${name} = ${chance.one(values)}`;
};

const reset: Draw = (chance) => {
  const [name] = chance.one(SETTINGS);
  return chance.one([`reset ${name}`, `set ${name} to default`, 'reset all']);
};

const readSetting: Draw = (chance) => {
  const [name] = chance.one(SETTINGS);
  const custom = chance.one(CUSTOM);
  return chance.one([
    `show ${name}`,
    `select current_setting('${custom}', true) is null, current_setting('${custom}', true)`,
    `select current_setting('work_mem'), current_setting('search_path'), current_setting('datestyle')`,
    `select name, setting from pg_settings where source = 'session' order by name`,
    `select '1 day 2:03'::interval, '2020-02-01 12:00+0'::timestamptz, '\\x00ff'::bytea, 0.1::float4::float8`,
    `select 'a\\nb', length('\u00e4')`,
  ]);
};

const setConfig: Draw = (chance) => {
  const name = chance.one([...CUSTOM.slice(0, 2), 'work_mem', 'search_path', 'timezone']);
  const value = name === 'work_mem' ? '7MB' : name === 'timezone' ? 'UTC' : 'public';
  const call = `set_config('${name}', '${value}', ${chance.one(['true', 'false'])})`;
  return chance.one([`select ${call}`, `do $$ begin perform ${call}; end $$`]);
};

const role: Draw = (chance) =>
  chance.one([
    'set role helper',
    'set role helper',
    'reset role',
    'set role none',
    'set local role helper',
    'set role nobody_here',
    'set session authorization default',
    'set session authorization helper',
    'select current_user, session_user, system_user is null',
    `select current_setting('role')`,
  ]);

const prepare: Draw = (chance) => {
  const name = chance.one(['q1', 'q2', 's1']);
  return chance.one([
    `prepare ${name} as select 1 as n`,
    `prepare ${name}(int, text) as select $1 + 1, $2`,
    `prepare ${name} as select * from kept where id = $1`,
    `execute ${name}`,
    `execute ${name}(3)`,
    `execute ${name}(3, 'x')`,
    `deallocate ${name}`,
    `deallocate all`,
    `explain (costs off) execute ${name}(1)`,
    // The text of one that SQL made is the whole query that it came in, and need not be again.
    `select name, case when from_sql then '' else statement end, parameter_types::text, from_sql
     from pg_prepared_statements order by 1`,
  ]);
};

const listen: Draw = (chance) => {
  const channel = chance.one(['news', '"Loud"']);
  return chance.one([
    `listen ${channel}`,
    `listen ${channel}`,
    `unlisten ${channel}`,
    'unlisten *',
    `notify ${channel}, 'hello'`,
    `notify ${channel}`,
    `select pg_notify('news', repeat('n', ${chance.one([0, 10, 7_999])}))`,
    'select pg_listening_channels() order by 1',
  ]);
};

const temporary: Draw = (chance) => {
  const end = chance.one(['', ' on commit drop', ' on commit delete rows']);
  return chance.one([
    `create temp table scratch (n int)${end}`,
    `create temp table if not exists scratch as select 1 as n`,
    `insert into scratch values (1), (2)`,
    `select count(*) from scratch`,
    `drop table if exists scratch`,
    `create temp view seen as select 1 as n`,
    `create temp sequence counter`,
    `select nextval('counter')`,
    `drop view if exists seen`,
    `drop sequence if exists counter`,
    `create function pg_temp.one() returns int language sql as 'select 1'`,
    `select pg_temp.one()`,
    'discard temp',
  ]);
};

const cursor: Draw = (chance) => {
  const name = chance.one(['c1', 'c2']);
  return chance.one([
    `declare ${name} cursor with hold for select generate_series(1, 6)`,
    `declare ${name} cursor for select generate_series(1, 6)`,
    `declare ${name} scroll cursor with hold for select id from kept order by id`,
    `fetch 2 from ${name}`,
    `fetch backward 1 from ${name}`,
    `move 1 in ${name}`,
    `close ${name}`,
    'close all',
    'select name, is_holdable from pg_cursors order by name',
  ]);
};

const lock: Draw = (chance) => {
  const key = chance.below(2);
  const suffix = chance.one(['', '_shared', '']);
  return chance.one([
    `select pg_try_advisory_lock${suffix}(${key})`,
    `select pg_try_advisory_lock${suffix}(${key})`,
    `select pg_advisory_unlock${suffix}(${key})`,
    `select pg_try_advisory_xact_lock(${key})`,
    'select pg_advisory_unlock_all()',
    `select count(*) from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()`,
  ]);
};

const sequence: Draw = (chance) =>
  chance.one([
    `select nextval('steps')`,
    `select currval('steps')`,
    'select lastval()',
    `select setval('steps', 40)`,
    `insert into counted (body) values ('x') returning id`,
    `insert into counted (body) values ('y')`,
    `select currval('counted_id_seq')`,
    'discard sequences',
  ]);

const transaction: Draw = (chance) =>
  chance.one([
    'begin',
    'begin',
    'begin isolation level repeatable read',
    'start transaction read only',
    'commit',
    'commit',
    'rollback',
    'commit and chain',
    'rollback and chain',
    'savepoint a',
    'rollback to a',
    'release a',
    'set transaction isolation level serializable',
    `select current_setting('transaction_isolation'), current_setting('transaction_read_only')`,
  ]);

const failure: Draw = (chance) =>
  chance.one([
    'select 1/0',
    'selec 1',
    'select * from no_such_table',
    'select no_such_function(1)',
    `select 'x'::int`,
    `insert into kept values (1, 'again'), (1, 'twice')`,
    `do $$ begin raise exception 'out' using detail = 'd', hint = 'h', errcode = 'P0042'; end $$`,
    `do $$ begin raise notice 'note %', 1; raise warning 'warned'; end $$`,
    `do $$ begin perform 1/0; exception when others then raise notice 'caught %', sqlerrm; end $$`,
    'drop table no_such_table',
    'drop table if exists no_such_table',
    "load 'no_such_library'",
    'select "unfinished',
    `select $1`,
  ]);

const data: Draw = (chance) => {
  const id = chance.below(4);
  return chance.one([
    'select id, body from kept order by id',
    `insert into kept values (${id}, 'b${id}') on conflict (id) do update set body = excluded.body || '+'`,
    `delete from kept where id = ${id} returning *`,
    `update kept set body = upper(body) where id = ${id}`,
    `select g, repeat('y', g % 50) from generate_series(1, 300) g`,
    `select repeat('x', 150000)`,
    'select',
    '',
    ';',
    'table kept; select 1 as again',
    'create table other.made (n int)',
    'drop table if exists other.made',
    'values (1, null::text), (2, $tag$two$tag$)',
    'explain (costs off) select * from kept where id = 1',
    'select count(*), max(n) from made',
  ]);
};

const sessionState: Draw = (chance) =>
  chance.one([
    'discard plans',
    'discard all',
    'discard all',
    'select inherited()',
    'select 1 as n',
  ]);

const DRAWS: readonly Draw[] = [
  ...[set, set, set, reset, readSetting, readSetting, setConfig, setConfig, role],
  ...[prepare, prepare, listen, listen, temporary, cursor, lock, sequence],
  ...[transaction, transaction, failure, failure, data, data, sessionState],
];

export const drawStatement: Draw = (chance) => chance.one(DRAWS)(chance);

/** Made afresh for every scenario, by a session of its own. */
export const SCENE: readonly string[] = [
  `do $$ begin
     if not exists (select from pg_roles where rolname = 'helper') then
       create role helper;
       grant helper to current_user;
     end if;
   end $$`,
  'drop schema if exists hostile, other, public cascade',
  'create schema public',
  'create schema other',
  'create schema hostile',
  'grant all on schema public, other, hostile to helper',
  'create table public.kept (id int primary key, body text)',
  `insert into public.kept values (1, 'one'), (2, 'two')`,
  'create table public.counted (id serial, body text)',
  'create sequence public.steps',
  'grant all on all tables in schema public to helper',
  'grant all on all sequences in schema public to helper',
  // Look-alikes of what a statement might use that trusts the session's search_path.
  `create function hostile.current_setting(text) returns text language sql as $$ select 'forged' $$`,
  `create function hostile.set_config(text, text, boolean) returns text language sql as $$ select 'forged' $$`,
  `create function hostile.json_build_object(text, text) returns json language sql as $$ select '{}'::json $$`,
  'create view hostile.pg_settings as select 1 as name, 2 as setting, 3 as source',
  'create view hostile.pg_prepared_statements as select 1/0 as name, 2 as statement, 3 as from_sql',
  `create function hostile.same(text, text) returns boolean language sql as 'select false'`,
  'create operator hostile.= (leftarg = text, rightarg = text, function = hostile.same)',
  `create function public.inherited() returns text language sql as
     $$ select set_config('app.tenant', 'from a function', false) $$`,
  'grant usage on schema hostile to helper',
];
