/**
 * Forecast of the next hour: how much a tenant will be in use, as the tier that would suit it.
 *
 * An hour is COLD, WARM, HOT or PERSISTENT by its minutes in use: 0, below 15, below 54, and the rest. The
 * chances of the four are computed by a small network (`forecast-features.ts`, 16 hidden units, and a linear
 * part), whose weights were learned once from four traces and made-up timers and office hours, each by the root
 * of its length (`forecast-weights.ts`). It knows no tenant and no clock: all that is particular comes in through the
 * tenant's pattern.
 *
 * Two things are learned on the way, if it is told what became of its forecasts: a correction for the fleet
 * (what the chances of each class have to be multiplied by), and how common each class is. The latter decides
 * which tier is named: naming the likeliest would never name a rare one. A class is worth naming by what it
 * adds to the mean of the four F1 scores, (2p - F) / (named + occurred), where F is its F1 so far: so rare
 * classes are named at lower chances than common ones.
 *
 * A forecast takes about 3 us, most of it for reading the pattern.
 */
import type { TierChance } from '../domain/policy-view.ts';
import type { Tier } from '../domain/tier.ts';
import type { Timestamp } from '../domain/units.ts';
import { FEATURES, readFeatures } from './forecast-features.ts';
import { FORECAST_WEIGHTS } from './forecast-weights.ts';
import type { HourClass, Pattern } from './pattern.ts';

const CLASSES = 4;
const HIDDEN = 16;

const TIER_OF: readonly Tier[] = ['COLD', 'WARM', 'HOT', 'PERSISTENT'];

/** Chances of the four classes of an hour; they add up to 1. */
export type Chances = readonly [number, number, number, number];

/** Share of each class in the traces that the weights come from, and how well each was met there. */
const SHARE_FIRST = [0.82, 0.119, 0.032, 0.029] as const;
const F1_FIRST = [0.95, 0.59, 0.52, 0.6] as const;

/** How many hours these stand for, and after how many more half of anything learned is gone. */
const HOURS_FIRST = 2_000;
const HOURS_HALF = 200_000;
const FORGET = 0.5 ** (1 / HOURS_HALF);

/** How far one hour moves the correction, and how far it may go. */
const BIAS_STEP = 2e-5;
const BIAS_MAX = 1;

const TIE = 1e-9;

/** What one fleet has taught of itself; for all its tenants. */
export class TierForecast {
  readonly #weights: readonly number[];
  readonly #features = new Float64Array(FEATURES);
  readonly #named = SHARE_FIRST.map((share) => share * HOURS_FIRST);
  readonly #occurred = SHARE_FIRST.map((share) => share * HOURS_FIRST);
  readonly #hits = SHARE_FIRST.map((share, i) => share * HOURS_FIRST * (F1_FIRST[i] ?? 0));
  readonly #bias = [0, 0, 0, 0];

  constructor(weights: readonly number[] = FORECAST_WEIGHTS) {
    this.#weights = weights;
  }

  /** Chances of the hour that begins at `now`. Closes the hours of the pattern that have ended. */
  chances(pattern: Pattern, now: Timestamp): Chances {
    pattern.advance(now);
    if (pattern.isFresh) return SHARE_FIRST;
    readFeatures(pattern, now, this.#features);
    return softmax(logits(this.#weights, this.#features, this.#bias));
  }

  /** The class that is worth naming. */
  classOf(chances: Chances): HourClass {
    let best: HourClass = 0;
    let most = Number.NEGATIVE_INFINITY;
    for (const kind of [0, 1, 2, 3] as const) {
      const all = (this.#named[kind] ?? 0) + (this.#occurred[kind] ?? 0) + TIE;
      const f1 = (2 * (this.#hits[kind] ?? 0)) / all;
      const gain = (2 * chances[kind] - f1) / all;
      if (gain <= most) continue;
      most = gain;
      best = kind;
    }
    return best;
  }

  /** What the hour was for which these chances were given. */
  learn(chances: Chances, named: HourClass, was: HourClass): void {
    for (let kind = 0; kind < CLASSES; kind++) {
      const error = (kind === was ? 1 : 0) - (chances[kind] ?? 0);
      const bias = (this.#bias[kind] ?? 0) + BIAS_STEP * error;
      this.#bias[kind] = Math.max(-BIAS_MAX, Math.min(BIAS_MAX, bias));
      this.#named[kind] = (this.#named[kind] ?? 0) * FORGET;
      this.#occurred[kind] = (this.#occurred[kind] ?? 0) * FORGET;
      this.#hits[kind] = (this.#hits[kind] ?? 0) * FORGET;
    }
    this.#named[named] = (this.#named[named] ?? 0) + 1;
    this.#occurred[was] = (this.#occurred[was] ?? 0) + 1;
    if (named === was) this.#hits[was] = (this.#hits[was] ?? 0) + 1;
  }
}

/** The tier that suits a tenant in the hour from `now`, and how likely that is. */
export function forecastTier(
  pattern: Pattern,
  now: Timestamp,
  fleet: TierForecast = new TierForecast(),
): TierChance {
  const chances = fleet.chances(pattern, now);
  const kind = fleet.classOf(chances);
  return { tier: TIER_OF[kind] ?? 'COLD', probability: chances[kind] };
}

/** Weights in the order: hidden from features, hidden's own, out from hidden, out's own, out from features. */
function logits(
  weights: readonly number[],
  features: Float64Array,
  bias: readonly number[],
): readonly number[] {
  const hidden = HIDDEN * FEATURES;
  const out = hidden + HIDDEN;
  const own = out + CLASSES * HIDDEN;
  const direct = own + CLASSES;
  const sums: number[] = [];
  for (let kind = 0; kind < CLASSES; kind++) {
    sums.push((bias[kind] ?? 0) + (weights[own + kind] ?? 0));
  }
  for (let unit = 0; unit < HIDDEN; unit++) {
    const sum = (weights[hidden + unit] ?? 0) + dot(weights, unit * FEATURES, features);
    const value = Math.tanh(sum);
    for (let kind = 0; kind < CLASSES; kind++) {
      sums[kind] = (sums[kind] ?? 0) + value * (weights[out + kind * HIDDEN + unit] ?? 0);
    }
  }
  return sums.map((sum, kind) => sum + dot(weights, direct + kind * FEATURES, features));
}

function dot(weights: readonly number[], from: number, features: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < FEATURES; i++) sum += (weights[from + i] ?? 0) * (features[i] ?? 0);
  return sum;
}

function softmax(sums: readonly number[]): Chances {
  const most = Math.max(...sums);
  const [a = 0, b = 0, c = 0, d = 0] = sums.map((sum) => Math.exp(sum - most));
  const all = a + b + c + d;
  return [a / all, b / all, c / all, d / all];
}
