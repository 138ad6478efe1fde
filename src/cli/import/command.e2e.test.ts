import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RealPostgres, realPostgres } from '../../testing/real-postgres.ts';
import { type RealServer, realServer, runCli } from '../../testing/real-server.ts';

let server: RealServer;
let source: RealPostgres;
let home: string;

beforeAll(async () => {
  [server, source] = await Promise.all([realServer(), realPostgres()]);
  home = await mkdtemp(join(tmpdir(), 'dynabase-home-'));
  await source.sql(`create table notes (id int generated always as identity primary key, note text);
    insert into notes (note) select 'note ' || i from generate_series(1, 1234) i;
    create view short as select id from notes;
    create role stranger; grant select on notes to stranger`);
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await source[Symbol.asyncDispose]();
  await rm(home, { recursive: true, force: true });
});

const uri = () => {
  const { socketDir, port, user, database } = source.connection;
  return `postgresql://${user}@/${database}?host=${encodeURIComponent(socketDir)}&port=${port}`;
};

const dynabase = (args: readonly string[], env: Record<string, string> = {}) =>
  runCli(args, { dataDir: server.dataDir, env: { HOME: home, ...env } });

const names = async () => {
  const found: string[] = [];
  for await (const { name } of server.client.tenants.list()) found.push(name);
  return found;
};

describe('import from a PostgreSQL', () => {
  test('makes a tenant, and shows what was counted and what was left', async () => {
    const env = { PGPASSWORD: source.connection.password };
    const { code, stdout, stderr } = await dynabase(['import', 'people', uri()], env);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stdout).toMatch(/^TABLE {10}ROWS\npublic\.notes {2}1,234\n/);
    expect(stdout).toContain('1,234 rows of 1 table from PostgreSQL 18');
    expect(stdout).toContain('not carried over: 1 roles');
    expect(stdout).toContain('dynabase sql people');
    expect(stderr).toContain('copying public.notes ...');
    const counted = await dynabase(['sql', 'people', 'select max(id) as n from short', '--json']);
    expect(counted.stdout).toBe('[{"n":1234}]\n');
    const next = "insert into notes (note) values ('new') returning id";
    expect((await dynabase(['sql', 'people', next, '--json'])).stdout).toBe('[{"id":1235}]\n');
  });

  test('takes the whole connection string from a variable, and answers programs', async () => {
    const secret = uri().replace('postgres@', `postgres:${source.connection.password}@`);
    const { code, stdout } = await dynabase(['import', 'byvar', 'env:OLD', '--json'], {
      OLD: secret,
    });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      name: 'byvar',
      import: { tables: [{ table: 'public.notes', rows: 1234 }], extensions: [] },
    });
  });

  test('takes the password from the file that psql reads', async () => {
    const file = join(home, 'passwords');
    const { password } = source.connection;
    await writeFile(file, `# mine\nlocalhost:*:postgres:postgres:${password}\n`, { mode: 0o600 });
    const { code } = await dynabase(['import', 'byfile', uri()], { PGPASSFILE: file });
    expect(code).toBe(0);
    expect(await readFile(file, 'utf8')).toContain(password);
  });

  test('refuses a password among the arguments, and does not repeat it', async () => {
    const given = 'postgresql://me:hush@localhost/app';
    const { code, stderr, stdout } = await dynabase(['import', 'never', given]);
    expect(code).toBe(1);
    expect(stderr).toContain('set PGPASSWORD');
    expect(stderr + stdout).not.toContain('hush');
  });

  test('that fails leaves no tenant', async () => {
    const wrong = await dynabase(['import', 'never', uri()], { PGPASSWORD: 'wrong' });
    expect(wrong).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(
        'the database to import from: password authentication failed',
      ),
    });
    await source.sql("create function broken() returns int language sql as 'select 1'");
    await source.sql('create database other');
    await source.sql('create table t (a int check (a > 0)); insert into t values (1)', [], 'other');
    await source.sql(
      `create function in_here() returns boolean language sql immutable as 'select current_database() = ''other''';
      create domain d as int check (in_here()); create table u (d d); insert into u values (1)`,
      [],
      'other',
    );
    const env = { PGPASSWORD: source.connection.password };
    const failing = await dynabase(
      ['import', 'never', uri().replace('/postgres?', '/other?')],
      env,
    );
    expect(failing).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('the new tenant: value for domain'),
    });
    expect(await names()).not.toContain('never');
  });
});
