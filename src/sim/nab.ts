/**
 * The scoring of the Numenta Anomaly Benchmark: how early a detector sees what people have labelled.
 *
 * The first hit within a labelled window counts, the more the earlier (a sigmoid over the window); a missed window
 * costs 1; each alarm outside costs 0.11, less if it is just behind a window. The first 15 % of a series (at
 * most 750 points) are for learning and do not count. The sum is put on a scale on which a detector that never
 * speaks has 0 and one that hits every window with its first point has 100. One threshold holds for all series; it
 * is the one that scores best, as in the benchmark, or a given one. Lavin and Ahmad, 2015; `sweeper.py` of NAB is
 * followed to the last rounding, the standard profile throughout.
 */

export type LabelledSeries = {
  readonly name: string;
  /** One score for each point, 0 to 1. */
  readonly scores: Float64Array;
  /** First and last point of each labelled window. */
  readonly windows: readonly (readonly [first: number, last: number])[];
};

export type NabScore = {
  /** 0 for silence, 100 for perfection; below 0 for worse than silence. */
  readonly score: number;
  readonly threshold: number;
  readonly hits: number;
  readonly windows: number;
  /** Points outside all windows that were taken for anomalies. */
  readonly falseAlarms: number;
};

const TRUE_POSITIVE = 1;
const FALSE_POSITIVE = 0.11;
const FALSE_NEGATIVE = 1;
const STEEPNESS = 5;
const FAR_BEHIND = 3;
const PROBATION_PART = 0.15;
const PROBATION_POINTS_MAX = 5_000;

/** Points at the begin of a series of `length` that do not count. */
export const probationOf = (length: number): number =>
  Math.min(Math.floor(PROBATION_PART * length), PROBATION_PART * PROBATION_POINTS_MAX);

/** One point of a series as the scorer sees it; `window` is -1 outside all windows. */
type Judged = { readonly score: number; readonly worth: number; readonly window: number };

/** The score at the threshold that suits the corpus best, or at a given one. */
export function nabScore(corpus: readonly LabelledSeries[], threshold?: number): NabScore {
  const judged: Judged[] = [];
  let windows = 0;
  for (const series of corpus) {
    judged.push(...judge(series, windows));
    windows += series.windows.length;
  }
  judged.sort((a, b) => b.score - a.score);
  const counted = new Set(judged.map(({ window }) => window).filter((window) => window >= 0)).size;
  const best = sweep(judged, counted, threshold);
  // A window that lies wholly in the probation can neither be hit nor be missed; it counts in the scale.
  const perfect = windows * TRUE_POSITIVE;
  const silence = -windows * FALSE_NEGATIVE;
  return {
    score: (100 * (best.sum - silence)) / (perfect - silence),
    threshold: best.threshold,
    hits: best.hits,
    windows,
    falseAlarms: best.falseAlarms,
  };
}

type Sum = {
  readonly sum: number;
  readonly threshold: number;
  readonly hits: number;
  readonly falseAlarms: number;
};

/** Lowers the threshold point by point, from above all scores. */
function sweep(judged: readonly Judged[], counted: number, fixed: number | undefined): Sum {
  const found = new Map<number, number>();
  let parts = -counted * FALSE_NEGATIVE;
  let falseAlarms = 0;
  let best: Sum = { sum: parts, threshold: fixed ?? 1.1, hits: 0, falseAlarms: 0 };
  for (const [i, { score, worth, window }] of judged.entries()) {
    if (fixed !== undefined && score < fixed) break;
    if (window < 0) {
      parts += worth;
      falseAlarms++;
    } else {
      const before = found.get(window) ?? -FALSE_NEGATIVE;
      found.set(window, Math.max(before, worth));
      parts += Math.max(before, worth) - before;
    }
    const isEdge = judged[i + 1]?.score !== score;
    if (isEdge && (fixed !== undefined || parts > best.sum)) {
      best = { sum: parts, threshold: fixed ?? score, hits: found.size, falseAlarms };
    }
  }
  return best;
}

function judge({ scores, windows }: LabelledSeries, offset: number): readonly Judged[] {
  const probation = probationOf(scores.length);
  const judged: Judged[] = [];
  let next = 0;
  let behind: readonly [number, number] | undefined;
  for (const [i, score] of scores.entries()) {
    const window = windows[next];
    const inside = window !== undefined && i >= window[0];
    const worth = inside ? worthInside(i, window) : worthOutside(i, behind);
    if (i >= probation) judged.push({ score, worth, window: inside ? offset + next : -1 });
    if (inside && i === window[1]) {
      behind = window;
      next++;
    }
  }
  return judged;
}

const worthInside = (i: number, [first, last]: readonly [number, number]): number =>
  (sigmoid(-(last - i + 1) / (last - first + 1)) * TRUE_POSITIVE) / sigmoid(-1);

const worthOutside = (i: number, behind: readonly [number, number] | undefined): number =>
  FALSE_POSITIVE * (behind === undefined ? -1 : sigmoid((i - behind[1]) / (behind[1] - behind[0])));

const sigmoid = (position: number): number =>
  position > FAR_BEHIND ? -1 : 2 / (1 + Math.exp(STEEPNESS * position)) - 1;
