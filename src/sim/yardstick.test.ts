/**
 * The baselines against figures that another program gave for the same traces: the reference simulator
 * with which the traces were first looked at. They agree to within 1 %, or within its last digit.
 */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { clairvoyantKeepAlive, fixedKeepAlive } from './baseline-simple.ts';
import { hazardFamily } from './baselines.ts';
import { hybridHistogram } from './hybrid-histogram.ts';
import { prorpLike } from './prorp.ts';
import { type MakeResidence, replay } from './replay.ts';
import { scoreOf } from './score.ts';
import { SeededRandom } from './seeded-random.ts';
import { parseTrace, type Trace } from './trace.ts';

type Figures = readonly [cold: number, warmReturns: number, idle: number, p75: number, p95: number];

const HOUR = 3_600;

/** What the reference prints of each rule: two digits of idle time, one of warm returns and quantiles. */
const AZURE: Readonly<Record<string, Figures>> = {
  'fixed 5m': [3.611, 0, 14.56, 55.2, 100],
  'fixed 15m': [1.432, 4.5, 21.47, 34.8, 100],
  'fixed 240m': [0.119, 92.1, 48.86, 0, 22.2],
  'hybrid 1h': [0.91, 56, 17.93, 18.2, 100],
  'hybrid 4h': [0.654, 72, 25.12, 13.3, 55.6],
  'hazard 900': [1.965, 18.4, 11.01, 41.9, 100],
  'hazard 14400': [0.406, 75.2, 26.36, 11.1, 40],
  'clairvoyant 15m': [1.432, 4.5, 15.36, 34.8, 100],
  'clairvoyant 60m': [0.446, 70.2, 24.41, 11.1, 60],
};

test('on a day of functions the baselines do what the reference says', () => {
  const file = readFileSync(new URL('../../traces/azure2019-1d.tsv.gz', import.meta.url));
  const trace = parseTrace(gunzipSync(file).toString(), { name: 'azure' });
  expect(trace.tenants.length).toBe(1_350);
  agrees(trace, AZURE);
});

const MADE: Readonly<Record<string, Figures>> = {
  'fixed 15m': [32.011, 0, 22.7, 65.3, 71.8],
  'fixed 240m': [0.843, 97.4, 72.49, 6.9, 19.4],
  'hybrid 1h': [7.783, 78, 31.01, 40.7, 85.7],
  'hybrid 4h': [1.618, 96.8, 44.3, 9, 25.8],
  'prorp 7h': [0.106, 99.7, 80.03, 0, 8.9],
  'prorp 2h': [1.755, 94.5, 71.76, 9.9, 29.7],
  'prorp 1h': [4.866, 84.8, 64.32, 21.8, 61.8],
  'hazard 900': [28.289, 42.6, 7.01, 65.2, 85.7],
  'hazard 14400': [2.892, 94.6, 42.26, 7.4, 22.6],
  'clairvoyant 60m': [14.997, 53.2, 23.57, 60.8, 71.8],
};

test('on a fortnight of people and timers they do too, the daily ones included', () => {
  agrees(parseTrace(madeTrace(), { name: 'made' }), MADE);
});

function agrees(trace: Trace, expected: Readonly<Record<string, Figures>>): void {
  const hazard = hazardFamily(trace);
  const rules: Readonly<Record<string, MakeResidence>> = {
    'fixed 5m': fixedKeepAlive(300),
    'fixed 15m': fixedKeepAlive(900),
    'fixed 240m': fixedKeepAlive(4 * HOUR),
    'hybrid 1h': hybridHistogram(HOUR),
    'hybrid 4h': hybridHistogram(4 * HOUR),
    'prorp 7h': prorpLike({ window: 7 * HOUR, reach: 7 * HOUR, likely: 0.1 }),
    'prorp 2h': prorpLike({ window: 2 * HOUR, reach: HOUR, likely: 0.5 }),
    'prorp 1h': prorpLike({ window: HOUR, reach: HOUR / 4, likely: 0.3 }),
    'hazard 900': hazard(900),
    'hazard 14400': hazard(4 * HOUR),
    'clairvoyant 15m': clairvoyantKeepAlive(trace, 900),
    'clairvoyant 60m': clairvoyantKeepAlive(trace, HOUR),
  };
  const found = Object.entries(expected).map(([name, figures]) => {
    const score = scoreOf(replay(trace, rules[name] ?? fixedKeepAlive(0)));
    const { coldRate, warmReturns, idleWarm, coldRateP75, coldRateP95 } = score;
    const got = [coldRate, warmReturns, idleWarm, coldRateP75, coldRateP95];
    return [name, got.map((value, i) => isNear(value, figures[i] ?? 0, i) || value)];
  });
  expect(found).toEqual(
    Object.keys(expected).map((name) => [name, [true, true, true, true, true]]),
  );
}

const LAST_DIGITS = [0.0005, 0.05, 0.005, 0.05, 0.05];

const isNear = (value: number, figure: number, i: number): boolean =>
  Math.abs(value - figure) <= Math.max(0.01 * figure, (LAST_DIGITS[i] ?? 0) * 1.001);

/** Forty tenants for a fortnight: office hours, timers, and some who come when they like. */
function madeTrace(): string {
  const random = new SeededRandom(11);
  const days = 14;
  const lines = Array.from({ length: 40 }, (_, tenant) => {
    const times: number[] = [];
    const every = 600 + Math.floor(random.next() * 7_200);
    for (let at = random.next() * every; at < days * 86_400; ) {
      const day = Math.floor(at / 86_400);
      const hour = (at % 86_400) / HOUR;
      const works = tenant % 3 !== 0 || (day % 7 < 5 && hour >= 8 && hour < 17);
      if (works) times.push(Math.floor(at));
      const spread = tenant % 3 === 1 ? 0.05 : -Math.log(1 - random.next());
      at += tenant % 3 === 1 ? every * (1 + spread * random.next()) : 1 + spread * every;
    }
    const tokens = times.map((at, i) => {
      const count = random.next() < 0.2 ? `x${2 + Math.floor(random.next() * 4)}` : '';
      const lasts = random.next() < 0.1 ? `+${Math.floor(random.next() * 300)}` : '';
      return `${at - (times[i - 1] ?? 0)}${count}${lasts}`;
    });
    return `t${tenant}\t${tokens.join(' ')}`;
  });
  return [`#{"name": "made", "span_s": ${days * 86_400}}`, ...lines].join('\n');
}
