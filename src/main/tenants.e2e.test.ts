import pg from 'pg';
import postgres from 'postgres';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TenantSecret } from '../sdk/index.ts';
import { eventually } from '../testing/eventually.ts';
import { processesIn, type RealServer, realServer } from '../testing/real-server.ts';

let server: RealServer;

beforeAll(async () => {
  server = await realServer({ args: ['--suspend-after', '1s'] });
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

const uriOf = (tenant: TenantSecret): string =>
  server.uri({ role: tenant.name, password: tenant.password });

/** One connection, one query, closed. */
async function ask(config: string | pg.ClientConfig, sql: string): Promise<unknown[]> {
  const client = new pg.Client(config);
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

const stateOf = async (name: string): Promise<string> =>
  (await server.client.tenants.get(name)).state;

const asleep = (name: string): Promise<void> =>
  eventually(`${name} is suspended`, async () => (await stateOf(name)) === 'suspended');

const computesOf = async (tenant: { readonly id: string }): Promise<number> =>
  (await processesIn(`${server.dataDir}/tenants/${tenant.id}`)).length;

test('a tenant is created, used, put to sleep when idle, and has its data when it wakes', async () => {
  const acme = await server.client.tenants.create({ name: 'acme' });
  expect(await computesOf(acme)).toBe(0);
  await ask(uriOf(acme), 'create table notes (id int primary key, body text)');
  await ask(uriOf(acme), `insert into notes values (1, 'kept')`);
  expect(await stateOf('acme')).toBe('running');
  expect(await computesOf(acme)).toBeGreaterThan(0);

  await asleep('acme');
  expect(await computesOf(acme)).toBe(0);
  expect(await ask(uriOf(acme), 'select * from notes')).toEqual([{ id: 1, body: 'kept' }]);
});

test('a tenant can be named in each of the four ways', async () => {
  const beta = await server.client.tenants.create({ name: 'beta' });
  const { password } = beta;
  const port = server.proxyPort;
  const whoAmI = 'select current_user as role, current_database() as database';
  const same = [{ role: 'beta', database: 'beta' }];
  const host = '127.0.0.1';
  const database = 'beta';
  expect(await ask({ host, port, user: 'beta', password, database }, whoAmI)).toEqual(same);
  const suffixed = { host, port, user: 'beta.beta', password, database };
  expect(await ask(suffixed, whoAmI)).toEqual(same);
  const optioned = { host, port, user: 'beta', password, database, options: 'endpoint=beta' };
  expect(await ask(optioned, whoAmI)).toEqual(same);
  const ssl = { servername: 'beta.localhost', rejectUnauthorized: false };
  expect(await ask({ host, port, user: 'beta', password, database, ssl }, whoAmI)).toEqual(same);
});

test('names that disagree, and a missing name, are explained', async () => {
  const gamma = await server.client.tenants.create({ name: 'gamma' });
  await server.client.tenants.create({ name: 'delta' });
  const { password } = gamma;
  const to = { host: '127.0.0.1', port: server.proxyPort, password };
  const two = ask({ ...to, user: 'gamma.gamma', database: 'x', options: 'endpoint=delta' }, '');
  await expect(two).rejects.toMatchObject({
    code: '08P01',
    message: expect.stringContaining('"delta"'),
  });
  const none = ask({ ...to, user: 'Nobody Here', database: 'NO such' }, '');
  await expect(none).rejects.toMatchObject({ code: '08P01' });
});

test('two hundred clients of a sleeping tenant cause one start and are all answered', async () => {
  const herd = await server.client.tenants.create({ name: 'herd' });
  await ask(uriOf(herd), 'select 1');
  await asleep('herd');
  const answers = Array.from({ length: 200 }, () =>
    ask(uriOf(herd), 'select pg_postmaster_start_time()::text as started'),
  );
  const started = (await Promise.all(answers)).map((rows) => JSON.stringify(rows));
  expect(new Set(started).size).toBe(1);
});

test('a client that comes while the compute stops is served', async () => {
  const brief = await server.client.tenants.create({ name: 'brief' });
  await ask(uriOf(brief), 'create table t as select 1 as n');
  for (let round = 0; round < 10; round++) {
    await eventually('no session', async () => {
      const { sessions } = await server.client.tenants.get('brief');
      return sessions === 0;
    });
    const suspending = server.client.tenants.suspend('brief').catch(() => undefined);
    const answers = Array.from({ length: 5 }, () => ask(uriOf(brief), 'select n from t'));
    expect(await Promise.all(answers)).toEqual(Array.from({ length: 5 }, () => [{ n: 1 }]));
    await suspending;
  }
});

test('a wrong password, an unknown role and an unknown tenant are told the same and wake nobody', async () => {
  const shy = await server.client.tenants.create({ name: 'shy' });
  const tried = await Promise.all(
    [
      { role: 'shy', password: 'wrong' },
      { role: 'someone', password: shy.password, database: 'shy' },
      { role: 'ghost', password: 'wrong' },
    ].map((login) => ask(server.uri(login), 'select 1').catch((error: unknown) => error)),
  );
  expect(tried.map((error) => (error instanceof pg.DatabaseError ? error.message : error))).toEqual(
    [
      'password authentication failed for user "shy"',
      'password authentication failed for user "someone"',
      'password authentication failed for user "ghost"',
    ],
  );
  expect(await computesOf(shy)).toBe(0);
  expect(await stateOf('shy')).toBe('suspended');
});

test('a password that was rotated away opens nothing, awake or asleep', async () => {
  const turn = await server.client.tenants.create({ name: 'turn' });
  await ask(uriOf(turn), 'select 1');
  for (const sleepFirst of [false, true]) {
    const old = await server.client.tenants.rotatePassword('turn');
    if (sleepFirst) await asleep('turn');
    const fresh = await server.client.tenants.rotatePassword('turn');
    await expect(ask(uriOf(old), 'select 1')).rejects.toMatchObject({ code: '28P01' });
    expect(await ask(uriOf(fresh), 'select 1 as one')).toEqual([{ one: 1 }]);
  }
});

test('a role that the tenant makes can log in at once, and again after a sleep', async () => {
  const team = await server.client.tenants.create({ name: 'team' });
  await ask(uriOf(team), `create role reader login password 'first-secret'`);
  const uri = (password: string): string =>
    server.uri({ role: 'reader', password, database: 'team' });
  const whoAmI = 'select current_user as role';
  expect(await ask(uri('first-secret'), whoAmI)).toEqual([{ role: 'reader' }]);
  await ask(uriOf(team), `alter role reader password 'second-secret'`);
  expect(await ask(uri('second-secret'), whoAmI)).toEqual([{ role: 'reader' }]);
  await asleep('team');
  expect(await ask(uri('second-secret'), whoAmI)).toEqual([{ role: 'reader' }]);
  await expect(ask(uri('first-secret'), whoAmI)).rejects.toMatchObject({ code: '28P01' });
  await ask(uriOf(team), 'drop role reader');
  await expect(ask(uri('second-secret'), whoAmI)).rejects.toMatchObject({ code: '28P01' });
});

test('postgres.js works unchanged: transactions, prepared statements, COPY, LISTEN, cancel', async () => {
  const full = await server.client.tenants.create({ name: 'full' });
  const sql = postgres(uriOf(full), { max: 3, onnotice: () => {} });
  try {
    await sql`create table t (n int)`;
    await sql.begin(async (tx) => {
      for (const n of [1, 2, 3]) await tx`insert into t values (${n})`;
    });
    const heard = Promise.withResolvers<string>();
    await sql.listen('news', heard.resolve);
    await sql.notify('news', 'hello');
    expect(await heard.promise).toBe('hello');
    const into = await sql`copy t from stdin`.writable();
    into.end('4\n5\n');
    await new Promise((done) => into.once('finish', done));
    await eventually('the copied rows are there', async () => {
      const [row] = await sql`select sum(n)::int as sum from t`;
      return row?.sum === 15;
    });
    const slow = sql`select pg_sleep(60)`.execute();
    await eventually('the query runs', async () => {
      const found =
        await sql`select 1 from pg_stat_activity where query like '%pg_sleep(60)%' and pid <> pg_backend_pid()`;
      return found.length > 0;
    });
    slow.cancel();
    await expect(slow).rejects.toMatchObject({ code: '57014' });
  } finally {
    await sql.end();
  }
});

test('forty tenants woken at once for the first time all answer', async () => {
  const names = Array.from({ length: 40 }, (_, i) => `many-${i}`);
  const tenants: TenantSecret[] = [];
  for (const name of names) tenants.push(await server.client.tenants.create({ name }));
  const answers = await Promise.all(
    tenants.map((tenant) => ask(uriOf(tenant), 'select current_database() as name')),
  );
  expect(answers).toEqual(names.map((name) => [{ name }]));
}, 120_000);

test('a deleted tenant ends its sessions, and its name is free again', async () => {
  const gone = await server.client.tenants.create({ name: 'gone' });
  const client = new pg.Client(uriOf(gone));
  await client.connect();
  const ended = new Promise<Error>((done) => client.on('error', done));
  await server.client.tenants.delete('gone');
  expect(await ended).toMatchObject({ code: '57P01', message: 'database "gone" was deleted' });
  expect(await computesOf(gone)).toBe(0);
  const again = await server.client.tenants.create({ name: 'gone' });
  expect(again.id).not.toBe(gone.id);
});
