/**
 * The pattern of one tenant's use: when it works, how much, and how its data grow.
 *
 * It is told of each minute in which something was asked, and of the size of the data now and then. Hours
 * close behind it by themselves: what nobody reports was idle. From that it learns
 *
 *   the week     mean activity of each of the 168 hours of the week, half of it gone after 2.4 weeks
 *   the day      chance of any use in each of the 24 hours, and where in the hour use begins
 *   the last     24 hours in minutes, 168 hours in classes, 14 days in queries and in bytes
 *
 * All hours are UTC: a tenant's time zone is nothing but a shift of its profile (`pattern-metrics.ts` guesses
 * it, for people to read). Memory and encoding are the same 488 bytes (`pattern-state.ts`); a minute costs
 * 0.1 us, an hour that closes less.
 */
import type { Timestamp } from '../domain/units.ts';
import {
  BEGUN,
  CONFIDENCE_FIRST,
  COUNT,
  countCode,
  DAYS_KEPT,
  HOURS_OF_DAY,
  HOURS_OF_WEEK,
  MEAN,
  NUMBER,
  type PatternState,
  patternState,
  sizeCode,
  VERSION,
} from './pattern-state.ts';

export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;

/** What a tenant did in one minute; a minute without anything is not reported. */
export type MinuteOfUse = {
  /** Any moment of the minute. */
  readonly minute: Timestamp;
  readonly queries: number;
  /** How many of the queries were people's; what robots ask teaches nothing about when people come. */
  readonly people: number;
  /** Most sessions that were open at once. */
  readonly sessions: number;
  readonly errors: number;
  readonly transactions: number;
  /** Bytes that went to the clients. */
  readonly bytes: number;
  /** Mean time of a query. */
  readonly latencyMs: number;
};

/** Classes of an hour by its minutes in use: none, below 15, below 54, and the rest. */
export type HourClass = 0 | 1 | 2 | 3;

export const hourClass = (minutes: number): HourClass =>
  minutes === 0 ? 0 : minutes < 15 ? 1 : minutes < 54 ? 2 : 3;

/** A tenant that was away for longer starts afresh: nothing of its profile would be left. */
const GAP_MAX_HOURS = 8 * HOURS_OF_WEEK;

/** The least part that a new week, day or minute has in its mean. */
const WEEK_SHARE = 0.25;
const DAY_SHARE = 0.1;
const HOUR_SHARE = 1 / HOURS_OF_WEEK;
const MINUTE_SHARE = 1 / 240;
const GAP_SHARE = 0.2;

const GAP_MIN_MINUTES = 30;
const GAP_SPREAD_FIRST = 0.7;

/** From this chance on an hour is expected to be used; and how much one that was counts in the confidence. */
const BEGIN_CHANCE = 0.5;
const CONFIDENCE_SHARE = 0.2;

export class Pattern {
  /** For this room only: what is learned, to be read. */
  readonly state: PatternState;

  constructor(state: PatternState = patternState()) {
    this.state = state;
  }

  /** Bytes that this did not write give a fresh pattern. */
  static decode(bytes: Uint8Array): Pattern {
    return new Pattern(patternState(bytes));
  }

  encode(): Uint8Array {
    return this.state.all.slice();
  }

  /** Whether anything was ever reported. */
  get isFresh(): boolean {
    return (this.state.counts[COUNT.version] ?? 0) < BEGUN;
  }

  /** Minutes come in order; one that is late by more than an hour is left out, unless the clock has been set back by months. */
  add(use: MinuteOfUse): void {
    const { counts, means } = this.state;
    const minute = Math.floor(use.minute / MINUTE_MS);
    const hour = Math.floor(minute / 60);
    if (this.isFresh) this.#begin(hour);
    this.#closeUntil(hour);
    if ((counts[COUNT.hour] ?? 0) - hour > GAP_MAX_HOURS) this.#forget(hour);
    const late = (counts[COUNT.hour] ?? 0) - hour;
    if (late > 1) return;
    if (use.people > 0) {
      this.#learnGap(minute - (counts[COUNT.lastMinute] ?? 0));
      setBit(counts, late === 1 ? COUNT.beforeLow : COUNT.openLow, minute % 60);
      counts[COUNT.lastMinute] = Math.max(counts[COUNT.lastMinute] ?? 0, minute);
    }
    means[MEAN.hourQueries] = (means[MEAN.hourQueries] ?? 0) + use.queries;
    means[MEAN.dayQueries] = (means[MEAN.dayQueries] ?? 0) + use.queries;
    this.#learnMeans(use);
  }

  /** The size of the data at a time; the last of a day counts. */
  size(at: Timestamp, bytes: number): void {
    const { numbers, sizes } = this.state;
    const day = dayOf(at);
    const last = numbers[NUMBER.sizeDay] ?? 0;
    if (day < last) return;
    for (let gone = Math.max(last + 1, day - DAYS_KEPT + 1); gone < day; gone++) {
      sizes[gone % DAYS_KEPT] = 0;
    }
    sizes[day % DAYS_KEPT] = sizeCode(bytes);
    numbers[NUMBER.sizeDay] = day;
  }

  /** Closes the hours that have ended by `now`. Whoever reads the pattern does that first. */
  advance(now: Timestamp): void {
    if (!this.isFresh) this.#closeUntil(Math.floor(now / HOUR_MS));
  }

  #begin(hour: number): void {
    this.state.counts[COUNT.version] = BEGUN + VERSION;
    this.state.counts[COUNT.firstHour] = hour;
    this.state.counts[COUNT.hour] = hour;
  }

  #closeUntil(hour: number): void {
    const { counts } = this.state;
    if (hour - (counts[COUNT.hour] ?? 0) > GAP_MAX_HOURS) this.#forget(hour);
    while ((counts[COUNT.hour] ?? 0) < hour) this.#closeHour();
  }

  /** Behind a long absence only the size of the data and what was reported are kept. */
  #forget(hour: number): void {
    const { all, counts, means, numbers, sizes } = this.state;
    const kept = [numbers.slice(), sizes.slice(), counts.slice()] as const;
    all.fill(0);
    numbers.set(kept[0]);
    sizes.set(kept[1]);
    counts[COUNT.lastMinute] = kept[2][COUNT.lastMinute] ?? 0;
    means[MEAN.prewarmConfidence] = CONFIDENCE_FIRST;
    this.#begin(hour);
  }

  #closeHour(): void {
    const { counts, means, dayMinutes, dayQueries } = this.state;
    const hour = counts[COUNT.hour] ?? 0;
    const minutes = this.openMinutes;
    this.#learnConfidence(hour, minutes);
    this.#learnHour(hour, minutes);
    dayMinutes[hour % HOURS_OF_DAY] = minutes;
    dayQueries[hour % HOURS_OF_DAY] = countCode(means[MEAN.hourQueries] ?? 0);
    means[MEAN.hourQueries] = 0;
    if (hour % HOURS_OF_DAY === HOURS_OF_DAY - 1) this.#closeDay(Math.floor(hour / HOURS_OF_DAY));
    counts[COUNT.beforeLow] = counts[COUNT.openLow] ?? 0;
    counts[COUNT.beforeHigh] = counts[COUNT.openHigh] ?? 0;
    counts[COUNT.openLow] = 0;
    counts[COUNT.openHigh] = 0;
    counts[COUNT.hour] = hour + 1;
  }

  /** Whether somebody came whenever a time of use was expected to begin. */
  #learnConfidence(hour: number, minutes: number): void {
    const { counts, means } = this.state;
    if (counts[COUNT.beforeLow] !== 0 || counts[COUNT.beforeHigh] !== 0) return;
    if (!this.mayBegin(hour)) return;
    mix(means, MEAN.prewarmConfidence, minutes > 0 ? 1 : 0, CONFIDENCE_SHARE);
  }

  #closeDay(day: number): void {
    const { means, dailyQueries } = this.state;
    dailyQueries[day % DAYS_KEPT] = countCode(means[MEAN.dayQueries] ?? 0);
    means[MEAN.dayQueries] = 0;
  }

  #learnHour(hour: number, minutes: number): void {
    const { counts, means, week, weekClasses, dayChance } = this.state;
    const age = hour - (counts[COUNT.firstHour] ?? 0);
    const level = Math.sqrt(minutes / 60);
    const share = Math.max(HOUR_SHARE, 1 / (age + 1));
    const residue = age === 0 ? 0 : level - this.weekLevel(hour);
    const deviation = age === 0 ? 0 : level - (means[MEAN.level] ?? 0);
    mix(means, MEAN.residue, residue * residue, share);
    mix(means, MEAN.variance, deviation * deviation, share);
    mix(means, MEAN.level, level, share);
    const cell = hour % HOURS_OF_WEEK;
    const weekShare = Math.max(WEEK_SHARE, 1 / (Math.floor(age / HOURS_OF_WEEK) + 1));
    mix(week, cell, level * 255, weekShare);
    const ofDay = hour % HOURS_OF_DAY;
    const dayShare = Math.max(DAY_SHARE, 1 / (Math.floor(age / HOURS_OF_DAY) + 1));
    mix(dayChance, ofDay, minutes > 0 ? 255 : 0, dayShare);
    if (minutes > 0) this.#learnOnset(ofDay);
    const at = (cell & 3) * 2;
    weekClasses[cell >> 2] =
      ((weekClasses[cell >> 2] ?? 0) & ~(3 << at)) | (hourClass(minutes) << at);
  }

  /** Where use begins, when the hour before was idle: a low quantile, to be ready for the early ones. */
  #learnOnset(ofDay: number): void {
    const { counts, onsets } = this.state;
    if (counts[COUNT.beforeLow] !== 0 || counts[COUNT.beforeHigh] !== 0) return;
    const first = firstBit(counts[COUNT.openLow] ?? 0, counts[COUNT.openHigh] ?? 0) >> 2;
    const known = this.#onset(ofDay);
    const next =
      first < known ? known - Math.ceil((known - first) / 2) : known + (first > known ? 1 : 0);
    const at = (ofDay & 1) * 4;
    onsets[ofDay >> 1] = ((onsets[ofDay >> 1] ?? 0) & ~(15 << at)) | (next << at);
  }

  /** Idle times of half an hour and more: how long they are, and how much alike. */
  #learnGap(gap: number): void {
    const { counts, means } = this.state;
    if (gap < GAP_MIN_MINUTES || counts[COUNT.lastMinute] === 0) return;
    const length = Math.log(gap);
    const isFirst = means[MEAN.lastGap] === 0;
    const deviation = isFirst ? GAP_SPREAD_FIRST : Math.abs(length - (means[MEAN.gap] ?? 0));
    mix(means, MEAN.gapSpread, deviation, isFirst ? 1 : GAP_SHARE);
    mix(means, MEAN.gap, length, isFirst ? 1 : GAP_SHARE);
    means[MEAN.lastGap] = length;
  }

  #onset(ofDay: number): number {
    return ((this.state.onsets[ofDay >> 1] ?? 0) >> ((ofDay & 1) * 4)) & 15;
  }

  #learnMeans(use: MinuteOfUse): void {
    const { means } = this.state;
    if (use.queries <= 0) return;
    const isFirst = (means[MEAN.sessions] ?? 0) === 0;
    const share = isFirst ? 1 : MINUTE_SHARE;
    const rate = Math.log1p(use.queries);
    if (isFirst) means[MEAN.rateSpread] = 1;
    else mix(means, MEAN.rateSpread, Math.abs(rate - (means[MEAN.rate] ?? 0)), share);
    mix(means, MEAN.rate, rate, share);
    mix(means, MEAN.latencyMs, use.latencyMs, share);
    mix(means, MEAN.bytesPerQuery, use.bytes / use.queries, share);
    mix(means, MEAN.queriesPerTransaction, use.queries / Math.max(1, use.transactions), share);
    mix(means, MEAN.errorShare, use.errors / use.queries, share);
    mix(means, MEAN.peopleShare, Math.min(1, use.people / use.queries), share);
    mix(means, MEAN.sessions, Math.max(1, use.sessions), share);
  }

  /** What the week's profile expects of an hour, 0 to 1; hours it has not seen yet are as those of other days. */
  weekLevel(hour: number): number {
    const { counts, means, week } = this.state;
    const open = counts[COUNT.hour] ?? 0;
    const seen = open - (counts[COUNT.firstHour] ?? 0);
    if (seen >= HOURS_OF_WEEK) return (week[hour % HOURS_OF_WEEK] ?? 0) / 255;
    let sum = 0;
    let days = 0;
    for (let back = HOURS_OF_DAY; back <= seen + (hour - open); back += HOURS_OF_DAY, days++) {
      sum += week[(hour - back) % HOURS_OF_WEEK] ?? 0;
    }
    return days === 0 ? (means[MEAN.level] ?? 0) : sum / days / 255;
  }

  /** Chance that anybody comes in an hour: that of its hour of the day, of late, times what its weekday has to do with it. */
  hourChance(hour: number): number {
    const chance = (this.state.dayChance[hour % HOURS_OF_DAY] ?? 0) / 255;
    if (chance === 0) return 0;
    let days = 0;
    for (let day = 0; day < 7; day++) days += this.weekLevel(hour + day * HOURS_OF_DAY) / 7;
    return days === 0 ? 0 : Math.min(1, (chance * this.weekLevel(hour)) / days);
  }

  /** Whether a time of use is expected to begin in this hour. */
  mayBegin(hour: number): boolean {
    return this.hourChance(hour) >= BEGIN_CHANCE;
  }

  /** The minute of this hour of the day at which use begins, as far as is known. */
  onsetMinute(hour: number): number {
    return this.#onset(hour % HOURS_OF_DAY) * 4;
  }

  /** Minutes in use in the open hour. */
  get openMinutes(): number {
    const { counts } = this.state;
    return bitsIn(counts[COUNT.openLow] ?? 0) + bitsIn(counts[COUNT.openHigh] ?? 0);
  }

  /** Minutes in use in the last 24 hours that have closed: `back` 1 is the hour before the open one. */
  minutesBack(back: number): number {
    const hour = (this.state.counts[COUNT.hour] ?? 0) - back;
    return hour < 0 || back > HOURS_OF_DAY ? 0 : (this.state.dayMinutes[hour % HOURS_OF_DAY] ?? 0);
  }

  /** Class of one of the last 168 closed hours. */
  classBack(back: number): HourClass {
    const hour = (this.state.counts[COUNT.hour] ?? 0) - back;
    const first = this.state.counts[COUNT.firstHour] ?? 0;
    if (hour < first || back > HOURS_OF_WEEK) return 0;
    const cell = hour % HOURS_OF_WEEK;
    return (((this.state.weekClasses[cell >> 2] ?? 0) >> ((cell & 3) * 2)) & 3) as HourClass;
  }

  /** Minutes in use among the last `span` (at most 60) before `now`, whatever the hour. */
  recentMinutes(now: Timestamp, span: number): number {
    const { counts } = this.state;
    const into = Math.floor(now / MINUTE_MS) - (counts[COUNT.hour] ?? 0) * 60;
    const from = Math.max(0, into - span);
    const open = bitsBetween(counts, COUNT.openLow, from, into);
    return into >= span
      ? open
      : open + bitsBetween(counts, COUNT.beforeLow, 60 - (span - into), 60);
  }
}

export const dayOf = (at: Timestamp): number => Math.floor(at / HOUR_MS / HOURS_OF_DAY);

/** Moves a mean towards a value by this share of the way. */
export function mix(
  means: Float32Array | Uint8Array,
  at: number,
  value: number,
  share: number,
): void {
  const old = means[at] ?? 0;
  const next = old + (value - old) * share;
  means[at] = means instanceof Uint8Array ? Math.round(next) : next;
}

function setBit(counts: Uint32Array, low: number, minute: number): void {
  const word = low + (minute >> 5);
  counts[word] = ((counts[word] ?? 0) | (1 << (minute & 31))) >>> 0;
}

function bitsBetween(counts: Uint32Array, low: number, from: number, to: number): number {
  let bits = 0;
  for (let minute = Math.max(0, from); minute < Math.min(60, to); minute++) {
    bits += ((counts[low + (minute >> 5)] ?? 0) >>> (minute & 31)) & 1;
  }
  return bits;
}

function bitsIn(word: number): number {
  let rest = word - ((word >>> 1) & 0x55555555);
  rest = (rest & 0x33333333) + ((rest >>> 2) & 0x33333333);
  return (((rest + (rest >>> 4)) & 0x0f0f0f0f) * 0x01010101) >>> 24;
}

/** The first minute of an hour with use, of one that has any. */
const firstBit = (low: number, high: number): number =>
  low === 0 ? 32 + trailing(high) : trailing(low);

const trailing = (word: number): number => 31 - Math.clz32(word & -word);
