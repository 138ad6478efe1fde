/** Husks follow the new tenants of the hours before, over restarts too. */
import { expect, test } from 'vitest';
import { fault } from '../domain/faults.ts';
import { hours, minutes } from '../domain/units.ts';
import { Orchestrated, UNUSED } from '../testing/orchestrated.ts';

const BOUNDS = { min: 2, max: 20 };
const SETTINGS = { husks: BOUNDS };

let made = 0;

/** So many tenants are woken for the first time in each hour, for so many hours. */
async function newcomers(world: Orchestrated, each: number, count: number): Promise<void> {
  for (let hour = 0; hour < count; hour++) {
    for (let i = 0; i < each; i++) {
      const tenant = await world.tenant(`tenant-${++made}`);
      const { id, address } = world.session(tenant);
      await world.clock.advance(minutes(1));
      await address;
      world.orchestrator.use(tenant.id, id, UNUSED);
    }
    await world.clock.advance(hours(1));
  }
}

const kept = (world: Orchestrated): number => world.host.husks().kept;

test('as many are kept as new tenants are expected, within the bounds, also after a restart', async () => {
  const world = new Orchestrated({ settings: SETTINGS });
  await world.orchestrator.recover();
  expect(kept(world)).toBe(2);
  await newcomers(world, 8, 12);
  const busy = kept(world);
  expect(busy).toBeGreaterThanOrEqual(8);
  expect(busy).toBeLessThanOrEqual(20);
  expect(world.orchestrator.fleetPolicy().husks).toMatchObject({ kept: busy, isFixed: false });
  world.host.keepHusks(0);
  world.restart({ settings: SETTINGS });
  await world.orchestrator.recover();
  expect(kept(world)).toBe(busy);
});

test('hours without new tenants count, those in which no server ran too', async () => {
  const world = new Orchestrated({ settings: SETTINGS });
  await world.orchestrator.recover();
  await newcomers(world, 8, 6);
  expect(kept(world)).toBeGreaterThanOrEqual(8);
  await world.orchestrator.close({ detach: true });
  await world.clock.advance(hours(24 * 10));
  world.restart({ settings: SETTINGS });
  await world.orchestrator.recover();
  expect(kept(world)).toBeLessThan(5);
});

test('a number that a person has given stays', async () => {
  const world = new Orchestrated();
  world.host.keepHusks(7);
  await world.orchestrator.recover();
  await newcomers(world, 9, 3);
  expect(world.orchestrator.fleetPolicy().husks).toMatchObject({ kept: 7, isFixed: true });
});

test('without the catalog it is learned anew, and written when it is back', async () => {
  const world = new Orchestrated({ settings: SETTINGS });
  world.policyStore.failNext(fault('CATALOG_DOWN', {}));
  await world.orchestrator.recover();
  expect(kept(world)).toBe(2);
  await newcomers(world, 8, 6);
  expect(await world.policyStore.fleet('husks')).toBeDefined();
});
