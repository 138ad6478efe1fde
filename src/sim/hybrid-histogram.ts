/**
 * The hybrid histogram policy of Shahrad et al., "Serverless in the Wild", USENIX ATC 2020: a
 * histogram of idle times in minutes says when to unload and when to warm up again. Its ARIMA model, for
 * tenants whose idle times are mostly longer than the histogram, is an autoregression of one term.
 */
import type { MakeResidence } from './replay.ts';

const BIN = 60;
/** Bins whose counts vary less than this say nothing: then it is warm for the whole range. */
const VARIATION_MIN = 2;
const OUT_OF_RANGE_MAX = 0.5;
const RECENT_MAX = 60;
const RECENT_MIN = 4;

/** So long after the idle time begins, and for so long, in seconds. */
type Window = { readonly after: number; readonly lasts: number };

/** `range`: seconds that the histogram covers. */
export const hybridHistogram =
  (range: number): MakeResidence =>
  () => {
    const times = new IdleTimes(range);
    let window: Window | null = null;
    return {
      spans: (since) => {
        window ??= times.window();
        const from = since + window.after;
        return [[from, from + window.lasts]];
      },
      returned: (gap) => {
        times.add(gap);
        window = null;
      },
    };
  };

class IdleTimes {
  readonly #range: number;
  readonly #bins: Float64Array;
  readonly #recent: number[] = [];
  #inside = 0;
  #squares = 0;
  #outside = 0;

  constructor(range: number) {
    this.#range = range;
    this.#bins = new Float64Array(Math.round(range / BIN));
  }

  add(gap: number): void {
    this.#recent.push(gap);
    if (this.#recent.length > RECENT_MAX) this.#recent.shift();
    const bin = Math.floor(gap / BIN);
    const count = this.#bins[bin];
    if (count === undefined) {
      this.#outside += 1;
      return;
    }
    this.#squares += 2 * count + 1;
    this.#bins[bin] = count + 1;
    this.#inside += 1;
  }

  window(): Window {
    const all = this.#inside + this.#outside;
    if (all > 0 && this.#outside / all > OUT_OF_RANGE_MAX) {
      const next = forecast(this.#recent);
      return { after: 0.85 * next, lasts: 0.3 * next };
    }
    const whole: Window = { after: 0, lasts: this.#range };
    if (this.#inside === 0 || this.#variation() < VARIATION_MIN) return whole;
    const after = this.#percentile(0.05) * BIN * 0.9;
    return { after, lasts: (this.#percentile(0.99) + 1) * BIN * 1.1 - after };
  }

  #variation(): number {
    const mean = this.#inside / this.#bins.length;
    return Math.sqrt(Math.max(0, this.#squares / this.#bins.length - mean * mean)) / mean;
  }

  #percentile(part: number): number {
    let seen = 0;
    const found = this.#bins.findIndex((count) => {
      seen += count;
      return seen >= part * this.#inside;
    });
    return found === -1 ? this.#bins.length - 1 : found;
  }
}

/** The next of a series, by an autoregression of one term; the last again where there are too few. */
function forecast(series: readonly number[]): number {
  const last = series.at(-1) ?? 0;
  if (series.length < RECENT_MIN) return last;
  const mean = series.reduce((sum, value) => sum + value, 0) / series.length;
  let together = 0;
  let alone = 0;
  for (let i = 1; i < series.length; i++) {
    const before = (series[i - 1] ?? 0) - mean;
    together += ((series[i] ?? 0) - mean) * before;
    alone += before * before;
  }
  const pull = alone > 0 ? Math.max(-0.99, Math.min(0.99, together / alone)) : 0;
  return mean + pull * (last - mean);
}
