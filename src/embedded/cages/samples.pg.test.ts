import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TenantId } from '../../domain/ids.ts';
import type { ComputeSample, PageReading } from '../../domain/metering.ts';
import { type RealHost, type RealTenant, realHost } from '../../testing/real-host.ts';

const WORK = 'select count(*) from generate_series(1, 2000000)';

let world: RealHost;

beforeAll(async () => {
  world = await realHost();
});

afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

async function look({ id }: RealTenant): Promise<ComputeSample> {
  const found = (await world.engine.samples.all()).get(id);
  if (found === undefined) throw new Error('a compute that runs was not looked at');
  return found;
}

test('what a compute uses grows by what it is made to do, and never falls', async () => {
  const tenant = await world.running('acme');
  const before = await look(tenant);
  expect(before.memoryBytes).toBeLessThan(100_000_000);
  const client = await world.connect(tenant);
  await client.query(WORK);
  await client.query('create temp table held as select n from generate_series(1, 100000) as n');
  // The kernel brings the counters of a group up to date every two seconds.
  const held = async () => (await look(tenant)).memoryBytes;
  await expect.poll(held, { timeout: 30_000 }).toBeGreaterThan(2_000_000);
  const during = await look(tenant);
  expect(during.run).toBe(before.run);
  expect(during.cpuUs - before.cpuUs).toBeGreaterThan(20_000);
  await client.end();
  // The backend has left the process table, and its time is in what the postmaster was told.
  const after = await look(tenant);
  expect(after.cpuUs).toBeGreaterThanOrEqual(during.cpuUs);
  expect(after.age).toBeGreaterThan(before.age);
});

test('a compute is looked at once more before it is stopped, and the next is another run', async () => {
  const tenant = await world.running('short');
  const before = await look(tenant);
  const lasts: [TenantId, ComputeSample][] = [];
  world.engine.samples.onLast((id, sample) => lasts.push([id, sample]));
  await world.host.stop(tenant.id);
  expect(lasts.map(([id, { run }]) => [id, run])).toEqual([[tenant.id, before.run]]);
  expect(lasts[0]?.[1].cpuUs).toBeGreaterThanOrEqual(before.cpuUs);
  expect((await world.engine.samples.all()).has(tenant.id)).toBe(false);
  await world.start(tenant.id);
  expect((await look(tenant)).run).not.toBe(before.run);
});

test('a server that comes after sees the same run, and its counters go on', async () => {
  const tenant = await world.running('adopted');
  const before = await look(tenant);
  const next = await world.open();
  await next.host.observe(tenant.id);
  const after = (await next.samples.all()).get(tenant.id);
  expect(after?.run).toBe(before.run);
  // To the tick of each process that has ended meanwhile.
  expect(after?.cpuUs).toBeGreaterThan(before.cpuUs / 2);
  await next.close();
});

test('whoever asks a compute learns which pages it has read, each run from nothing', async () => {
  const { gauges, reads } = world.engine;
  const tenant = await world.running('reader');
  const told: PageReading[] = [];
  reads.onRead((id, reading) => {
    if (id === tenant.id) told.push(reading);
  });
  const last = (): PageReading => told.at(-1) ?? expect.fail('nothing was told');
  const client = await world.connect(tenant);
  await client.query('create table t as select n from generate_series(1, 20000) as n');
  await client.query('select pg_stat_force_next_flush()');
  await gauges.read(tenant.id);
  const first = last();
  await client.query('select count(*) from t');
  await client.query('select pg_stat_force_next_flush()');
  await gauges.read(tenant.id);
  // Twenty thousand rows take 89 pages.
  expect(last().l1 - first.l1).toBeGreaterThanOrEqual(89);
  await client.end();
  // At its end it is asked for more, and that is told too.
  await world.host.remember(tenant.id);
  const end = last();
  expect(end.run).toBe(first.run);
  expect(end.l1).toBeGreaterThan(first.l1);
  expect(end.cachedBytes).toBeGreaterThan(0);
  await world.host.stop(tenant.id);
  await world.start(tenant.id);
  await gauges.read(tenant.id);
  expect(last().run).not.toBe(first.run);
  // What the counters of PostgreSQL have kept of the last run is not counted again.
  expect(last().l1).toBeLessThan(end.l1);
});
