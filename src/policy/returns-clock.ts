/**
 * At what time of the day and of the week a tenant returns, in UTC: its time zone need not be known.
 *
 * Counts returns after a long idle time, and the idle seconds in which it might have returned, by half
 * hour of the day and by hour of the week; a week-old count is worth `KEPT` of what it was. Keeps for
 * eight days in which half hours it was busy, and of the last returns their exact times.
 */
import { LONG_IDLE } from './returns-pace.ts';

const HALF_HOUR = 1_800;
const HOUR = 3_600;
const DAY = 86_400;
const WEEK = 7 * DAY;

export const DAY_SLOTS = 48;
export const WEEK_SLOTS = 168;
export const BUSY_SLOTS = 8 * DAY_SLOTS;
export const RETURNS_KEPT = 16;

/** A half-life of three weeks. */
const KEPT = 0.5 ** (1 / 3);

/** Of an idle time longer than this, only the end is counted. */
const COUNTED_MAX = 14 * DAY;

export class DayClock {
  readonly dayReturns = new Float32Array(DAY_SLOTS);
  readonly daySeconds = new Float32Array(DAY_SLOTS);
  readonly weekReturns = new Float32Array(WEEK_SLOTS);
  readonly weekSeconds = new Float32Array(WEEK_SLOTS);
  /** All of them together. */
  returns = 0;
  seconds = 0;
  readonly busy = new Uint8Array(BUSY_SLOTS);
  /** The last half hour since 1970 of which `busy` knows; -1 for none. */
  busySlot = -1;
  readonly cameAt = new Float64Array(RETURNS_KEPT);
  came = 0;
  week = -1;

  /** It was busy between two moments, in seconds since 1970. */
  mark(from: number, to: number): void {
    const last = Math.floor(Math.max(from, to - 1) / HALF_HOUR);
    const first = Math.max(Math.floor(from / HALF_HOUR), last - BUSY_SLOTS + 1);
    const cleared = Math.max(this.busySlot + 1, last - BUSY_SLOTS + 1);
    for (let slot = cleared; slot <= last; slot += 1) this.busy[slot % BUSY_SLOTS] = 0;
    this.busySlot = Math.max(this.busySlot, last);
    for (let slot = first; slot <= last; slot += 1) this.busy[slot % BUSY_SLOTS] = 1;
  }

  /** Whether it was busy in that half hour since 1970: 1 or 0. */
  wasBusy(slot: number): number {
    if (slot < 0 || slot > this.busySlot || slot <= this.busySlot - BUSY_SLOTS) return 0;
    return this.busy[slot % BUSY_SLOTS] ?? 0;
  }

  /** It was idle from `since` and returned at `at`. Says how much older counts are worth since: 1 mostly. */
  end(since: number, at: number): number {
    const week = Math.floor(at / WEEK);
    const kept = this.week < 0 ? 1 : KEPT ** Math.max(0, week - this.week);
    if (kept < 1) this.#fade(kept);
    this.week = Math.max(this.week, week);
    if (at - since > LONG_IDLE) this.#count(since, at);
    return kept;
  }

  /** Makes the sums from the counts. */
  sumUp(): void {
    this.returns = this.weekReturns.reduce((sum, one) => sum + one, 0);
    this.seconds = this.weekSeconds.reduce((sum, one) => sum + one, 0);
  }

  #count(since: number, at: number): void {
    let from = Math.max(since + LONG_IDLE, at - COUNTED_MAX);
    while (from < at) {
      const to = Math.min(at, (Math.floor(from / HALF_HOUR) + 1) * HALF_HOUR);
      const half = Math.floor(from / HALF_HOUR) % DAY_SLOTS;
      const hour = Math.floor(from / HOUR) % WEEK_SLOTS;
      this.daySeconds[half] = (this.daySeconds[half] ?? 0) + to - from;
      this.weekSeconds[hour] = (this.weekSeconds[hour] ?? 0) + to - from;
      this.seconds += to - from;
      from = to;
    }
    const half = Math.floor(at / HALF_HOUR) % DAY_SLOTS;
    const hour = Math.floor(at / HOUR) % WEEK_SLOTS;
    this.dayReturns[half] = (this.dayReturns[half] ?? 0) + 1;
    this.weekReturns[hour] = (this.weekReturns[hour] ?? 0) + 1;
    this.returns += 1;
    this.cameAt[this.came % RETURNS_KEPT] = at;
    this.came += 1;
  }

  #fade(kept: number): void {
    for (const counts of [this.dayReturns, this.daySeconds, this.weekReturns, this.weekSeconds]) {
      fade(counts, kept);
    }
    this.returns *= kept;
    this.seconds *= kept;
  }
}

export function fade(counts: Float32Array, kept: number): void {
  for (let i = 0; i < counts.length; i += 1) counts[i] = (counts[i] ?? 0) * kept;
}
