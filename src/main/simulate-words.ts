/** What a simulation has found, in facts and tables for people. */
import type { SimulateSection } from '../cli/simulate.ts';
import type { Budgeted } from '../sim/budget.ts';
import type { ChanceErrors } from '../sim/chance-bins.ts';
import type { Comparison, Line, Row, TraceFacts } from '../sim/compare.ts';
import type { FleetRun } from '../sim/fleet.ts';
import type { ForecastScore } from '../sim/forecast-score.ts';
import type { Interval, Score } from '../sim/score.ts';

/** With so many digits that a third figure is seen: `0.123`, `12.3`. */
export function figure(value: number): string {
  const size = Math.abs(value);
  if (size === 0) return '0';
  return value.toFixed(size >= 99.95 ? 0 : size >= 9.995 ? 1 : size >= 0.9995 ? 2 : 3);
}

const percent = (value: number): string => `${figure(value)} %`;

const range = ([low, high]: Interval): string => `${figure(low)} to ${figure(high)}`;

export function traceSection(facts: TraceFacts): SimulateSection {
  return {
    title: facts.name,
    facts: [
      ['tenants', `${facts.tenants}`],
      ['days', `${figure(facts.days)}, the last ${figure(facts.scoredDays)} scored`],
      ['requests', `${facts.requests}`],
      ['busy', percent(100 - facts.costReductionMax)],
    ],
    note: 'What tenants are busy for costs as always on: no policy saves more than the rest.',
  };
}

export function policySection(name: string, score: Score): SimulateSection {
  return {
    title: name,
    facts: [
      ['cold starts', `${percent(score.coldRate)} of requests`],
      ['by tenant', `p75 ${percent(score.coldRateP75)}, p95 ${percent(score.coldRateP95)}`],
      ['warm returns', `${percent(score.warmReturns)} of those after 15 min or more`],
      ['warm, unused', `${percent(score.idleWarm)} of tenant time`],
      [
        'cost',
        `${percent(score.costReduction)} below always on (at most ${percent(score.costReductionMax)})`,
      ],
      ['wakes', `${figure(score.wakesPerTenantDay)} a tenant and day`],
      ['woken early', `${percent(score.wrongPrewarms)} in vain`],
    ],
  };
}

export function budgetSection({ aim, valueOfSecond, score }: Budgeted): SimulateSection {
  const { timeAt } = score;
  return {
    title: `adaptive, at ${figure(aim)} % below always on`,
    facts: [
      ['cold starts', `${percent(score.coldRate)} of requests`],
      ['warm returns', `${percent(score.warmReturns)} of those after 15 min or more`],
      ['added wait', `p50 ${figure(score.waitP50)} ms, p99 ${figure(score.waitP99)} ms a return`],
      [
        'cost',
        `${percent(score.costReduction)} below always on (at most ${percent(score.costReductionMax)})`,
      ],
      ['wakes', `${figure(score.wakesPerTenantDay)} a tenant and day`],
      [
        'idle time',
        `awake ${percent(timeAt.L1)}, L2 ${percent(timeAt.L2)}, L3 ${percent(timeAt.L3)}, L4 ${percent(timeAt.L4)}`,
      ],
      ['a second', `of waiting is worth $${valueOfSecond.toPrecision(2)}`],
    ],
    note: 'Costs are those that the product counts with, wake times those measured (bench/README.md).',
  };
}

export function fleetSection(policy: string, run: FleetRun): SimulateSection {
  const { violations } = run;
  return {
    title: `the orchestrator, ${policy}`,
    facts: [
      [
        'cold starts',
        `${run.cold} of ${run.returns} returns, ${percent(run.coldRate)} of requests`,
      ],
      [
        'waited',
        `p50 ${figure(run.waitP50)} ms, p99 ${figure(run.waitP99)} ms, ` +
          `at most ${figure(run.waitMax)} ms`,
      ],
      ['awake at once', `${figure(run.awakeMean)}, at most ${run.awakeMax} of ${run.tenants}`],
      ['promises', violations.length === 0 ? 'all kept' : `${violations.length} broken`],
      ...violations.map((what) => ['', what] as const),
    ],
  };
}

export type Predictions = { readonly returns: ChanceErrors; readonly tiers: ForecastScore };

export function predictionSection({ returns, tiers }: Predictions): SimulateSection {
  const { ours, lastHourAgain, commonest } = tiers;
  const inPercent = (part: number): string => figure(100 * part);
  const row = (name: string, { macroF1, accuracy }: ForecastScore['ours']) => [
    ...[name, inPercent(macroF1), inPercent(accuracy)],
  ];
  return {
    title: 'Predictions',
    table: {
      columns: [{ head: 'TIER OF THE NEXT HOUR' }, right('MACRO-F1 %'), right('ACCURACY %')],
      rows: [
        row('forecast', ours),
        row('last hour again', lastHourAgain),
        row('always the commonest', commonest),
      ],
    },
    note:
      `Chance of a return within the hour, asked ${returns.asked} times: calibration error ` +
      `${returns.error.toFixed(4)} (by luck alone ${returns.byLuck.toFixed(4)}), Brier score ${returns.brier.toFixed(4)} (of the mean share ` +
      `${returns.brierOfShare.toFixed(4)}). Chance of any use in the next hour: calibration error ` +
      `${tiers.anyUse.error.toFixed(4)} (by luck alone ${tiers.anyUse.byLuck.toFixed(4)}).`,
  };
}

const right = (head: string) => ({ head, align: 'right' }) as const;

export function comparisonSections(comparison: Comparison): readonly SimulateSection[] {
  const { rows, ours, hazard } = comparison;
  const sums = [
    `cold starts at equal idle time: ${figure(comparison.coldRatioMean)} of the rivals' (geometric mean)`,
    `worst pair ${figure(comparison.coldRatioWorst)}`,
    `${figure(comparison.hazardRatioMean)} of the hazard reference's`,
    `hypervolume ${ours.hypervolume.toFixed(4)}, of the hazard reference ${hazard.hypervolume.toFixed(4)}`,
  ];
  return [
    { title: 'Baselines', table: rowsTable(rows) },
    {
      title: 'At equal idle time: adaptive',
      table: pairsTable(ours),
      note: `${sums.join('; ')}.`,
    },
    { title: 'At equal idle time: hazard reference', table: pairsTable(hazard) },
  ];
}

export function rowsTable(rows: readonly Row[]): NonNullable<SimulateSection['table']> {
  return {
    columns: [
      { head: 'POLICY' },
      ...['COLD %', '95 %', 'P75', 'P95', 'QOS15 %', 'IDLE %', 'SAVED %', 'WAKES/DAY'].map(right),
      ...['IN VAIN %', 'REGRET'].map(right),
    ],
    rows: rows.map(({ name, score, sureness, regret }) => [
      name,
      figure(score.coldRate),
      range(sureness.coldRate),
      figure(score.coldRateP75),
      figure(score.coldRateP95),
      figure(score.warmReturns),
      figure(score.idleWarm),
      figure(score.costReduction),
      figure(score.wakesPerTenantDay),
      figure(score.wrongPrewarms),
      figure(regret),
    ]),
  };
}

export function pairsTable({ pairs }: Line): NonNullable<SimulateSection['table']> {
  return {
    columns: [
      { head: 'RIVAL' },
      ...['IDLE %', 'COLD %', 'TIMES', '95 %', 'QOS15 %', 'ABOVE', 'IDLE TIMES'].map(right),
    ],
    rows: pairs.map((pair) => [
      pair.rival,
      figure(pair.idleWarm),
      figure(pair.coldRate),
      pair.coldRatio.toFixed(3),
      range(pair.coldRatioInterval),
      figure(pair.warmReturns),
      figure(pair.warmReturnsAbove),
      pair.idleRatio === null ? '-' : pair.idleRatio.toFixed(2),
    ]),
  };
}
