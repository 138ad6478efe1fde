/** Ways to leave something in a backend that no text and no tag shows: none of it is there in the next call. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type RealProxy, realProxy } from '../../testing/real-proxy.ts';

let world: RealProxy;

beforeAll(async () => {
  // With one backend the next call has the one that the last call had.
  world = await realProxy({}, 1);
  for (const sql of PREPARED) await owner(sql);
});

afterAll(() => world[Symbol.asyncDispose]());

/** What somebody may have made, long before. */
const PREPARED = [
  'create table things (n int)',
  'create table plain as select 1 as n',
  'grant all on all tables in schema public to acme',
  'grant create on schema public to acme',
];

/** One at a time, since each of them is reason enough to clear always. */
let made: string | null = null;

afterEach(async () => {
  if (made !== null) await owner(made);
  made = null;
});

const owner = (sql: string) => world.postgres.sql(sql, [], 'acme');

async function call(query: string, params: readonly unknown[] = []) {
  const answer = await fetch(`http://127.0.0.1:${world.proxy.port}/sql`, {
    method: 'POST',
    headers: { 'Neon-Connection-String': 'postgresql://acme:pencil@localhost/acme' },
    body: JSON.stringify({ query, params }),
  });
  const body = (await answer.json()) as { rows: Record<string, unknown>[]; message?: string };
  if (!answer.ok) throw new Error(body.message);
  return body.rows;
}

/** What is asked shows nothing of why, so that the backend is not cleared for the question. */
async function state() {
  const [row] = await call(
    `select pg_backend_pid() as pid,
      (select setting = '77777' from pg_catalog.pg_show_all_settings() where name = 'statement_timeout') as is_set,
      (select count(*)::int from pg_catalog.pg_class where relpersistence = 't') as tables,
      (select count(*)::int from pg_catalog.pg_locks where locktype not in ('relation', 'virtualxid')) as locks`,
  );
  return row;
}

test('after what leaves nothing a backend stays as it is', async () => {
  for (let n = 0; n < 3; n++) await call('select n from plain');
  // Were it cleared, that would have been its last word, and it has been time enough for it.
  for (let looks = 0; looks < 5; looks++) {
    const found = await world.postgres.sql(
      "select query from pg_stat_activity where usename = 'acme' and state = 'idle'",
    );
    expect(found).toEqual([{ query: 'select n from plain' }]);
  }
});

test.each([
  [
    'an update of the view of settings',
    "update pg_settings set setting = '77777' where name = 'statement_timeout'",
  ],
  ['a name in escapes', `select U&"set\\005fconfig"('statement_timeout', '77777', false)`],
  ['a temporary table by its schema', 'create table pg_temp.things as select 1 as n'],
  ['rows into a temporary table', 'select 1 as n into pg_temp.other'],
  ['a lock by a name in escapes', 'select U&"pg\\005f\\0061dvisory_lock"(1)'],
])('%s', async (_, sql) => {
  await call('select n from plain');
  await call('select n from plain');
  await call(sql);
  expect(await state()).toMatchObject({ is_set: false, tables: 0, locks: 0 });
});

test('text that comes as a value, and is run', async () => {
  const text = "select set_config('statement_timeout', '77777', false)";
  await call('select n from plain');
  await call('select n from plain');
  for (const sql of [
    'select query_to_xml($1, true, true, $2)',
    "select ts_stat('select ' || substr($1, 8) || '::tsvector') where $2 is not null",
  ]) {
    await call(sql, [text, '']).catch(() => {});
    expect(await state(), sql).toMatchObject({ is_set: false });
  }
});

const SET = "set_config('statement_timeout', '77777', false)";

test.each([
  ['a view', `create view made as select ${SET}`, 'drop view made', 'select * from made'],
  [
    'a default',
    `create table made (t text default ${SET}, n int)`,
    'drop table made',
    'insert into made (n) values (1)',
  ],
  [
    'a check',
    `create table made (n int check (${SET} is not null))`,
    'drop table made',
    'insert into made values (1)',
  ],
  [
    'a rule',
    `create table made (n int); create rule r as on insert to made do also select ${SET}`,
    'drop table made',
    'insert into made values (1)',
  ],
  [
    'an aggregate',
    "create aggregate made (text, bool) (sfunc = set_config, stype = text, initcond = 'statement_timeout')",
    'drop aggregate made (text, bool)',
    "select made('77777', false)",
  ],
  [
    'an operator',
    'create operator @@@@ (rightarg = bigint, function = pg_advisory_lock)',
    'drop operator @@@@ (none, bigint)',
    'select @@@@ 1::bigint',
  ],
  [
    'a view of settings',
    'create view made as select * from pg_settings',
    'drop view made',
    "update made set setting = '77777' where name = 'statement_timeout'",
  ],
  [
    "a function's default",
    `create function made(t text default ${SET}) returns int language sql as 'select 1'`,
    'drop function made',
    'select made()',
  ],
  [
    'a domain',
    `create domain made as int check (${SET} is not null)`,
    'drop domain made',
    "select '1'::made",
  ],
  [
    'a function with escapes',
    `create function made() returns text language sql as $$ select U&"set\\005fconfig"('statement_timeout', '77777', false) $$`,
    'drop function made',
    'select made()',
  ],
  [
    'a function that makes a temporary table',
    'create function made() returns int language plpgsql as $$ begin create table pg_temp.x (n int); return 1; end $$',
    'drop function made',
    'select made()',
  ],
  [
    'a function that updates settings',
    "create function made() returns int language plpgsql as $$ begin update pg_settings set setting = '77777' where name = 'statement_timeout'; return 1; end $$",
    'drop function made',
    'select made()',
  ],
])('%s of the database', async (_, make, drop, sql) => {
  made = drop;
  await owner(make);
  await owner('grant all on all tables in schema public to acme');
  // What was known of the functions is too old for what was made just now by another way.
  await call('create table if not exists forgotten (n int)');
  await call('select n from plain');
  await call('select n from plain');
  await call(sql);
  expect(await state()).toMatchObject({ is_set: false, tables: 0, locks: 0 });
});

test('what has a search path of temporary tables', async () => {
  made = 'alter role acme reset search_path';
  await owner('grant select on plain to acme');
  await owner('alter role acme set search_path = pg_temp, public');
  await world.postgres.sql(
    "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'acme'",
  );
  await expect.poll(() => call('select n from public.plain').catch(() => null)).not.toBeNull();
  await call('select n from public.plain');
  await call('create table hidden as select 1 as n');
  expect(await state()).toMatchObject({ tables: 0 });
});
