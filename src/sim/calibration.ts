/**
 * Whether the chance of a return within the hour is what it says: of the times at which it is said to be
 * 30 %, do three in ten see somebody come?
 *
 * Asked every few minutes of every tenant's idle time in the scored part, from what was known when that
 * idle time began; times whose next hour lies behind the end of the trace are left out.
 */
import { hours } from '../domain/units.ts';
import { chanceWithin } from '../policy/returns.ts';
import { ChanceBins, type ChanceErrors } from './chance-bins.ts';
import { type IdleTime, learn, wallOf } from './online.ts';
import type { Trace } from './trace.ts';

const WITHIN = hours(1);
const WITHIN_SECONDS = WITHIN / 1_000;

/** Seconds from one question to the next; more where that would be too many. */
const EVERY = 300;
const ASKED_MAX = 300_000;

export function calibrationOf(trace: Trace): ChanceErrors {
  const every = stepFor(trace);
  const bins = new ChanceBins(trace);
  learn(trace, (idle) => {
    if (!idle.gap.isScored) return;
    for (const { chance, comes } of questions(trace, idle, every)) {
      bins.add(idle.tenant, chance, comes);
    }
  });
  return bins.errors();
}

function* questions(
  trace: Trace,
  { tenant, gap, habit, population, idleSince }: IdleTime,
  every: number,
): Generator<{ readonly chance: number; readonly comes: boolean }> {
  const until = Math.min(gap.until, trace.span - WITHIN_SECONDS);
  // Not all tenants in the same minute of the hour.
  const phase = (tenant * 137) % every;
  const first = Math.ceil((gap.scoredFrom - phase) / every) * every + phase;
  for (let at = first; at < until; at += every) {
    const idle = { since: idleSince, now: wallOf(trace, at) };
    const chance = chanceWithin(habit, population, idle, WITHIN);
    yield { chance, comes: gap.isReturn && gap.until - at <= WITHIN_SECONDS };
  }
}

function stepFor({ tenants, span, warmup }: Trace): number {
  const most = (tenants.length * (span - warmup)) / EVERY;
  return EVERY * Math.max(1, Math.ceil(most / ASKED_MAX));
}
