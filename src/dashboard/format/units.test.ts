import { expect, test } from 'vitest';
import { bytes, count, duration, percent, relative } from './units.ts';

test('bytes have three digits and a unit of their size', () => {
  expect([0, 1_023, 1_024, 1_610_612_736, null].map(bytes)).toEqual([
    ...['0 B', '1,020 B', '1 kB', '1.5 GB', '–'],
  ]);
});

test('spans of time have two units at most', () => {
  const spans = [0.4, 310, 4_210, 60_000, 90_000, 7_500_000, 273_600_000, 8_640_000_000];
  expect(spans.map(duration)).toEqual([
    ...['0.4 ms', '310 ms', '4.21 s', '1 min', '1 min 30 s', '2 h 5 min', '3 d 4 h', '100 d'],
  ]);
});

test('a moment is told by how far it is', () => {
  const now = 10_000_000;
  const gaps = [500, 5_000, 65_000, 7_200_000, -90_000];
  expect(gaps.map((gap) => relative(now - gap, now))).toEqual([
    ...['now', '5 s ago', '1 min ago', '2 h ago', 'in 1 min'],
  ]);
});

test('counts are grouped, parts are per cent', () => {
  expect([count(1_234_567), percent(0.9731), percent(null)]).toEqual(['1,234,567', '97.3 %', '–']);
  expect([percent(0), percent(0.00001), percent(-342)]).toEqual(['0 %', '< 0.01 %', '< -1,000 %']);
});
