/**
 * What is learned of all tenants together: how likely a return is at each idle age, and in which hours
 * of the week the fleet returns. A new tenant starts from it.
 *
 * It begins with a prior that fits neither machines nor people in particular: at age `a`, a return is
 * about as likely within the next 4 a as not, never more than one in two minutes.
 */
import type { DurationMs, Timestamp } from '../domain/units.ts';
import { AGE_ENDS, AGES, ageBin, spendAges } from './returns-ages.ts';
import { CALIBRATION_BYTES, Calibration } from './returns-calibration.ts';
import { fade, WEEK_SLOTS } from './returns-clock.ts';
import { LONG_IDLE } from './returns-pace.ts';

const HOUR = 3_600;
const VERSION = 2;

/** This one knew nothing of whether chances come true. */
const VERSION_UNCHECKED = 1;

/** Returns that the prior is worth at each age, and in each hour of the week. */
const PRIOR = 2;
const PRIOR_HOUR = 10;

/** Of so many returns the fleet's past is halved: it forgets as fast as it learns. */
const RETURNS_MAX = 200_000;

const PARTS = 2 * AGES + 2 * WEEK_SLOTS;
const COUNTS_END = 1 + 4 * PARTS;

/** A part of a tenant's idle time: since when, from which age to which, and whether it returned then. */
export type Watched = {
  readonly since: Timestamp;
  readonly from: DurationMs;
  readonly to: DurationMs;
  readonly returned: boolean;
};

const priorPerSecond = (bin: number): number => {
  const start = AGE_ENDS[bin - 1] ?? 0;
  return 0.17 / (start + 30);
};

export class Population {
  readonly #counts = new Float32Array(PARTS);
  readonly #returns = this.#counts.subarray(0, AGES);
  readonly #seconds = this.#counts.subarray(AGES, 2 * AGES);
  readonly #hourReturns = this.#counts.subarray(2 * AGES, 2 * AGES + WEEK_SLOTS);
  readonly #hourSeconds = this.#counts.subarray(2 * AGES + WEEK_SLOTS);
  #total = 0;
  #totalSeconds = 0;
  #sum = 0;
  /** Whether the chances that are given come true. */
  readonly calibration = new Calibration();
  /** Grows with all that is learned. */
  revision = 0;

  static decode(bytes: Uint8Array): Population {
    const population = new Population();
    const isUnchecked = bytes[0] === VERSION_UNCHECKED && bytes.length === COUNTS_END;
    const isWhole = bytes[0] === VERSION && bytes.length === COUNTS_END + CALIBRATION_BYTES;
    if (!isUnchecked && !isWhole) return population;
    // A copy, since `slice` of Node's buffers is none.
    const counts = new Float32Array(Uint8Array.from(bytes.subarray(1, COUNTS_END)).buffer);
    if (!counts.every((count) => count >= 0 && count < Number.POSITIVE_INFINITY)) return population;
    if (isWhole && !population.calibration.read(bytes.subarray(COUNTS_END))) return population;
    population.#counts.set(counts);
    population.#sumUp();
    return population;
  }

  /** 2.0 kB. */
  encode(): Uint8Array {
    const bytes = new Uint8Array(COUNTS_END + CALIBRATION_BYTES);
    bytes[0] = VERSION;
    bytes.set(new Uint8Array(this.#counts.buffer), 1);
    bytes.set(this.calibration.encode(), COUNTS_END);
    return bytes;
  }

  /**
   * A tenant was watched in this part of its idle time. A long idle time may be told in slices, as it
   * goes, so that those who never return are heard of too.
   */
  watched({ since, from, to, returned }: Watched): void {
    const start = Math.max(0, from / 1_000);
    const end = Math.max(start, to / 1_000);
    spendAges(this.#seconds, 0, start, end);
    if (returned) {
      const bin = ageBin(end);
      this.#returns[bin] = (this.#returns[bin] ?? 0) + 1;
      this.#sum += 1;
    }
    if (end > LONG_IDLE) this.#watchHours(since / 1_000, { start, end, returned });
    if (this.#sum > RETURNS_MAX) this.#forgetHalf();
    this.revision += 1;
  }

  /** Takes in what another population has learned. */
  merge(other: Population): void {
    for (let i = 0; i < PARTS; i += 1) {
      this.#counts[i] = (this.#counts[i] ?? 0) + (other.#counts[i] ?? 0);
    }
    this.calibration.merge(other.calibration);
    this.#sumUp();
  }

  /** The chance a second of a return at this age. */
  perSecond(bin: number): number {
    const prior = PRIOR / priorPerSecond(bin);
    return ((this.#returns[bin] ?? 0) + PRIOR) / ((this.#seconds[bin] ?? 0) + prior);
  }

  /** The log of how much likelier a return is in this hour of the week than in others. */
  hour(slot: number): number {
    if (this.#totalSeconds === 0) return 0;
    const usual = this.#total / this.#totalSeconds;
    const returns = (this.#hourReturns[slot] ?? 0) + PRIOR_HOUR;
    const expected = (this.#hourSeconds[slot] ?? 0) * usual + PRIOR_HOUR;
    return Math.log(returns / expected);
  }

  #watchHours(
    since: number,
    part: { readonly start: number; readonly end: number; readonly returned: boolean },
  ): void {
    const end = since + part.end;
    let from = since + Math.max(LONG_IDLE, part.start, part.end - WEEK_SLOTS * HOUR);
    while (from < end) {
      const to = Math.min(end, (Math.floor(from / HOUR) + 1) * HOUR);
      const slot = Math.floor(from / HOUR) % WEEK_SLOTS;
      this.#hourSeconds[slot] = (this.#hourSeconds[slot] ?? 0) + to - from;
      this.#totalSeconds += to - from;
      from = to;
    }
    if (!part.returned) return;
    const slot = Math.floor(end / HOUR) % WEEK_SLOTS;
    this.#hourReturns[slot] = (this.#hourReturns[slot] ?? 0) + 1;
    this.#total += 1;
  }

  #forgetHalf(): void {
    fade(this.#counts, 0.5);
    this.#sumUp();
  }

  #sumUp(): void {
    const sum = (counts: Float32Array): number => counts.reduce((all, one) => all + one, 0);
    this.#sum = sum(this.#returns);
    this.#total = sum(this.#hourReturns);
    this.#totalSeconds = sum(this.#hourSeconds);
    this.revision += 1;
  }
}
