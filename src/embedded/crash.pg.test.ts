import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Host } from '../domain/host.ts';
import type { TenantId } from '../domain/ids.ts';
import { ms } from '../domain/units.ts';
import { COLD, type RealHost, type RealTenant, realHost } from '../testing/real-host.ts';
import { type ComputeFiles, layoutOf, tenantFiles } from './layout.ts';
import { processesOf } from './machine/processes.ts';
import { readPostmasterFile } from './postmaster-file.ts';

let world: RealHost;

beforeAll(async () => {
  world = await realHost({ husks: 2 });
});
afterAll(() => world[Symbol.asyncDispose]());

const filesOf = (tenant: RealTenant): ComputeFiles =>
  tenantFiles(layoutOf(world.dataDir), tenant.id);

function postmasterOf(tenant: RealTenant): number {
  const file = readPostmasterFile(filesOf(tenant).data);
  if (!file) throw new Error('there is no postmaster');
  return file.pid;
}

/** The next compute that is lost, with the reason told. */
const lost = (host: Host): Promise<{ tenant: TenantId; reason: string }> =>
  new Promise((resolve) => host.onLost((tenant, reason) => resolve({ tenant, reason })));

/** Commits a row, and returns what must still be there after any crash. */
async function keepRow(tenant: RealTenant): Promise<void> {
  await world.sql(tenant, 'create table kept as select 1 as n');
}

const keptRow = (tenant: RealTenant) => world.sql(tenant, 'table kept');

test('a killed postmaster is noticed, and the next start has what was committed', async () => {
  const tenant = await world.running('killed');
  await keepRow(tenant);
  const noticed = lost(world.host);
  process.kill(postmasterOf(tenant), 'SIGKILL');
  expect(await noticed).toEqual({
    tenant: tenant.id,
    reason: 'the server process ended with SIGKILL',
  });
  expect(await world.host.observe(tenant.id)).toEqual({ kind: 'stopped' });
  await world.start(tenant.id);
  expect(await keptRow(tenant)).toEqual([{ n: 1 }]);
});

test('a killed backend ends the compute, and the next start has what was committed', async () => {
  const tenant = await world.running('backendless');
  await keepRow(tenant);
  const session = await world.connect(tenant);
  const broken = new Promise((resolve) => session.once('error', resolve));
  const { rows } = await session.query('select pg_backend_pid() as pid');
  const noticed = lost(world.host);
  process.kill(rows[0].pid, 'SIGKILL');
  await broken;
  expect((await noticed).tenant).toBe(tenant.id);
  await world.start(tenant.id);
  expect(await keptRow(tenant)).toEqual([{ n: 1 }]);
});

test('a backend that outlived its postmaster is ended before the next start', async () => {
  const tenant = await world.running('orphaned');
  await keepRow(tenant);
  const session = await world.connect(tenant);
  const broken = new Promise((resolve) => session.once('error', resolve));
  const { rows } = await session.query('select pg_backend_pid() as pid');
  const orphan: number = rows[0].pid;
  process.kill(orphan, 'SIGSTOP');
  const noticed = lost(world.host);
  process.kill(postmasterOf(tenant), 'SIGKILL');
  await noticed;
  expect(processesOf(filesOf(tenant)).map(({ pid }) => pid)).toContain(orphan);

  await world.start(tenant.id);
  await broken;
  expect(processesOf(filesOf(tenant)).map(({ pid }) => pid)).not.toContain(orphan);
  expect(await keptRow(tenant)).toEqual([{ n: 1 }]);
});

test('a stop that is asked for ends orphans too, and nobody is told of a loss', async () => {
  const tenant = await world.running('abandoned');
  const session = await world.connect(tenant);
  session.on('error', () => {});
  const { rows } = await session.query('select pg_backend_pid() as pid');
  const losses: string[] = [];
  world.host.onLost((_, reason) => losses.push(reason));
  process.kill(rows[0].pid, 'SIGSTOP');
  process.kill(postmasterOf(tenant), 'SIGSTOP');
  const stopped = world.host.stop(tenant.id);
  process.kill(postmasterOf(tenant), 'SIGKILL');
  await stopped;
  expect(processesOf(filesOf(tenant))).toEqual([]);
  expect(losses).toEqual([]);
});

test('a start that takes too long is given up, and nothing of it is left', async () => {
  const tenant = await world.created('late');
  await expect(world.host.start(tenant.id, { ...COLD, giveUpAfter: ms(1) })).rejects.toThrow(
    'it was not ready within 1 ms',
  );
  expect(processesOf(filesOf(tenant))).toEqual([]);
  await world.start(tenant.id);
});
