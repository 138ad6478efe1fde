import { expect, test } from 'vitest';
import { type FaultCode, fault } from '../domain/faults.ts';
import type { TenantId } from '../domain/ids.ts';
import type { Tenant } from '../domain/tenant.ts';
import { hours, minutes, ms } from '../domain/units.ts';
import { Orchestrated } from '../testing/orchestrated.ts';
import { rowOf, sleeping } from '../testing/tenants-at-rest.ts';

/** From now on something else comes of saving the files of some tenants. */
function saving(world: Orchestrated, bad: readonly Tenant[], what: () => Promise<never>): void {
  const ids = new Set<TenantId>(bad.map(({ id }) => id));
  const archive = world.host.archive.bind(world.host);
  world.host.archive = (id, request) => (ids.has(id) ? what() : archive(id, request));
}

/** Those that are due first cannot be saved. */
async function withBad(world: Orchestrated, count: number, what: () => Promise<never>) {
  await world.orchestrator.recover();
  const bad: Tenant[] = [];
  for (let i = 0; i < count; i++) bad.push(await sleeping(world, `bad${i}`));
  saving(world, bad, what);
  await world.clock.advance(minutes(2));
  return await sleeping(world, 'good');
}

test.each<FaultCode>(['DISK_FULL', 'ARCHIVE_DOWN'])(
  'tenants of which each says %s keep nobody else from being saved',
  async (code) => {
    const world = new Orchestrated({ rules: { snapshotEvery: hours(1) } });
    const failing = () => Promise.reject(fault(code, { what: 'its own', why: 'of its own' }));
    const good = await withBad(world, 10, failing);
    await world.clock.advance(ms(hours(1) + minutes(5)));
    expect((await rowOf(world, good)).dirtySince).toBe(null);
  },
);

test('a tenant that is saved without end keeps nobody else from being saved', async () => {
  const world = new Orchestrated({ rules: { snapshotEvery: hours(1) } });
  const good = await withBad(world, 2, () => new Promise(() => {}));
  await world.clock.advance(ms(hours(1) + minutes(30)));
  expect((await rowOf(world, good)).dirtySince).toBe(null);
});

test('where nobody can be saved for want of room, tenants at rest still go and make some', async () => {
  const world = new Orchestrated({ rules: { snapshotEvery: hours(1), archiveAfter: hours(24) } });
  const full = () => Promise.reject(fault('DISK_FULL', { what: 'the data directory' }));
  const good = await withBad(world, 3, full);
  await world.clock.advance(hours(2));
  expect((await rowOf(world, good)).home).toEqual({ kind: 'local' });
  world.host.room = { freeBytes: 1_000, totalBytes: 1_000_000 };
  await world.clock.advance(minutes(2));
  expect(await rowOf(world, good)).toMatchObject({ home: { kind: 'archive' } });
});
