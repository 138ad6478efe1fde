/**
 * What a rule with one knob can do: cold starts against idle warm time, and that at the idle time of
 * another rule.
 */
import type { Tally } from './replay.ts';
import { type Score, scoreOf } from './score.ts';

/** One setting of the knob, and what came of it. */
export type Point = {
  readonly knob: number;
  readonly score: Score;
  readonly tallies: readonly Tally[];
};

/** Runs a rule at each of some knobs: more knobs at once may cost less than one by one. */
export type RunAt = (knobs: readonly number[]) => readonly (readonly Tally[])[];

/** Where a rule is asked first: idle seconds that a cold start is worth, from two minutes to five weeks. */
const KNOBS = Array.from({ length: 13 }, (_, i) => Math.round(120 * 2.5 ** i));

/** How often the knob between two points is tried before what lies between them is interpolated. */
const ROUNDS = 3;

/** What the figures are that can be read between two points. */
export type Reading = Pick<Score, 'coldRate' | 'warmReturns' | 'idleWarm'> & {
  readonly knob: number;
  /** The nearest point. */
  readonly nearest: Point;
};

/** The points of a rule, in order of its knob; it is run no more than once at each. */
export class Frontier {
  readonly #runAt: RunAt;
  readonly #points = new Map<number, Point>();

  constructor(runAt: RunAt) {
    this.#runAt = runAt;
    this.#run(KNOBS);
  }

  get points(): readonly Point[] {
    return [...this.#points.values()].sort((a, b) => a.knob - b.knob);
  }

  /** Finds the knobs at which the rule idles for just as long as each of `idles`, in percent. */
  approach(idles: readonly number[]): void {
    for (let round = 0; round < ROUNDS; round++) {
      const wanted = idles.flatMap((idle) => {
        const [low, high] = this.#around(idle);
        if (low === undefined || high === undefined || high.knob / low.knob < 1.001) return [];
        return [knobBetween(low, high, idle)];
      });
      this.#run([...new Set(wanted)].filter((knob) => !this.#points.has(knob)));
    }
  }

  /** What the rule does at this idle time, or at the next less that it can be brought to. */
  atIdle(idle: number): Reading | null {
    const [low, high] = this.#around(idle);
    if (low === undefined) return null;
    if (high === undefined) return readingOf(low, low, 0);
    const span = high.score.idleWarm - low.score.idleWarm;
    return readingOf(low, high, span === 0 ? 0 : (idle - low.score.idleWarm) / span);
  }

  /** The idle time at which the rule has no more than this share of cold starts; null if it never has. */
  idleAt(coldRate: number): number | null {
    const { points } = this;
    const after = points.findIndex(({ score }) => score.coldRate <= coldRate);
    const [high, low] = [points[after], points[after - 1]];
    if (high === undefined) return null;
    if (low === undefined) return high.score.idleWarm;
    const span = low.score.coldRate - high.score.coldRate;
    const part = span === 0 ? 1 : (low.score.coldRate - coldRate) / span;
    return low.score.idleWarm + part * (high.score.idleWarm - low.score.idleWarm);
  }

  /** The last point that idles no longer than this, and the one after it. */
  #around(idle: number): readonly [Point | undefined, Point | undefined] {
    const { points } = this;
    const above = points.findIndex(({ score }) => score.idleWarm > idle);
    return above === -1 ? [points.at(-1), undefined] : [points[above - 1], points[above]];
  }

  #run(knobs: readonly number[]): void {
    if (knobs.length === 0) return;
    this.#runAt(knobs).forEach((tallies, i) => {
      const knob = knobs[i] ?? 0;
      this.#points.set(knob, { knob, tallies, score: scoreOf(tallies) });
    });
  }
}

/** As if idle time grew evenly with the knob, in logarithms; not too near to either. */
function knobBetween(low: Point, high: Point, idle: number): number {
  const [from, to] = [Math.log(low.score.idleWarm + 1e-6), Math.log(high.score.idleWarm + 1e-6)];
  const part = to === from ? 0.5 : (Math.log(idle + 1e-6) - from) / (to - from);
  const kept = Math.max(0.05, Math.min(0.95, part));
  return low.knob * (high.knob / low.knob) ** kept;
}

function readingOf(low: Point, high: Point, part: number): Reading {
  const between = (key: keyof Score): number =>
    low.score[key] + part * (high.score[key] - low.score[key]);
  return {
    knob: low.knob * (high.knob / low.knob) ** part,
    coldRate: between('coldRate'),
    warmReturns: between('warmReturns'),
    idleWarm: between('idleWarm'),
    nearest: part < 0.5 ? low : high,
  };
}

/**
 * The share of the box between nothing and `worst` that is worse than some point: 1 would be neither cold
 * nor idle. Of two frontiers the one with more is better on the whole.
 */
export function hypervolume(
  points: readonly Pick<Score, 'coldRate' | 'idleWarm'>[],
  worst: Pick<Score, 'coldRate' | 'idleWarm'>,
): number {
  const sorted = points.toSorted((a, b) => a.idleWarm - b.idleWarm);
  let area = 0;
  let best = worst.coldRate;
  let from = sorted[0]?.idleWarm ?? worst.idleWarm;
  for (const { idleWarm, coldRate } of sorted) {
    const at = Math.min(idleWarm, worst.idleWarm);
    area += (at - from) * (worst.coldRate - best);
    from = at;
    best = Math.min(best, coldRate);
  }
  area += (worst.idleWarm - from) * (worst.coldRate - best);
  return area / (worst.idleWarm * worst.coldRate);
}
