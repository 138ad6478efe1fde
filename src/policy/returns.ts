/**
 * The chance that an idle tenant is asked something again, second by second.
 *
 * A tenant is busy, then idle, then it returns. What is learned of it is a `Habit`; what is learned of
 * all tenants together is the `Population`, from which a new tenant starts. From both comes a hazard:
 * the chance a second that it returns now, given that it has not until now. It is made in two steps.
 *
 *   by idle age   (returns at this age + 1) / (idle seconds at this age + 1 / hazard of the fleet)
 *   × a factor    of what else is known: the tenant's pace, its session, its hours and days, its rhythms
 *
 * The idle time is cut into pieces: bins of idle age at first, later pieces of the clock, and always at
 * the edges of a rhythm's windows. In each, signs are read (`returns-signs.ts`) and weighed into the
 * factor (`returns-network.ts`). Past and present are all that is looked at; a piece takes 3 µs.
 */
import { type DurationMs, hours, later, ms, type Timestamp } from '../domain/units.ts';
import { AGE_ENDS, ageBin } from './returns-ages.ts';
import { decodeKnown, encodeKnown } from './returns-bytes.ts';
import { DayClock, fade } from './returns-clock.ts';
import { logFactor } from './returns-network.ts';
import { Pace } from './returns-pace.ts';
import { Population, type Watched } from './returns-population.ts';
import { Rhythm } from './returns-rhythm.ts';
import {
  DAY_MINUTE_SIGN,
  HOUR_MINUTE_SIGN,
  HOUR_SIGN,
  type Piece,
  RHYTHM_SIGN,
  readIdleSigns,
  readSigns,
  SIGNS,
  WEEKDAY_SIGN,
} from './returns-signs.ts';

export { Population };

/** What makes a chance as large or small as it is. */
export type ChanceReason = 'age' | 'rhythm' | 'minute' | 'hour' | 'weekday';

/** Up to which idle age the chance holds, and the chance a second of a return. The last one never ends. */
export type ChancePiece = {
  readonly until: DurationMs;
  readonly perSecond: number;
  readonly by: ChanceReason;
};

/** The idle time of a tenant that is looked at: since when, and until now. */
export type Idle = { readonly since: Timestamp; readonly now: Timestamp };

const HOUR = 3_600;
const DAY = 24 * HOUR;

/** Up to this age the floor of residency decides mostly; the chance goes by idle age alone. */
const SIMPLE_UNTIL = 60;

/** Up to which idle age the pieces are bins of age; from then on, pieces of the clock so long. */
const BINS_UNTIL = HOUR / 2;
function pieceLength(from: number): number {
  if (from < 6 * HOUR) return HOUR / 4;
  if (from < 4 * DAY) return HOUR / 2;
  if (from < 7 * DAY) return HOUR;
  return from < 14 * DAY ? 2 * HOUR : 6 * HOUR;
}

/** Pieces of the clock begin so long before the round hour, at which people and timers begin. */
const BEFORE_ROUND = 300;

/** The chance of which it is asked whether it came true; and how much of an idle time is asked of at once. */
const ASKED_WITHIN = hours(1);
const ASKED_MAX = hours(24);

/** Who is idle longer is not looked at more closely. */
const LOOKED_AT_MAX = 56 * DAY;

/** The log of the chance a second is kept within: nobody in a year or two, within seconds. */
const LOG_MIN = -18;
const LOG_MAX = -1;

/** What is learned of one tenant from its own idle times. */
export class Habit {
  readonly pace = new Pace();
  readonly clock = new DayClock();
  readonly rhythm = new Rhythm();
  /** Grows with all that is learned. */
  revision = 0;

  static decode(bytes: Uint8Array): Habit {
    const habit = new Habit();
    decodeKnown(bytes, habit);
    return habit;
  }

  /** 945 bytes. */
  encode(): Uint8Array {
    return encodeKnown(this);
  }

  /** A busy time begins: somebody asks something. */
  began(at: Timestamp): void {
    this.revision += 1;
    this.pace.begin(at / 1_000);
  }

  /** An idle time has ended at `at`, since somebody asked. Called before the `began` of the same moment. */
  returned(idleSince: Timestamp, at: Timestamp): void {
    this.revision += 1;
    const since = idleSince / 1_000;
    const end = Math.max(since, at / 1_000);
    const kept = this.clock.end(since, end);
    if (kept < 1) {
      fade(this.pace.returns, kept);
      fade(this.pace.seconds, kept);
    }
    const { beganAt } = this.pace;
    this.clock.mark(beganAt > 0 && beganAt < since ? beganAt : since, since);
    this.pace.end(end - since, end);
    this.rhythm.end(end - since);
  }
}

/** The chance of a return at each age of an idle time that began at `idleSince`, from an age on, lazily. */
export function* chances(
  habit: Habit,
  population: Population,
  idleSince: Timestamp,
  from: DurationMs = ms(0),
): Generator<ChancePiece> {
  const forecast = forecastOf(habit, population, idleSince, from);
  for (let i = 0; ; i += 1) {
    const piece = forecast.pieces[i] ?? extended(forecast, habit, population);
    if (piece.until > from) yield piece;
    if (piece.until === Number.POSITIVE_INFINITY) return;
  }
}

/** The chance that an idle tenant returns in the next `within`, corrected by what came of such chances in this fleet. */
export function chanceWithin(
  habit: Habit,
  population: Population,
  idle: Idle,
  within: DurationMs,
): number {
  return population.calibration.corrected(chanceUnchecked(habit, population, idle, within));
}

function chanceUnchecked(
  habit: Habit,
  population: Population,
  idle: Idle,
  within: DurationMs,
): number {
  const from = Math.max(0, idle.now - idle.since);
  const to = from + within;
  let start = 0;
  let expected = 0;
  for (const { until, perSecond } of chances(habit, population, idle.since, ms(from))) {
    const overlap = Math.min(until, to) - Math.max(start, from);
    if (overlap > 0) expected += (overlap / 1_000) * perSecond;
    if (until >= to) break;
    start = until;
  }
  return 1 - Math.exp(-expected);
}

/**
 * A tenant was watched in this part of its idle time, of which the fleet learns: how likely a return is, and whether
 * the chances that were given have come true. Called before the tenant's own habit learns of it.
 */
export function watchIdle(habit: Habit, population: Population, watched: Watched): void {
  askOfHour(habit, population, watched);
  population.watched(watched);
}

/** Asks of moments whose next hour is known by now, and was not when the tenant was watched last. */
function askOfHour(habit: Habit, population: Population, watched: Watched): void {
  const { calibration } = population;
  const { since, from, to, returned } = watched;
  const last = returned ? to : to - ASKED_WITHIN;
  const first = Math.max(0, from - ASKED_WITHIN, last - ASKED_MAX);
  if (last <= first) return;
  for (const ahead of calibration.questions((last - first) / 1_000)) {
    const age = first + ahead * 1_000;
    const idle = { since, now: later(since, ms(age)) };
    const chance = chanceUnchecked(habit, population, idle, ASKED_WITHIN);
    const came = returned && to - age <= ASKED_WITHIN;
    calibration.answer(later(since, to), chance, came);
  }
}

/** The pieces made so far of the idle time that was looked at last: it is asked again most of the time. */
type Forecast = {
  readonly habit: Habit;
  readonly habitRevision: number;
  readonly populationRevision: number;
  readonly idleSince: Timestamp;
  /** No piece is made that ends before this. */
  readonly from: DurationMs;
  readonly pieces: ChancePiece[];
  readonly sheet: Sheet;
};

/** Where signs are written, and of which idle time those are that hold for all of its pieces. */
type Sheet = { readonly signs: Float64Array; of: Forecast | null };

const lastForecasts = new WeakMap<Population, Forecast>();

function forecastOf(
  habit: Habit,
  population: Population,
  idleSince: Timestamp,
  from: DurationMs,
): Forecast {
  const last = lastForecasts.get(population);
  const { revision: habitRevision } = habit;
  const { revision: populationRevision } = population;
  if (
    last?.habit === habit &&
    last.idleSince === idleSince &&
    last.from <= from &&
    last.habitRevision === habitRevision &&
    last.populationRevision === populationRevision
  ) {
    return last;
  }
  const sheet = last?.sheet ?? { signs: new Float64Array(SIGNS), of: null };
  const revisions = { habitRevision, populationRevision };
  const forecast: Forecast = { habit, ...revisions, idleSince, from, pieces: [], sheet };
  lastForecasts.set(population, forecast);
  return forecast;
}

function extended(forecast: Forecast, habit: Habit, population: Population): ChancePiece {
  const { pieces, sheet, idleSince } = forecast;
  const since = idleSince / 1_000;
  const before = pieces.at(-1);
  const from = before === undefined ? firstPiece(forecast, habit) : before.until / 1_000;
  const to = pieceEnd(habit, since, from);
  const piece = { since, from, to };
  const log =
    from < SIMPLE_UNTIL
      ? logByAge(habit, population, piece)
      : logOf(forecast, habit, population, piece);
  const last = from >= LOOKED_AT_MAX;
  const made: ChancePiece = {
    until: ms(last ? Number.POSITIVE_INFINITY : to * 1_000),
    perSecond: Math.exp(Math.max(LOG_MIN, Math.min(LOG_MAX, log))),
    by: from < SIMPLE_UNTIL ? 'age' : reasonOf(sheet.signs),
  };
  pieces.push(made);
  return made;
}

/** Where the first piece begins that is looked at. Pieces are those of whoever looks from the beginning. */
function firstPiece({ idleSince, from }: Forecast, habit: Habit): number {
  const since = idleSince / 1_000;
  let start = clockEdge(since, from / 1_000);
  while (start < LOOKED_AT_MAX) {
    // To the millisecond, as the pieces are.
    const until = ms(pieceEnd(habit, since, start) * 1_000);
    if (until > from) break;
    start = until / 1_000;
  }
  return start;
}

/** An edge of the clock not long before an age, at which a piece begins; 0 where there is none. */
function clockEdge(since: number, from: number): number {
  const length = pieceLength(from);
  const at = since + from - length + BEFORE_ROUND;
  const edge = Math.floor(at / length) * length - BEFORE_ROUND - since;
  return edge > 6 * HOUR && pieceLength(edge) === length ? edge : 0;
}

/** The next edge after an age: of a bin or of the clock, or of a window of the tenant's rhythm. */
function pieceEnd({ rhythm }: Habit, since: number, from: number): number {
  let end = AGE_ENDS[ageBin(from + 1e-3)] ?? 0;
  if (from >= BINS_UNTIL) {
    const length = pieceLength(from);
    const at = since + from + BEFORE_ROUND;
    end = (Math.floor(at / length + 1e-6) + 1) * length - BEFORE_ROUND - since;
    if (end - from < 1) end += length;
  }
  return from < SIMPLE_UNTIL ? end : rhythm.edgeBetween(from, end);
}

function logByAge({ pace }: Habit, population: Population, { to }: Piece): number {
  const bin = ageBin(to);
  const at = pace.ages + bin;
  const prior = 1 / population.perSecond(bin);
  return Math.log(((pace.returns[at] ?? 0) + 1) / ((pace.seconds[at] ?? 0) + prior));
}

function logOf(forecast: Forecast, habit: Habit, population: Population, piece: Piece): number {
  const { sheet } = forecast;
  const { signs } = sheet;
  if (sheet.of !== forecast) {
    readIdleSigns(signs, habit, piece.since);
    sheet.of = forecast;
  }
  const base = readSigns(signs, habit, population, piece);
  return base + logFactor(signs);
}

/** The strongest sign beside age, if there is a strong one. */
function reasonOf(signs: Float64Array): ChanceReason {
  const strength = (sign: number): number => signs[sign] ?? 0;
  if (strength(RHYTHM_SIGN) > 1) return 'rhythm';
  if (Math.max(strength(DAY_MINUTE_SIGN), strength(HOUR_MINUTE_SIGN)) > 1) return 'minute';
  if (Math.abs(strength(WEEKDAY_SIGN)) > 1) return 'weekday';
  return Math.abs(strength(HOUR_SIGN)) > 0.5 ? 'hour' : 'age';
}
