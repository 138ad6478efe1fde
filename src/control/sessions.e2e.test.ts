/** Sessions that outlive their compute, through the front door. */
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { DynaBaseError } from '../sdk/error.ts';
import { DynaBase, type TenantSecret } from '../sdk/index.ts';
import { eventually } from '../testing/eventually.ts';
import { processesIn, type RealServer, realServer } from '../testing/real-server.ts';

let server: RealServer;

/** Asks once: what is pinned would be ended before a client that tries again has given up. */
let impatient: DynaBase;

beforeAll(async () => {
  server = await realServer({ args: ['--suspend-after', '10m'] });
  const { apiUrl, apiKey } = server;
  impatient = new DynaBase({ apiUrl, apiKey, retriesMax: 0 });
});

afterAll(() => server[Symbol.asyncDispose]());

const uriOf = (tenant: TenantSecret): string =>
  server.uri({ role: tenant.name, password: tenant.password });

async function connected(tenant: TenantSecret): Promise<pg.Client> {
  const client = new pg.Client(uriOf(tenant));
  // What becomes of a client is told by its queries, or asked for by a listener of its own.
  client.on('error', () => {});
  await client.connect();
  return client;
}

const runsOf = async (tenant: { readonly id: string }): Promise<number> =>
  (await processesIn(`${server.dataDir}/tenants/${tenant.id}`)).length;

const refusal = (work: Promise<unknown>): Promise<DynaBaseError> =>
  work.then(
    () => Promise.reject(new Error('it was not refused')),
    (error: DynaBaseError) => error,
  );

const startOf = async (client: pg.Client): Promise<string> =>
  (await client.query('select pg_postmaster_start_time()::text as at')).rows[0].at;

/** A statement that is under way when this resolves; `ended` is what becomes of it. */
async function busy(
  tenant: TenantSecret,
  client: pg.Client,
): Promise<{ readonly ended: Promise<unknown> }> {
  const watcher = await connected(tenant);
  const ended = client.query('select pg_sleep(600)').catch((error: unknown) => error);
  await eventually('the statement is under way', async () => {
    const { rowCount } = await watcher.query(
      `select from pg_stat_activity where query like '%pg_sleep(600)%' and pid <> pg_backend_pid()
       and state = 'active'`,
    );
    return rowCount === 1;
  });
  await watcher.end();
  return { ended };
}

test('a tenant is suspended under sessions at rest, and their next query wakes it', async () => {
  const acme = await server.client.tenants.create({ name: 'acme' });
  const clients = await Promise.all(Array.from({ length: 5 }, () => connected(acme)));
  await Promise.all(clients.map((client) => client.query('set work_mem to 12345')));
  expect((await server.client.tenants.suspend('acme')).state).toBe('suspended');
  expect(await runsOf(acme)).toBe(0);
  const states = (await server.client.tenants.sessions('acme')).map(({ state }) => state);
  expect(states).toEqual(['parked', 'parked', 'parked', 'parked', 'parked']);
  for (const client of clients) {
    expect((await client.query('show work_mem')).rows).toEqual([{ work_mem: '12345kB' }]);
  }
  // Who asks is served before the catalog is told.
  await expect
    .poll(async () => (await server.client.tenants.get('acme')).state, { timeout: 15_000 })
    .toBe('running');
  await Promise.all(clients.map((client) => client.end()));
});

test('an idle tenant falls asleep by itself under its sessions', async () => {
  const idle = await server.client.tenants.create({ name: 'idle', suspendAfterMs: 1_000 });
  const client = await connected(idle);
  await client.query('select 1');
  await eventually('it sleeps', async () => {
    return (await server.client.tenants.get('idle')).state === 'suspended';
  });
  expect(await runsOf(idle)).toBe(0);
  expect((await client.query('select 2 as n')).rows).toEqual([{ n: 2 }]);
  await client.end();
});

test('a suspend is refused while a statement is under way, and says so afterwards too', async () => {
  const work = await server.client.tenants.create({ name: 'work' });
  const client = await connected(work);
  const { ended } = await busy(work, client);
  const refused = await refusal(server.client.tenants.suspend('work'));
  expect(refused.code).toBe('TENANT_BUSY');
  expect(refused.message).toMatch(/^tenant "work" is held awake: ./);
  const { state, lastSuspendRefusal } = await server.client.tenants.get('work');
  expect(state).toBe('running');
  expect(refused.message).toContain(lastSuspendRefusal?.why);
  await client.end();
  await server.client.tenants.delete('work');
  expect(await ended).toBeInstanceOf(Error);
});

test('what pins a session is named, counted, and ended when it has been idle for too long', async () => {
  const pins = await server.client.tenants.create({ name: 'pins', maxPinIdleMs: 3_000 });
  const client = await connected(pins);
  const ended = new Promise<Error>((done) => client.on('error', done));
  await client.query('create temp table scratch as select 1 as n');
  const refused = await refusal(impatient.tenants.suspend('pins'));
  expect(refused.message).toContain('temporary objects');
  const [session] = await server.client.tenants.sessions('pins');
  expect(session).toMatchObject({ state: 'pinned', pin: { reason: 'temporary objects' } });
  expect(await ended).toMatchObject({
    code: '57P05',
    message: expect.stringContaining('temporary objects'),
  });
  await eventually('nobody holds it', async () => {
    const { heldBy } = await server.client.tenants.get('pins');
    return heldBy === null;
  });
  expect((await server.client.tenants.suspend('pins')).state).toBe('suspended');
});

test('a restart is a pause for who is at rest, and for who asks meanwhile', async () => {
  const again = await server.client.tenants.create({ name: 'again' });
  const client = await connected(again);
  await client.query(`prepare double as select $1::int * 2 as n`);
  const before = await startOf(client);
  const restarting = server.client.tenants.restart('again');
  const answers: unknown[] = [];
  let isOver = false;
  const asking = (async () => {
    while (!isOver) answers.push((await client.query('execute double(21)')).rows[0].n);
  })();
  expect((await restarting).state).toBe('running');
  isOver = true;
  await asking;
  expect(new Set(answers)).toEqual(new Set([42]));
  expect(await startOf(client)).not.toBe(before);
  await client.end();
});

test('a restart ends who is at work by force only', async () => {
  const force = await server.client.tenants.create({ name: 'force' });
  const [resting, working] = [await connected(force), await connected(force)];
  const before = await startOf(resting);
  const { ended } = await busy(force, working);
  const refused = await refusal(server.client.tenants.restart('force', { withinMs: 100 }));
  expect(refused.code).toBe('TENANT_BUSY');
  expect(await startOf(resting)).toBe(before);
  await server.client.tenants.restart('force', { withinMs: 100, force: true });
  expect(await ended).toMatchObject({ code: '57P01' });
  expect(await startOf(resting)).not.toBe(before);
  await resting.end();
});
