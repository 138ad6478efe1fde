/** What a tenant's owner may do, and what not. */
import { readFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SystemRandom } from '../../system/random.ts';
import { type RealHost, type RealTenant, realHost } from '../../testing/real-host.ts';
import { asSuperuser } from '../admin.ts';
import { layoutOf, tenantFiles } from '../layout.ts';
import { openSecrets, Secrets } from '../secrets.ts';

let world: RealHost;
let tenant: RealTenant;

beforeAll(async () => {
  world = await realHost();
  tenant = await world.running('owner');
});
afterAll(() => world[Symbol.asyncDispose]());

describe('an owner may', () => {
  test.each([
    ['make tables in public', 'create table public.t (n int)'],
    ['make schemas', 'create schema s'],
    ['make databases', 'create database more'],
    ['make roles', "create role helper login password 'x'"],
    ['change roles it made', 'alter role helper createdb'],
    ['make trusted extensions', 'create extension pg_trgm'],
    ['see all sessions', 'select query from pg_stat_activity'],
    ['set what every user may', "set work_mem = '8MB'"],
    ['set defaults of its database', "alter database owner set work_mem = '8MB'"],
  ])('%s', async (_, statement) => {
    await expect(world.sql(tenant, statement)).resolves.toBeDefined();
  });
});

describe('an owner may not', () => {
  test.each([
    ['read files of the server', "select pg_read_file('PG_VERSION')", '42501'],
    ['list directories of the server', "select pg_ls_dir('.')", '42501'],
    ['run programs', "copy (select 1) to program 'true'", '42501'],
    ['write files of the server', "copy (select 1) to '/tmp/dynabase-escape'", '42501'],
    ['export large objects to files', "select lo_export(1, '/tmp/dynabase-escape')", '42501'],
    ['load libraries', "load '/tmp/x.so'", '42501'],
    ['change the configuration', "alter system set work_mem = '1GB'", '0A000'],
    ['reload the configuration', 'select pg_reload_conf()', '42501'],
    ['preload libraries', "set session_preload_libraries = 'x'", '42501'],
    ['lift the limit of temporary files', 'set temp_file_limit = -1', '42501'],
    ['make extensions that reach files', 'create extension file_fdw', '42501'],
    ['make languages that reach the system', 'create extension plpython3u', '42501'],
    ['read password hashes', 'select rolpassword from pg_authid', '42501'],
    ['become our superuser', 'set role dynabase', '42501'],
    ['make a superuser', 'create role boss superuser', '42501'],
    ['change our superuser', "alter role dynabase password 'x'", '42501'],
    ['change our operator', "alter role dynabase_operator password 'x'", '42501'],
    ['drop our operator', 'drop role dynabase_operator', '42501'],
    ['join roles that reach files', 'grant pg_read_server_files to owner', '42501'],
    ['join roles that run programs', 'grant pg_execute_server_program to owner', '42501'],
    ['replicate', 'alter role owner replication', '42501'],
    [
      'make event triggers',
      'create event trigger t on ddl_command_end execute function f()',
      '42501',
    ],
  ])('%s', async (_, statement, code) => {
    await expect(world.sql(tenant, statement)).rejects.toMatchObject({ code });
  });
});

test('an owner finds no way into the databases that are ours', async () => {
  const inOurs = (statement: string) => world.sql(tenant, statement, { database: 'postgres' });
  await expect(inOurs('create table public.t (n int)')).rejects.toMatchObject({ code: '42501' });
  await expect(inOurs('create schema s')).rejects.toMatchObject({ code: '42501' });
  const template = world.sql(tenant, 'select 1', { database: 'template1' });
  await expect(template).rejects.toMatchObject({ code: '42501' });
});

test('an owner cannot end our sessions', async () => {
  const secrets = await openSecrets(layoutOf(world.dataDir).masterKey, new SystemRandom());
  const password = secrets.password(tenant.id, 'dynabase');
  const { address } = await world.start(tenant.id);
  await asSuperuser({ address, password }, async (ours) => {
    const { rows } = await ours.query<{ pid: number }>('select pg_backend_pid() as pid');
    const end = world.sql(tenant, `select pg_terminate_backend(${rows[0]?.pid})`);
    await expect(end).rejects.toMatchObject({ code: '42501' });
  });
});

test('nobody gets in without a password of their own', async () => {
  for (const user of ['owner', 'dynabase', 'dynabase_operator', 'postgres']) {
    const login = world.sql(tenant, 'select 1', {
      user,
      password: 'guessed',
      database: 'postgres',
    });
    await expect(login, user).rejects.toMatchObject({ code: '28P01' });
  }
});

test('an operator acts as the owner and is no superuser', async () => {
  const secrets = await openSecrets(layoutOf(world.dataDir).masterKey, new SystemRandom());
  const user = 'dynabase_operator';
  expect(world.host.ticketKey(tenant.id, 'owner')).toEqual({
    role: user,
    clientKey: secrets.clientKey(tenant.id, user),
  });
  const password = secrets.password(tenant.id, user);
  const rows = await world.sql(
    tenant,
    `select current_user as role, session_user as login,
       (select bool_or(rolsuper) from pg_roles where rolname in (current_user, session_user)) as super`,
    { user, password },
  );
  expect(rows).toEqual([{ role: 'owner', login: user, super: false }]);
  await world.sql(tenant, 'create table made_by_operator (n int)', { user, password });
  const owner = "select tableowner from pg_tables where tablename = 'made_by_operator'";
  expect(await world.sql(tenant, owner)).toEqual([{ tableowner: 'owner' }]);
});

test('the roles that may be logged in to are told, ours are not', async () => {
  const other = new Secrets(Buffer.from('another')).verifier('x', 'y');
  for (const statement of [
    `create role app login password '${other}'`,
    'create role silent login',
    'create role group_only',
    `create role former login password '${other}' valid until '2001-01-01'`,
    `create role guest login password '${other}' valid until '2901-01-01'`,
  ]) {
    await world.sql(tenant, statement);
  }
  const told = await world.host.roles(tenant.id);
  expect(told.filter(({ role }) => role !== 'helper')).toEqual([
    { role: 'app', verifier: other, mayLogIn: true },
    { role: 'former', verifier: other, mayLogIn: false },
    { role: 'guest', verifier: other, mayLogIn: true },
    { role: 'owner', verifier: tenant.verifier, mayLogIn: true },
    { role: 'silent', verifier: null, mayLogIn: true },
  ]);
});

test('a settled compute follows a new verifier, and keeps what its owner renamed', async () => {
  const changed = await world.running('changing');
  const verifier = new Secrets(Buffer.from('new')).verifier('x', 'y');
  const password = new Secrets(Buffer.from('new')).password('x', 'y');
  await world.host.settle(changed.id, { name: changed.name, verifier });
  await expect(world.sql(changed, 'select 1')).rejects.toMatchObject({ code: '28P01' });
  await world.sql(changed, 'create database elsewhere', { password });
  const inside = { password, database: 'elsewhere' };
  await world.sql(changed, 'alter database changing rename to changed', inside);
  await world.host.settle(changed.id, changed);
  expect(await world.sql(changed, 'select 1 as n', { database: 'changed' })).toEqual([{ n: 1 }]);
});

test('settling is finished after a crash between its commit and the end', async () => {
  const half = await world.created('half');
  const { address } = await world.start(half.id);
  const files = tenantFiles(layoutOf(world.dataDir), half.id);
  const first = await readFile(files.firstSecret, 'utf8');
  await world.host.settle(half.id, half);
  await writeFile(files.firstSecret, first);
  await expect(asSuperuser({ address, password: first }, async () => {})).rejects.toMatchObject({
    code: '28P01',
  });
  await world.host.settle(half.id, half);
  await expect(readFile(files.firstSecret)).rejects.toMatchObject({ code: 'ENOENT' });
  expect(await world.sql(half, 'select 1 as n')).toEqual([{ n: 1 }]);
});

test('every role may see the memory of its own backend, and no dump speaks of it', async () => {
  const seen = `select proacl::text, (proacl = initprivs)::text as is_initial
    from pg_proc as p join pg_init_privs as i on i.objoid = p.oid
    where p.oid = 'pg_get_backend_memory_contexts()'::regprocedure`;
  const [right] = await world.sql(tenant, seen);
  expect(right).toEqual({ proacl: expect.stringMatching(/[{,]=X\//), is_initial: 'true' });
});
