import { expect, test } from 'vitest';
import { hours, minutes, ms, seconds, timestamp } from '../domain/units.ts';
import { PRESETS, type Rules } from '../policy/rules.ts';
import { AlarmLog } from './alarm-log.ts';
import { fixedRules } from './fleet-rules.ts';
import { Invariants } from './invariants.ts';
import { SimulatedWorld } from './simulated-world.ts';

async function awakeTenant(rules: Rules = fixedRules(minutes(15))) {
  const world = new SimulatedWorld({
    ...{ rules, seed: 1, startsAtOnce: 4, log: new AlarmLog() },
    wallStart: timestamp(0),
  });
  const invariants = new Invariants(world);
  await world.orchestrator.recover();
  const proxy = world.proxies.make('proxy');
  const tenant = await world.tenant('one', 'COLD');
  const session = proxy.open(tenant.id);
  await world.clock.advance(seconds(1));
  proxy.answered(session, 'idle');
  return { world, invariants, tenant, session };
}

test('nothing is found where nothing is wrong', async () => {
  const { world, invariants, session } = await awakeTenant();
  invariants.served(session);
  await invariants.look(0);
  await world.clock.advance(minutes(30));
  await invariants.look(0);
  await invariants.end();
  expect(invariants.violations).toEqual([]);
});

test('a compute that is gone is missed by whoever was told its address, and in the catalog', async () => {
  const { world, invariants, tenant, session } = await awakeTenant();
  world.host.lose(tenant.id);
  invariants.served(session);
  await invariants.look(0);
  await invariants.end();
  expect(invariants.violations).toEqual([
    `${tenant.id} was said to be up, and is not`,
    'one should run, and does not',
    'the files of one are not here, its home is local',
    'one has 0 of 1 writes, at local',
  ]);
});

test('a stop under a client, an alarm and timers that nobody needs are found once each', async () => {
  const { world, invariants, tenant } = await awakeTenant();
  const stopped = world.host.stop(tenant.id);
  await world.clock.advance(seconds(1));
  await stopped;
  world.log.warn('it is too hot', { tenant: tenant.id });
  for (let i = 0; i < 60; i++) world.clock.timer(ms(86_400_000), () => {});
  await invariants.look(0);
  await invariants.look(60);
  expect(invariants.violations).toEqual([
    `${tenant.id} was stopped under proxy`,
    `it is too hot, ${tenant.id}`,
    expect.stringMatching(/^\d+ timers for \d awake$/),
    'one should run, and does not',
    'one should run, and does not',
  ]);
});

test('what rests here for too long, has no snapshot and would be lost is found', async () => {
  const { world, invariants, tenant } = await awakeTenant(PRESETS.machine);
  world.archive.down = new Error('it is away');
  await invariants.look(0);
  await world.clock.advance(minutes(60));
  await invariants.look(0);
  expect(invariants.violations).toEqual([]);
  await world.clock.advance(hours(30));
  await invariants.look(0);
  const found = invariants.violations.filter((one) => !one.includes('could not be saved'));
  expect(found).toEqual([
    `${tenant.id} would lose 1 writes`,
    expect.stringMatching(/^one rests here for \d+ ms$/),
    expect.stringMatching(/^one has had no snapshot for \d+ ms$/),
  ]);
});

test('page cache above its budget is found', async () => {
  const { world, invariants } = await awakeTenant({ ...PRESETS.machine, archiveAfter: null });
  await world.clock.advance(hours(1));
  await invariants.look(0);
  expect(invariants.violations).toEqual([]);
  const poor = new Invariants({ ...world, l2Bytes: 1 });
  await poor.look(0);
  expect(poor.violations).toEqual([
    expect.stringMatching(/^\d+ bytes are kept for those who sleep$/),
  ]);
});

test('who is left waiting is found, and who waits a little is not', async () => {
  const { invariants, tenant, session } = await awakeTenant();
  session.state = 'waiting';
  invariants.waits(session, seconds(30));
  expect(invariants.violations).toEqual([]);
  invariants.waits(session, minutes(2));
  expect(invariants.violations).toEqual([`${tenant.id} has been left waiting`]);
});
