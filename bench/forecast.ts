/**
 * Patterns, forecast, anomalies and pool, on real traces: the figures of docs/policy-forecast.md.
 *
 *   node bench/forecast.ts DIRECTORY [NAME[:SAMPLE] ...]
 *
 * DIRECTORY has traces as in traces/README.md, `shavedice-hourly.csv.gz`, and `nab-cloud.tar.gz` or, for the whole of
 * the benchmark, NAB's own `data` and `labels`. What is not there is left out. Names default to all traces there.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { SeriesWatch } from '../src/policy/anomaly-series.ts';
import { alarmScore } from '../src/sim/anomaly-score.ts';
import { type ClassScore, forecastScore } from '../src/sim/forecast-score.ts';
import { nabScore } from '../src/sim/nab.ts';
import { filesOfTar, nabCorpus } from '../src/sim/nab-corpus.ts';
import { chance, windowedGaussian } from '../src/sim/nab-rivals.ts';
import { parseDemand, poolScore } from '../src/sim/pool-score.ts';
import { prewarmScore } from '../src/sim/prewarm-score.ts';
import { SeededRandom } from '../src/sim/seeded-random.ts';
import { parseTrace, type Trace } from '../src/sim/trace.ts';
import { fixed, printTable } from './measure.ts';

const DAY_S = 86_400;
const TSV = '.tsv.gz';
const FOUR_WEEKS = 28 * 24;

/** Warm-up and length of an event, where the protocol of a trace names them. */
const PROTOCOL: Readonly<Record<string, { readonly days: number; readonly busy: number }>> = {
  'azure2019-1d': { days: 1 / 3, busy: 60 },
  'travian-a-30d': { days: 10, busy: 1 },
  'ricc-153d': { days: 30, busy: 1 },
  'nasa-ipsc-92d': { days: 28, busy: 1 },
};

const [directory = 'traces', ...given] = process.argv.slice(2);
const unpacked = (name: string): Buffer => gunzipSync(readFileSync(join(directory, name)));
const percent = (part: number, digits = 1): string => `${fixed(100 * part, digits)} %`;

function openTrace(given: string): Trace {
  const [name = '', sample] = given.split(':');
  const protocol = PROTOCOL[name];
  return parseTrace(unpacked(`${name}${TSV}`).toString(), {
    name,
    sample: Number(sample ?? 1),
    warmup: protocol && protocol.days * DAY_S,
    busy: protocol?.busy,
  });
}

function traces(names: readonly string[]): void {
  const of = ({ macroF1, accuracy }: ClassScore): string =>
    `${fixed(100 * macroF1, 1)} (${fixed(100 * accuracy, 1)})`;
  const forecasts = [
    [
      'trace',
      'hours',
      'forecast F1 (accuracy)',
      'last hour again',
      'commonest',
      'calibration (by luck)',
      'us',
    ],
  ];
  const reports = [
    [
      'trace',
      'alarms/tenant-month',
      'by kind',
      'prewarms',
      'hit',
      'of returns',
      'awake for nobody',
    ],
  ];
  for (const name of names) {
    const trace = openTrace(name);
    const began = process.cpuUsage().user;
    const score = forecastScore(trace);
    const micros = (process.cpuUsage().user - began) / score.hours;
    forecasts.push([
      name,
      `${score.hours}`,
      of(score.ours),
      of(score.lastHourAgain),
      of(score.commonest),
      `${fixed(score.anyUse.error, 4)} (${fixed(score.anyUse.byLuck, 4)})`,
      fixed(micros, 1),
    ]);
    const alarms = alarmScore(trace);
    const { hits, misses, ready, returns, wasted } = prewarmScore(trace);
    reports.push([
      name,
      fixed(alarms.perTenantMonth, 3),
      JSON.stringify(alarms.byKind),
      `${hits + misses}`,
      percent(hits / Math.max(1, hits + misses)),
      percent(ready / Math.max(1, returns)),
      `${fixed(wasted / 3_600_000, 0)} h`,
    ]);
  }
  printTable(forecasts);
  printTable(reports);
}

function nab(files: ReadonlyMap<string, string>): void {
  const corpus = nabCorpus(files);
  const random = new SeededRandom(1);
  const watch = (values: Float64Array): Float64Array => {
    const watched = new SeriesWatch();
    return values.map((value) => watched.next(value));
  };
  const rows = [['detector', 'score', 'threshold', 'hits', 'false alarms']];
  const row = (
    name: string,
    detect: (values: Float64Array) => Float64Array,
    threshold?: number,
  ): void => {
    const scored = corpus.map((series) => ({ ...series, scores: detect(series.values) }));
    const { score, hits, windows, falseAlarms, ...best } = nabScore(scored, threshold);
    rows.push([
      name,
      fixed(score, 1),
      fixed(best.threshold, 3),
      `${hits} of ${windows}`,
      `${falseAlarms}`,
    ]);
  };
  row('ours, as it is', watch, Number.MIN_VALUE);
  row('ours, best threshold', watch);
  row('windowed Gaussian', windowedGaussian);
  row('chance', (values) => chance(values, random));
  row('silence', (values) => new Float64Array(values.length), 1.1);
  console.log(`NAB, ${corpus.length} series`);
  printTable(rows);
}

function nabFiles(): ReadonlyMap<string, string> | null {
  const tar = 'nab-cloud.tar.gz';
  if (existsSync(join(directory, tar))) return filesOfTar(unpacked(tar));
  if (!existsSync(join(directory, 'labels'))) return null;
  const paths = readdirSync(join(directory, 'data'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.csv'))
    .map((path) => `data/${path}`);
  return new Map(
    [...paths, 'labels/combined_windows.json'].map((path) => [
      path,
      readFileSync(join(directory, path), 'utf8'),
    ]),
  );
}

function pool(table: string): void {
  const rows = [
    ['demand', 'hits', 'less idle than constant', 'series with 99 % hits', 'with 43 % less'],
  ];
  const series = [...parseDemand(table).values()];
  const rises = series.map((one) => one.map((now, i) => Math.max(0, now - (one[i - 1] ?? now))));
  for (const [name, demands] of [
    ['machines in the hour', series],
    ['more machines than before', rises],
  ] as const) {
    const scores = demands
      .map((demand) => poolScore(demand, FOUR_WEEKS))
      .filter(({ demand }) => demand > 0);
    const sum = (of: (score: (typeof scores)[number]) => number): number =>
      scores.reduce((all, score) => all + of(score), 0);
    const good = scores.filter(({ hits, demand }) => hits >= 0.99 * demand).length;
    const lean = scores.filter(({ idle, staticIdle }) => idle <= 0.57 * staticIdle).length;
    rows.push([
      name,
      percent(sum(({ hits }) => hits) / sum(({ demand }) => demand), 2),
      percent(1 - sum(({ idle }) => idle) / sum(({ staticIdle }) => staticIdle)),
      `${good} of ${scores.length}`,
      `${lean} of ${scores.length}`,
    ]);
  }
  printTable(rows);
}

const found = readdirSync(directory)
  .filter((name) => name.endsWith(TSV))
  .map((name) => name.slice(0, -TSV.length));
const names = given.length > 0 ? given : found;
if (names.length > 0) traces(names);
const files = nabFiles();
if (files !== null) nab(files);
if (existsSync(join(directory, 'shavedice-hourly.csv.gz'))) {
  pool(unpacked('shavedice-hourly.csv.gz').toString());
}
