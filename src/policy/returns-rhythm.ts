/**
 * Rhythms: a timer returns after the same idle time again and again. The last idle times are kept, and
 * those that many of them share become windows: before and after, the chance is small; within, large.
 * Short and long ones are kept apart, so that a busy day leaves the nights and weekends known.
 */

const SHORTS_KEPT = 12;
const LONGS_KEPT = 20;
export const GAPS_KEPT = SHORTS_KEPT + LONGS_KEPT;

/** From here on, in seconds, an idle time is a long one. */
const LONG = 1_800;

/** How fast the share of long ones follows. */
const SHARE_PACE = 0.04;

/** Shorter ones say nothing of timers. */
const GAP_MIN = 90;

const WINDOWS_MAX = 2;

/** A window holds idle times that differ by less than this part of them, and this many seconds. */
const WITHIN_PART = 1.04;
const WITHIN = 90;

/** What a window needs: so many idle times, and such a part of those kept. */
const SHARED_MIN = 3;
const PART_MIN = 0.1;

/** Each idle time stands for those as near to it as that. */
type Blur = { readonly part: number; readonly least: number };

export const SHARP: Blur = { part: 0.015, least: 45 };
export const BLURRED: Blur = { part: 0.12, least: 60 };

export class Rhythm {
  /** Two rings, of short ones and of long ones; in each the oldest is overwritten. */
  readonly gaps = new Float32Array(GAPS_KEPT);
  shorts = 0;
  longs = 0;
  /** The part of the idle times that is long. */
  longShare = 0.5;
  readonly #sorted = new Float32Array(GAPS_KEPT);
  /** From and to, of each window. */
  readonly #windows = new Float64Array(2 * WINDOWS_MAX);
  windows = 0;

  end(gap: number): void {
    if (gap <= GAP_MIN) return;
    const isLong = gap > LONG;
    if (isLong) this.gaps[SHORTS_KEPT + (this.longs++ % LONGS_KEPT)] = gap;
    else this.gaps[this.shorts++ % SHORTS_KEPT] = gap;
    this.longShare += SHARE_PACE * ((isLong ? 1 : 0) - this.longShare);
    this.settle();
  }

  /** Makes order and windows from the idle times kept. */
  settle(): void {
    const shorts = this.#shortsKept;
    const longs = Math.min(this.longs, LONGS_KEPT);
    for (let i = 0; i < shorts; i += 1) this.#insert(i, this.gaps[i] ?? 0);
    for (let i = 0; i < longs; i += 1) this.#insert(shorts + i, this.gaps[SHORTS_KEPT + i] ?? 0);
    this.#findWindows(shorts + longs);
  }

  get #shortsKept(): number {
    return Math.min(this.shorts, SHORTS_KEPT);
  }

  /** What a long one counts where short ones count 1, at this age. */
  #longWeight(from: number): number {
    const shorts = this.#shortsKept;
    const longs = Math.min(this.longs, LONGS_KEPT);
    if (from >= LONG || shorts === 0 || longs === 0) return 1;
    return Math.min(2, (shorts * this.longShare) / ((1 - this.longShare) * longs));
  }

  /** The first edge of a window between two ages, or the second age. */
  edgeBetween(from: number, to: number): number {
    let first = to;
    for (let i = 0; i < 2 * this.windows; i += 1) {
      const edge = this.#windows[i] ?? 0;
      if (edge > from + 1 && edge < first) first = edge;
    }
    return first;
  }

  /** The chance a second between two ages, by the idle times kept alone, and `prior` as half of one more. */
  perSecond(from: number, to: number, near: Blur, prior: number): number {
    let ended = 0;
    let left = 0;
    const shorts = this.#shortsKept;
    const longWeight = this.#longWeight(from);
    for (let i = shorts + Math.min(this.longs, LONGS_KEPT) - 1; i >= 0; i -= 1) {
      const gap = this.#sorted[i] ?? 0;
      const blur = Math.max(near.least, near.part * gap);
      const high = gap + blur;
      if (high <= from) break;
      const start = Math.max(from, gap - blur);
      const part = (i < shorts ? 1 : longWeight) / (2 * blur);
      left += (high - start) * part;
      if (start < to) ended += (Math.min(to, high) - start) * part;
    }
    return (ended + 0.5 * prior * (to - from)) / ((left + 0.5) * (to - from));
  }

  #insert(length: number, gap: number): void {
    let at = length;
    for (; at > 0 && (this.#sorted[at - 1] ?? 0) > gap; at -= 1) {
      this.#sorted[at] = this.#sorted[at - 1] ?? 0;
    }
    this.#sorted[at] = gap;
  }

  /** The window with most idle times first; the second of those that are not in it. */
  #findWindows(kept: number): void {
    this.windows = 0;
    let taken = { from: 0, to: 0 };
    for (let round = 0; round < WINDOWS_MAX; round += 1) {
      const found = this.#fullest(kept, taken);
      if (found.count < Math.max(SHARED_MIN, PART_MIN * kept)) return;
      const low = this.#sorted[found.from] ?? 0;
      const high = this.#sorted[found.to - 1] ?? 0;
      const pad = Math.max(60, 0.01 * low);
      this.#windows[2 * round] = low - pad;
      this.#windows[2 * round + 1] = high + pad;
      this.windows += 1;
      taken = found;
    }
  }

  #fullest(
    kept: number,
    taken: { readonly from: number; readonly to: number },
  ): { readonly from: number; readonly to: number; readonly count: number } {
    let best = { from: 0, to: 0, count: 0 };
    let to = 0;
    for (let from = 0; from < kept; from += 1) {
      const limit = (this.#sorted[from] ?? 0) * WITHIN_PART + WITHIN;
      while (to < kept && (this.#sorted[to] ?? 0) <= limit) to += 1;
      const both = Math.max(0, Math.min(to, taken.to) - Math.max(from, taken.from));
      const count = to - from - both;
      if (count > best.count) best = { from, to, count };
    }
    return best;
  }
}
