import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { LadderStep, StepKind } from '../domain/levels.ts';
import type { Tenant } from '../domain/tenant.ts';
import { TIERS, type Tier } from '../domain/tier.ts';
import { type DurationMs, hours, type Instant, minutes, ms, seconds } from '../domain/units.ts';
import { PRESETS } from '../policy/rules.ts';
import { sizeAt, sleepsAfter, wayDown } from '../policy/way-down.ts';
import type { SimulatedSession } from '../sim/simulated-proxies.ts';
import { Orchestrated } from '../testing/orchestrated.ts';
import { outcome, rowOf } from '../testing/tenants-at-rest.ts';

const RULES = { ...PRESETS.machine, archiveAfter: null, snapshotEvery: null };
const MB = 1_048_576;
const L1_FULL = 8 * MB;
const L2_FULL = 40 * MB;
const HOT_SLEEPS = sleepsAfter(wayDown('HOT', RULES, null)) ?? 0;

/** A tenant whose one session asked something, was answered just now, and stays open. */
class Idle {
  readonly world = new Orchestrated({ rules: RULES });
  readonly proxy = this.world.proxies.make('proxy');
  tenant = {} as Tenant;
  session = {} as SimulatedSession;

  static async of(tier: Tier): Promise<Idle> {
    const idle = new Idle();
    idle.tenant = await idle.world.tenant('acme', tier);
    idle.session = idle.proxy.open(idle.tenant.id);
    await idle.world.clock.advance(seconds(2));
    idle.proxy.answered(idle.session, 'idle');
    return idle;
  }

  get memory(): { readonly l1: number; readonly l2: number } {
    return this.world.host.memoryOf(this.tenant.id);
  }

  get size() {
    return this.world.host.sizeOf(this.tenant.id);
  }

  get descent(): string | null {
    return this.world.orchestrator.live(this.tenant.id).descent;
  }

  get isAwake(): boolean {
    return this.world.host.running.length === 1;
  }

  async wait(time: DurationMs): Promise<void> {
    await this.world.clock.advance(time);
  }

  /** A query of a second. */
  async query(): Promise<void> {
    this.proxy.ask(this.session);
    await this.wait(seconds(1));
    expect(this.session.state).toBe('busy');
    this.proxy.answered(this.session, 'idle');
  }

  async setTier(tier: Tier, within: DurationMs = seconds(10)): Promise<void> {
    const { catalog, orchestrator } = this.world;
    await catalog.configure(this.tenant.id, { tier });
    await outcome(this.world, orchestrator.changed(this.tenant.id), within);
  }

  /** The first first. */
  async steps(...kinds: readonly StepKind[]): Promise<readonly LadderStep[]> {
    const steps = await this.world.catalog.steps(this.tenant.id, 1_000);
    return steps.toReversed().filter(({ kind }) => kinds.includes(kind));
  }
}

const sizeOf = (tier: Tier, rung: Tier = tier) => sizeAt(tier, rung, RULES);

test.each(['COLD', 'WARM'] as const)(
  'a %s tenant keeps its memory for ten minutes, loses page cache in ten steps, and sleeps at fifteen',
  async (tier) => {
    const idle = await Idle.of(tier);
    await idle.wait(minutes(10));
    expect([idle.memory, idle.descent]).toEqual([{ l1: L1_FULL, l2: L2_FULL }, null]);
    const left: number[] = [];
    for (let step = 0; step < 10; step++) {
      await idle.wait(ms(minutes(5) / 11));
      left.push(idle.memory.l2);
      expect(idle.descent).toBe(`step ${step + 1} of 11 on its way down`);
    }
    const goals = left.map((_, i) => L2_FULL * (1 - 0.08 * (i + 1)));
    // A part of a byte may be lost to rounding.
    expect(left.map((bytes, i) => Math.abs(bytes - (goals[i] ?? 0)) <= 1)).not.toContain(false);
    expect(idle.isAwake).toBe(true);
    await idle.wait(ms(minutes(5) / 11 + 100));
    expect([idle.isAwake, idle.memory]).toEqual([false, { l1: 0, l2: left.at(-1) }]);
    expect([idle.session.state, idle.world.proxies.violations]).toEqual(['idle', []]);
    expect(idle.world.log.alarming).toEqual([]);
  },
);

test('a HOT tenant sheds buffers for ten minutes after a day, gets the size of WARM, and goes on down', async () => {
  const idle = await Idle.of('HOT');
  await idle.wait(ms(hours(24) + 10));
  expect([idle.memory.l1, idle.size]).toEqual([L1_FULL, sizeOf('HOT')]);
  for (let step = 1; step <= 10; step++) {
    await idle.wait(ms(minutes(10) / 11));
    expect(idle.memory.l1).toBe(Math.floor(L1_FULL * (1 - (step / 10) * 0.75)));
  }
  expect(idle.size).toEqual(sizeOf('HOT'));
  await idle.wait(ms(minutes(10) / 11 + 100));
  expect(idle.size).toEqual(sizeOf('HOT', 'WARM'));
  expect(idle.size?.connectionsMax).toBe(RULES.tiers.HOT.size.connectionsMax);
  expect([idle.session.state, idle.descent]).toEqual([
    'idle',
    'has the size of WARM, step 11 of 22 on its way down',
  ]);
  await idle.wait(minutes(14));
  expect([idle.isAwake, idle.memory.l1]).toEqual([true, L1_FULL]);
  await idle.wait(minutes(1));
  expect(idle.isAwake).toBe(false);
  expect(idle.world.proxies.violations).toEqual([]);
  expect(idle.world.log.alarming).toEqual([]);
});

test('every step is recorded with its bytes, its time and its cause', async () => {
  const idle = await Idle.of('HOT');
  idle.world.host.shedTakes = ms(7);
  await idle.wait(hours(25));
  const l1 = await idle.steps('shed-l1');
  const l2 = await idle.steps('shed-l2');
  expect([l1.length, l2.length]).toEqual([10, 10]);
  const sum = (steps: readonly LadderStep[]) => steps.reduce((all, { bytes }) => all + bytes, 0);
  expect(sum(l1)).toBe(L1_FULL * 0.75);
  expect(Math.abs(sum(l2) - L2_FULL * 0.8)).toBeLessThanOrEqual(1);
  expect(new Set([...l1, ...l2].map((step) => step.ms))).toEqual(new Set([7]));
  expect(l1[0]).toMatchObject({ from: null, because: 'idle for 86455 s' });
  const others = await idle.steps('wake', 'resize', 'suspend');
  expect(others.map(({ kind, because }) => `${kind}: ${because}`)).toEqual([
    'wake: a session of r from ::1',
    'suspend: idle for 87000 s',
    'wake: idle for 87000 s',
    'resize: idle for 87000 s',
    'suspend: idle for 87900 s',
  ]);
  // What is left in the page cache.
  expect(others.map(({ bytes }) => bytes).slice(0, 2)).toEqual([0, L2_FULL]);
});

test('a query at any point of the way turns it round, and the tenant is its old self soon after', async () => {
  const from = hours(24) - minutes(1);
  const moments = fc.integer({ min: from, max: HOT_SLEEPS + minutes(1) });
  const edges = [hours(24) + minutes(10), HOT_SLEEPS, HOT_SLEEPS + 1, HOT_SLEEPS + 5];
  await fc.assert(
    fc.asyncProperty(moments, async (moment) => {
      const idle = await Idle.of('HOT');
      await idle.wait(ms(moment));
      await idle.query();
      await idle.wait(seconds(3));
      expect([idle.size, idle.descent]).toEqual([sizeOf('HOT'), null]);
      // The way begins anew, from its beginning.
      const before = await idle.steps('shed-l1', 'shed-l2', 'resize', 'suspend');
      await idle.wait(ms(hours(24) - seconds(10)));
      expect(await idle.steps('shed-l1', 'shed-l2', 'resize', 'suspend')).toEqual(before);
      await idle.wait(ms(minutes(25) + seconds(20)));
      expect(idle.isAwake).toBe(false);
      expect(idle.world.proxies.violations).toEqual([]);
    }),
    { numRuns: 60, examples: edges.flatMap((edge) => [[edge - 1], [edge]] as [number][]) },
  );
});

test('a query in the middle of a step begins the way anew, the first step included', async () => {
  const idle = await Idle.of('WARM');
  idle.world.host.shedTakes = seconds(5);
  await idle.wait(ms(minutes(10) + minutes(5) / 11 + 1_000));
  idle.proxy.ask(idle.session);
  expect(idle.session.state).toBe('busy');
  idle.proxy.answered(idle.session, 'idle');
  await idle.wait(seconds(10));
  expect(idle.descent).toBe(null);
  await idle.wait(ms(minutes(10) + minutes(5) / 11));
  expect(idle.descent).toBe('step 1 of 11 on its way down');
});

test('a step that fails is told to the log, and the way goes on', async () => {
  const idle = await Idle.of('WARM');
  idle.world.host.failNext('shedL2', new Error('no such call'));
  await idle.wait(ms(minutes(15) + 100));
  expect(idle.isAwake).toBe(false);
  expect((await idle.steps('shed-l2')).length).toBe(9);
  expect(idle.world.log.alarming).toEqual(['memory of a tenant could not be shed']);
});

test('a climb that is refused is tried again, more and more seldom', async () => {
  const idle = await Idle.of('HOT');
  const { proxies, clock } = idle.world;
  await idle.wait(ms(hours(24) + minutes(11)));
  const park = proxies.park.bind(proxies);
  const tries: Instant[] = [];
  proxies.park = async () => {
    tries.push(clock.now());
    return { kind: 'held', why: 'a query came' };
  };
  await idle.query();
  await idle.wait(minutes(5));
  expect(idle.size).toEqual(sizeOf('HOT', 'WARM'));
  const gaps = tries.slice(1).map((at, i) => Math.round((at - (tries[i] ?? 0)) / 1_000));
  expect(gaps).toEqual([1, 1, 2, 4, 8, 16, 32, 60, 60, 60]);
  proxies.park = park;
  await idle.wait(minutes(1));
  expect([idle.size, idle.descent, idle.session.state]).toEqual([sizeOf('HOT'), null, 'idle']);
});

test.each(TIERS.flatMap((from) => TIERS.map((to) => [from, to] as const)))(
  'an idle tenant that is changed from %s to %s has that size at once, its sessions parked',
  async (from, to) => {
    const idle = await Idle.of(from);
    await idle.setTier(to);
    expect([idle.size, idle.descent, idle.session.state]).toEqual([sizeOf(to), null, 'idle']);
    expect(idle.world.host.countOf('start')).toBe(from === to ? 1 : 2);
    await idle.query();
  },
);

test('a busy tenant gets the size of its new tier at the first quiet moment', async () => {
  for (const [from, to] of [
    ['COLD', 'HOT'],
    ['HOT', 'COLD'],
  ] as const) {
    const idle = await Idle.of(from);
    idle.proxy.ask(idle.session);
    await idle.setTier(to);
    await idle.wait(minutes(10));
    expect([idle.size, idle.session.state]).toEqual([sizeOf(to, from), 'busy']);
    idle.proxy.answered(idle.session, 'idle');
    await idle.wait(seconds(2));
    expect([idle.size, idle.session.state]).toEqual([sizeOf(to), 'idle']);
  }
});

test('a tenant at rest gets the size of its new tier by one restart', async () => {
  for (const [from, to] of [
    ['COLD', 'HOT'],
    ['HOT', 'COLD'],
  ] as const) {
    const idle = await Idle.of(from);
    await idle.wait(minutes(1));
    await idle.setTier(to);
    await idle.wait(minutes(1));
    expect([idle.size, idle.world.host.countOf('start')]).toEqual([sizeOf(to), 2]);
  }
});

test('a sleeping tenant has the size of its new tier at its next wake', async () => {
  const idle = await Idle.of('COLD');
  await idle.wait(minutes(16));
  await idle.setTier('HOT');
  expect(idle.isAwake).toBe(false);
  await idle.query();
  expect(idle.size).toEqual(sizeOf('HOT'));
});

test('a PERSISTENT tenant stays as it is, until it is made another', async () => {
  const idle = await Idle.of('PERSISTENT');
  await idle.wait(ms(30 * hours(24)));
  expect([idle.size, idle.memory]).toEqual([sizeOf('PERSISTENT'), { l1: L1_FULL, l2: L2_FULL }]);
  expect(await idle.steps('shed-l1', 'shed-l2', 'resize', 'suspend')).toEqual([]);
  await idle.setTier('COLD');
  expect(idle.size).toEqual(sizeOf('COLD'));
  await idle.wait(minutes(16));
  expect(idle.isAwake).toBe(false);
});

test('wakes are counted by the level that served them, and what a compute was served is summed up', async () => {
  const idle = await Idle.of('COLD');
  await idle.wait(minutes(16));
  idle.world.host.startsFrom = 'L3';
  await idle.query();
  await idle.wait(minutes(16));
  const wakes = await idle.steps('wake');
  expect(wakes.map(({ from }) => from)).toEqual(['L2', 'L3']);
  expect(await idle.world.catalog.levels(idle.tenant.id)).toMatchObject({
    ...{ wakesL2: 1, wakesL3: 1, wakesL4: 0 },
    ...{ hitsL1: 180, hitsL2: 18, hitsL3: 2 },
    l2: idle.memory.l2,
  });
});

test.each(TIERS)(
  'blocks are read back into a %s compute if it is large, behind the first query',
  async (tier) => {
    const idle = await Idle.of(tier);
    const isLarge = tier === 'HOT' || tier === 'PERSISTENT';
    const steps = await idle.steps('prewarm');
    expect(steps.map(({ bytes }) => bytes)).toEqual(isLarge ? [L1_FULL] : []);
    expect(steps.every(({ at }) => at - idle.tenant.createdAt >= 1_000)).toBe(true);
  },
);

test('a tenant that has climbed back gets its blocks back too', async () => {
  const idle = await Idle.of('HOT');
  await idle.wait(ms(hours(24) + minutes(11)));
  await idle.query();
  await idle.wait(seconds(5));
  expect((await idle.steps('prewarm', 'resize')).map(({ kind }) => kind)).toEqual([
    'prewarm',
    'resize',
    'resize',
    'prewarm',
  ]);
});

test('reading back gives way to a suspend, and holds up no query', async () => {
  const idle = await Idle.of('HOT');
  idle.world.host.prewarmTakes = hours(1);
  const { orchestrator } = idle.world;
  await outcome(idle.world, orchestrator.suspend(idle.tenant.id));
  await idle.query();
  await idle.wait(seconds(1));
  expect(idle.world.host.countOf('prewarm')).toBe(2);
  await idle.query();
  await outcome(idle.world, orchestrator.suspend(idle.tenant.id));
  expect(await rowOf(idle.world, idle.tenant)).toMatchObject({ state: { kind: 'suspended' } });
});
