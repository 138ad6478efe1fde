/**
 * The policy on traces, beside all baselines: writes docs/policy.md and its pictures.
 *
 *   node bench/policy.ts [FILE[:SAMPLE[:WARMUP_DAYS]] ...]
 *
 * Without files, the traces that are in the repository. `SAMPLE` takes every so many-th tenant.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { SimulateSection } from '../src/cli/simulate.ts';
import { seconds } from '../src/domain/units.ts';
import {
  budgetSection,
  comparisonSections,
  figure,
  predictionSection,
} from '../src/main/simulate-words.ts';
import { PRESETS } from '../src/policy/rules.ts';
import { atBudget, type Budgeted } from '../src/sim/budget.ts';
import { calibrationOf } from '../src/sim/calibration.ts';
import { type Comparison, compare } from '../src/sim/compare.ts';
import { forecastScore } from '../src/sim/forecast-score.ts';
import { frontierSvg } from '../src/sim/frontier-svg.ts';
import { productCosts } from '../src/sim/level-tally.ts';
import { geometricMean } from '../src/sim/score.ts';
import { SeededRandom } from '../src/sim/seeded-random.ts';
import { parseTrace, type Trace } from '../src/sim/trace.ts';

const ROOT = new URL('../', import.meta.url);
const SEED = 1;
const BUDGET = 95;
const FLOOR = seconds(60);
const DAY = 86_400;

/** What an idle compute costs as a part of one in use. */
const PRICES = [0.2, 0.1, 0.05];
const COSTS = productCosts(PRESETS.adaptive);

const given = process.argv.slice(2);
const files = given.length > 0 ? given : [new URL('traces/azure2019-1d.tsv.gz', ROOT).pathname];

type Result = {
  readonly trace: Trace;
  readonly comparison: Comparison;
  readonly budgeted: Budgeted;
  /** What it would be if an idle compute cost this part of one in use. */
  readonly byPrice: readonly Budgeted[];
  readonly predictions: Parameters<typeof predictionSection>[0];
  readonly cpuSeconds: number;
};

const METHOD = `# The policy, measured

Written by \`npm run report:policy -- FILE ...\` (bench/policy.ts); nothing here is typed by hand. Of the traces only those in
\`traces/\` are in the repository (their licences are in traces/README.md); others may be evaluated and not passed on:
the logs of RICC and NASA iPSC (Parallel Workloads Archive; M. Kurokawa, RIKEN, and B. Nitzberg, NASA Ames) and of the
game Travian (Hajibagheri et al., 2015). How the model works: [policy-model.md](policy-model.md); how hours are forecast:
[policy-forecast.md](policy-forecast.md).

## Traces

Line 1: \`#\` and a JSON object: \`name\`, \`span_s\` (its length in seconds), \`epoch\` (Unix time of second 0), \`unit\` (such as
\`s\` or \`s (minute bins)\`); it may be left out. Each other line is one tenant: \`id\`, a tab, and tokens
\`<seconds since the previous token>[x<count>][+<seconds busy>]\`, divided by blanks; the first token counts from second 0. Packed with
gzip or not. \`dynabase simulate --trace FILE --compare\` gives the tables below for any such file.

## Method

- An event keeps its tenant busy; the time between is idle. A return is cold when the policy did not have the tenant warm at that
  moment. A tenant's first event ever is not counted, its clock starts there, and only time after the warm-up is scored. All
  that is learned is learned online, from the past; nothing is set for one trace.
- *Cold %*: cold starts of all requests, with a 95 % interval by drawing tenants again. *P75, P95*: the tenants' own shares. *QoS15*: of
  the returns after a quarter of an hour or more, those that were warm. *Idle*: warm and unused, of all tenant time. *Saved*:
  against always on; the ceiling is what tenants are not busy for. *In vain*: of the times warmed up early, those that nobody
  came in. *Regret*: how much dearer than the clairvoyant keep-alive if a cold start is worth an hour awake (0: as good).
- Baselines: fixed times; the hybrid histogram of Shahrad et al. (ATC 2020), its ARIMA replaced by an autoregression of one term; a policy
  like ProRP (Poppe et al., SIGMOD 2024), rebuilt from what is published, with a floor of 15 minutes added; a hazard reference (fleet and own
  counts by idle age, an hour-of-day factor, a band for the nearly periodic); a clairvoyant that stays warm through exactly the idle times up to
  a length; the oracle. Their figures agree with another program's to within 1 % (src/sim/yardstick.test.ts).
- *At equal idle time*: the knob of the policy, what a cold start is worth in idle seconds, is turned until it idles just as long as the
  baseline; between two settings it is interpolated. *Idle times*: its idle time at as many cold starts, as a part of the
  baseline's.
- *With levels*: awake, page cache, disk and archive at the costs that the product counts with (src/policy/level-costs.ts) and the wake
  times that were measured of small tenants (bench/README.md, ladder), the value of a second turned until the budget is met: ${BUDGET} % below always on, or where busy time
  alone costs more than that, 95 % of the ceiling. The wait of the one in a hundred counts its wake at its own 95 % figure.
- *Predictions*: the tier of the next hour by active minutes (0, below 15, below 54, more); and the chance of a return within the
  hour, asked every few minutes of idle time, ten bins.
- The same semantics, by the real orchestrator on a virtual clock, give the same cold starts (src/sim/fleet.test.ts).`;

const results = files.map(resultOf);
mkdirSync(new URL('docs/policy/', ROOT), { recursive: true });
for (const { comparison } of results) {
  writeFileSync(new URL(`docs/policy/${comparison.trace.name}.svg`, ROOT), frontierSvg(comparison));
}
writeFileSync(new URL('docs/policy.md', ROOT), page(results));
console.log('wrote docs/policy.md');

function resultOf(argument: string): Result {
  const [file = '', sample = '1', warmupDays] = argument.split(':');
  const bytes = readFileSync(file);
  const isPacked = bytes[0] === 0x1f && bytes[1] === 0x8b;
  const trace = parseTrace((isPacked ? gunzipSync(bytes) : bytes).toString(), {
    name: basename(file).replace(/\.tsv(\.gz)?$/, ''),
    sample: Number(sample),
    warmup: warmupDays === undefined ? undefined : Number(warmupDays) * DAY,
  });
  const before = process.cpuUsage().user;
  const tell = (what: string) => console.error(what);
  const comparison = compare(trace, { random: new SeededRandom(SEED), tell });
  tell(`${trace.name}: budget and predictions`);
  const request = { reduction: BUDGET, floorAwake: FLOOR };
  const budgeted = atBudget(trace, { ...request, costs: COSTS });
  const byPrice = PRICES.map((price) => atBudget(trace, { ...request, costs: costsAt(price) }));
  const predictions = { returns: calibrationOf(trace), tiers: forecastScore(trace) };
  const cpuSeconds = (process.cpuUsage().user - before) / 1e6;
  return { trace, comparison, budgeted, byPrice, predictions, cpuSeconds };
}

function costsAt(price: number): typeof COSTS {
  const awake = { level: 'L1', wakeSeconds: 0, wakeSecondsP95: 0 } as const;
  const asleep = { level: 'L3', wakeSeconds: 0.067, wakeSecondsP95: 0.118 } as const;
  const { busyPerSecond } = COSTS;
  return {
    busyPerSecond,
    levels: [
      { ...awake, costPerSecond: price * busyPerSecond },
      { ...asleep, costPerSecond: 0 },
    ],
  };
}

function priceTable(all: readonly Result[]): string {
  const rows = all.map(({ comparison, byPrice }) => [
    comparison.trace.name,
    ...byPrice.map(({ score }) => `${figure(score.warmReturns)} / ${figure(score.coldRate)}`),
  ]);
  return markdownTable(['QoS15 % / cold %', ...PRICES.map((price) => `at ${price}`)], rows);
}

function page(all: readonly Result[]): string {
  return `${[METHOD, summary(all), ...all.flatMap(traceText)].join('\n\n')}\n`;
}

function summary(all: readonly Result[]): string {
  const pairs = all.flatMap(({ comparison }) => comparison.ours.pairs);
  const worst = pairs.toSorted((a, b) => b.coldRatio - a.coldRatio)[0];
  const least = pairs.toSorted((a, b) => a.warmReturnsAbove - b.warmReturnsAbove)[0];
  const hazard = all.map(({ comparison }) => comparison.hazardRatioMean);
  const row = ({ comparison, budgeted, predictions }: Result) => {
    const { score, aim } = budgeted;
    const { tiers, returns } = predictions;
    return [
      comparison.trace.name,
      comparison.coldRatioMean.toFixed(2),
      comparison.coldRatioWorst.toFixed(2),
      comparison.hazardRatioMean.toFixed(2),
      `${figure(score.costReduction)} (aim ${figure(aim)}, ceiling ${figure(score.costReductionMax)})`,
      figure(score.warmReturns),
      figure(score.coldRate),
      figure(score.waitP99),
      `${figure(100 * tiers.ours.macroF1)} / ${figure(100 * tiers.lastHourAgain.macroF1)}`,
      `${figure(100 * tiers.ours.accuracy)} / ${figure(100 * tiers.commonest.accuracy)}`,
      returns.error.toFixed(4),
    ];
  };
  return [
    '## In short',
    '',
    `Over ${pairs.length} pairs of a baseline and a trace: cold starts at equal idle time are ` +
      `${geometricMean(pairs.map(({ coldRatio }) => coldRatio)).toFixed(3)} times the baseline's ` +
      `(geometric mean), at worst ${worst?.coldRatio.toFixed(3)} (${worst?.rival}); QoS15 is at worst ` +
      `${figure(least?.warmReturnsAbove ?? 0)} points above (${least?.rival}). Against the hazard ` +
      `reference: ${geometricMean(hazard).toFixed(3)}.`,
    '',
    markdownTable(
      [
        ...['trace', 'cold, mean', 'worst pair', 'to hazard', 'saved %', 'QoS15 %', 'cold %'],
        ...['wait p99 ms', 'macro-F1 / last hour', 'accuracy / commonest', 'calibration'],
      ],
      all.map(row),
    ),
    '',
    "The first three columns are cold starts as a part of others' at equal idle time (keep-alive alone, " +
      'awake or not). The next four are with levels, costs and wake times as measured, at the budget.',
    '',
    'What the price of an idle compute, as a part of one in use, does to that, sleep being free:',
    '',
    priceTable(all),
  ].join('\n');
}

function traceText({ comparison, budgeted, predictions, cpuSeconds }: Result): readonly string[] {
  const { trace } = comparison;
  const facts =
    `${trace.tenants} tenants, ${figure(trace.days)} days, of which the last ` +
    `${figure(trace.scoredDays)} are scored; ${trace.requests} requests; busy ` +
    `${figure(100 - trace.costReductionMax)} % of the time. Computed in ${figure(cpuSeconds)} s.`;
  const sections = [
    budgetSection(budgeted),
    ...comparisonSections(comparison),
    predictionSection(predictions),
  ];
  return [
    `## ${trace.name}\n\n${facts}`,
    `![cold starts against idle time](policy/${trace.name}.svg)`,
    ...sections.map(sectionText),
  ];
}

function sectionText({ title, facts, table, note }: SimulateSection): string {
  const parts = [
    `### ${title}`,
    facts && markdownTable(['', ''], facts),
    table &&
      markdownTable(
        table.columns.map(({ head }) => head.toLowerCase()),
        table.rows,
      ),
    note,
  ];
  return parts.filter((part) => part !== undefined).join('\n\n');
}

function markdownTable(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const rule = heads.map((_, i) => (i === 0 ? '---' : '--:'));
  return [line(heads), line(rule), ...rows.map(line)].join('\n');
}
