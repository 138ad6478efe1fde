import { once } from 'node:events';
import {
  type AddressInfo,
  createConnection,
  createServer,
  type Server,
  type Socket,
} from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { AdminKey } from '../../api/access.ts';
import { type Api, openApi } from '../../api/listen.ts';
import { SeededRandom } from '../../sim/seeded-random.ts';
import { VirtualClock } from '../../sim/virtual-clock.ts';
import { type FakeWorldOptions, fakeWorld } from '../../testing/fake-world.ts';
import { MemoryControl } from '../../testing/memory-control.ts';
import { MemoryLog } from '../../testing/memory-log.ts';
import { type RealPostgres, realPostgres } from '../../testing/real-postgres.ts';
import { buildProgram, runProgram } from '../program.ts';

let postgres: RealPostgres;
let door: Server;
let control: MemoryControl;
let api: Api;
const sockets = new Set<Socket>();

beforeAll(async () => {
  postgres = await realPostgres();
  door = createServer((socket) => {
    const { socketDir, port } = postgres.connection;
    const backend = createConnection(join(socketDir, `.s.PGSQL.${port}`));
    for (const end of [socket, backend]) {
      sockets.add(end);
      end.on('error', () => {});
      end.on('close', () => sockets.delete(end));
    }
    socket.pipe(backend).pipe(socket);
  }).listen(0, '127.0.0.1');
  await once(door, 'listening');
});

afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  door.close();
  await postgres[Symbol.asyncDispose]();
});

beforeEach(async () => {
  const clock = new VirtualClock();
  control = new MemoryControl(clock);
  await control.createTenant({ name: 'acme' });
  const { user, password, database } = postgres.connection;
  const { port } = door.address() as AddressInfo;
  control.ticketUri = `postgresql://${user}:${password}@127.0.0.1:${port}/${database}`;
  api = await openApi({
    clock,
    random: new SeededRandom(1),
    log: new MemoryLog(),
    control,
    authority: new AdminKey('key'),
    version: '1.2.3',
    host: '127.0.0.1',
    port: 0,
  });
});

afterEach(async () => {
  await api.close();
  await postgres.sql('drop schema public cascade');
  await postgres.sql('create schema public');
});

function start(args: readonly string[], options: FakeWorldOptions = {}) {
  const world = fakeWorld({
    fetch: globalThis.fetch,
    files: {
      '/home/me/.dynabase/server.json': JSON.stringify({ apiUrl: `http://127.0.0.1:${api.port}` }),
      '/home/me/.dynabase/api-key': 'key\n',
    },
    ...options,
  });
  const program = buildProgram({ world, version: '1.2.3', up: () => Promise.resolve() });
  return { world, ended: runProgram(program, ['sql', 'acme', ...args], world) };
}

async function sql(args: readonly string[], options: FakeWorldOptions = {}) {
  const { world, ended } = start(args, options);
  const status = await ended;
  return { status, out: world.stdout.text(), err: world.stderr.text() };
}

describe('SQL as an argument', () => {
  test('is answered by a table', async () => {
    expect(await sql(["select 1 as id, 'alice' as name"])).toEqual({
      status: 0,
      out: ' id | name\n----+-------\n  1 | alice\n(1 row)\n',
      err: '',
    });
  });

  test('or by an array of objects', async () => {
    const text =
      "select 1 as a, null as b, true as c, '{\"x\": 1}'::jsonb as d, '{1,2}'::int[] as e";
    expect(await sql([text, '--json'])).toEqual({
      status: 0,
      out: '[{"a":1,"b":null,"c":true,"d":{"x":1},"e":[1,2]}]\n',
      err: '',
    });
  });

  test('may be several statements, each with its answer', async () => {
    const text = 'create table t (a int); insert into t values (1), (2); select * from t; ';
    expect((await sql([text])).out).toBe(
      ['CREATE TABLE', 'INSERT 0 2', ' a', '---', ' 1', ' 2', '(2 rows)', ''].join('\n'),
    );
    expect((await sql(['select 1 as a; select 2 as b', '--json'])).out).toBe(
      '[{"a":1}]\n[{"b":2}]\n',
    );
  });

  test('is one transaction: after an error nothing of it is there', async () => {
    const failed = await sql(['create table t (a int); select 1/0']);
    expect(failed).toEqual({
      status: 1,
      out: 'CREATE TABLE\n',
      err: 'error: division by zero [22012]\n',
    });
    expect((await sql(["select to_regclass('t') as t", '--json'])).out).toBe('[{"t":null}]\n');
  });

  test('that is wrong is answered with its place, hint and status 1', async () => {
    expect(await sql(['select *\nfrom nowhere'])).toEqual({
      status: 1,
      out: '',
      err: [
        'error: relation "nowhere" does not exist [42P01]',
        'LINE 2: from nowhere',
        '             ^',
        '',
      ].join('\n'),
    });
    const { status, out, err } = await sql(['select nme from (select 1 as name) x', '--json']);
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
    expect(await sql(["do $$ begin raise notice 'look'; end $$"])).toEqual({
      status: 0,
      out: 'DO\n',
      err: 'notice: look\n',
    });
  });

  test('may be a backslash command', async () => {
    await sql(['create table t (id int primary key, name text not null, check (id > 0))']);
    expect((await sql(['\\dt', '--json'])).out).toBe(
      '[{"Schema":"public","Name":"t","Type":"table","Owner":"postgres"}]\n',
    );
    const { out } = await sql(['\\d t']);
    expect(out).toContain(' name   | text    | not null |');
    expect(out).toContain('CREATE UNIQUE INDEX t_pkey ON public.t USING btree (id)');
    expect(out).toContain('CHECK ((id > 0))');
    for (const command of ['\\l', '\\dn', '\\dv', '\\di', '\\df', '\\du', '\\d']) {
      expect(await sql([command])).toMatchObject({ status: 0, err: '' });
    }
    expect(await sql(['\\d nowhere'])).toMatchObject({
      status: 1,
      err: expect.stringContaining('relation "nowhere" does not exist [42P01]'),
    });
  });

  test('that copies in is refused, and copied out is printed as it is', async () => {
    expect((await sql(['copy (select 1, 2) to stdout'])).out).toBe('1\t2\nCOPY 1\n');
    expect(await sql(['create table t (a int); copy t from stdin'])).toMatchObject({
      status: 1,
      err: expect.stringContaining('COPY ... FROM STDIN is not supported here; use psql'),
    });
  });

  test('says who it is', async () => {
    const text =
      'select application_name as name from pg_stat_activity where pid = pg_backend_pid()';
    expect((await sql([text, '--json'])).out).toBe('[{"name":"dynabase sql"}]\n');
  });
});

describe('a script on standard input', () => {
  test('runs statement by statement', async () => {
    const stdin = "create table t (a text);\ninsert into t\nvalues ('x;y');\ntable t; vacuum t";
    expect(await sql([], { stdin })).toEqual({
      status: 0,
      out: ['CREATE TABLE', 'INSERT 0 1', '  a', '-----', ' x;y', '(1 row)', 'VACUUM', ''].join(
        '\n',
      ),
      err: '',
    });
  });

  test('ends at the first error, with the line of the script; what was before stays', async () => {
    const stdin = 'create table t (a int);\n\nselect nothing;\ncreate table u (a int);';
    expect(await sql([], { stdin })).toEqual({
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
    expect((await sql([there, '--json'])).out).toBe('[{"t":"t","u":null}]\n');
  });

  test('that is empty asks nothing of the tenant', async () => {
    expect(await sql([], { stdin: '-- nothing\n' })).toEqual({ status: 0, out: '', err: '' });
    expect(control.calls).not.toContain('ticket acme');
  });

  test('may quit before its end', async () => {
    expect((await sql([], { stdin: 'select 1 as a;\n\\q\nselect 2;' })).out).toBe(
      ' a\n---\n 1\n(1 row)\n',
    );
  });
});

describe('a login that fails', () => {
  test('is told with its code', async () => {
    const { port } = door.address() as AddressInfo;
    control.ticketUri = `postgresql://postgres:wrong@127.0.0.1:${port}/postgres`;
    expect(await sql(['select 1'])).toEqual({
      status: 1,
      out: '',
      err: 'error: password authentication failed for user "postgres" [28P01]\n',
    });
  });

  test('names the tenant that is not there', async () => {
    control.failNext('TENANT_UNKNOWN', { tenant: 'acme' });
    expect(await sql(['select 1'])).toEqual({
      status: 1,
      out: '',
      err: 'error: there is no tenant "acme" [TENANT_UNKNOWN]\n',
    });
  });
});

describe('the prompt', () => {
  const prompt = () => start([], { tty: true, env: { NO_COLOR: '1' } });

  test('takes statements of several lines, shows where one is, and ends at Ctrl-D', async () => {
    const { world, ended } = prompt();
    await world.stdout.shows('acme=> ');
    world.type('select 1 as a,\n');
    await world.stdout.shows('acme-> ');
    world.type("'x\n");
    await world.stdout.shows("acme'> ");
    world.type("y' as b;\n");
    await world.stdout.shows(' a | b\n---+---\n 1 | x+\n   | y\n(1 row)\n');
    await world.stdout.shows('acme=> ');
    world.type('begin;\n');
    await world.stdout.shows('BEGIN\n');
    await world.stdout.shows('acme=*> ');
    world.type('nonsense;\n');
    await world.stderr.shows('error: syntax error at or near "nonsense" [42601]');
    await world.stdout.shows('acme=!> ');
    world.type(null);
    expect(await ended).toBe(0);
  });

  test('keeps a history that only its owner may read', async () => {
    const { world, ended } = prompt();
    await world.stdout.shows('acme=> ');
    world.type('select 1;\n');
    await world.stdout.shows('(1 row)');
    world.type('\\q\n');
    expect(await ended).toBe(0);
    expect(world.files.get('/home/me/.dynabase_history')).toBe('select 1;\n\\q\n');
  });

  test('Ctrl-C takes back what was typed', async () => {
    const { world, ended } = prompt();
    await world.stdout.shows('acme=> ');
    world.type('select (\n');
    await world.stdout.shows('acme(> ');
    world.type('\u0003');
    await world.stdout.shows('acme=> ');
    world.type('select 5 as five;\n');
    await world.stdout.shows('five');
    world.type('\\q\n');
    expect(await ended).toBe(0);
  });

  test('Ctrl-C cancels what runs, and lines typed meanwhile come after', async () => {
    const { world, ended } = prompt();
    await world.stdout.shows('acme=> ');
    world.type('select pg_sleep(600);\nselect 7 as seven;\n');
    await postgres.sqlUntilRows(
      "select 1 from pg_stat_activity where query like 'select pg_sleep%' and wait_event = 'PgSleep'",
    );
    world.type('\u0003');
    await world.stderr.shows('error: canceling statement due to user request [57014]');
    await world.stdout.shows('seven');
    world.type('\\q\n');
    expect(await ended).toBe(0);
  });

  test('a lost connection is told, and made anew for the next statement', async () => {
    const { world, ended } = prompt();
    await world.stdout.shows('acme=> ');
    await postgres.sql(
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'dynabase sql'",
    );
    await postgres.sqlUntilRows(
      "select 1 where not exists (select from pg_stat_activity where application_name = 'dynabase sql')",
    );
    world.type('select 1 as lost;\n');
    await world.stderr.shows('the connection was lost; connecting again');
    await world.stdout.shows('(1 row)');
    world.type('\\q\n');
    expect(await ended).toBe(0);
  });

  test('changes how rows are shown', async () => {
    const { world, ended } = prompt();
    await world.stdout.shows('acme=> ');
    world.type('\\x\nselect 1 as a;\n\\timing\nselect 2;\n\\nothing\n\\?\n');
    await world.stdout.shows('-[ RECORD 1 ]');
    await world.stderr.shows('time: ');
    await world.stderr.shows('there is no command \\nothing');
    await world.stdout.shows('quit (as Ctrl-D does)');
    world.type('\\q\n');
    expect(await ended).toBe(0);
  });
});

test('an interrupt cancels the statement of a script, which then ends', async () => {
  const { world, ended } = start(['select pg_sleep(600)']);
  await postgres.sqlUntilRows(
    "select 1 from pg_stat_activity where query like 'select pg_sleep%' and wait_event = 'PgSleep'",
  );
  world.interrupt();
  expect(await ended).toBe(1);
  expect(world.stderr.text()).toBe('error: canceling statement due to user request [57014]\n');
  expect(world.interrupts.size).toBe(0);
});
