import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TenantId } from '../domain/ids.ts';
import type { ComputeSample } from '../domain/metering.ts';
import { type RealHost, type RealTenant, realHost } from '../testing/real-host.ts';

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
  expect(before.memoryBytes).toBeGreaterThan(1_000_000);
  expect(before.memoryBytes).toBeLessThan(100_000_000);
  const client = await world.connect(tenant);
  await client.query(WORK);
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
