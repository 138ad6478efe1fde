/**
 * Two processes for one server: clients and their sessions live with the data plane, which outlives
 * control planes and is replaced when it dies.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TenantSecret } from '../sdk/index.ts';
import { eventually } from '../testing/eventually.ts';
import {
  freshDataDir,
  processesIn,
  type RealServer,
  realServer,
  removeDataDir,
} from '../testing/real-server.ts';

let dataDir: string;

beforeAll(async () => {
  dataDir = await freshDataDir();
});

afterAll(() => removeDataDir(dataDir));

let tenantCount = 0;

const newTenant = (server: RealServer): Promise<TenantSecret> =>
  server.client.tenants.create({ name: `tenant-${++tenantCount}` });

/** The processes that serve clients. One that ends takes its announcement with it. */
async function proxyPids(): Promise<readonly number[]> {
  const names = await readdir(join(dataDir, 'data-plane'));
  const texts = names
    .filter((name) => name.endsWith('.json'))
    .map((name) => readFile(join(dataDir, 'data-plane', name), 'utf8').catch(() => null));
  const found = (await Promise.all(texts)).filter((text) => text !== null && text !== '');
  return found.map((text) => (JSON.parse(text ?? '') as { pid: number }).pid);
}

const uriOf = (server: RealServer, { name, password }: TenantSecret): string =>
  server.uri({ role: name, password });

async function connected(connectionString: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString });
  client.on('error', () => {});
  await client.connect();
  return client;
}

const one = async (client: pg.Client): Promise<unknown> =>
  (await client.query('select 1 as one')).rows;

async function once(connectionString: string): Promise<unknown> {
  const client = await connected(connectionString);
  try {
    return await one(client);
  } finally {
    await client.end();
  }
}

const ONE = [{ one: 1 }];

test('a killed control plane drops no client, and the next one takes the data plane over', async () => {
  await using first = await realServer({ dataDir });
  const awake = await newTenant(first);
  const asleep = await newTenant(first);
  const client = await connected(uriOf(first, awake));
  const parked = await connected(uriOf(first, asleep));
  await parked.query("set application_name = 'parked'");
  await first.client.tenants.suspend(asleep.name);
  await client.query("set application_name = 'kept'");
  const pids = await proxyPids();
  await first.end('SIGKILL');
  expect(await one(client)).toEqual(ONE);
  const waiting = [once(uriOf(first, asleep)), one(parked)];
  expect(await one(client)).toEqual(ONE);

  await using second = await realServer({ dataDir });
  expect(second.proxyPort).toBe(first.proxyPort);
  expect(await proxyPids()).toEqual(pids);
  expect(await Promise.all(waiting)).toEqual([ONE, ONE]);
  const nameOf = async (session: pg.Client): Promise<unknown> =>
    (await session.query('show application_name')).rows[0];
  expect(await nameOf(client)).toEqual({ application_name: 'kept' });
  expect(await nameOf(parked)).toEqual({ application_name: 'parked' });
  // The next control plane knows of the session, and does not take its compute away.
  expect(await second.client.tenants.get(awake.name)).toMatchObject({
    state: 'running',
    sessions: 1,
  });
  await Promise.all([client.end(), parked.end()]);
  await eventually('no session is known', async () => {
    return (await second.client.tenants.get(awake.name)).sessions === 0;
  });
});

test('a stopped control plane delays no query of an awake tenant', async () => {
  await using server = await realServer({ dataDir });
  const tenant = await newTenant(server);
  const client = await connected(uriOf(server, tenant));
  process.kill(server.pid, 'SIGSTOP');
  try {
    for (let n = 0; n < 100; n++) expect(await one(client)).toEqual(ONE);
  } finally {
    process.kill(server.pid, 'SIGCONT');
  }
  await client.end();
});

test('a control plane that leaves computes leaves the clients too; one that stops ends all', async () => {
  await using first = await realServer({ dataDir, args: ['--detach-computes'] });
  const tenant = await newTenant(first);
  const client = await connected(uriOf(first, tenant));
  expect(await first.end('SIGTERM')).toEqual({ code: 0, signal: null });
  expect(await one(client)).toEqual(ONE);

  await using second = await realServer({ dataDir });
  expect(await one(client)).toEqual(ONE);
  const ended = new Promise<Error>((done) => client.on('error', done));
  expect(await second.end('SIGTERM')).toEqual({ code: 0, signal: null });
  expect(await ended).toMatchObject({ code: '57P01' });
  expect(await processesIn(dataDir)).toEqual([]);
});

test('a data plane that dies is replaced on the same port, and its sessions hold nobody awake', async () => {
  await using server = await realServer({ dataDir });
  const tenant = await newTenant(server);
  const client = await connected(uriOf(server, tenant));
  const ended = new Promise<Error>((done) => client.on('error', done));
  const [pid = 0] = await proxyPids();
  process.kill(pid, 'SIGKILL');
  expect(await ended).toBeInstanceOf(Error);
  await eventually('another proxy serves', async () => {
    const pids = await proxyPids();
    return pids.length === 1 && pids[0] !== pid;
  });
  expect(await once(uriOf(server, tenant))).toEqual(ONE);
  await eventually('the dead sessions are not counted', async () => {
    return (await server.client.tenants.get(tenant.name)).sessions === 0;
  });
});

test('a data plane with other options is replaced, and its clients are told', async () => {
  await using first = await realServer({ dataDir, args: ['--detach-computes'] });
  const tenant = await newTenant(first);
  const client = await connected(uriOf(first, tenant));
  const ended = new Promise<Error>((done) => client.on('error', done));
  await first.end();
  const pids = await proxyPids();

  await using second = await realServer({ dataDir, args: ['--login-timeout', '7s'] });
  expect(await ended).toMatchObject({ code: '57P01' });
  expect(await proxyPids()).not.toEqual(pids);
  expect(second.output).toContain('the options have changed');
  expect(await once(uriOf(second, tenant))).toEqual(ONE);
});

test.each(['proxy.locked', 'proxy.started', 'proxy.told', 'proxy.opened'] as const)(
  'a server killed at %s is followed by one with one data plane',
  async (point) => {
    const env = { DYNABASE_FAILPOINT: `${point}:kill` };
    await expect(realServer({ dataDir, env })).rejects.toThrow('SIGKILL');
    await using server = await realServer({ dataDir });
    const tenant = await newTenant(server);
    expect(await once(uriOf(server, tenant))).toEqual(ONE);
    expect(await proxyPids()).toHaveLength(1);
    const serving = (await processesIn(dataDir)).filter(({ cwd }) => cwd.endsWith('/data-plane'));
    expect(serving).toHaveLength(1);
  },
);
