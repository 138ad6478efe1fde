/**
 * Whether the chances that are given come true in this fleet, and what they are corrected by where they do not.
 *
 * Now and then a question is asked whose answer is known by now: what chance was a tenant given to return within the
 * hour, and did it? By the log odds of the chance, at nine knots, what was said and what came are summed up.
 *
 *   shift of a knot = log odds of (said + trust × (came - said)) - log odds of said
 *   trust           = 1 - DOUBT × Σ (came - said)² of each hour / (came - said)² of all hours, at least 0
 *
 * Tenants do not act one by one: hundreds of functions of one application, or all of a fleet at noon, come at once, and
 * one such hour makes thousands of answers wrong in the same way. So hours count as evidence, and not answers: nothing is
 * corrected before the mean of the hours is two and a half times as far from nought as by chance. Corrections keep the order
 * of chances.
 *
 * Counts are halved in a month. At most 1,000 questions are asked an hour at first and 100 later, however large the
 * fleet is; a question takes 20 us.
 */
import type { Timestamp } from '../domain/units.ts';

const KNOTS = 9;
const FIRST = -5;
const STEP = 1.25;

/** Some two and a half standard errors, squared. */
const DOUBT = 7;

/** Answers as were said that each knot begins with. */
const PRIOR = 100;

const KEPT_IN_HOUR = 0.5 ** (1 / (30 * 24));

/** Questions an hour of a fleet of which little is known, and from so many answers on. */
const EAGER = 1_000;
const STEADY = 100;
const KNOWN = 30_000;
const APART_LEAST = 900;

/** A correction takes back at most this part of the way from knot to knot. */
const BACK_MAX = 0.9 * STEP;

const SPREAD = 0.618_034;
const HOUR_MS = 3_600_000;
const HOUR_MAX = 1e7;

/** A clock that is so far behind has been set back, and hours go on from there. */
const BACK_HOURS = 24;

const PARTS = 5 * KNOTS + 1;

/** 184. */
export const CALIBRATION_BYTES = 4 * PARTS;

const logOdds = (chance: number): number => Math.log(chance / (1 - chance));
const chanceOf = (odds: number): number => 1 / (1 + Math.exp(-odds));

export class Calibration {
  readonly #all = new Float32Array(PARTS);
  readonly #asked = this.#all.subarray(0, KNOTS);
  readonly #said = this.#all.subarray(KNOTS, 2 * KNOTS);
  /** Came less said: of all hours, of the open one, and the sum of the squares of those that have ended. */
  readonly #off = this.#all.subarray(2 * KNOTS, 3 * KNOTS);
  readonly #offOpen = this.#all.subarray(3 * KNOTS, 4 * KNOTS);
  readonly #squares = this.#all.subarray(4 * KNOTS, 5 * KNOTS);
  /** The open hour, since 1970. */
  readonly #hour = this.#all.subarray(5 * KNOTS);
  readonly #shifts = new Float64Array(KNOTS);
  /** Seconds of idle time from one question to the next, and until the next one. */
  #apart = APART_LEAST;
  #wait = APART_LEAST;
  #turn = 0;
  #told = 0;

  /** Takes what was encoded; says whether it can be that. */
  read(bytes: Uint8Array): boolean {
    const parts = new Float32Array(Uint8Array.from(bytes).buffer);
    if (!parts.every(Number.isFinite) || (parts.at(-1) ?? 0) > HOUR_MAX) return false;
    const counts = [...parts.subarray(0, 2 * KNOTS), ...parts.subarray(4 * KNOTS)];
    if (counts.some((count) => count < 0)) return false;
    this.#all.set(parts);
    this.#settle();
    return true;
  }

  encode(): Uint8Array {
    return new Uint8Array(this.#all.slice().buffer);
  }

  /** Where in the next so many seconds of idle time, of whomever, questions are to be asked. */
  *questions(seconds: number): Generator<number> {
    this.#told += seconds;
    let at = this.#wait;
    for (; at <= seconds; at += this.#apart * (0.5 + ((this.#turn * SPREAD) % 1))) {
      this.#turn += 1;
      yield at;
    }
    this.#wait = at - seconds;
  }

  /** What came of a chance, and when that was known. */
  answer(at: Timestamp, chance: number, came: boolean): void {
    this.#closeUntil(Math.floor(at / HOUR_MS));
    const off = (came ? 1 : 0) - chance;
    const place = placeOf(chance);
    const knot = Math.min(KNOTS - 2, Math.floor(place));
    for (let i = 0; i < 2; i += 1) {
      const share = i === 0 ? knot + 1 - place : place - knot;
      this.#asked[knot + i] = (this.#asked[knot + i] ?? 0) + share;
      this.#said[knot + i] = (this.#said[knot + i] ?? 0) + share * chance;
      this.#off[knot + i] = (this.#off[knot + i] ?? 0) + share * off;
      this.#offOpen[knot + i] = (this.#offOpen[knot + i] ?? 0) + share * off;
    }
  }

  corrected(chance: number): number {
    const place = placeOf(chance);
    const knot = Math.min(KNOTS - 2, Math.floor(place));
    const part = place - knot;
    const shift = (1 - part) * (this.#shifts[knot] ?? 0) + part * (this.#shifts[knot + 1] ?? 0);
    return shift === 0 ? chance : chanceOf(logOdds(chance) + shift);
  }

  /** Takes in what another one has learned. */
  merge(other: Calibration): void {
    const hour = Math.max(this.#hour[0] ?? 0, other.#hour[0] ?? 0);
    this.#closeUntil(hour);
    for (let i = 0; i < PARTS - 1; i += 1) {
      this.#all[i] = (this.#all[i] ?? 0) + (other.#all[i] ?? 0);
    }
    this.#settle();
  }

  #closeUntil(hour: number): void {
    const ahead = hour - (this.#hour[0] ?? 0);
    if (ahead <= 0 && ahead > -BACK_HOURS) return;
    const passed = Math.max(1, ahead);
    this.#hour[0] = hour;
    const kept = KEPT_IN_HOUR ** passed;
    for (let knot = 0; knot < KNOTS; knot += 1) {
      const squares = (this.#squares[knot] ?? 0) + (this.#offOpen[knot] ?? 0) ** 2;
      this.#squares[knot] = squares * kept ** 2;
      this.#offOpen[knot] = 0;
      this.#asked[knot] = (this.#asked[knot] ?? 0) * kept;
      this.#said[knot] = (this.#said[knot] ?? 0) * kept;
      this.#off[knot] = (this.#off[knot] ?? 0) * kept;
    }
    const answers = this.#asked.reduce((sum, asked) => sum + asked, 0);
    const most = answers < KNOWN ? EAGER : STEADY;
    this.#apart = Math.max(APART_LEAST, this.#told / passed / most);
    this.#told = 0;
    this.#settle();
  }

  /** Makes the shifts from the counts. */
  #settle(): void {
    let least = Number.NEGATIVE_INFINITY;
    for (let knot = 0; knot < KNOTS; knot += 1) {
      const asked = (this.#asked[knot] ?? 0) + PRIOR;
      const usual = PRIOR * chanceOf(FIRST + knot * STEP);
      const said = within(((this.#said[knot] ?? 0) + usual) / asked);
      const off = this.#off[knot] ?? 0;
      const byChance = (this.#squares[knot] ?? 0) + (this.#offOpen[knot] ?? 0) ** 2 + 1;
      const trust = off === 0 ? 0 : Math.max(0, 1 - (DOUBT * byChance) / off ** 2);
      const shift = trust === 0 ? 0 : logOdds(within(said + (trust * off) / asked)) - logOdds(said);
      this.#shifts[knot] = Math.max(shift, least - BACK_MAX);
      least = this.#shifts[knot] ?? 0;
    }
  }
}

/** Between which knots: 0 is the first, KNOTS - 1 the last. */
const placeOf = (chance: number): number =>
  Math.max(0, Math.min(KNOTS - 1, (logOdds(chance) - FIRST) / STEP));

const within = (chance: number): number => Math.max(1e-4, Math.min(1 - 1e-4, chance));
