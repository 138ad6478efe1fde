import { describe, expect, test } from 'vitest';
import type { Level } from '../domain/levels.ts';
import { hours, later, minutes, ms, seconds, type Timestamp, timestamp } from '../domain/units.ts';
import { type ResidencyTerms, stays } from './residency.ts';
import { Habit, Population } from './returns.ts';

/** A Monday, 00:00 UTC. */
const MONDAY = timestamp(1_767_571_200_000);
const DAY = hours(24);
const HORIZON = ms(4 * DAY);

const nobody = new Population();

const twoLevels = (worth: number): ResidencyTerms => ({
  levels: [
    { level: 'L1', costPerSecond: 1, wakeSeconds: 0 },
    { level: 'L3', costPerSecond: 0, wakeSeconds: 1 },
  ],
  valueOfSecond: worth,
  floorAwake: seconds(60),
});

const fourLevels = (bounds: Partial<ResidencyTerms> = {}): ResidencyTerms => ({
  levels: [
    { level: 'L1', costPerSecond: 1, wakeSeconds: 0 },
    { level: 'L2', costPerSecond: 0.2, wakeSeconds: 0.1 },
    { level: 'L3', costPerSecond: 0.02, wakeSeconds: 0.4 },
    { level: 'L4', costPerSecond: 0.001, wakeSeconds: 3 },
  ],
  valueOfSecond: 3_600,
  floorAwake: seconds(60),
  ...bounds,
});

function lived(begins: readonly Timestamp[]): { habit: Habit; idleSince: Timestamp } {
  const habit = new Habit();
  let idleSince: Timestamp | null = null;
  for (const at of begins) {
    if (idleSince !== null) habit.returned(idleSince, at);
    habit.began(at);
    idleSince = later(at, seconds(5));
  }
  return { habit, idleSince: idleSince ?? MONDAY };
}

const at = (day: number, hour: number): Timestamp => later(MONDAY, ms(day * DAY + hours(hour)));

const office = (days: number): readonly Timestamp[] =>
  Array.from({ length: days }, (_, day) => day)
    .filter((day) => day % 7 < 5)
    .flatMap((day) => Array.from({ length: 48 }, (_, turn) => at(day, 9 + turn / 6)));

const hourly = Array.from({ length: 80 }, (_, turn) => later(MONDAY, hours(turn)));

const lastUse = lived([MONDAY]);

/** The level at a moment. */
function levelAt(
  { habit, idleSince }: { readonly habit: Habit; readonly idleSince: Timestamp },
  terms: ResidencyTerms,
  now: Timestamp,
): Level | undefined {
  for (const { until, level } of stays(habit, nobody, idleSince, terms)) {
    if (later(idleSince, until) > now) return level;
  }
  return undefined;
}

describe('residency', () => {
  test('wakes an office tenant before nine on weekdays, and leaves it alone on Sunday', () => {
    const terms = twoLevels(7_200);
    const thursday = lived(office(25));
    const onFriday = [3, 8.92, 9.01].map((hour) => levelAt(thursday, terms, at(25, hour)));
    expect(onFriday).toEqual(['L3', 'L1', 'L1']);
    const friday = lived(office(26));
    const onSunday = [3, 8.75, 12].map((hour) => levelAt(friday, terms, at(27, hour)));
    expect(onSunday).toEqual(['L3', 'L3', 'L3']);
    expect(levelAt(friday, terms, at(28, 8.95))).toBe('L1');
  });

  test('keeps an hourly timer awake around its minute only', () => {
    const tenant = lived(hourly);
    const terms = twoLevels(1_800);
    const levels = [20, 40, 59.9].map((minute) =>
      levelAt(tenant, terms, later(tenant.idleSince, minutes(minute))),
    );
    expect(levels).toEqual(['L3', 'L3', 'L1']);
  });

  test('leaves a tenant that is gone asleep for good', () => {
    const tenant = lived(hourly);
    for (const day of [20, 30, 60]) {
      const now = later(tenant.idleSince, ms(day * DAY));
      expect(levelAt(tenant, twoLevels(7_200), now)).toBe('L3');
    }
  });

  test('is awake longer the more a second is worth', () => {
    const tenant = lived(office(26));
    const awake = [60, 600, 6_000, 60_000, 600_000].map((worth) => {
      let from = 0;
      let sum = 0;
      for (const { until, level } of stays(
        tenant.habit,
        nobody,
        tenant.idleSince,
        twoLevels(worth),
      )) {
        if (level === 'L1') sum += Math.min(until, HORIZON) - from;
        from = Math.min(until, HORIZON);
        if (until >= HORIZON) break;
      }
      return sum;
    });
    expect(awake).toEqual([...awake].sort((a, b) => a - b));
    expect(awake[4]).toBeGreaterThan(awake[0] ?? 0);
  });

  test('is awake for the floor, goes on in order, and never ends', () => {
    const tenant = lived(office(26));
    const found = [...stays(tenant.habit, nobody, tenant.idleSince, fourLevels())];
    expect(found[0]).toEqual({
      until: seconds(60),
      level: 'L1',
      because: 'awake for 60 s after use at least',
    });
    expect(found.every(({ until }, i) => i === 0 || until > (found[i - 1]?.until ?? 0))).toBe(true);
    expect(found.at(-1)?.until).toBe(Number.POSITIVE_INFINITY);
  });

  test('goes down level by level as a return grows unlikely', () => {
    const { habit, idleSince } = lastUse;
    const levels = [...stays(habit, nobody, idleSince, fourLevels())].map(({ level }) => level);
    const order = levels.filter((level, i) => level !== levels[i - 1]);
    expect(order).toEqual([...new Set(order)].sort());
    expect(order[0]).toBe('L1');
    expect(order.at(-1)).toBe('L4');
  });

  test('begins no sleep shorter than the least', () => {
    const { habit, idleSince } = lived(hourly);
    for (const least of [0, 600]) {
      const terms = { ...twoLevels(3_600), leastSleep: seconds(least) };
      let asleepSince: number | null = null;
      let from = 0;
      for (const { until, level } of stays(habit, nobody, idleSince, terms)) {
        if (level === 'L1' && asleepSince !== null) {
          expect(from - asleepSince).toBeGreaterThanOrEqual(seconds(least));
        }
        asleepSince = level === 'L1' ? null : (asleepSince ?? from);
        from = until;
      }
    }
  });

  test('stays within the bounds of its tier, and says so where there is no choice', () => {
    const { habit, idleSince } = lastUse;
    const { levels: all } = fourLevels({});
    const always = fourLevels({ levels: all.filter(({ level }) => level === 'L1') });
    expect([...stays(habit, nobody, idleSince, always)]).toEqual([
      { until: Number.POSITIVE_INFINITY, level: 'L1', because: 'it may be kept at L1 only' },
    ]);
    const between = all.filter(({ level }) => level === 'L2' || level === 'L3');
    const near = fourLevels({ levels: between });
    const levels = new Set([...stays(habit, nobody, idleSince, near)].map(({ level }) => level));
    expect([...levels].every((level) => level === 'L2' || level === 'L3')).toBe(true);
  });

  test('gives a reason in a sentence', () => {
    const timer = lived(hourly);
    const terms = twoLevels(1_800);
    const reasons = [...stays(timer.habit, nobody, timer.idleSince, terms)].map(
      (stay) => stay.because,
    );
    expect(reasons.some((one) => one.startsWith('by the rhythm in which it returns'))).toBe(true);
    const office4 = lived(office(26));
    const all = [...stays(office4.habit, nobody, office4.idleSince, terms)].map((s) => s.because);
    expect(all.some((one) => /at this hour of its (day|week), .*\d\d:\d\d UTC/.test(one))).toBe(
      true,
    );
    expect(all.every((one) => one.length < 120 && !/NaN|undefined|Infinity/.test(one))).toBe(true);
  });
});
