/**
 * How good the forecast of the next hour is on a trace: hour by hour, from the past only, tenants one after
 * another, the warm-up learned from and not scored. An hour's class is that of `policy/forecast.ts`.
 */
import { TierForecast } from '../policy/forecast.ts';
import { hourClass } from '../policy/pattern.ts';
import { ChanceBins, type ChanceErrors } from './chance-bins.ts';
import { replayPatterns, type TraceHour } from './pattern-replay.ts';
import type { Trace } from './trace.ts';

const CLASSES = 4;

export type ClassScore = {
  readonly macroF1: number;
  /** F1 of each class; null for one that never occurred. */
  readonly f1: readonly (number | null)[];
  readonly accuracy: number;
};

export type ForecastScore = {
  readonly hours: number;
  /** How many hours were of each class. */
  readonly occurred: readonly number[];
  readonly ours: ClassScore;
  /** "As the hour before", and "always the commonest class". */
  readonly lastHourAgain: ClassScore;
  readonly commonest: ClassScore;
  /** Of the chance of any use in the hour. */
  readonly anyUse: ChanceErrors;
};

export function forecastScore(
  trace: Trace,
  fleet: TierForecast = new TierForecast(),
): ForecastScore {
  const ours = new Confusion();
  const again = new Confusion();
  const bins = new ChanceBins(trace);
  const hour = ({ tenant, pattern, at, second, minutes, minutesBefore }: TraceHour): void => {
    const chances = fleet.chances(pattern, at);
    const named = fleet.classOf(chances);
    const was = hourClass(minutes);
    fleet.learn(chances, named, was);
    if (second < trace.warmup) return;
    ours.add(named, was);
    again.add(hourClass(minutesBefore), was);
    bins.add(tenant, 1 - chances[0], was > 0);
  };
  replayPatterns(trace, { hour });
  return {
    hours: ours.hours,
    occurred: ours.occurred,
    ours: ours.score(),
    lastHourAgain: again.score(),
    commonest: ours.commonest().score(),
    anyUse: bins.errors(),
  };
}

/** How often each class was named when each was. */
class Confusion {
  readonly #counts = new Float64Array(CLASSES * CLASSES);

  add(named: number, was: number, times = 1): void {
    const at = was * CLASSES + named;
    this.#counts[at] = (this.#counts[at] ?? 0) + times;
  }

  get hours(): number {
    return this.#counts.reduce((sum, count) => sum + count, 0);
  }

  get occurred(): readonly number[] {
    return Array.from({ length: CLASSES }, (_, was) =>
      this.#counts
        .subarray(was * CLASSES, was * CLASSES + CLASSES)
        .reduce((sum, count) => sum + count, 0),
    );
  }

  /** What would have come of always naming the class that occurred most. */
  commonest(): Confusion {
    const { occurred } = this;
    const named = occurred.indexOf(Math.max(...occurred));
    const constant = new Confusion();
    for (const [was, times] of occurred.entries()) constant.add(named, was, times);
    return constant;
  }

  score(): ClassScore {
    const { occurred } = this;
    const at = (was: number, named: number): number => this.#counts[was * CLASSES + named] ?? 0;
    const kinds = [0, 1, 2, 3];
    const f1 = kinds.map((kind) => {
      const named = kinds.reduce((sum, was) => sum + at(was, kind), 0);
      const all = occurred[kind] ?? 0;
      return all === 0 ? null : (2 * at(kind, kind)) / (all + named);
    });
    const known = f1.filter((one) => one !== null);
    return {
      macroF1: known.reduce((sum, one) => sum + one, 0) / known.length,
      f1,
      accuracy: kinds.reduce((sum, kind) => sum + at(kind, kind), 0) / this.hours,
    };
  }
}
