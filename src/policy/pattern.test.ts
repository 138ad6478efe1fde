import { describe, expect, test } from 'vitest';
import { type Timestamp, timestamp } from '../domain/units.ts';
import { peopleAsked } from '../sim/pattern-replay.ts';
import { SeededRandom } from '../sim/seeded-random.ts';
import { Pattern } from './pattern.ts';
import { growthPerDay, localDay, metricsOf } from './pattern-metrics.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const MONDAY = Date.UTC(2026, 0, 5);

/** Office hours on weekdays, in UTC: 20 minutes of each hour. */
function office(days: number, from: number, to: number, random = () => 0.5): Pattern {
  const pattern = new Pattern();
  for (let day = 0; day < days; day++) {
    if (day % 7 >= 5) continue;
    for (let hour = from; hour < to; hour++) {
      for (let minute = 0; minute < 60; minute += 3) {
        const at = MONDAY + day * DAY + hour * HOUR + minute * MINUTE;
        pattern.add(peopleAsked(timestamp(at), 2 + Math.floor(4 * random())));
      }
    }
  }
  return pattern;
}

const onDay = (days: number): Timestamp => timestamp(MONDAY + days * DAY);

describe('a tenant with office hours', () => {
  const pattern = office(28, 8, 17);
  const metrics = metricsOf(pattern, timestamp(MONDAY + 25 * DAY + 20 * HOUR), 0.95);

  test('is counted over the last day', () => {
    expect(metrics.queryCount).toBeGreaterThan(680);
    expect(metrics.queryCount).toBeLessThan(760);
    expect(metrics.queriesPerMinute).toBeCloseTo(4, 0);
    expect(metrics.cacheHitRatio).toBe(0.95);
  });

  test('has its hours for peaks, and works the same each week', () => {
    expect(metrics.peakHours).toEqual([8, 9, 10, 11, 12, 13, 14, 15, 16]);
    expect(metrics.activeHoursPerDay).toBeGreaterThan(6);
    expect(metrics.activeHoursPerDay).toBeLessThan(9.1);
    expect(metrics.consistencyScore).toBeGreaterThan(0.95);
  });

  test('has a day that begins in the morning where it lives', () => {
    expect(localDay(pattern)?.utcOffset).toBeGreaterThanOrEqual(0);
    expect(localDay(pattern)?.utcOffset).toBeLessThanOrEqual(4);
    const tokyo = office(28, 0, 9);
    expect(localDay(tokyo)?.utcOffset).toBeGreaterThanOrEqual(7);
    expect(localDay(tokyo)?.utcOffset).toBeLessThanOrEqual(11);
  });
});

test('use at random is not consistent, has no peaks and no local day', () => {
  const random = new SeededRandom(7);
  const pattern = new Pattern();
  for (let minute = 0; minute < 60 * 24 * 60; minute++) {
    if (random.next() < 0.03) pattern.add(peopleAsked(timestamp(MONDAY + minute * MINUTE), 1));
  }
  const metrics = metricsOf(pattern, onDay(60), null);
  expect(metrics.consistencyScore).toBeLessThan(0.1);
  expect(metrics.peakHours).toEqual([]);
  expect(localDay(pattern)).toBeNull();
});

test('a tenant that is never idle is as predictable as can be', () => {
  const pattern = new Pattern();
  for (let minute = 0; minute < 3 * 24 * 60; minute++) {
    pattern.add(peopleAsked(timestamp(MONDAY + minute * MINUTE), 1));
  }
  expect(metricsOf(pattern, onDay(3), null).consistencyScore).toBe(1);
});

test.each([
  [{ latencyMs: 1, bytes: 100, transactions: 10 }, 'simple'],
  [{ latencyMs: 20, bytes: 100, transactions: 10 }, 'moderate'],
  [{ latencyMs: 1, bytes: 1_000_000, transactions: 10 }, 'moderate'],
  [{ latencyMs: 1, bytes: 100, transactions: 1 }, 'moderate'],
  [{ latencyMs: 300, bytes: 100, transactions: 10 }, 'complex'],
  [{ latencyMs: 1, bytes: 20_000_000, transactions: 10 }, 'complex'],
] as const)('queries of %o are %s', (use, expected) => {
  const pattern = new Pattern();
  for (let minute = 0; minute < 30; minute++) {
    pattern.add({ ...peopleAsked(timestamp(MONDAY + minute * MINUTE), 10), ...use });
  }
  expect(metricsOf(pattern, onDay(1), null).queryComplexity).toBe(expected);
});

test('growth is the median slope: one odd measurement changes nothing', () => {
  const pattern = new Pattern();
  expect(metricsOf(pattern, onDay(0), null)).toMatchObject({ datasetSize: null, growth: 'steady' });
  for (let day = 0; day < 14; day++) {
    const size = day === 6 ? 9e9 : 1e9 + day * 2e7;
    pattern.size(onDay(day), size);
  }
  expect(growthPerDay(pattern) / 2e7).toBeCloseTo(1, 1);
  const metrics = metricsOf(pattern, onDay(14), null);
  expect(metrics.growth).toBe('growing');
  expect(metrics.datasetSize).toBeCloseTo(1.26, 2);
  for (let day = 14; day < 28; day++) pattern.size(onDay(day), 1.26e9 - (day - 13) * 2e7);
  expect(metricsOf(pattern, onDay(28), null).growth).toBe('shrinking');
});

describe('encoding', () => {
  test('is small, and is all that there is', () => {
    const pattern = office(28, 8, 17);
    const bytes = pattern.encode();
    expect(bytes.length).toBeLessThanOrEqual(500);
    const again = Pattern.decode(bytes);
    again.add(peopleAsked(onDay(28), 3));
    pattern.add(peopleAsked(onDay(28), 3));
    expect(again.encode()).toEqual(pattern.encode());
    expect(metricsOf(again, onDay(29), 1)).toEqual(metricsOf(pattern, onDay(29), 1));
  });

  test('rubbish starts afresh', () => {
    const fresh = new Pattern().encode();
    expect(Pattern.decode(new Uint8Array()).encode()).toEqual(fresh);
    expect(Pattern.decode(new Uint8Array(fresh.length).fill(255)).encode()).toEqual(fresh);
    const newer = office(3, 8, 17).encode();
    newer[0] = 99;
    expect(Pattern.decode(newer).encode()).toEqual(fresh);
    const random = new SeededRandom(3);
    for (let round = 0; round < 200; round++) {
      const bytes = office(1, 8, 9).encode();
      bytes[1 + Math.floor(random.next() * (bytes.length - 1))] = Math.floor(256 * random.next());
      const metrics = metricsOf(Pattern.decode(bytes), onDay(2), null);
      expect(metrics.consistencyScore).toBeGreaterThanOrEqual(0);
      expect(Number.isFinite(metrics.queryCount)).toBe(true);
    }
  });
});

test('a long absence is forgotten, late minutes are left out, and the size of the data stays', () => {
  const pattern = office(28, 8, 17);
  pattern.size(onDay(27), 5e9);
  pattern.add(peopleAsked(onDay(20), 1_000_000));
  pattern.add(peopleAsked(onDay(120), 1));
  const metrics = metricsOf(pattern, timestamp(onDay(120) + HOUR), null);
  expect(metrics).toMatchObject({ queryCount: 1, peakHours: [0] });
  expect(metrics.datasetSize).toBeCloseTo(5, 2);
});
