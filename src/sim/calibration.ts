/**
 * Whether the chance of a return within the hour is what it says: of the times at which it is said to be
 * 30 %, do three in ten see somebody come?
 *
 * Asked every few minutes of every tenant's idle time in the scored part, from what was known when that
 * idle time began; times whose next hour lies behind the end of the trace are left out.
 */
import { hours } from '../domain/units.ts';
import { chanceWithin } from '../policy/returns.ts';
import { type IdleTime, learn, wallOf } from './online.ts';
import type { Trace } from './trace.ts';

const WITHIN = hours(1);
const WITHIN_SECONDS = WITHIN / 1_000;
const BINS = 10;

/** Seconds from one question to the next; more where that would be too many. */
const EVERY = 300;
const ASKED_MAX = 300_000;

export type CalibrationBin = {
  readonly asked: number;
  /** Mean of the chances that were given, and the part that came true. */
  readonly said: number;
  readonly was: number;
};

export type Calibration = {
  readonly asked: number;
  /** Mean distance between said and was, by how often each bin was said. */
  readonly error: number;
  readonly brier: number;
  /** Brier score of always saying how often it is so. */
  readonly brierOfShare: number;
  readonly bins: readonly CalibrationBin[];
};

export function calibrationOf(trace: Trace): Calibration {
  const every = stepFor(trace);
  const bins = Array.from({ length: BINS }, () => ({ asked: 0, said: 0, was: 0 }));
  let squares = 0;
  learn(trace, (idle) => {
    if (!idle.gap.isScored) return;
    for (const { chance, comes } of questions(trace, idle, every)) {
      const bin = bins[Math.min(BINS - 1, Math.floor(chance * BINS))];
      if (bin === undefined) continue;
      bin.asked += 1;
      bin.said += chance;
      bin.was += comes ? 1 : 0;
      squares += (chance - (comes ? 1 : 0)) ** 2;
    }
  });
  const asked = bins.reduce((sum, bin) => sum + bin.asked, 0);
  const came = bins.reduce((sum, bin) => sum + bin.was, 0);
  const off = bins.reduce((sum, { said, was }) => sum + Math.abs(said - was), 0);
  const share = came / Math.max(1, asked);
  return {
    asked,
    error: off / Math.max(1, asked),
    brier: squares / Math.max(1, asked),
    brierOfShare: share * (1 - share),
    bins: bins.map((bin) => ({
      asked: bin.asked,
      said: bin.said / Math.max(1, bin.asked),
      was: bin.was / Math.max(1, bin.asked),
    })),
  };
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
