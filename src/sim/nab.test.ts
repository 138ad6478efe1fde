import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { SeriesWatch } from '../policy/anomaly-series.ts';
import { nabScore } from './nab.ts';
import { filesOfTar, nabCorpus } from './nab-corpus.ts';
import { chance, windowedGaussian } from './nab-rivals.ts';
import { SeededRandom } from './seeded-random.ts';

const series = (alarms: readonly number[], windows: readonly (readonly [number, number])[]) => {
  const scores = new Float64Array(1_000);
  for (const alarm of alarms) scores[alarm] = 1;
  return { name: 'made up', scores, windows };
};

describe('the score', () => {
  test('is 0 for silence, and 100 for the first point of each window', () => {
    const windows = [
      [300, 399],
      [700, 799],
    ] as const;
    expect(nabScore([series([], windows)]).score).toBe(0);
    expect(nabScore([series([300, 700], windows)]).score).toBeCloseTo(100);
    expect(nabScore([series([300], windows)]).score).toBeCloseTo(50);
  });

  test('is less for late hits, and for false alarms, and nothing for what is seen in the probation', () => {
    const window = [[300, 399]] as const;
    const at = (...alarms: number[]): number => nabScore([series(alarms, window)], 0.5).score;
    expect(at(350)).toBeCloseTo((100 * (1 + (2 / (1 + Math.exp(-2.5)) - 1) / 0.98661)) / 2, 0);
    expect(at(300, 800)).toBeCloseTo(100 - 11 / 2, 1);
    expect(at(300, 401)).toBeGreaterThan(at(300, 800));
    expect(at(300, 149)).toBeCloseTo(100);
    expect(at(300, 301, 302)).toBeCloseTo(100);
  });
});

describe('the cloud series of the benchmark', () => {
  const files = filesOfTar(gunzipSync(readFileSync('traces/nab-cloud.tar.gz')));
  const corpus = nabCorpus(files);
  const scored = (detect: (values: Float64Array) => Float64Array, threshold?: number) =>
    nabScore(
      corpus.map((one) => ({ ...one, scores: detect(one.values) })),
      threshold,
    );

  test('are all there', () => {
    expect(corpus.length).toBe(19);
    expect(corpus.flatMap(({ windows }) => windows).length).toBe(34);
    expect(corpus.every(({ windows }) => windows.flat().every((at) => at >= 0))).toBe(true);
  });

  test("give the windowed Gaussian the score that NAB's own files give it", () => {
    expect(scored(windowedGaussian).score).toBeCloseTo(34.79, 1);
  });

  test('are seen better by the watch of a series than by that and by chance, with its fixed threshold', () => {
    const watch = (values: Float64Array): Float64Array => {
      const watched = new SeriesWatch();
      return values.map((value) => watched.next(value));
    };
    const random = new SeededRandom(1);
    expect(scored((values) => chance(values, random)).score).toBeLessThan(30);
    expect(scored(watch, 1e-9).score).toBeGreaterThan(70);
  });
});
