import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hours, later, minutes, ms, type Timestamp, timestamp } from '../domain/units.ts';
import { chanceWithin, Habit, Population, watchIdle } from './returns.ts';
import { CALIBRATION_BYTES, Calibration } from './returns-calibration.ts';

const MONDAY = timestamp(1_767_571_200_000);
const hour = (number: number): Timestamp => later(MONDAY, hours(number));

/** In each of so many hours 100 answers, of which so many were yes. */
function answered(
  calibration: Calibration,
  chance: number,
  came: (hour: number) => number,
  until = 48,
): Calibration {
  for (let at = 0; at < until; at += 1) {
    for (let turn = 0; turn < 100; turn += 1) {
      calibration.answer(hour(at), chance, turn < came(at));
    }
  }
  calibration.answer(hour(until), 0.5, true);
  return calibration;
}

describe('a correction', () => {
  test('is made where hour after hour more come than was said, and there alone', () => {
    const fleet = answered(new Calibration(), 0.3, (at) => 58 + (at % 5));
    expect(fleet.corrected(0.3)).toBeGreaterThan(0.5);
    expect(fleet.corrected(0.3)).toBeLessThan(0.65);
    expect(fleet.corrected(0.98)).toBe(0.98);
    expect(fleet.corrected(0.01)).toBe(0.01);
  });

  test('is not made because all came at once, however many they were', () => {
    const fleet = answered(new Calibration(), 0.1, (at) => 10 + ((at % 3) - 1));
    for (let turn = 0; turn < 5_000; turn += 1) fleet.answer(hour(49), 0.1, true);
    fleet.answer(hour(50), 0.5, true);
    expect(fleet.corrected(0.1)).toBe(0.1);
  });

  test('is forgotten when chances come true again', () => {
    const fleet = answered(new Calibration(), 0.3, (at) => 58 + (at % 5));
    const before = fleet.corrected(0.3);
    for (let at = 50; at < 4_000; at += 1) {
      for (let turn = 0; turn < 20; turn += 1) fleet.answer(hour(at), 0.3, turn < 5 + (at % 3));
    }
    expect(fleet.corrected(0.3)).toBeLessThan(before - 0.15);
  });

  test('keeps chances in order, and chances', () => {
    const answer = fc.tuple(
      fc.double({ min: 0.001, max: 0.999, noNaN: true }),
      fc.integer({ min: 0, max: 20 }),
    );
    fc.assert(
      fc.property(fc.array(answer, { maxLength: 6 }), (answers) => {
        const fleet = new Calibration();
        for (const [chance, of20] of answers) answered(fleet, chance, () => 5 * of20, 20);
        let before = 0;
        for (let chance = 0.001; chance < 1; chance += 0.001) {
          const now = fleet.corrected(chance);
          expect(now).toBeGreaterThan(before);
          before = now;
        }
        expect(before).toBeLessThan(1);
      }),
      { numRuns: 40 },
    );
  });

  test('goes on when the clock is set back', () => {
    const fleet = new Calibration();
    fleet.answer(hour(100_000), 0.3, true);
    answered(fleet, 0.3, (at) => 58 + (at % 5));
    expect(fleet.corrected(0.3)).toBeGreaterThan(0.5);
  });
});

describe('what is known of it', () => {
  test('is the same when read; what nobody wrote is not taken', () => {
    const fleet = answered(new Calibration(), 0.3, () => 60);
    const read = new Calibration();
    expect(read.read(fleet.encode())).toBe(true);
    expect(read.corrected(0.3)).toBeCloseTo(fleet.corrected(0.3), 3);
    expect(fleet.encode().length).toBe(CALIBRATION_BYTES);
    const wrong = fleet.encode().fill(0xff, 0, 8);
    expect(new Calibration().read(wrong)).toBe(false);
  });

  test('of the fleet is read as it was written before there was any of it', () => {
    const fleet = new Population();
    for (let i = 0; i < 100; i += 1) {
      fleet.watched({ since: hour(i), from: ms(0), to: minutes(20), returned: true });
    }
    const bytes = fleet.encode().slice(0, -CALIBRATION_BYTES);
    bytes[0] = 1;
    expect(Population.decode(bytes).encode()).toEqual(fleet.encode());
  });
});

test('so many questions are asked as are answered in time, of a fleet of any size', () => {
  const fleet = new Calibration();
  const asked: number[] = [];
  for (let at = 0; at < 200; at += 1) {
    let count = 0;
    for (let tenant = 0; tenant < 20_000; tenant += 10) {
      for (const _ of fleet.questions(36_000)) count += 1;
    }
    for (let i = 0; i < count; i += 1) fleet.answer(hour(at), 0.3, i % 3 === 0);
    asked.push(count);
  }
  expect(Math.max(...asked.slice(2))).toBeLessThan(1_500);
  expect(asked.at(-1)).toBeLessThan(150);
  expect(asked.at(-1)).toBeGreaterThan(50);
});

test('a fleet of keen tenants that are gone one day is believed less', () => {
  const checked = new Population();
  const unchecked = new Population();
  const keen = new Habit();
  const idleSince = later(MONDAY, minutes(10 * 60));
  for (let turn = 0; turn <= 60; turn += 1) {
    keen.began(later(MONDAY, minutes(10 * turn)));
    if (turn < 60)
      keen.returned(later(MONDAY, minutes(10 * turn)), later(MONDAY, minutes(10 * turn + 10)));
  }
  for (let tenant = 0; tenant < 400; tenant += 1) {
    const part = { since: later(idleSince, hours(tenant)), from: ms(0), to: hours(3) };
    watchIdle(keen, checked, { ...part, returned: false });
    unchecked.watched({ ...part, returned: false });
  }
  const idle = { since: idleSince, now: later(idleSince, minutes(20)) };
  const believed = chanceWithin(keen, checked, idle, hours(1));
  expect(believed).toBeLessThan(0.7 * chanceWithin(keen, unchecked, idle, hours(1)));
});
