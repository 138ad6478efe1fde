import { expect, test } from 'vitest';
import type { Timestamp } from '../domain/units.ts';
import { SeededRandom } from '../sim/seeded-random.ts';
import { hoursWithin, utc } from '../testing/ledger-rows.ts';
import { amount, fromRough, NOTHING, roughly } from './money.ts';
import { hourOfWeek, monthOf } from './month.ts';
import { type HourAmount, projected } from './projection.ts';

const november = monthOf(utc('2026-11-01'));

/** Office hours cost ten times as much as the rest. */
const office = (hour: Timestamp): number => {
  const at = hourOfWeek(hour);
  return at < 120 && at % 24 >= 8 && at % 24 < 18 ? 10 : 1;
};

const history = (
  from: string,
  to: string,
  of: (hour: Timestamp) => number,
): readonly HourAmount[] =>
  hoursWithin(utc(from), utc(to)).map((hour) => ({ hour, amount: fromRough(of(hour)) }));

test('weeks begin on Monday at midnight', () => {
  expect(hourOfWeek(utc('2026-11-02T00:00Z'))).toBe(0);
  expect(hourOfWeek(utc('2026-11-08T23:59Z'))).toBe(167);
});

test('what repeats by the hour of the week is foreseen nearly exactly, and the range is narrow', () => {
  const now = utc('2026-11-11T13:30Z');
  const past = history('2026-09-16', '2026-11-11T13:00Z', office);
  const all = history('2026-11-01', '2026-12-01', office);
  const whole = all.reduce((sum, one) => sum + roughly(one.amount), 0);
  const { measured, expected, low, high, days } = projected(past, november, now);
  const soFar = all.filter(({ hour }) => hour < now - 1_800_000);
  expect(roughly(measured)).toBeCloseTo(soFar.reduce((sum, one) => sum + roughly(one.amount), 0));
  expect(Math.abs(roughly(expected) / whole - 1)).toBeLessThan(0.02);
  expect(low <= expected && expected <= high && low >= measured).toBe(true);
  expect(roughly(high) - roughly(low)).toBeLessThan(0.1 * whole);
  expect(days).toBeCloseTo(56, 0);
});

test('the running hour counts as far as it has gone, and what it lacks as left', () => {
  const now = utc('2026-11-30T23:30Z');
  const past = history('2026-11-01', '2026-11-30T23:00Z', () => 4);
  const ofHour = (cost: number) => {
    const running = { hour: utc('2026-11-30T23:00Z'), amount: fromRough(cost) };
    const { measured, expected } = projected([...past, running], november, now);
    return [measured, expected].map((sum) => Math.round(roughly(sum) - 4 * 719));
  };
  expect([1, 4, 9].map(ofHour)).toEqual([
    [1, 4],
    [4, 4],
    [9, 9],
  ]);
});

test('the weekend that is left costs as weekends do', () => {
  const past = history('2026-10-05', '2026-11-28', office);
  const { measured, expected } = projected(past, november, utc('2026-11-28'));
  // Saturday, Sunday, and Monday the thirtieth.
  expect(roughly(expected) - roughly(measured)).toBeGreaterThan(2 * 24 + 100);
  expect(roughly(expected) - roughly(measured)).toBeLessThan(1.1 * (3 * 24 + 90));
});

test('a month that has ended is what was measured', () => {
  const past = history('2026-11-01', '2026-12-03', () => 2);
  const { measured, expected, low, high } = projected(past, november, utc('2026-12-03'));
  expect([measured, expected, low, high]).toEqual(Array(4).fill(amount('1440')));
});

test('of nothing nothing is foreseen, and of an hour a wide range', () => {
  const now = utc('2026-11-01T01:00Z');
  expect(projected([], november, now)).toMatchObject({ expected: NOTHING, high: NOTHING });
  const one = projected(
    history('2026-11-01', '2026-11-01T01:00Z', () => 1),
    november,
    now,
  );
  expect(roughly(one.expected)).toBeCloseTo(720);
  expect(one.low).toBe(one.measured);
  expect(roughly(one.high)).toBeGreaterThan(1_400);
});

test('four of five months end within their range', () => {
  const random = new SeededRandom(7);
  const runs = 400;
  for (const [since, now] of [
    ['2026-10-04', '2026-11-11'],
    ['2026-11-01', '2026-11-06'],
    ['2026-09-20', '2026-11-25'],
  ] as const) {
    let within = 0;
    for (let run = 0; run < runs; run++) {
      const days = new Map<number, number>();
      const noisy = (hour: Timestamp): number => {
        const day = Math.floor(hour / 86_400_000);
        const factor = days.get(day) ?? 0.5 + random.next();
        days.set(day, factor);
        return 5 * factor;
      };
      const past = history(since, now, noisy);
      const left = history(now, '2026-12-01', noisy);
      const rest = left.reduce((sum, one) => sum + roughly(one.amount), 0);
      const { measured, low, high } = projected(past, november, utc(now));
      const end = roughly(measured) + rest;
      if (end >= roughly(low) && end <= roughly(high)) within++;
    }
    expect(within / runs).toBeGreaterThan(0.7);
    expect(within / runs).toBeLessThan(0.92);
  }
});
