import { describe, expect, test } from 'vitest';
import { ms, type Timestamp, timestamp } from '../domain/units.ts';
import { peopleAsked } from '../sim/pattern-replay.ts';
import { SeededRandom } from '../sim/seeded-random.ts';
import { forecastTier, TierForecast } from './forecast.ts';
import { FEATURES } from './forecast-features.ts';
import { FORECAST_WEIGHTS } from './forecast-weights.ts';
import {
  nextPrewarm,
  nextWindow,
  prewarmRecord,
  prewarmWasRight,
  prewarmWasWrong,
  sizeWish,
} from './forecast-window.ts';
import { Pattern } from './pattern.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const MONDAY = Date.UTC(2026, 0, 5);

const at = (day: number, hour: number, minute = 0): Timestamp =>
  timestamp(MONDAY + day * DAY + hour * HOUR + minute * MINUTE);

/** In use on weekdays, every minute of which `uses` says so. */
function weekdays(days: number, uses: (hour: number, minute: number) => boolean): Pattern {
  const pattern = new Pattern();
  for (let day = 0; day < days; day++) {
    if (day % 7 >= 5) continue;
    for (let minute = 0; minute < 24 * 60; minute++) {
      if (uses(Math.floor(minute / 60), minute % 60)) {
        pattern.add(peopleAsked(at(day, 0, minute), 3));
      }
    }
  }
  return pattern;
}

const office = (days: number): Pattern =>
  weekdays(days, (hour, minute) => hour >= 9 && hour < 17 && minute % 3 === 0);

describe('the tier of the next hour', () => {
  test('has a weight for everything', () => {
    expect(FORECAST_WEIGHTS.length).toBe(16 * FEATURES + 16 + 4 * 16 + 4 + 4 * FEATURES);
  });

  test('follows the habits of the tenant', () => {
    const pattern = office(21);
    expect(forecastTier(pattern, at(20, 23)).tier).toBe('COLD');
    const morning = new TierForecast().chances(pattern, at(21, 9));
    const night = new TierForecast().chances(office(21), at(21, 3));
    expect(1 - morning[0]).toBeGreaterThan(0.5);
    expect(1 - night[0]).toBeLessThan(0.05);
    pattern.add(peopleAsked(at(21, 9, 59), 3));
    for (let minute = 0; minute < 60; minute += 3) pattern.add(peopleAsked(at(21, 10, minute), 3));
    expect(forecastTier(pattern, at(21, 11))).toMatchObject({ tier: 'HOT' });
    expect(forecastTier(pattern, at(21, 11)).probability).toBeGreaterThan(0.5);
  });

  test('is that of all tenants for one that is new', () => {
    const { tier, probability } = forecastTier(new Pattern(), at(0, 0));
    expect(tier).toBe('COLD');
    expect(probability).toBeCloseTo(0.82);
  });

  test('takes a fleet as it is: chances that are always too low are raised', () => {
    const fleet = new TierForecast();
    const pattern = office(21);
    const before = fleet.chances(pattern, at(20, 12));
    for (let round = 0; round < 30_000; round++) fleet.learn(before, 0, 2);
    expect(fleet.chances(pattern, at(20, 12))[2]).toBeGreaterThan(before[2]);
  });

  test('names a rare class at lower chances than a common one', () => {
    const fleet = new TierForecast();
    expect(fleet.classOf([0.6, 0, 0.4, 0])).toBe(2);
    expect(fleet.classOf([0.4, 0, 0.6, 0])).toBe(2);
    expect(fleet.classOf([0.95, 0.05, 0, 0])).toBe(0);
  });
});

describe('the next window', () => {
  test('is ready at 8:55 for who comes at 9, keeps through the day, and leaves out the weekend', () => {
    const pattern = office(26);
    expect(nextPrewarm(pattern, at(25, 20))).toEqual({
      at: at(28, 8, 55),
      until: at(28, 9, 30),
      window: { from: at(28, 9), to: at(28, 17), chance: expect.any(Number) },
    });
    const window = nextWindow(pattern, at(28, 13));
    expect(window).toMatchObject({ from: at(28, 13), to: at(28, 17) });
    expect(window?.chance).toBeGreaterThan(0.9);
  });

  test('begins where in the hour people begin', () => {
    const pattern = weekdays(26, (hour, minute) => hour === 9 && minute >= 40);
    expect(nextPrewarm(pattern, at(25, 20))?.at).toBe(at(28, 9, 35));
  });

  test('is none for a tenant that is new, or comes at random', () => {
    expect(nextWindow(office(1), at(1, 0))).toBeNull();
    const random = new SeededRandom(5);
    const pattern = new Pattern();
    for (let hour = 0; hour < 60 * 24; hour++) {
      if (random.next() < 0.08) pattern.add(peopleAsked(at(0, hour), 1));
    }
    expect(nextPrewarm(pattern, at(60, 0))).toBeNull();
  });

  test('is not trusted after a holiday, and is again when people are back', () => {
    const pattern = office(26);
    expect(nextPrewarm(pattern, at(28, 0))).not.toBeNull();
    expect(nextPrewarm(pattern, at(33, 0))).toBeNull();
    for (let day = 35; day < 35 + 21; day++) {
      if (day % 7 >= 5) continue;
      for (let hour = 9; hour < 17; hour++) pattern.add(peopleAsked(at(day, hour, 1), 5));
    }
    expect(nextPrewarm(pattern, at(56, 0))?.at).toBe(at(56, 8, 55));
  });

  test('tells what came of the wakes ahead', () => {
    const pattern = new Pattern();
    prewarmWasRight(pattern);
    prewarmWasWrong(pattern, ms(90_000));
    expect(prewarmRecord(Pattern.decode(pattern.encode()))).toEqual({
      hits: 1,
      misses: 1,
      wasted: 90_000,
    });
  });
});

test('a larger cache is wished for ahead of a peak only', () => {
  const pattern = weekdays(
    26,
    (hour, minute) => hour >= 8 && hour < 18 && (hour === 14 || minute % 10 === 0),
  );
  expect(sizeWish(pattern, at(28, 9))).toBe(1);
  expect(sizeWish(pattern, at(28, 13, 30))).toBe(2);
  expect(sizeWish(pattern, at(28, 3))).toBe(1);
});
