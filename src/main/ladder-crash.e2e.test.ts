/**
 * The server is killed at every named step between this machine and the archive: once, and twice in a
 * row. Clients append to a ledger meanwhile, through sessions that outlive every server. Whatever was
 * acknowledged must be there afterwards, and nothing may stay half done.
 *
 * Servers are dear, so one that dies at a step first looks at what the one before has left.
 */
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openArchive } from '../archive/open-archive.ts';
import { openStore, parseLocation } from '../archive/open-store.ts';
import { type FailpointName, NO_FAILPOINTS } from '../domain/failpoints.ts';
import { parseTenantId } from '../domain/ids.ts';
import { ms } from '../domain/units.ts';
import { DynaBaseError, type TenantSecret } from '../sdk/index.ts';
import { SystemClock } from '../system/clock.ts';
import { SystemRandom } from '../system/random.ts';
import { eventually } from '../testing/eventually.ts';
import { LedgerClient, WHOLE } from '../testing/ledger-client.ts';
import { MemoryLog } from '../testing/memory-log.ts';
import {
  freshDataDir,
  processesIn,
  type RealServer,
  realServer,
  removeDataDir,
} from '../testing/real-server.ts';
import { swept } from '../testing/swept.ts';

const DEAD_WITHIN_MS = 30_000;

type Deed = (server: RealServer) => Promise<unknown>;

let dataDir: string;
let port = 0;
let ledger: TenantSecret;
let twofold: TenantSecret;
let clients: readonly LedgerClient[] = [];
/** What clients have asked of a server that is dead. */
let pending: Promise<unknown>[] = [];
/** Where servers have died that nobody has looked behind yet. */
let died: FailpointName[] = [];

const uriOf = ({ name, password }: TenantSecret): string =>
  `postgresql://${name}:${password}@127.0.0.1:${port}/${name}`;

beforeAll(async () => {
  dataDir = await freshDataDir();
  await using first = await realServer({ dataDir });
  ledger = await first.client.tenants.create({ name: 'ledger' });
  twofold = await first.client.tenants.create({ name: 'twofold' });
  // One that ends well leaves Node's cache of what it has compiled; those to come will not.
  await first.end();
  const server = await realServer({ dataDir });
  port = server.proxyPort;
  clients = ['ann', 'bob'].map((name) => new LedgerClient(name, () => uriOf(ledger)));
  for (const client of clients) await client.begin();
  await clients[0]?.query(`create table ballast as ${RANDOM}`);
  await server.end('SIGKILL');
});

afterAll(async () => {
  await Promise.allSettled(clients.map((client) => client.end()));
  await removeDataDir(dataDir);
});

const directoryOf = ({ id }: TenantSecret): string => join(dataDir, 'tenants', id);

const append: Deed = () => Promise.all(clients.map((client) => client.append()));

/** 200 kB that nothing can compress: what is small is kept beside the list of a snapshot. */
const RANDOM = `select decode(string_agg(md5(random()::text), ''), 'hex') as bytes from generate_series(1, 12500)`;

const archive: Deed = async (server) => {
  await append(server);
  await clients[0]?.query(`update ballast set bytes = (${RANDOM})`);
  await server.client.tenants.archive('ledger');
};

/** Postmasters of a tenant: its processes whose parent is none of them. */
async function postmastersOf(tenant: TenantSecret): Promise<number> {
  const running = await processesIn(directoryOf(tenant));
  const pids = new Set(running.map((p) => p.pid));
  return running.filter((p) => !pids.has(p.parent)).length;
}

/** Runs `deed` against a server that dies at `point`, maybe before it is ready. */
async function dieAt(point: FailpointName, deed: Deed): Promise<void> {
  const env = { DYNABASE_FAILPOINT: `${point}:kill` };
  const server = await realServer({ dataDir, env }).catch((error: unknown) => String(error));
  if (typeof server === 'string') expect(server).toContain('the server ended (SIGKILL)');
  else expect(await deathOf(server, deed)).toBe('SIGKILL');
  died.push(point);
}

/** The signal that ended the server, or why it lives. */
async function deathOf(server: RealServer, deed: Deed): Promise<unknown> {
  const told = deed(server).then(
    () => 'nothing befell it',
    (error: unknown) => error,
  );
  const { promise: late, resolve } = Promise.withResolvers<null>();
  const timer = setTimeout(() => resolve(null), DEAD_WITHIN_MS);
  const exit = await Promise.race([server.exited, late]);
  clearTimeout(timer);
  if (exit !== null) return exit.signal;
  await server.end('SIGKILL');
  return `${await told}\n${server.output}`;
}

/** No tenant is half-way, and its files are where its row says. */
async function atRest(server: RealServer, tenant: TenantSecret): Promise<void> {
  await eventually(`${tenant.name} is at rest, after ${died}`, async () => {
    const { state, home } = await server.client.tenants.get(tenant.name);
    const isAtRest = state === 'running' || state === 'suspended';
    return isAtRest && existsSync(directoryOf(tenant)) === (home === 'local');
  });
  expect(await postmastersOf(tenant)).toBeLessThanOrEqual(1);
}

/** Nothing is lost, nothing is left. */
async function lookAround(server: RealServer): Promise<void> {
  if (pending.length === 0) await atRest(server, ledger);
  await Promise.all(pending);
  pending = [];
  await append(server);
  const audits = await Promise.all(clients.map((client) => client.audit()));
  expect({ died, audits }).toEqual({ died, audits: [WHOLE, WHOLE] });
  expect(await readdir(join(dataDir, 'hydrating'))).toEqual([]);
  await atRest(server, ledger);
  await atRest(server, twofold);
  died = [];
}

/**
 * Kills at `point` twice in a row. The second server sees what one death has left; what two have left is
 * seen by the next, of which somebody waits for an answer.
 */
async function killTwice(point: FailpointName, deed: Deed): Promise<void> {
  const lookAndDo: Deed = async (server) => {
    await lookAround(server);
    await deed(server);
  };
  await dieAt(point, lookAndDo);
  expect(died).toEqual([point]);
  await dieAt(point, lookAndDo);
  expect(died).toEqual([point]);
  pending = clients.map((client) => client.append());
}

test.each([
  ...(['archive.recorded', 'archive.packed', 'archive.listed', 'archive.headed'] as const),
  ...(['archive.saved', 'archive.noted', 'archive.removed', 'archive.done'] as const),
  'collect.dropped',
] as const)('killed at %s, a tenant is here or in the archive, and whole', (point) =>
  killTwice(point, archive),
);

test.each(swept(['snapshot.recorded', 'snapshot.saved'] as const))(
  'killed at %s, a tenant has that snapshot or not, and is awake as before',
  async (point) => {
    await killTwice(point, async (server) => {
      await append(server);
      await server.client.tenants.snapshot('ledger', { name: point });
    });
    expect(await postmastersOf(ledger)).toBe(1);
  },
);

/** What was placed is there, and is not brought back a second time by itself. */
const isPlaced = (point: FailpointName): boolean => point.endsWith('.placed');

const awayAgain: Deed = async (server) => {
  await Promise.all(pending);
  await archive(server);
  pending = clients.map((client) => client.append());
};

test.each(swept(['wake.placed', 'hydrate.claimed', 'hydrate.loaded', 'hydrate.placed'] as const))(
  'killed at %s, a tenant comes back whole, for those who waited',
  async (point) => {
    for (const times of [1, 2]) {
      const server = await realServer({ dataDir });
      await lookAround(server);
      await archive(server);
      expect(existsSync(directoryOf(ledger))).toBe(false);
      await server.end('SIGKILL');
      // Who asks now kills every server that comes, until one lives.
      pending = clients.map((client) => client.append());
      await dieAt(point, () => Promise.resolve());
      if (times === 2) await dieAt(point, isPlaced(point) ? awayAgain : () => Promise.resolve());
    }
  },
);

/** What the other tenant should say. */
const told = { n: 0, last: 0, kept: 0 };

test.each(swept(['restore.stopped', 'restore.noted', 'restore.removed'] as const))(
  'killed at %s, a tenant has what it had or what was restored, and what it had is kept',
  async (point) => {
    const uri = (): string => uriOf(twofold);
    const only = async (sql: string): Promise<unknown> => {
      const client = new LedgerClient('one', uri);
      const [row] = await client.query<{ n: number }>(sql);
      await client.end();
      return row?.n;
    };
    const restore: Deed = async (server) => {
      const { tenants } = server.client;
      await atRest(server, twofold);
      const found = await tenants.snapshots('twofold');
      const then = found.find(({ name }) => name === 'then');
      if (then === undefined) {
        await only('create table v as select 0 as n');
        await tenants.snapshot('twofold', { name: 'then' });
        await restore(server);
        return;
      }
      expect(await only('select n from v')).toBe(told.n);
      const kept = found.filter(({ name }) => name === `before ${then.id}`);
      expect(kept.map(({ damage }) => damage)).toEqual(Array(told.kept).fill(null));
      told.last += 1;
      await only(`update v set n = ${told.last}`);
      await noSessions(server, 'twofold');
      const isRestored = point !== 'restore.stopped';
      told.n = isRestored ? 0 : told.last;
      told.kept += isRestored ? 1 : 0;
      await tenants.restore('twofold', then.id);
    };
    await killTwice(point, restore);
  },
);

async function noSessions(server: RealServer, name: string): Promise<void> {
  await eventually(`${name} has no sessions`, async () => {
    return (await server.client.tenants.get(name)).sessions === 0;
  });
}

async function gone(server: RealServer, name: string): Promise<void> {
  await eventually(`${name} is gone`, async () => {
    const found = await server.client.tenants.get(name).catch((error: unknown) => error);
    return found instanceof DynaBaseError && found.code === 'TENANT_UNKNOWN';
  });
}

test('killed at fork.shared, the half-made fork goes, and its name is free', () =>
  killTwice('fork.shared', async (server) => {
    await gone(server, 'fork');
    await server.client.tenants.fork('ledger', { name: 'fork' });
  }));

test('killed at delete.forgotten, the tenant goes, with all that the archive has of it', async () => {
  const remove: Deed = async (server) => {
    await lookAround(server);
    const { tenants } = server.client;
    await gone(server, 'victim');
    await tenants.create({ name: 'victim' });
    await tenants.wake('victim');
    await tenants.archive('victim');
    await tenants.delete('victim');
  };
  await dieAt('delete.forgotten', remove);
  const server = await realServer({ dataDir });
  await gone(server, 'victim');
  await server.end('SIGKILL');
  await dieAt('delete.forgotten', remove);
  // The next finishes the removal by itself, and dies of that.
  await dieAt('delete.forgotten', () => Promise.resolve());
});

test('after all that a tenant can be archived, woken and forked, and no session was lost', async () => {
  await using server = await realServer({ dataDir });
  await lookAround(server);
  const { tenants } = server.client;
  await gone(server, 'fork');
  await gone(server, 'victim');
  await tenants.archive('ledger');
  expect(existsSync(directoryOf(ledger))).toBe(false);
  const fork = await tenants.fork('ledger', { name: 'fork' });
  await lookAround(server);
  expect(clients.map(({ sessions }) => sessions)).toEqual([1, 1]);

  const reader = new LedgerClient('ann', () => uriOf(fork));
  const counts = 'select count(*)::int as n from ledger';
  const before = await reader.query<{ n: number }>(counts);
  await append(server);
  expect(await reader.query(counts)).toEqual(before);
  await reader.end();
  await tenants.delete('fork');
});

test('the garbage of all those deaths is collected, and nothing else', async () => {
  const vaults = join(dataDir, 'archive', 'vaults');
  expect([ledger.id, twofold.id]).toEqual(expect.arrayContaining(await readdir(vaults)));
  const packs = join(vaults, ledger.id, 'packs');
  const before = await readdir(packs);
  expect((await collectAtOnce(ledger)).objects).toBeGreaterThan(0);
  const kept = await readdir(packs);
  expect(kept.length).toBeGreaterThan(0);
  expect(kept.length).toBeLessThan(before.length);
  expect(await collectAtOnce(ledger)).toEqual({ snapshots: 0, objects: 0, bytes: 0 });

  await using server = await realServer({ dataDir });
  port = server.proxyPort;
  await server.client.tenants.archive('ledger');
  await lookAround(server);
  for (const { damage } of await server.client.tenants.snapshots('ledger')) {
    expect(damage).toBe(null);
  }
});

/** As the server does a day later. */
async function collectAtOnce({ id }: TenantSecret) {
  const clock = new SystemClock();
  const random = new SystemRandom();
  const location = parseLocation(join(dataDir, 'archive'), '--archive-dir', null);
  const key = await readFile(join(dataDir, 'secrets', 'archive.key'), 'utf8');
  const archived = await openArchive({
    ...{ clock, random, log: new MemoryLog(), failpoints: NO_FAILPOINTS, grace: ms(0) },
    store: await openStore(location, { clock, random }),
    masterKey: Buffer.from(key, 'base64'),
    template: { dir: join(dataDir, 'templates', 'none'), name: 'none' },
    workers: 0,
  });
  const tenant = parseTenantId(id);
  try {
    return await archived.collect({ tenant, vault: tenant }, null);
  } finally {
    await archived.close();
  }
}
