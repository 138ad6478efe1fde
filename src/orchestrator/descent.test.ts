import { expect, test } from 'vitest';
import type { Limits } from '../domain/tier.ts';
import { PRESETS } from '../policy/rules.ts';
import { Orchestrated } from '../testing/orchestrated.ts';
import { Descent } from './descent.ts';
import { LadderLog } from './ladder-log.ts';

const rules = PRESETS.machine;

/** An awake tenant of tier HOT, and what its compute was bound by, in order. */
async function descending() {
  const world = new Orchestrated();
  const tenant = await world.orchestrator.create(await world.insert('acme', 'HOT'));
  const waking = world.orchestrator.wakeTenant(tenant.id);
  await world.clock.advance(rules.tiers.HOT.descentTakes);
  await waking;
  const bounds: Limits[] = [];
  const limit = world.host.limit.bind(world.host);
  world.host.limit = (id, limits) => {
    bounds.push(limits);
    return limit(id, limits);
  };
  const { clock, log, host, catalog } = world;
  const failpoints = { reach: () => Promise.resolve() };
  const ladder = new LadderLog({ clock, log, catalog });
  const rulesOf = () => rules;
  const parts = { clock, log, host, ladder, rules, rulesOf, failpoints };
  const descent = new Descent(parts, { tenant });
  return { world, descent, bounds };
}

test('the limit of memory follows shared buffers down, and is lifted by who comes', async () => {
  const { descent, bounds } = await descending();
  await descent.shed({ kind: 'shedL1', keep: 0.625 }, 'idle');
  await descent.shed({ kind: 'shedL1', keep: 0.25 }, 'idle');
  expect(bounds.map(({ memoryMb }) => memoryMb)).toEqual([3_072, 2_048]);
  descent.turn();
  expect(bounds.at(-1)).toEqual(rules.tiers.HOT.limits);
  descent.turn();
  expect(bounds).toHaveLength(3);
});

test('a compute that was started anew has limits of its own', async () => {
  const { descent, bounds } = await descending();
  await descent.shed({ kind: 'shedL1', keep: 0.25 }, 'idle');
  descent.restarted();
  descent.turn();
  expect(bounds).toHaveLength(1);
});

test('page cache is dropped without other limits; a failure is told to the log alone', async () => {
  const { world, descent, bounds } = await descending();
  world.host.failNext('shedL2', new Error('no'));
  await descent.shed({ kind: 'shedL2', keep: 0.5 }, 'idle');
  expect(bounds).toEqual([]);
  expect(world.log.alarming).toContain('memory of a tenant could not be shed');
});
