import { expect, test } from 'vitest';
import { SeededRandom } from '../sim/seeded-random.ts';
import { Rhythm } from './visitors-rhythm.ts';

const MINUTE = 60_000;

/** Visits at these intervals; whether it is taken for a timer after each. */
function heard(
  intervals: readonly number[],
  isPing = false,
): { rhythm: Rhythm; steady: boolean[] } {
  const rhythm = new Rhythm();
  let at = 1_000;
  rhythm.heard(at, isPing);
  const steady = intervals.map((interval) => {
    at += interval;
    rhythm.heard(at, isPing);
    return rhythm.isSteady;
  });
  return { rhythm, steady };
}

test('a poller is one after a dozen even intervals, and a person again at the first uneven one', () => {
  const { steady } = heard([...Array<number>(13).fill(MINUTE), 80_000, MINUTE, MINUTE]);
  expect(steady.indexOf(true)).toBe(11);
  expect(steady.slice(11)).toEqual([true, true, false, false, false]);
});

test('a timer with some jitter is one', () => {
  const random = new SeededRandom(1);
  const intervals = Array.from({ length: 40 }, () => 15_000 * (0.97 + 0.06 * random.next()));
  expect(heard(intervals).steady.slice(12)).not.toContain(false);
});

test.each([
  ['ten quick queries', Array<number>(10).fill(200)],
  ['a thousand quick queries', Array<number>(1_000).fill(1_000)],
])('%s are a person', (_, intervals) => {
  expect(heard(intervals).steady).not.toContain(true);
});

test('nobody who comes as people do is ever taken for a timer', () => {
  for (let seed = 1; seed <= 50; seed++) {
    const random = new SeededRandom(seed);
    // Exponential with a floor, as requests of an application in use are.
    const intervals = Array.from(
      { length: 2_000 },
      () => 5_000 - 30_000 * Math.log(1 - random.next()),
    );
    expect(heard(intervals).steady, `seed ${seed}`).not.toContain(true);
  }
});

test('a pool that pings is known for it, also while the application works in between', () => {
  const { rhythm } = heard([2 * MINUTE, 2 * MINUTE], true);
  expect(rhythm.isPinging).toBe(true);
  rhythm.heard(10 * MINUTE, false);
  expect([rhythm.kinds(true), rhythm.kinds(false)]).toEqual([['pings'], []]);
});

test('pings right before the work they belong to make no pinger', () => {
  const rhythm = new Rhythm();
  for (let at = 0; at < 100 * MINUTE; at += MINUTE + (at % 7_000)) {
    rhythm.heard(at, true);
    rhythm.heard(at + 5, false);
  }
  expect(rhythm.isPinging).toBe(false);
});

test('ten pings in a moment are one', () => {
  expect(heard(Array<number>(10).fill(100), true).rhythm.isPinging).toBe(false);
});
