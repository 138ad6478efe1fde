/**
 * What speaks for a return in a piece of an idle time, as numbers of a size with one another: the input
 * of `returns-network.ts`. Logs of ratios mostly, so that no tenant's scale matters: how much likelier
 * than for the fleet at this age, how much likelier than usual for it at this hour. No sign names a time
 * zone, a trace or a tenant.
 */
import { AGES, ageBin } from './returns-ages.ts';
import { DAY_SLOTS, type DayClock, RETURNS_KEPT, WEEK_SLOTS } from './returns-clock.ts';
import { BEGAN_OVER, CAME_OVER, type Pace } from './returns-pace.ts';
import { BLURRED, type Rhythm, SHARP } from './returns-rhythm.ts';

const HALF_HOUR = 1_800;
const HOUR = 3_600;
const DAY = 86_400;

/** Of a tenant that was never gone for long, the longest idle time counts as this. */
const LONGEST_LEAST = 900;

/** Where each group of signs begins. */
const BY_AGE = 0;
const BY_PACE = 9;
const BY_CLOCK = 31;
const BY_MINUTE = 41;
const BY_EVIDENCE = 43;
export const SIGNS = 49;

/** A sign of each group that may be given as the reason. */
export const RHYTHM_SIGN = BY_AGE + 6;
export const HOUR_SIGN = BY_CLOCK;
export const WEEKDAY_SIGN = BY_CLOCK + 3;
export const DAY_MINUTE_SIGN = BY_MINUTE;
export const HOUR_MINUTE_SIGN = BY_MINUTE + 1;

/** What is known of a tenant. */
export type Known = { readonly pace: Pace; readonly clock: DayClock; readonly rhythm: Rhythm };

/** What is known of the fleet. */
export type Fleet = {
  /** The chance a second of a return at this age. */
  perSecond(bin: number): number;
  /** The log of how much likelier a return is in this hour of the week than in others. */
  hour(slot: number): number;
};

/** A piece of an idle time: it began at `since`; the ages. All in seconds. */
export type Piece = { since: number; from: number; to: number };

const log = Math.log;

const clamp = (x: number, low: number, high: number): number => Math.max(low, Math.min(high, x));

/** Fills in the signs of a piece, besides those of the idle time. Says the log of the chance a second by idle age alone. */
export function readSigns(signs: Float64Array, known: Known, fleet: Fleet, piece: Piece): number {
  const base = readAge(signs, known, fleet, piece);
  readPace(signs, known.pace, piece);
  readClock(signs, known.clock, fleet, piece);
  readMinute(signs, known.clock, piece);
  readEvidence(signs, known, piece);
  return base;
}

function readAge(
  signs: Float64Array,
  { pace, rhythm }: Known,
  fleet: Fleet,
  { from, to }: Piece,
): number {
  const { returns, seconds, ages } = pace;
  const age = (from + to) / 2;
  const bin = ageBin(age);
  const fleetRate = fleet.perSecond(bin);
  let n = 0;
  let t = 0;
  let wideN = 0;
  let wideT = 0;
  for (let near = Math.max(0, bin - 1); near <= Math.min(AGES - 1, bin + 1); near += 1) {
    const nearN = (returns[near] ?? 0) + (returns[near + AGES] ?? 0);
    const nearT = (seconds[near] ?? 0) + (seconds[near + AGES] ?? 0);
    const weight = near === bin ? 2 : 1;
    wideN += weight * nearN;
    wideT += weight * nearT;
    if (near === bin) {
      n = nearN;
      t = nearT;
    }
  }
  const rate = (n + 1) / (t + 1 / fleetRate);
  const base = log(rate);
  const same = returns[ages + bin] ?? 0;
  const sameT = seconds[ages + bin] ?? 0;
  const logAge = log(age);
  const logFleet = log(fleetRate);
  signs[BY_AGE] = (logAge - 7.5) / 3;
  signs[BY_AGE + 1] = clamp((logAge - 4) / 2, 0, 2);
  signs[BY_AGE + 2] = clamp((logAge - 10) / 2, 0, 2);
  signs[BY_AGE + 3] = clamp(base - logFleet, -4, 4);
  signs[BY_AGE + 4] = (logFleet + 9) / 2;
  signs[BY_AGE + 5] = clamp(log((wideN + 1) / (wideT + 1 / fleetRate)) - base, -3, 3);
  signs[BY_AGE + 6] = clamp(log(rhythm.perSecond(from, to, SHARP, rate)) - base, -5, 5);
  signs[BY_AGE + 7] = clamp(log(rhythm.perSecond(from, to, BLURRED, rate)) - base, -4, 4);
  signs[BY_AGE + 8] = clamp(log((same + 2) / (sameT + 2 / rate)) - base, -3, 3);
  return base;
}

function readPace(signs: Float64Array, pace: Pace, { since, from, to }: Piece): void {
  const at = since + (from + to) / 2;
  const lived = Math.max(60, at - pace.first);
  let next = BY_PACE;
  next = readRates(signs, next, {
    pace,
    counts: pace.began,
    over: BEGAN_OVER,
    at,
    lived,
    usual: 8,
  });
  next = readRates(signs, next, { pace, counts: pace.came, over: CAME_OVER, at, lived, usual: 10 });
  const logAge = log((from + to) / 2);
  const last = log((pace.gaps[0] ?? 0) + 30);
  signs[next + 10] = (logAge - pace.meanQuick) / 3;
  signs[next + 11] = clamp((logAge - last) / 2, -3, 3);
  signs[next + 12] = clamp(logAge - 6.8, -1, 1);
}

/** Fills in the signs that are the same in all pieces of an idle time. */
export function readIdleSigns(signs: Float64Array, { pace, rhythm }: Known, since: number): void {
  const next = BY_PACE + BEGAN_OVER.length + CAME_OVER.length;
  signs[next] = (log((pace.gaps[0] ?? 0) + 30) - 6) / 3;
  signs[next + 1] = (log((pace.gaps[1] ?? 0) + 30) - 6) / 3;
  signs[next + 2] = (log((pace.gaps[2] ?? 0) + 30) - 6) / 3;
  signs[next + 3] = pace.longGap > 0 ? (log(pace.longGap) - 9) / 2 : 0;
  signs[next + 4] = (log(1 + pace.inSession) - 1.5) / 1.5;
  signs[next + 5] = (log(60 + Math.max(0, since - pace.sessionAt)) - 7) / 2;
  signs[next + 6] = (log(60 + clamp(since - pace.beganAt, 0, DAY)) - 5) / 2;
  signs[next + 7] = (pace.meanQuick - 6) / 2;
  signs[next + 8] = (pace.meanSlow - 6) / 2;
  signs[next + 9] = log(0.1 + pace.spread);
  signs[BY_EVIDENCE] = log(1 + Math.min(pace.total, 20_000)) / 3;
  signs[BY_EVIDENCE + 1] = log(1 + Math.min(pace.totalLong, 2_000)) / 2;
  signs[BY_EVIDENCE + 3] = rhythm.windows;
}

type Rates = {
  readonly pace: Pace;
  readonly counts: Float64Array;
  readonly over: Float64Array;
  readonly at: number;
  readonly lived: number;
  readonly usual: number;
};

function readRates(signs: Float64Array, start: number, rates: Rates): number {
  const { pace, counts, over, at, lived, usual } = rates;
  const passed = at - pace.countedAt;
  for (let i = 0; i < counts.length; i += 1) {
    const constant = over[i] ?? 1;
    const count = (counts[i] ?? 0) * left(passed / constant) + 0.1;
    const watched = constant * (1 - left(lived / constant));
    signs[start + i] = clamp(log(count / watched) + usual, -6, 7) / 2;
  }
  return start + counts.length;
}

/** What is left after so many time constants. Less than this makes no difference to any sum here. */
const left = (constants: number): number => (constants > 80 ? 0 : Math.exp(-constants));

function readClock(signs: Float64Array, clock: DayClock, fleet: Fleet, piece: Piece): void {
  const at = piece.since + (piece.from + piece.to) / 2;
  const usual = (clock.returns + 0.2) / (clock.seconds + 0.2 * DAY);
  const slot = Math.floor(at / HALF_HOUR);
  const half = slot % DAY_SLOTS;
  const { dayReturns: n, daySeconds: t, weekReturns, weekSeconds } = clock;
  const by = (list: Float32Array, ahead: number): number => list[(half + ahead) % DAY_SLOTS] ?? 0;
  const nearN = 2 * by(n, 0) + by(n, 1) + by(n, DAY_SLOTS - 1);
  const nearT = 2 * by(t, 0) + by(t, 1) + by(t, DAY_SLOTS - 1);
  const hourly = log((nearN + 2) / (nearT * usual + 2));
  const hour = Math.floor(at / HOUR) % WEEK_SLOTS;
  const after = (hour + 1) % WEEK_SLOTS;
  const before = (hour + WEEK_SLOTS - 1) % WEEK_SLOTS;
  const hourN =
    2 * (weekReturns[hour] ?? 0) + (weekReturns[after] ?? 0) + (weekReturns[before] ?? 0);
  const hourT =
    2 * (weekSeconds[hour] ?? 0) + (weekSeconds[after] ?? 0) + (weekSeconds[before] ?? 0);
  signs[BY_CLOCK] = clamp(hourly, -4, 4);
  signs[BY_CLOCK + 1] = clamp(log((by(n, 0) + 0.5) / (by(t, 0) * usual + 0.5)), -4, 4);
  const soon = log((by(n, 1) + by(n, 2) + 1) / ((by(t, 1) + by(t, 2)) * usual + 1));
  signs[BY_CLOCK + 2] = clamp(soon, -4, 4);
  const usualHere = usual * Math.exp(hourly);
  signs[BY_CLOCK + 3] = clamp(log((hourN + 2) / (hourT * usualHere + 2)), -3, 3);
  signs[BY_CLOCK + 4] = fleet.hour(hour);
  signs[BY_CLOCK + 5] = weekday(clock, hour, usual);
  readDays(signs, clock, slot);
}

/** How much likelier it returns on this day of the week than on others. */
function weekday(clock: DayClock, hour: number, usual: number): number {
  const start = hour - (hour % 24);
  let returns = 2;
  let expected = 2;
  for (let i = start; i < start + 24; i += 1) {
    returns += clock.weekReturns[i] ?? 0;
    expected += (clock.weekSeconds[i] ?? 0) * usual;
  }
  return clamp(log(returns / expected), -3, 3);
}

/** Whether it was busy at this time yesterday, about then, a week ago, and on how many of seven days. */
function readDays(signs: Float64Array, clock: DayClock, slot: number): void {
  const yesterday = slot - DAY_SLOTS;
  const weekAgo = slot - 7 * DAY_SLOTS;
  const then = BY_CLOCK + 6;
  signs[then] = clock.wasBusy(yesterday);
  signs[then + 1] = Math.max(clock.wasBusy(yesterday - 1), clock.wasBusy(yesterday + 1));
  signs[then + 2] = Math.max(
    clock.wasBusy(weekAgo),
    clock.wasBusy(weekAgo - 1),
    clock.wasBusy(weekAgo + 1),
  );
  let days = 0;
  for (let day = 1; day <= 7; day += 1) days += clock.wasBusy(slot - day * DAY_SLOTS);
  signs[then + 3] = days / 3;
}

/** How many of the last returns were at these minutes of the day, and at these of the hour. */
function readMinute(signs: Float64Array, clock: DayClock, { since, from, to }: Piece): void {
  const start = since + from;
  const length = Math.min(to - from, HALF_HOUR);
  const kept = Math.min(clock.came, RETURNS_KEPT);
  let ofDay = 0;
  let ofHour = 0;
  for (let i = 0; i < kept; i += 1) {
    const ahead = (clock.cameAt[i] ?? 0) - start;
    const inDay = ahead - DAY * Math.floor(ahead / DAY);
    const inHour = inDay - HOUR * Math.floor(inDay / HOUR);
    if (inDay < length + 150 || inDay > DAY - 150) ofDay += 1;
    if (inHour < length + 75 || inHour > HOUR - 75) ofHour += 1;
  }
  const byChance = (kept * (length + 300)) / DAY;
  const byChanceInHour = kept * Math.min(1, (length + 150) / HOUR);
  signs[BY_MINUTE] = clamp(log((ofDay + 0.3) / (byChance + 0.3)), -2, 5) / 2;
  signs[BY_MINUTE + 1] = clamp(log((ofHour + 0.5) / (byChanceInHour + 0.5)), -2, 5) / 2;
}

/** How much there is to judge by, and whether it has been gone for longer than ever. */
function readEvidence(signs: Float64Array, { pace }: Known, piece: Piece): void {
  const age = (piece.from + piece.to) / 2;
  const lived = clamp(piece.since + piece.to - pace.first, 60, 120 * DAY);
  signs[BY_EVIDENCE + 2] = (log(lived) - 12) / 2;
  signs[BY_EVIDENCE + 4] = clamp(log(age / Math.max(LONGEST_LEAST, pace.longest)), -4, 4) / 2;
  signs[BY_EVIDENCE + 5] = clamp(log(age / lived), -6, 0) / 2;
}
