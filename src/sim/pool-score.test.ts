import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { husksWanted, PoolForecast } from '../policy/pool.ts';
import { type PoolScore, parseDemand, poolScore } from './pool-score.ts';
import { SeededRandom } from './seeded-random.ts';

const FOUR_WEEKS = 28 * 24;

test('the rival is the smallest constant pool with as many hits', () => {
  const four = { size: () => 4, observe: () => undefined };
  const score = poolScore([9, 1, 4, 1, 5], 1, four);
  expect(score).toEqual({ demand: 11, hits: 10, idle: 6, staticSize: 4, staticIdle: 6 });
});

test('a pool follows a daily rhythm', () => {
  const random = new SeededRandom(1);
  const demand = Array.from({ length: 60 * 24 }, (_, hour) => {
    const isDay = hour % 24 >= 8 && hour % 24 < 18;
    return (isDay ? 40 : 4) + Math.floor(4 * random.next());
  });
  const { hits, idle, staticIdle, ...rest } = poolScore(demand, FOUR_WEEKS);
  expect(hits / rest.demand).toBeGreaterThan(0.99);
  expect(idle / staticIdle).toBeLessThan(0.3);
});

test('hourly demand of three years: 99 % hits, with at least 43 % less idle than a constant pool', () => {
  const table = gunzipSync(readFileSync('traces/shavedice-hourly.csv.gz')).toString();
  const series = [...parseDemand(table).values()];
  expect(series.length).toBe(47);
  const scores = series.map((demand) => poolScore(demand, FOUR_WEEKS));
  const sum = (of: (score: PoolScore) => number): number =>
    scores.reduce((all, score) => all + of(score), 0);
  expect(sum(({ hits }) => hits) / sum(({ demand }) => demand)).toBeGreaterThan(0.99);
  expect(sum(({ idle }) => idle) / sum(({ staticIdle }) => staticIdle)).toBeLessThan(0.57);
});

test('a pool goes on with what it knew', () => {
  const forecast = new PoolForecast();
  for (let hour = 0; hour < 400; hour++) forecast.observe(hour % 24 < 8 ? 1 : 9);
  const again = PoolForecast.decode(forecast.encode());
  for (let hour = 400; hour < 450; hour++) {
    expect(again.size()).toBe(forecast.size());
    for (const one of [again, forecast]) one.observe(hour % 24 < 8 ? 1 : 9);
  }
  expect(again.encode()).toEqual(forecast.encode());
});

test('what is no pool begins fresh', () => {
  const bytes = new PoolForecast().encode();
  bytes.fill(255, 0, 16);
  for (const wrong of [bytes, bytes.subarray(8), new Uint8Array()]) {
    expect(PoolForecast.decode(wrong).encode()).toEqual(new PoolForecast().encode());
  }
});

test('husks are kept within their bounds', () => {
  const forecast = new PoolForecast();
  expect(husksWanted(forecast, { min: 2, max: 8 })).toBe(2);
  for (let step = 0; step < 50; step++) forecast.observe(5);
  expect(husksWanted(forecast, { min: 2, max: 8 })).toBeGreaterThanOrEqual(5);
  for (let step = 0; step < 50; step++) forecast.observe(50);
  expect(husksWanted(forecast, { min: 2, max: 8 })).toBe(8);
});
