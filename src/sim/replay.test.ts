import { expect, test } from 'vitest';
import { alwaysOn, clairvoyantKeepAlive, fixedKeepAlive, oracle } from './baseline-simple.ts';
import { policyNamed } from './policies.ts';
import { type MakeResidence, replay } from './replay.ts';
import { coldRatioInterval, scoreOf, surenessOf } from './score.ts';
import { SeededRandom } from './seeded-random.ts';
import { parseTrace } from './trace.ts';

/** Busy at 0, 100, 1,200 and 1,210 for a second each; scored from 50 to 2,000. */
const trace = parseTrace('#{"span_s":2000}\na\t0 100x3 1100 10', { name: 't', warmup: 50 });

const tallyOf = (make: MakeResidence) => replay(trace, make)[0];

test('requests, returns, cold starts and idle time are those of the scored part', () => {
  expect(tallyOf(fixedKeepAlive(60))).toEqual({
    ...{ requests: 5, returns: 3, cold: 2, longReturns: 1, longWarm: 0 },
    // 1 to 61 from second 50 on, 101 to 161, 1,201 to 1,210, and 1,211 to 1,271.
    ...{ idleWarm: 11 + 60 + 9 + 60, busy: 3, total: 1_950, prewarms: 0, wrongPrewarms: 0 },
  });
});

test('a time warmed up early is right if somebody comes in it, and in vain otherwise', () => {
  const early: MakeResidence = () => ({
    spans: (since) => [
      [since, since + 5],
      [since + 50, since + 50],
      [since + 80, since + 120],
      [since + 1_000, since + 1_200],
    ],
  });
  const tally = tallyOf(early);
  expect([tally?.prewarms, tally?.wrongPrewarms, tally?.cold, tally?.longWarm]).toEqual([
    4, 2, 1, 1,
  ]);
});

test('nobody is colder than never, warmer than always or better than who knows the future', () => {
  const rates = [fixedKeepAlive(0), clairvoyantKeepAlive(trace, 100), oracle, alwaysOn].map(
    (make) => scoreOf(replay(trace, make)),
  );
  expect(rates.map(({ coldRate }) => coldRate)).toEqual([60, 20, 0, 0]);
  expect(rates.map(({ idleWarm }) => Math.round(idleWarm))).toEqual([0, 3, 0, 100]);
});

test('the rule is told of returns in order, and what it does not know it is not told', () => {
  const told: unknown[] = [];
  replay(trace, () => ({
    busy: (from, to) => told.push(['busy', from, to]),
    spans: (since) => {
      told.push(['spans', since]);
      return [];
    },
    returned: (gap, at) => told.push(['returned', gap, at]),
  }));
  expect(told).toEqual([
    ['busy', 0, 1],
    ['spans', 1],
    ['returned', 99, 100],
    ['busy', 100, 101],
    ['spans', 101],
    ['returned', 1_099, 1_200],
    ['busy', 1_200, 1_201],
    ['spans', 1_201],
    ['returned', 9, 1_210],
    ['busy', 1_210, 1_211],
    ['spans', 1_211],
  ]);
});

test('an interval holds the figure, and is the same for the same seed', () => {
  const lines = Array.from({ length: 50 }, (_, i) => `t${i}\t0 ${100 + 10 * i} 50 ${20 * i + 1}`);
  const many = parseTrace(`#{"span_s":9000}\n${lines.join('\n')}`, { name: 'm', warmup: 1 });
  const [short, long] = [fixedKeepAlive(60), fixedKeepAlive(300)].map((rule) => replay(many, rule));
  const { coldRate } = surenessOf(short ?? [], new SeededRandom(1));
  const rate = scoreOf(short ?? []).coldRate;
  expect(coldRate[0] < rate && rate < coldRate[1]).toBe(true);
  expect(surenessOf(short ?? [], new SeededRandom(1)).coldRate).toEqual(coldRate);
  const [low, high] = coldRatioInterval(long ?? [], short ?? [], new SeededRandom(2));
  expect(low > 0 && low < high && high < 1).toBe(true);
});

test('a rule is found by its name', () => {
  const cold = (name: string) => policyNamed(name)?.(trace)[0]?.cold;
  expect([cold('fixed:60s'), cold('fixed:20m'), cold('oracle'), cold('clairvoyant:2m')]).toEqual([
    ...[2, 0, 0, 1],
  ]);
  expect(policyNamed('adaptive')).toBeNull();
  for (const name of ['fixed', 'hybrid:5s', 'magic:1h', 'fixed:1y']) {
    expect(() => policyNamed(name)).toThrow(`there is no policy "${name}"`);
  }
});
