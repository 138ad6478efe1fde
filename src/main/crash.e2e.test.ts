/**
 * The server is killed at every named step of every transition, and its computes at any time.
 * Whatever was acknowledged must be there afterwards, and nothing may stay half done.
 */
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { FailpointName } from '../domain/failpoints.ts';
import { DynaBaseError, type TenantSecret } from '../sdk/index.ts';
import { eventually } from '../testing/eventually.ts';
import {
  freshDataDir,
  processesIn,
  type RealServer,
  realServer,
  removeDataDir,
} from '../testing/real-server.ts';
import { swept } from '../testing/swept.ts';

let dataDir: string;
let ledger: TenantSecret;
const acknowledged: number[] = [];

beforeAll(async () => {
  dataDir = await freshDataDir();
  await using server = await realServer({ dataDir });
  ledger = await server.client.tenants.create({ name: 'ledger' });
  await query(server, ledger, 'create table entries (n int primary key)');
});

afterAll(() => removeDataDir(dataDir));

async function query(server: RealServer, tenant: TenantSecret, sql: string): Promise<unknown[]> {
  const { name: role, password } = tenant;
  const client = new pg.Client(server.uri({ role, password }));
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

/** Inserts the next entry, and remembers it once it is acknowledged. */
async function append(server: RealServer): Promise<void> {
  const n = acknowledged.length;
  await query(server, ledger, `insert into entries values (${n}) on conflict do nothing`);
  acknowledged.push(n);
}

async function ledgerIsWhole(server: RealServer): Promise<void> {
  const rows = await query(server, ledger, 'select n from entries order by n');
  expect(rows).toEqual(acknowledged.map((n) => ({ n })));
}

const directoryOf = (tenant: { readonly id: string }): string =>
  join(dataDir, 'tenants', tenant.id);

/** Postmasters of a tenant: its processes whose parent is none of them. */
async function postmastersOf(tenant: { readonly id: string }): Promise<number> {
  const running = await processesIn(directoryOf(tenant));
  const pids = new Set(running.map((p) => p.pid));
  return running.filter((p) => !pids.has(p.parent)).length;
}

/** Runs `deed` against a server that dies at `point`, and waits for its death. */
async function dieAt(
  point: FailpointName,
  deed: (server: RealServer) => Promise<unknown>,
): Promise<void> {
  await using server = await realServer({ dataDir, env: { DYNABASE_FAILPOINT: `${point}:kill` } });
  const [died] = await Promise.all([server.exited, deed(server).catch((error: unknown) => error)]);
  expect(died.signal).toBe('SIGKILL');
}

/** As `dieAt`, for what may be reached before the server is ready. */
async function dieAtOrBefore(
  point: FailpointName,
  deed: (server: RealServer) => Promise<unknown>,
): Promise<void> {
  await dieAt(point, deed).catch((error: unknown) => {
    expect(String(error)).toContain('the server ended (SIGKILL)');
  });
}

test.each(swept(['create.recorded', 'create.done'] as const))(
  'a server killed at %s leaves no half-made tenant',
  async (point) => {
    const name = point.replace('.', '-');
    await dieAt(point, (server) => server.client.tenants.create({ name }));
    await using server = await realServer({ dataDir });
    const made = await createdOrTakenOver(server, name);
    expect(await query(server, made, 'select current_database() as name')).toEqual([{ name }]);
    await ledgerIsWhole(server);
  },
);

/** What a user does whose create was cut off: the same again, or a new password if it is there. */
async function createdOrTakenOver(server: RealServer, name: string): Promise<TenantSecret> {
  await eventually('the half-made tenant is made or gone', async () => {
    const found = await server.client.tenants.get(name).catch(() => undefined);
    return found?.state !== 'creating' && found?.state !== 'deleting';
  });
  try {
    return await server.client.tenants.create({ name });
  } catch (error) {
    expect(error).toBeInstanceOf(DynaBaseError);
    expect(error).toMatchObject({ code: 'TENANT_EXISTS' });
    return await server.client.tenants.rotatePassword(name);
  }
}

test.each(
  swept(['wake.recorded', 'wake.placed', 'wake.started', 'wake.settled', 'wake.done'] as const),
)('a server killed at %s finds or ends the compute, and never starts a second', async (point) => {
  // Only a new tenant is settled by its wake.
  const name = point.replace('.', '-');
  let fresh: TenantSecret | undefined;
  let asked: Promise<unknown[]> | undefined;
  await dieAt(point, async (server) => {
    fresh = await server.client.tenants.create({ name });
    asked = query(server, fresh, 'select 1 as one');
  });
  await using server = await realServer({ dataDir });
  const tenant = fresh;
  if (tenant === undefined) throw new Error('the tenant was not made');
  // Whoever asked then waits for the next server, and has not noticed.
  expect(await asked).toEqual([{ one: 1 }]);
  expect(await query(server, tenant, 'select 1 as one')).toEqual([{ one: 1 }]);
  expect(await postmastersOf(tenant)).toBe(1);
  await append(server);
  await ledgerIsWhole(server);
});

test.each(swept(['suspend.recorded', 'suspend.stopped', 'suspend.done'] as const))(
  'a server killed at %s loses no row',
  async (point) => {
    await dieAt(point, async (server) => {
      await append(server);
      await eventually('no session is open', async () => {
        return (await server.client.tenants.get('ledger')).sessions === 0;
      });
      await server.client.tenants.suspend('ledger');
    });
    await using server = await realServer({ dataDir });
    await ledgerIsWhole(server);
    expect(await postmastersOf(ledger)).toBe(1);
  },
);

test.each(swept(['delete.recorded', 'delete.stopped', 'delete.removed'] as const))(
  'a server killed at %s finishes the removal',
  async (point) => {
    const name = point.replace('.', '-');
    let victim: TenantSecret | undefined;
    await dieAt(point, async (server) => {
      victim = await server.client.tenants.create({ name });
      await query(server, victim, 'select 1');
      await server.client.tenants.delete(name);
    });
    await using server = await realServer({ dataDir });
    const tenant = victim;
    if (tenant === undefined) throw new Error('the tenant was not made');
    await eventually('the tenant is gone', async () => {
      const found = await server.client.tenants.get(name).catch((error: unknown) => error);
      return found instanceof DynaBaseError && found.code === 'TENANT_UNKNOWN';
    });
    expect(await processesIn(directoryOf(tenant))).toEqual([]);
    await expect(access(directoryOf(tenant))).rejects.toMatchObject({ code: 'ENOENT' });
    await ledgerIsWhole(server);
  },
);

test.each(swept(['rotate.recorded', 'rotate.done'] as const))(
  'a server killed at %s lets the owner rotate again',
  async (point) => {
    await dieAt(point, async (server) => {
      await append(server);
      await server.client.tenants.rotatePassword('ledger');
    });
    await using server = await realServer({ dataDir });
    const before = ledger;
    ledger = await server.client.tenants.rotatePassword('ledger');
    await ledgerIsWhole(server);
    await expect(query(server, before, 'select 1')).rejects.toMatchObject({ code: '28P01' });
  },
);

test.each(swept(['husk.copied', 'husk.done'] as const))(
  'a server killed at %s makes husks anew',
  async (point) => {
    const name = point.replace('.', '-');
    // A new tenant takes a husk when it is first woken, and another is made in its place.
    await dieAtOrBefore(point, async (server) => {
      await server.client.tenants.create({ name: `${name}-before` });
      await server.client.tenants.wake(`${name}-before`);
    });
    await using server = await realServer({ dataDir });
    const tenant = await server.client.tenants.create({ name });
    expect(await query(server, tenant, 'select 1 as one')).toEqual([{ one: 1 }]);
    await ledgerIsWhole(server);
  },
);

test('a server killed while it builds the template starts anew', async () => {
  const fresh = await freshDataDir();
  try {
    const env = { DYNABASE_FAILPOINT: 'template.built:kill' };
    await expect(realServer({ dataDir: fresh, env })).rejects.toThrow('SIGKILL');
    await using server = await realServer({ dataDir: fresh });
    const tenant = await server.client.tenants.create({ name: 'first' });
    expect(await query(server, tenant, 'select 1 as one')).toEqual([{ one: 1 }]);
  } finally {
    await removeDataDir(fresh);
  }
});

test('computes outlive a killed server, and the next one takes them over as they run', async () => {
  const first = await realServer({ dataDir });
  await append(first);
  const before = await processesIn(directoryOf(ledger));
  await first.end('SIGKILL');
  await using second = await realServer({ dataDir });
  await append(second);
  await ledgerIsWhole(second);
  const pids = (await processesIn(directoryOf(ledger))).map((p) => p.pid);
  expect(pids).toContain(before[0]?.pid);
  expect(await postmastersOf(ledger)).toBe(1);
});

test('a postmaster killed under its sessions costs them nothing, and every acknowledged row is there', async () => {
  await using server = await realServer({ dataDir });
  for (let round = 0; round < 3; round++) {
    await append(server);
    const { name: role, password } = ledger;
    const client = new pg.Client(server.uri({ role, password }));
    await client.connect();
    await client.query('select 1');
    const running = await processesIn(directoryOf(ledger));
    const pids = new Set(running.map((p) => p.pid));
    const postmaster = running.find((p) => !pids.has(p.parent));
    process.kill(postmaster?.pid ?? 0, 'SIGKILL');
    // Backends end by themselves, each at rest in a moment; what is asked of one in that moment fails.
    await eventually('the old compute is gone', async () =>
      (await processesIn(directoryOf(ledger))).every((p) => !pids.has(p.pid)),
    );
    await ledgerIsWhole(server);
    // It was at rest, and does not know that anything has happened.
    expect((await client.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
    await client.end();
    expect(await postmastersOf(ledger)).toBe(1);
  }
});

test('a backend killed under its session takes no acknowledged row with it', async () => {
  await using server = await realServer({ dataDir });
  await append(server);
  const { name: role, password } = ledger;
  const client = new pg.Client(server.uri({ role, password }));
  client.on('error', () => {});
  await client.connect();
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
  process.kill(rows[0]?.pid ?? 0, 'SIGKILL');
  await append(server);
  await ledgerIsWhole(server);
  expect(await postmastersOf(ledger)).toBe(1);
});
