/** What a reader may do, and what not: it is tried without the transaction that refuses to write besides. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Place } from '../../domain/interior.ts';
import { SystemRandom } from '../../system/random.ts';
import { type RealHost, type RealTenant, realHost } from '../../testing/real-host.ts';
import { asSuperuser } from '../admin.ts';
import { layoutOf } from '../layout.ts';
import { openSecrets } from '../secrets.ts';

const READER = 'dynabase_reader';

let world: RealHost;
let tenant: RealTenant;
let place: Place;
let reader: { readonly user: string; readonly password: string };

beforeAll(async () => {
  world = await realHost();
  tenant = await world.running('shop');
  const secrets = await openSecrets(layoutOf(world.dataDir).masterKey, new SystemRandom());
  reader = { user: READER, password: secrets.password(tenant.id, READER) };
  const { address } = await world.start(tenant.id);
  place = { tenant: tenant.id, name: tenant.name, address };
  for (const statement of [
    'create table orders (id serial, total int, secret text)',
    "insert into orders (total, secret) values (10, 'a'), (20, 'b')",
    'create schema apart',
    'create table apart.far (n int)',
    'create function who() returns text language sql security definer as $$ select current_user::text $$',
    'create function asks() returns text language sql as $$ select current_user::text $$',
    'create role helper',
    "select lo_from_bytea(4711, 'x')",
  ]) {
    await world.sql(tenant, statement);
  }
  await world.engine.interior.prepareReader(place, 'shop');
});

afterAll(() => world[Symbol.asyncDispose]());

const asReader = (statement: string, database = 'shop') =>
  world.sql(tenant, statement, { ...reader, database });

test('is itself, and reads what there is, and what the owner makes later', async () => {
  expect(await asReader('select current_user as u, session_user as s, asks() as a')).toEqual([
    { u: READER, s: READER, a: READER },
  ]);
  await world.sql(tenant, 'create table later (n int)');
  await world.sql(tenant, 'create schema newer; create table newer.t (n int)');
  for (const table of ['orders', 'apart.far', 'later', 'newer.t']) {
    await expect(asReader(`select * from ${table}`), table).resolves.toBeDefined();
  }
});

test('reads what another role has made, once it is prepared again', async () => {
  await world.sql(
    tenant,
    'create role late; grant late to shop with set true; grant create on schema public to late; set role late; create table helped (n int)',
  );
  await expect(asReader('select * from helped')).rejects.toMatchObject({ code: '42501' });
  await world.engine.interior.prepareReader(place, 'shop');
  expect(await asReader('select * from helped')).toEqual([]);
});

test('is prepared in every database, and many times at once', async () => {
  await world.sql(tenant, 'create database more');
  await world.sql(tenant, 'revoke connect on database more from public');
  await world.sql(tenant, 'create table t (n int)', { database: 'more' });
  await expect(asReader('select * from t', 'more')).rejects.toMatchObject({ code: '42501' });
  const { interior } = world.engine;
  const all = ['more', 'shop', 'more', 'shop', 'nowhere', 'postgres'];
  await Promise.all(all.map((database) => interior.prepareReader(place, database)));
  expect(await asReader('select * from t', 'more')).toEqual([]);
});

test('sees the rows that policies let it see', async () => {
  await world.sql(tenant, 'create table rows (n int); insert into rows values (1), (2)');
  await world.sql(tenant, 'alter table rows enable row level security');
  expect(await asReader('select n from rows')).toEqual([]);
  await world.sql(tenant, 'create policy even on rows for select using (n = 2)');
  expect(await asReader('select n from rows')).toEqual([{ n: 2 }]);
});

describe('a reader may not', () => {
  test.each([
    ['write', 'insert into orders (total) values (1)', '42501'],
    ['change', 'update orders set total = 0', '42501'],
    ['delete', 'delete from orders', '42501'],
    ['empty a table', 'truncate orders', '42501'],
    ['lock a table against others', 'begin; lock table orders in share mode', '42501'],
    ['lock rows', 'select * from orders for update', '42501'],
    ['take numbers of a sequence', "select nextval('orders_id_seq')", '42501'],
    ['make tables', 'create table public.t2 (n int)', '42501'],
    ['make schemas', 'create schema mine', '42501'],
    ['make roles', 'create role more', '42501'],
    ['change the owner', "alter role shop password 'x'", '42501'],
    ['change itself', 'alter role dynabase_reader superuser', '42501'],
    ['become the owner', 'set role shop', '42501'],
    ['become the owner by a setting', "select set_config('role', 'shop', false)", '42501'],
    ['become a role of the owner', 'set role helper', '42501'],
    ['become our operator', 'set role dynabase_operator', '42501'],
    ["have the owner's session", 'set session authorization shop', '42501'],
    ['read the verifiers', 'select rolpassword from pg_authid', '42501'],
    ['read files', "select pg_read_file('PG_VERSION')", '42501'],
    ['run programs', "copy orders to program 'true'", '42501'],
    ['write files', "copy orders to '/tmp/dynabase-escape'", '42501'],
    ['fill a table', 'copy orders from stdin', '42501'],
    ['read large objects', 'select lo_get(4711)', '42501'],
    ['export large objects', "select lo_export(1, '/tmp/dynabase-escape')", '42501'],
    ['import large objects', "select lo_import('/etc/passwd')", '42501'],
    ['make extensions', 'create extension dblink', '42501'],
    ['reload the configuration', 'select pg_reload_conf()', '42501'],
    [
      'use the word of others',
      'alter default privileges for role shop grant insert on tables to public',
      '42501',
    ],
    [
      'take over a function',
      "create or replace function who() returns text language sql as 'select 1::text'",
      '42501',
    ],
  ])('%s', async (_, statement, code) => {
    await expect(asReader(statement)).rejects.toMatchObject({ code });
  });
});

test('ends and cancels nothing of the owner, and reads no statement of its', async () => {
  const slept = world.sql(tenant, "select pg_sleep(60), 'a secret of the owner'");
  slept.catch(() => {});
  const pids = () =>
    world.sql(
      tenant,
      "select pid from pg_stat_activity where query like '%a secret of the owner%' and pid <> pg_backend_pid()",
    );
  await expect.poll(pids, { timeout: 20_000 }).toHaveLength(1);
  const [found] = (await pids()) as { pid: number }[];
  const pid = found?.pid ?? 0;
  for (const way of ['pg_terminate_backend', 'pg_cancel_backend']) {
    await expect(asReader(`select ${way}(${pid})`)).rejects.toMatchObject({ code: '42501' });
  }
  expect(await asReader(`select query from pg_stat_activity where pid = ${pid}`)).toEqual([
    { query: '<insufficient privilege>' },
  ]);
  expect(await pids()).toHaveLength(1);
  await world.sql(tenant, `select pg_cancel_backend(${pid})`);
  await expect(slept).rejects.toMatchObject({ code: '57014' });
});

test('what the owner lets everybody call acts as the owner, and nothing else does', async () => {
  expect(await asReader('select who() as w')).toEqual([{ w: 'shop' }]);
  await world.sql(tenant, 'revoke execute on function who() from public');
  await expect(asReader('select who()')).rejects.toMatchObject({ code: '42501' });
});

test('a database says nothing to make it somebody else', async () => {
  await world.sql(tenant, "alter database shop set role = 'shop'");
  try {
    expect(await asReader('select current_user as u')).toEqual([{ u: READER }]);
  } finally {
    await world.sql(tenant, 'alter database shop reset role');
  }
});

test('is given its own password again where the data has brought another', async () => {
  const secrets = await openSecrets(layoutOf(world.dataDir).masterKey, new SystemRandom());
  const ours = { address: place.address, password: secrets.password(tenant.id, 'dynabase') };
  await asSuperuser(ours, (client) =>
    client.query(`revoke dynabase_readers from ${READER}; alter role ${READER} password 'x'`),
  );
  await expect(asReader('select 1')).rejects.toMatchObject({ code: '28P01' });
  await world.engine.interior.prepareReader(place, 'shop');
  expect(await asReader('select count(*)::int as n from orders')).toEqual([{ n: 2 }]);
});
