import { expect, test } from 'vitest';
import type { Address } from '../domain/host.ts';
import { minutes, ms } from '../domain/units.ts';
import { Orchestrated } from '../testing/orchestrated.ts';

/** Work inside that ends when the test says so. */
function work() {
  const began = Promise.withResolvers<Address>();
  const end = Promise.withResolvers<string>();
  const run = (address: Address): Promise<string> => {
    began.resolve(address);
    return end.promise;
  };
  return { run, began: began.promise, end };
}

test('a sleeping tenant is woken for it, and sleeps again when nobody comes', async () => {
  const world = new Orchestrated();
  const tenant = await world.tenant('acme');
  const answer = world.orchestrator.inside(tenant.id, async ({ socketPath }) => socketPath);
  await world.clock.advance(ms(50));
  expect(await answer).toBe(`/${tenant.id}`);
  expect(world.host.countOf('roles')).toBe(1);
  await world.clock.advance(minutes(60));
  expect(world.host.running).toEqual([]);
});

test('sessions come while it is under way, and the compute is not stopped before it is done', async () => {
  const world = new Orchestrated();
  const tenant = await world.tenant('acme');
  const { run, began, end } = work();
  const answer = world.orchestrator.inside(tenant.id, run);
  await world.clock.advance(ms(50));
  await began;
  const session = world.session(tenant);
  expect(await session.address).toEqual({ socketPath: `/${tenant.id}` });
  const restart = world.orchestrator.restart(tenant.id, { within: ms(10), force: true });
  await world.clock.advance(minutes(60));
  expect(world.host.countOf('stop')).toBe(0);
  end.resolve('done');
  await world.clock.advance(ms(100));
  await restart;
  expect(await answer).toBe('done');
  expect([world.host.countOf('stop'), world.host.countOf('start')]).toEqual([1, 2]);
});

test('work that fails is told to who asked; its roles are read all the same', async () => {
  const world = new Orchestrated();
  const tenant = await world.tenant('acme');
  const answer = world.orchestrator
    .inside(tenant.id, async () => {
      throw new Error('no such role');
    })
    .catch((error: unknown) => error);
  await world.clock.advance(ms(50));
  expect(await answer).toEqual(new Error('no such role'));
  expect(world.host.countOf('roles')).toBe(1);
  expect(await world.stateOf(tenant)).toBe('running');
});

test('what two do inside is done one after the other', async () => {
  const world = new Orchestrated();
  const tenant = await world.tenant('acme');
  const first = work();
  const second = work();
  const both = [first, second].map(({ run }) => world.orchestrator.inside(tenant.id, run));
  await world.clock.advance(ms(50));
  await first.began;
  let hasBegun = false;
  void second.began.then(() => {
    hasBegun = true;
  });
  await world.clock.advance(ms(50));
  expect(hasBegun).toBe(false);
  first.end.resolve('one');
  await world.clock.advance(ms(50));
  second.end.resolve('two');
  expect(await Promise.all(both)).toEqual(['one', 'two']);
});
