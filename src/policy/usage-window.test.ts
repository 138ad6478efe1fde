import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hours, later, minutes, ms, type Timestamp, timestamp } from '../domain/units.ts';
import { UsageWindow, type Use } from './usage-window.ts';

const DAY = hours(24);
/** A midnight. */
const START = timestamp(20_000 * DAY);

const at = (minute: number): Timestamp => later(START, minutes(minute));

const use = (minute: number, queries: number, people = queries): Use => ({
  minute: at(minute),
  queries,
  people,
});

function used(...uses: readonly Use[]): UsageWindow {
  const window = new UsageWindow();
  for (const one of uses) window.add(one);
  return window;
}

/** Minutes `from` to before `to`, each with so many queries. */
const work = (from: number, to: number, queries: number): readonly Use[] =>
  Array.from({ length: to - from }, (_, i) => use(from + i, queries));

test('four hours of work are a spell of four active quarters, whichever minute it begins at', () => {
  for (const begin of [0, 7, 61]) {
    const window = used(...work(begin, begin + 240, 2));
    expect(window.spell(at(begin + 241))).toEqual({ queries: 480, quarters: 4, steadiness: 1 });
    expect(window.activeTicks(at(begin + 239))).toBe(240);
    expect(window.lastUse).toBe(at(begin + 239));
    expect(window.since).toBe(at(begin));
  }
});

test('a window that begins within a slot has the part of that slot, not all of it', () => {
  const window = used(...work(0, 247, 3));
  expect(window.queries(at(247))).toEqual({ all: 720, people: 720 });
});

test('programs count as queries, and not as use', () => {
  const window = used(use(0, 10, 0), use(5, 8, 3));
  expect(window.queries(at(10))).toEqual({ all: 18, people: 3 });
  expect(window.activeTicks(at(10))).toBe(1);
  expect(window.lastUse).toBe(at(5));
  expect(used(use(0, 100, 0)).lastUse).toBe(null);
});

test('minutes add up, in any order', () => {
  const one = used(use(3, 1), use(1, 2), use(3, 4), use(2, 8));
  const other = used(use(1, 2), use(2, 8), use(3, 5));
  expect(one.encode()).toEqual(other.encode());
});

test('a spell ends a quarter of an hour after the last use, and time alone never makes a better one', () => {
  const window = used(...work(0, 100, 1));
  expect(window.spell(at(99 + 14)).queries).toBe(100);
  expect(window.spell(at(99 + 15)).queries).toBe(0);
  expect(window.queries(at(400)).all).toBe(0);
});

test('long silence leaves nothing behind, and a clock that was ahead is forgiven', () => {
  const window = used(...work(0, 100, 1), use(100 * 24 * 60, 1));
  expect(window.days(at(100 * 24 * 60), 14)).toEqual(Array(14).fill(0));
  window.add(use(50, 7));
  expect(window.queries(at(51))).toEqual({ all: 7, people: 7 });
  expect(window.days(at(24 * 60), 2)).toEqual([7, 0]);
});

test('a slot and a day that come round again are empty', () => {
  const slots = used(use(0, 5), use(17 * 15, 5, 0));
  expect(slots.activeTicks(at(17 * 15))).toBe(0);
  const days = used(use(9 * 60, 5), use(15 * 1_440 + 10 * 60, 5));
  expect(days.hoursOf(at(15 * 1_440 + 11 * 60), 0)).toBe(1 << 10);
});

test('days have their queries and hours, and how alike their hours are', () => {
  const officeDay = (day: number, shift = 0): readonly Use[] =>
    [9, 10, 11, 14, 15].map((hour) => use(day * 1_440 + (hour + shift) * 60, 100));
  const window = used(...[0, 1, 2, 3].flatMap((day) => officeDay(day)));
  const now = at(4 * 1_440 + 30);
  expect(window.days(now, 5)).toEqual([500, 500, 500, 500, 0]);
  expect(window.hoursOf(now, 1)).toBe(0b1100_1110_0000_0000);
  expect(window.consistency(now, 7)).toBe(1);
  expect(window.daysInRow(now)).toBe(4);
  expect(window.today(now)).toBe(0);
  expect(used(...officeDay(0), ...officeDay(1, 5)).consistency(at(2 * 1_440), 7)).toBeCloseTo(
    2 / 8,
  );
  expect(used(...officeDay(0)).consistency(at(2 * 1_440), 7)).toBe(0);
});

test('another pace starts afresh, the same one does not', () => {
  const window = used(use(0, 5));
  window.keepPace({ window: hours(4), day: DAY });
  expect(window.lastUse).toBe(at(0));
  window.keepPace({ window: minutes(1), day: minutes(1) });
  expect(window.lastUse).toBe(null);
  window.add(use(0, 5));
  expect(UsageWindow.decode(window.encode()).days(at(1), 1)).toEqual([5]);
});

const anyUse = fc.record({
  minute: fc.nat({ max: 40 * 1_440 }).map(at),
  queries: fc.nat({ max: 5_000_000_000 }),
  people: fc.nat({ max: 5_000_000_000 }),
});

test('whatever was used is read back as it was, from at most 400 bytes', () => {
  fc.assert(
    fc.property(fc.array(anyUse, { maxLength: 100 }), (uses) => {
      const bytes = used(...uses).encode();
      expect(bytes.length).toBeLessThanOrEqual(400);
      expect(UsageWindow.decode(bytes).encode()).toEqual(bytes);
    }),
    { numRuns: 200 },
  );
});

test('the fullest window there can be has at most 400 bytes', () => {
  const window = new UsageWindow();
  const last = timestamp(Date.UTC(2200, 0, 1));
  for (let minute = 16 * 1_440; minute >= 0; minute--) {
    window.add({ minute: timestamp(last - minutes(minute)), queries: 2 ** 32, people: 2 ** 32 });
  }
  expect(window.encode().length).toBeLessThanOrEqual(400);
  expect(UsageWindow.decode(window.encode()).encode()).toEqual(window.encode());
  expect(new UsageWindow().encode().length).toBeLessThan(110);
});

test('rubbish is a fresh start, and what is added then counts', () => {
  const good = used(...work(0, 100, 3)).encode();
  const damaged = fc.oneof(
    fc.uint8Array({ maxLength: 450 }),
    fc.tuple(fc.nat(good.length - 1), fc.nat(255)).map(([where, byte]) => good.with(where, byte)),
    fc.nat(good.length - 1).map((length) => good.slice(0, length)),
  );
  fc.assert(
    fc.property(damaged, (bytes) => {
      const window = UsageWindow.decode(bytes);
      expect(window.encode().length).toBeLessThanOrEqual(400);
      const now = ms(window.pace.day * 30_000);
      window.add({ minute: timestamp(now), queries: 2, people: 1 });
      expect(window.queries(timestamp(now + 1)).all).toBeGreaterThanOrEqual(2);
    }),
    { numRuns: 500 },
  );
});
