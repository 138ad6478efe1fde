import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { alarmScore } from './anomaly-score.ts';
import { forecastScore } from './forecast-score.ts';
import { prewarmScore } from './prewarm-score.ts';
import { parseTrace, type Trace } from './trace.ts';

const DAY = 86_400;

/** One tenant that is in use from 9:00 to 9:50 on each of these days. */
function mornings(days: readonly number[]): Trace {
  let last = 0;
  const tokens = days.map((day) => {
    const at = day * DAY + 9 * 3_600;
    const since = at - last;
    last = at;
    return `${since}+3000`;
  });
  const span = (days.at(-1) ?? 0) * DAY + DAY;
  const header = JSON.stringify({ name: 'mornings', span_s: span, epoch: 0 });
  return parseTrace(`#${header}\nA\t${tokens.join(' ')}\n`, { name: 'mornings' });
}

test('a day of functions is forecast better than by the hour before, and without a false alarm a month', () => {
  const text = gunzipSync(readFileSync('traces/azure2019-1d.tsv.gz')).toString();
  const trace = parseTrace(text, { name: 'azure', sample: 5, warmup: DAY / 3, busy: 60 });
  const { ours, lastHourAgain, commonest, anyUse } = forecastScore(trace);
  expect(ours.macroF1).toBeGreaterThan(lastHourAgain.macroF1);
  expect(ours.accuracy).toBeGreaterThan(lastHourAgain.accuracy);
  expect(lastHourAgain.macroF1).toBeGreaterThan(commonest.macroF1);
  expect(anyUse.error).toBeLessThan(0.04);
  expect(alarmScore(trace).perTenantMonth).toBeLessThan(1);
});

test('a tenant that comes each morning is expected each morning, from the first weeks on', () => {
  const days = Array.from({ length: 60 }, (_, day) => day);
  const score = prewarmScore(mornings(days));
  expect(score.returns).toBe(59);
  expect(score.ready).toBeGreaterThan(50);
  expect(score.misses).toBe(0);
  expect(score.waited / score.hits).toBe(5 * 60_000);
});

test('one that stops coming costs a wake or two', () => {
  const days = [...Array.from({ length: 40 }, (_, day) => day), 100];
  const { misses } = prewarmScore(mornings(days));
  expect(misses).toBeGreaterThan(0);
  expect(misses).toBeLessThanOrEqual(3);
});
