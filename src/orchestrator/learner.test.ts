/** What is learned is kept, in batches, and survives what fails. */
import { expect, test } from 'vitest';
import { fault } from '../domain/faults.ts';
import type { TenantId } from '../domain/ids.ts';
import { minutes, seconds, type Timestamp, timestamp } from '../domain/units.ts';
import { Learned } from '../policy/learned.ts';
import { MemoryPolicyStore } from '../sim/memory-policy-store.ts';
import { VirtualClock } from '../sim/virtual-clock.ts';
import { MemoryLog } from '../testing/memory-log.ts';
import { Learner } from './learner.ts';

const ACME = 'tn_000000000001' as TenantId;
const OTHER = 'tn_000000000002' as TenantId;

function world() {
  const clock = new VirtualClock();
  const log = new MemoryLog();
  const policyStore = new MemoryPolicyStore();
  return { clock, log, policyStore, learner: new Learner({ clock, log, policyStore }) };
}

const kept = async (store: MemoryPolicyStore, tenant: TenantId): Promise<Learned> =>
  Learned.decode((await store.learned(tenant)) ?? new Uint8Array());

const decision = (at: Timestamp, because: string) =>
  ({ at, kind: 'prewarm', from: null, to: 'L1', because, inputs: {} }) as const;

test('uses are written within two minutes, all tenants at once, and nothing while nothing happens', async () => {
  const { clock, learner, policyStore } = world();
  learner.of(ACME).used(timestamp(10_000));
  learner.of(OTHER).used(timestamp(20_000));
  await clock.advance(seconds(1));
  learner.of(ACME).used(timestamp(95_000));
  await clock.advance(minutes(2));
  // One of the tenants, one of the fleet.
  expect(policyStore.writes).toBe(2);
  expect((await kept(policyStore, ACME)).usedAt).toBe(95_000);
  expect((await kept(policyStore, OTHER)).usedAt).toBe(20_000);
  await clock.advance(minutes(10));
  expect(policyStore.writes).toBe(2);
  expect(clock.pending).toBe(0);
});

test('what happens while a tenant is still being loaded is taken in behind what was known', async () => {
  const { clock, learner, policyStore } = world();
  const before = new Learned();
  before.usedAt = timestamp(1_000);
  const stored = { tenant: ACME, bytes: before.encode(), askAt: null };
  await policyStore.saveLearned([stored]);
  const learning = learner.of(ACME);
  learning.used(timestamp(61_000));
  expect(learning.isLoading).toBe(true);
  await learning.loaded;
  expect(learning.learned.usedAt).toBe(61_000);
  await clock.advance(minutes(3));
  expect((await kept(policyStore, ACME)).usedAt).toBe(61_000);
});

test('a tenant at rest is forgotten here once it is written, and known again with what it was', async () => {
  const { clock, learner, policyStore } = world();
  const first = learner.of(ACME);
  await first.loaded;
  first.used(timestamp(5_000));
  first.askAt = timestamp(7_000);
  learner.rested(ACME);
  expect(learner.of(ACME)).toBe(first);
  learner.rested(ACME);
  await clock.advance(minutes(3));
  const second = learner.of(ACME);
  expect(second).not.toBe(first);
  await second.loaded;
  expect(second.learned.usedAt).toBe(5_000);
  expect(await policyStore.dueToAsk(timestamp(8_000), 9)).toEqual([{ tenant: ACME, askAt: 7_000 }]);
});

test('a store that fails loses nothing, and harms nobody', async () => {
  const { clock, log, learner, policyStore } = world();
  policyStore.failNext(fault('CATALOG_DOWN', {}));
  const learning = learner.of(ACME);
  await learning.loaded;
  learning.used(timestamp(5_000));
  learner.decided(ACME, decision(timestamp(5_000), 'nobody came'));
  policyStore.failNext(fault('CATALOG_DOWN', {}));
  await clock.advance(minutes(2));
  expect(policyStore.writes).toBe(0);
  expect(log.alarming).toHaveLength(1);
  await clock.advance(minutes(2));
  expect((await kept(policyStore, ACME)).usedAt).toBe(5_000);
  const decisions = await policyStore.decisions(ACME, { before: null, limit: 9 });
  expect(decisions.map(({ because }) => because)).toEqual(['nobody came']);
});

test('what the fleet teaches is there for the next server', async () => {
  const { clock, log, learner, policyStore } = world();
  const learning = learner.of(ACME);
  await learning.loaded;
  for (let hour = 1; hour < 200; hour++) learning.used(timestamp(hour * 3_600_000));
  await learner.written();
  const next = new Learner({ clock, log, policyStore });
  await next.open();
  expect(next.population.encode()).toEqual(learner.population.encode());
  expect(next.population.encode()).not.toEqual(
    new Learner({ clock, log, policyStore }).population.encode(),
  );
});

test('requests close together are one use; a longer silence is a return', async () => {
  const { learner } = world();
  const learning = learner.of(ACME);
  await learning.loaded;
  for (const at of [100_000, 101_000, 109_000, 109_000, 108_000]) learning.used(timestamp(at));
  const before = learning.learned.habit.encode();
  learning.used(timestamp(110_000));
  expect(learning.learned.habit.encode()).toEqual(before);
  learning.used(timestamp(500_000));
  expect(learning.learned.habit.encode()).not.toEqual(before);
});
