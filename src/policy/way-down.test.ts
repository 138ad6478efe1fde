import fc from 'fast-check';
import { expect, test } from 'vitest';
import { TIERS } from '../domain/tier.ts';
import { hours, minutes, ms, seconds } from '../domain/units.ts';
import { PRESETS } from './rules.ts';
import { isWorthPrewarming, limitsAt, sizeAt, sleepsAfter, wayDown } from './way-down.ts';

const rules = PRESETS.machine;

const kindsOf = (way: ReturnType<typeof wayDown>): string =>
  way.map(({ what }) => what.kind.replace('shed', '')).join(' ');

test('the way from HOT takes ten minutes of shared buffers, a smaller size, then that of WARM', () => {
  const way = wayDown('HOT', rules, null);
  expect(kindsOf(way)).toBe(`${'L1 '.repeat(10)}resize ${'L2 '.repeat(10)}suspend`);
  const [first] = way;
  const resize = way.find(({ what }) => what.kind === 'resize');
  expect(first?.after).toBeGreaterThan(hours(24));
  expect(resize).toEqual({
    after: hours(24) + minutes(10),
    what: { kind: 'resize', to: 'WARM' },
  });
  expect(way[9]?.what).toEqual({ kind: 'shedL1', keep: 8 / 32 });
  expect(sleepsAfter(way)).toBe(hours(24) + minutes(25));
});

test('WARM and COLD shed page cache for five minutes, and sleep after fifteen', () => {
  for (const tier of ['WARM', 'COLD'] as const) {
    const way = wayDown(tier, rules, null);
    expect(kindsOf(way)).toBe(`${'L2 '.repeat(10)}suspend`);
    expect(way[0]?.after).toBeGreaterThan(minutes(10));
    expect(way[9]?.what).toMatchObject({ kind: 'shedL2', keep: expect.closeTo(0.2) });
    expect(sleepsAfter(way)).toBe(minutes(15));
  }
});

test('PERSISTENT never goes down, whatever is set', () => {
  expect(wayDown('PERSISTENT', rules, null)).toEqual([]);
  expect(wayDown('PERSISTENT', rules, seconds(5))).toEqual([]);
  expect(sleepsAfter([])).toBe(null);
});

test('a short idle time leaves the suspend alone', () => {
  for (const tier of ['HOT', 'WARM', 'COLD'] as const) {
    expect(wayDown(tier, rules, seconds(5))).toEqual([{ after: 5_000, what: { kind: 'suspend' } }]);
  }
});

test('every way ends asleep at the time that was set, in order, its steps apart', () => {
  const tiers = fc.constantFrom(...TIERS);
  const times = fc.option(fc.integer({ min: 1_000, max: 1_000_000_000 }));
  const counts = fc.integer({ min: 0, max: 100 });
  fc.assert(
    fc.property(tiers, times, counts, (tier, time, descentSteps) => {
      const way = wayDown(tier, { ...rules, descentSteps }, time === null ? null : ms(time));
      if (tier === 'PERSISTENT') return way.length === 0;
      const apart = way.slice(0, -1).every((step, i) => {
        const since = step.after - (way[i - 1]?.after ?? 0);
        return since >= (step.what.kind === 'resize' ? 0 : 10_000);
      });
      const keeps = way.flatMap(({ what }) => ('keep' in what ? [what.keep] : []));
      const bounded = keeps.every((keep) => keep > 0 && keep < 1);
      const onTime = time === null || Math.abs((sleepsAfter(way) ?? 0) - time) < 1;
      return apart && bounded && onTime;
    }),
  );
});

test('on its way down a compute keeps the number of its connections', () => {
  expect(sizeAt('PERSISTENT', 'HOT', rules)).toEqual({
    ...rules.tiers.HOT.size,
    connectionsMax: rules.tiers.PERSISTENT.size.connectionsMax,
  });
});

test('on its way down a compute may take less memory, down to what the tier below may', () => {
  const memory = (keep: number) => limitsAt('HOT', keep, rules).memoryMb;
  const { HOT, WARM } = rules.tiers;
  expect([memory(1), memory(8 / 32)]).toEqual([HOT.limits.memoryMb, WARM.limits.memoryMb]);
  expect(memory(20 / 32)).toBe((4_096 + 2_048) / 2);
  expect(limitsAt('HOT', 0.5, rules).cpuPercent).toBe(HOT.limits.cpuPercent);
  expect(limitsAt('WARM', 0.5, rules)).toBe(WARM.limits);
});

test('only a large compute is worth reading blocks back into', () => {
  expect(TIERS.filter((tier) => isWorthPrewarming(rules.tiers[tier].size))).toEqual([
    'HOT',
    'PERSISTENT',
  ]);
});
