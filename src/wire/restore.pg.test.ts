/** What is asked of one backend and given to another is the same when it is asked again. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HiddenSession } from '../testing/hidden-session.ts';
import { type RealPostgres, realPostgres } from '../testing/real-postgres.ts';
import { bindMessage, executeMessage, parseMessage, queryMessage, SYNC } from './requests.ts';
import {
  brokenStatements,
  probeStatements,
  resetBackend,
  restore,
  restoreWithout,
} from './restore.ts';
import { FRESH_STATE, type Interrogated } from './session-state.ts';

const NAMES = ['app.tenant', 'app.empty', 'app.never', 'deep.er.name'];
const ASK = { names: NAMES, reported: ['client_encoding', 'application_name', 'DateStyle'] };
const RUNS = 25;

let server: RealPostgres;
beforeAll(async () => {
  server = await realPostgres();
  await server.sql('create role plain login password $$only-for-tests$$');
  await server.sql('create role other');
  await server.sql('grant other to plain');
  await server.sql('create table seen (id int8, name text)');
});
afterAll(() => server?.[Symbol.asyncDispose]());

/** What another backend answers that was given what one has answered. */
async function carried(
  from: Interrogated,
  parameters: Readonly<Record<string, string>> = {},
): Promise<Interrogated> {
  using to = await HiddenSession.open(server, parameters);
  const { bytes, readyForQueries } = restore(from.state, null);
  const replies = await to.hidden(bytes, readyForQueries);
  expect(replies.errors.map(({ sqlstate, message }) => `${sqlstate} ${message}`)).toEqual([]);
  return await to.ask(ASK);
}

/** Asks after the queries, restores elsewhere, asks there. */
async function roundTrip(
  queries: readonly string[],
  parameters: Readonly<Record<string, string>> = {},
): Promise<Interrogated> {
  using session = await HiddenSession.open(server, parameters);
  await session.run(...queries);
  const asked = await session.ask(ASK);
  expect(await carried(asked, parameters)).toEqual(asked);
  return asked;
}

const PLAIN = { user: 'plain' };

describe('a session with', () => {
  test.each<[string, readonly string[], Readonly<Record<string, string>>]>([
    ['nothing', [], {}],
    [
      'settings of every type',
      [
        "set work_mem = '5MB'",
        'set jit = off',
        'set random_page_cost = 1.25',
        "set bytea_output = 'escape'",
        "set datestyle = 'German, DMY'",
        "set timezone = 'Asia/Tokyo'",
        'set extra_float_digits = -3',
        "set intervalstyle = 'sql_standard'",
      ],
      {},
    ],
    [
      'custom settings',
      [
        "set app.tenant = 'it''s ü€'",
        "set app.empty = ''",
        "select set_config('deep.er.name', 'x', false)",
      ],
      PLAIN,
    ],
    ['a custom setting that was local', ["begin; set local app.tenant = 'x'; commit"], PLAIN],
    ['a role', ['set role other'], PLAIN],
    [
      'a role and settings only its login may make',
      ['set log_min_duration_statement = 5', 'set role other'],
      {},
    ],
    [
      'timeouts far too short',
      [
        'set lock_timeout = 1; set idle_in_transaction_session_timeout = 1; set statement_timeout = 250',
      ],
      PLAIN,
    ],
    [
      'read-only serializable transactions',
      [
        "set default_transaction_isolation = 'serializable'",
        'set default_transaction_read_only = on',
        'set default_transaction_deferrable = on',
        'listen here',
      ],
      PLAIN,
    ],
    [
      'old strings and no row security',
      [
        'set escape_string_warning = off',
        'set standard_conforming_strings = off',
        'set row_security = off',
        'set quote_all_identifiers = on',
        'set transform_null_equals = on',
        'set array_nulls = off',
      ],
      PLAIN,
    ],
    [
      'a planner that is told nonsense',
      [
        "set plan_cache_mode = 'force_generic_plan'",
        'set enable_seqscan = off',
        'set enable_hashjoin = off',
        'set enable_nestloop = off',
        'set jit_above_cost = 0',
        'set cpu_tuple_cost = 1e10',
        'set from_collapse_limit = 1',
      ],
      PLAIN,
    ],
    [
      'every log setting on',
      [
        "set client_min_messages = 'debug1'",
        "set log_statement = 'all'",
        'set log_planner_stats = on',
        'set log_duration = on',
      ],
      {},
    ],
    [
      'channels of odd names',
      [
        'listen a',
        'listen "A"',
        'listen "q""uote"',
        'listen "it\'s"',
        'listen "ü€ 𝕏"',
        'listen ";drop"',
      ],
      PLAIN,
    ],
    [
      'prepared statements',
      [
        'prepare a as select 1',
        'prepare "B ""b" (text, int8[]) as select $1, $2',
        "prepare c as select 'x;y', $$;$$ -- no",
        'prepare "d;" as insert into public.seen values ($1, $2)',
      ],
      {},
    ],
    [
      'statements prepared in one batch',
      ["prepare x as select 1; prepare y as select ';'; select 5"],
      PLAIN,
    ],
    [
      'statements in another script',
      [
        "set client_encoding = 'LATIN1'",
        "select set_config('app.tenant', U&'\\00fc', false)",
        "do $$ begin execute U&'prepare \"\\20ac\" as select ''\\20ac'''; end $$",
      ],
      PLAIN,
    ],
    [
      'encoding SJIS',
      [
        "do $$ begin execute U&'prepare \"\\30bd\" as select ''\\30bd'''; perform set_config('app.tenant', U&'\\30bd\\0041', false); end $$",
        "set client_encoding = 'SJIS'",
      ],
      PLAIN,
    ],
    ['encoding SQL_ASCII', ["set client_encoding = 'SQL_ASCII'", 'listen "ü"'], PLAIN],
    [
      'an encoding from its startup packet',
      ['prepare a as select 1'],
      { ...PLAIN, client_encoding: 'LATIN2' },
    ],
    [
      'settings from its startup packet',
      ["set application_name = 'new'", 'set work_mem = 64'],
      { ...PLAIN, application_name: 'old', options: '-c work_mem=9MB -c app.tenant=y' },
    ],
    ['an idle timeout', ["set idle_session_timeout = '90s'"], PLAIN],
  ])('%s', async (_, queries, parameters) => {
    const { pins } = await roundTrip(queries, parameters);
    expect(pins).toEqual([]);
  });
});

describe('every setting that a user may make is carried over', () => {
  const ones = `from pg_settings where context = 'user' and name !~ '^transaction_(iso|read|def)'`;
  const other = `case when vartype = 'bool' and name <> 'exit_on_error'
    then case setting when 'on' then 'off' else 'on' end
    when vartype = 'enum' then enumvals[1] when vartype = 'integer' and unit = 'ms' then '20001'
    else setting end`;
  test.each([
    ['as it is', 'setting'],
    ['turned around', other],
  ])('%s', async (_, value) => {
    const { state } = await roundTrip([`select set_config(name, ${value}, false) ${ones}`], PLAIN);
    expect(state.settings.length).toBeGreaterThan(100);
    expect(state.idleSessionTimeout).toBe(value === 'setting' ? 0 : 20_001);
  });
});

test('protocol statements keep their text, their types and even an empty one', async () => {
  using session = await HiddenSession.open(server, PLAIN);
  const OID_INT8 = 20;
  const names = ['s1', 'S 2', 'it"s', 'ü€', 'empty', 'utility'];
  const texts = [
    'select $1 + 1',
    'select $1::text -- c',
    'values ($1)',
    "select 'ü€'",
    '',
    'begin',
  ];
  const parses = names.map((name, index) =>
    parseMessage(name, texts[index] ?? '', index < 1 ? [OID_INT8] : []),
  );
  const { errors } = await session.hidden(Buffer.concat([...parses, SYNC]), 1);
  expect(errors).toEqual([]);
  const asked = await session.ask(ASK);
  expect(asked.state.statements.map(({ name }) => name).sort()).toEqual([...names].sort());
  expect(await carried(asked, PLAIN)).toEqual(asked);
});

test('any names, texts and values are carried over', { timeout: 60_000 }, async () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 20 }).map((s) => s.replaceAll('\0', ''));
  const name = text.filter((s) => s !== '' && Buffer.byteLength(s) < 60 && s.isWellFormed());
  const literal = (value: string): string => `'${value.replaceAll("'", "''")}'`;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(name, text), { maxLength: 4 }),
      fc.array(name, { maxLength: 3 }),
      text,
      async (prepared, channels, value) => {
        const seen = new Set<string>();
        const queries = prepared
          .filter(([one]) => !seen.has(one) && seen.add(one))
          .map(
            ([one, said]) => `prepare "${one.replaceAll('"', '""')}" as select ${literal(said)}`,
          );
        await roundTrip([
          ...queries,
          ...channels.map((one) => `listen "${one.replaceAll('"', '""')}"`),
          `set app.tenant = ${literal(value)}`,
        ]);
      },
    ),
    { numRuns: RUNS },
  );
});

test('the unnamed statement is there again, in the encoding of the client', async () => {
  using to = await HiddenSession.open(server, PLAIN);
  const state = { ...FRESH_STATE, settings: [['client_encoding', 'LATIN1']] as const };
  const sql = Buffer.from("\0select 'ü'::text\0", 'latin1');
  const header = Buffer.from([0x50, 0, 0, 0, 4 + sql.length + 2]);
  const unnamed = Buffer.concat([header, sql, Buffer.from([0, 0])]);
  const { bytes, readyForQueries } = restore(state, unnamed);
  expect((await to.hidden(bytes, readyForQueries)).errors).toEqual([]);
  const use = Buffer.concat([bindMessage(''), executeMessage(''), SYNC]);
  const { rows } = await to.hidden(use, 1);
  expect(rows[0]?.[0]).toEqual(Buffer.from('ü', 'latin1'));
});

test('without an unnamed statement there is none, and a broken one breaks nothing', async () => {
  using none = await HiddenSession.open(server, PLAIN);
  await none.hidden(restore(FRESH_STATE, null).bytes, 1);
  const use = Buffer.concat([bindMessage(''), SYNC]);
  expect((await none.hidden(use, 1)).errors[0]?.sqlstate).toBe('26000');
  using broken = await HiddenSession.open(server, PLAIN);
  const { bytes, tolerantFrom } = restore(FRESH_STATE, parseMessage('', 'select no_column'));
  const { errors } = await broken.hidden(bytes, 2);
  expect(errors.map(({ at, isFatal }) => ({ at, isFatal }))).toEqual([
    { at: tolerantFrom, isFatal: false },
  ]);
  expect(await broken.run('select 1')).toEqual(['1']);
});

describe('what cannot be restored ends the backend before the client is heard:', () => {
  const prepared = {
    name: 's',
    statement: 'select id from seen',
    parameterTypes: [],
    resultTypes: [20],
    fromSql: false,
  };
  test.each<[string, Partial<typeof FRESH_STATE>, string]>([
    ['a role that is gone', { role: 'nobody' }, '22023'],
    ['a setting it may not make', { settings: [['log_statement', 'all']] }, '42501'],
    [
      'a statement on a table that is gone',
      { statements: [{ ...prepared, statement: 'select 1 from gone' }] },
      '42P01',
    ],
    [
      'a statement with other result types',
      { statements: [{ ...prepared, resultTypes: [23] }] },
      '22012',
    ],
    [
      'a statement with other parameter types',
      {
        statements: [
          {
            ...prepared,
            statement: 'prepare s as select $1::text',
            parameterTypes: [23],
            resultTypes: [25],
            fromSql: true,
          },
        ],
      },
      '22012',
    ],
  ])('%s', async (_, state, sqlstate) => {
    await server.sql('grant select on seen to public');
    using to = await HiddenSession.open(server, PLAIN);
    const { bytes } = restore({ ...FRESH_STATE, ...state }, parseMessage('', 'select 1'));
    const behind = queryMessage("create role must_not_be; select 'heard'");
    const { errors, rows, isDone } = await to.hidden(Buffer.concat([bytes, behind]), 3);
    expect(
      errors.map((one) => ({ sqlstate: one.sqlstate, isFatal: one.isFatal, at: one.at })),
    ).toEqual([{ sqlstate, isFatal: true, at: 0 }]);
    expect([isDone, rows.some(([one]) => one?.toString() === 'heard')]).toEqual([false, false]);
  });
});

test('an error after the restore ends nothing, and the session has its own timeouts', async () => {
  using to = await HiddenSession.open(server, PLAIN);
  const state = { ...FRESH_STATE, settings: [['statement_timeout', '30']] as const };
  await to.hidden(restore(state, null).bytes, 1);
  await expect(to.run('select 1/0')).rejects.toThrow('22012');
  await expect(to.run('select pg_sleep(20)')).rejects.toThrow('57014');
  expect(
    await to.run('show exit_on_error', 'show statement_timeout', 'show client_encoding'),
  ).toEqual(['off', '30ms', 'UTF8']);
});

test('statements that cannot be prepared any more are found, and the rest is restored', async () => {
  await server.sql('create table short_lived (id int4)');
  await server.sql('grant select on short_lived to public');
  using session = await HiddenSession.open(server, PLAIN);
  const parses = ['select 1', 'select id from short_lived', 'select 2'].map((sql, index) =>
    parseMessage(`s${index}`, sql),
  );
  await session.hidden(Buffer.concat([...parses, SYNC]), 1);
  await session.run("set statement_timeout = '20s'", 'prepare p as select id from short_lived');
  const asked = await session.ask(ASK);
  await server.sql('alter table short_lived alter id type int8');
  using probed = await HiddenSession.open(server, PLAIN);
  const probe = probeStatements(asked.state);
  const broken = brokenStatements(
    asked.state,
    (await probed.hidden(probe.bytes, probe.readyForQueries)).errors,
  );
  expect([...broken].sort()).toEqual(['p', 's1']);
  using to = await HiddenSession.open(server, PLAIN);
  const rest = restoreWithout(asked.state, broken, null);
  expect((await to.hidden(rest.bytes, rest.readyForQueries)).errors).toEqual([]);
  expect((await to.ask(ASK)).state.statements.map(({ name }) => name).sort()).toEqual(['s0', 's2']);
});

test('a backend that is reset holds nothing of the session before', async () => {
  using session = await HiddenSession.open(server, PLAIN);
  const fresh = await session.ask(ASK);
  await session.run("set work_mem = '5MB'", 'prepare a as select 1', 'listen a', 'set role other');
  expect((await session.hidden(resetBackend, 1)).errors).toEqual([]);
  expect(await session.ask(ASK)).toEqual(fresh);
});
