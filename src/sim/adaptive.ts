/**
 * The product's own residency rule over a trace: as a keep-alive with one knob, which is how it is
 * compared with others, and with the levels, costs and wake times that were measured.
 */
import { ms, seconds } from '../domain/units.ts';
import { type ResidencyTerms, type Stay, stays } from '../policy/residency.ts';
import { emptyLevelTally, type LevelTally, spendLevel } from './level-tally.ts';
import { type IdleTime, learn, watchUnasked } from './online.ts';
import { countGap, LONG_IDLE, newTally, type Tally } from './replay.ts';
import type { Trace } from './trace.ts';

/** As long as this a suspend and a wake cost more than they save. */
const FLOOR = seconds(60);

/** Awake or not, where a cold start is worth `worth` idle seconds. */
const knobTerms = (worth: number): ResidencyTerms => ({
  levels: [
    { level: 'L1', costPerSecond: 1, wakeSeconds: 0 },
    { level: 'L3', costPerSecond: 0, wakeSeconds: 1 },
  ],
  valueOfSecond: worth,
  floorAwake: FLOOR,
  // A resume is instant and free here, as it is for the rivals.
  leastSleep: seconds(0),
});

/** What comes of the rule at each of these knobs, by knob and tenant: learning is done once. */
export function replayAdaptive(
  trace: Trace,
  worths: readonly number[],
): readonly (readonly Tally[])[] {
  const runs = worths.map((worth) => ({
    terms: knobTerms(worth),
    tallies: trace.tenants.map(newTally),
  }));
  const sums = learn(
    trace,
    (idle) => {
      if (!idle.gap.isScored) return;
      for (const { terms, tallies } of runs) {
        const tally = tallies[idle.tenant];
        if (tally !== undefined) countGap(tally, idle.gap, warmSpans(idle, terms));
      }
    },
    watchUnasked,
  );
  return runs.map(({ tallies }) => tallies.map((tally, i) => Object.assign(tally, sums[i])));
}

/** The same with levels, for several terms, which name the same levels. */
export function replayLevels(
  trace: Trace,
  terms: readonly ResidencyTerms[],
): readonly (readonly LevelTally[])[] {
  const runs = terms.map((one) => ({ terms: one, tallies: trace.tenants.map(emptyLevelTally) }));
  const sums = learn(
    trace,
    (idle) => {
      if (!idle.gap.isScored) return;
      for (const run of runs) {
        const tally = run.tallies[idle.tenant];
        if (tally !== undefined) spendGap(tally, idle, run.terms);
      }
    },
    watchUnasked,
  );
  return runs.map(({ tallies }) => tallies.map((tally, i) => Object.assign(tally, sums[i])));
}

function* warmSpans(
  { habit, population, idleSince, gap }: IdleTime,
  terms: ResidencyTerms,
): Generator<readonly [number, number]> {
  let from = gap.since;
  for (const { until, level } of stays(habit, population, idleSince, untilEnd(terms, gap))) {
    const to = gap.since + until / 1_000;
    yield level === 'L1' ? [from, to] : [to, to];
    from = to;
  }
}

/** What would be after the idle time need not be thought about, but for what a short sleep depends on. */
const untilEnd = (terms: ResidencyTerms, { since, until }: IdleTime['gap']): ResidencyTerms => ({
  ...terms,
  horizon: ms((until - since) * 1_000 + 2 * terms.floorAwake),
});

function spendGap(tally: LevelTally, idle: IdleTime, terms: ResidencyTerms): void {
  const { habit, population, idleSince, gap } = idle;
  let from = gap.since;
  let before: Stay['level'] = 'L1';
  for (const { until, level } of stays(habit, population, idleSince, untilEnd(terms, gap))) {
    const to = Math.min(gap.until, gap.since + until / 1_000);
    if (before !== 'L1' && level === 'L1') tally.prewarms += 1;
    before = level;
    spendLevel(tally, level, Math.max(0, to - Math.max(from, gap.scoredFrom)));
    from = to;
    if (gap.since + until / 1_000 >= gap.until) break;
  }
  if (!gap.isReturn) return;
  tally.returns[before] += 1;
  if (gap.until - gap.since < LONG_IDLE) return;
  tally.longReturns += 1;
  if (before === 'L1') tally.longWarm += 1;
}
