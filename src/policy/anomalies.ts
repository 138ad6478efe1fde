/**
 * What a tenant does that it does not do: found from its pattern, minute by minute and day by day.
 *
 *   spike     more queries this hour than half of its busiest day in two weeks, and four times its busiest hour in a day
 *   dayOff    people at work on a day of the week on which nobody has been in weeks
 *   drop      nearly nothing for three days, where the same days a week before were busy like the others
 *   poller    a robot that asks often and always alike, for two hours on end
 *   growth    a day in which the data grow by a fifth, and far more than on any other of late
 *
 * Each is reported once, and again only after a while. All compare with what the tenant itself did: nobody is unusual for being
 * large. Ask before the pattern is told of the minute.
 */
import type { Finding } from '../domain/policy-view.ts';
import { type Timestamp, timestamp } from '../domain/units.ts';
import { dayOf, HOUR_MS, type MinuteOfUse, type Pattern } from './pattern.ts';
import { localDay, median } from './pattern-metrics.ts';
import {
  COUNT,
  countOf,
  DAYS_KEPT,
  HOURS_OF_DAY,
  HOURS_OF_WEEK,
  MEAN,
  NUMBER,
  sizeOf,
} from './pattern-state.ts';

const KINDS = ['spike', 'dayOff', 'drop', 'poller', 'growth'] as const;

export type AnomalyKind = (typeof KINDS)[number];

/** What the policy does about it, or leaves to people. */
export type AnomalyEffect = 'fast track to HOT' | 'warm on such days' | 'look at the tier' | 'none';

export type Anomaly = {
  readonly kind: AnomalyKind;
  readonly at: Timestamp;
  readonly severity: Finding['severity'];
  readonly numbers: Readonly<Record<string, number>>;
  /** One sentence for people, with the numbers in it and what follows. */
  readonly says: string;
  readonly effect: AnomalyEffect;
};

/** Days for which the same is not reported again. */
const AGAIN_AFTER_DAYS: Readonly<Record<AnomalyKind, number>> = {
  spike: 30,
  dayOff: 60,
  drop: 60,
  poller: 30,
  growth: 30,
};

const SPIKE = { hours: 72, queriesMin: 200, ofBusiestHour: 4, ofBusiestDay: 0.5 } as const;
const DAY_OFF = { weeksMin: 3, daysAtWorkMin: 4, levelMin: 0.1, minutesMin: 10 } as const;
const DROP = { days: 3, left: 0.05, queriesMin: 100, busyPart: 0.25, busyDaysMin: 5 } as const;
const POLLER = { perMinuteMin: 30, minutes: 120, spread: 0.15, peopleMax: 0.02 } as const;
const GROWTH = { part: 0.2, bytesMin: 100_000_000, ofUsual: 5, daysMin: 5 } as const;
const CRITICAL_GROWTH = 1;

/** What this minute of use makes unusual. */
export function anomaliesOfMinute(pattern: Pattern, use: MinuteOfUse): readonly Anomaly[] {
  pattern.advance(use.minute);
  if (pattern.isFresh) return [];
  return reported(pattern, use.minute, [
    spike(pattern, use),
    dayOff(pattern, use),
    poller(pattern, use),
  ]);
}

/** What the last days make unusual; to be asked once a day, used or not. */
export function anomaliesOfDay(pattern: Pattern, now: Timestamp): readonly Anomaly[] {
  pattern.advance(now);
  if (pattern.isFresh) return [];
  return reported(pattern, now, [drop(pattern, now), growth(pattern, now)]);
}

/** As the product shows it. */
export const findingOf = ({ at, severity, says }: Anomaly): Finding => ({
  at,
  severity,
  text: says,
});

function reported(
  { state: { numbers } }: Pattern,
  at: Timestamp,
  found: readonly (Anomaly | null)[],
): readonly Anomaly[] {
  return found.filter((anomaly): anomaly is Anomaly => {
    if (anomaly === null) return false;
    const slot = NUMBER.reported + KINDS.indexOf(anomaly.kind);
    const last = numbers[slot] ?? 0;
    if (last > 0 && dayOf(at) - last < AGAIN_AFTER_DAYS[anomaly.kind]) return false;
    numbers[slot] = dayOf(at);
    return true;
  });
}

const ageOf = ({ state: { counts } }: Pattern): number =>
  (counts[COUNT.hour] ?? 0) - (counts[COUNT.firstHour] ?? 0);

function spike(pattern: Pattern, { minute, queries }: MinuteOfUse): Anomaly | null {
  const { means, dayQueries, dailyQueries } = pattern.state;
  const now = (means[MEAN.hourQueries] ?? 0) + queries;
  if (ageOf(pattern) < SPIKE.hours || now < SPIKE.queriesMin) return null;
  const hour = countOf(Math.max(...dayQueries));
  const day = countOf(Math.max(...dailyQueries));
  if (now < SPIKE.ofBusiestHour * hour || now < SPIKE.ofBusiestDay * day) return null;
  return {
    kind: 'spike',
    at: minute,
    severity: now > 2 * day ? 'critical' : 'warning',
    numbers: { thisHour: round(now), busiestHour: round(hour), busiestDay: round(day) },
    says: `${round(now)} queries within this hour, where the busiest of the last day had ${round(hour)} and the busiest day of two weeks ${round(day)}; it may go straight to HOT`,
    effect: 'fast track to HOT',
  };
}

function dayOff(pattern: Pattern, { minute, people }: MinuteOfUse): Anomaly | null {
  const weeks = Math.floor(ageOf(pattern) / HOURS_OF_WEEK);
  if (people <= 0 || weeks < DAY_OFF.weeksMin) return null;
  // Most use comes at its usual times, and is let through at once.
  if ((pattern.state.week[Math.floor(minute / HOUR_MS) % HOURS_OF_WEEK] ?? 0) > 0) return null;
  const today = pattern.recentMinutes(timestamp(minute + HOUR_MS / 60), 60) + 1;
  if (today < DAY_OFF.minutesMin) return null;
  const begin = localDay(pattern)?.startsAt ?? 0;
  const local = Math.floor(minute / HOUR_MS) - begin;
  const levels = Array.from({ length: 7 }, (_, day) => levelOfDay(pattern, day, begin));
  const day = Math.floor(local / HOURS_OF_DAY) % 7;
  const atWork = levels.filter((level) => level >= DAY_OFF.levelMin).length;
  // Today is open yet: what is in its cells is what was learned before, and what this day's first hours added.
  if (atWork < DAY_OFF.daysAtWorkMin || wasUsed(pattern, local, begin)) return null;
  return {
    kind: 'dayOff',
    at: minute,
    severity: 'info',
    numbers: { weekday: day, weeks, daysAtWork: atWork, minutes: today },
    says: `People are at work on a day of the week on which nobody was in the weeks before, unlike ${atWork} others; if they come again it is kept warm on such days, too`,
    effect: 'warm on such days',
  };
}

/** The highest level of an hour on a day of the week, days beginning at the given hour. */
function levelOfDay({ state: { week } }: Pattern, day: number, begin: number): number {
  let most = 0;
  for (let hour = 0; hour < HOURS_OF_DAY; hour++) {
    most = Math.max(most, week[(day * HOURS_OF_DAY + begin + hour) % HOURS_OF_WEEK] ?? 0);
  }
  return most / 255;
}

/** Whether anybody came on this day of the week, as far as that is remembered; what today has taught is left out. */
function wasUsed(pattern: Pattern, local: number, begin: number): boolean {
  const hour = local % HOURS_OF_DAY;
  const midnight = local - hour + begin;
  return Array.from({ length: HOURS_OF_DAY }, (_, at) => at).some(
    (at) =>
      !(at < hour && pattern.minutesBack(hour - at) > 0) &&
      (pattern.state.week[(midnight + at) % HOURS_OF_WEEK] ?? 0) > 0,
  );
}

function drop(pattern: Pattern, now: Timestamp): Anomaly | null {
  if (ageOf(pattern) < DAYS_KEPT * HOURS_OF_DAY) return null;
  const { dailyQueries } = pattern.state;
  const today = dayOf(now);
  // The days that have ended, the latest first.
  const days = Array.from({ length: DAYS_KEPT }, (_, back) =>
    countOf(dailyQueries[(today - 1 - back) % DAYS_KEPT] ?? 0),
  );
  const sum = (from: number): number =>
    days.slice(from, from + DROP.days).reduce((all, one) => all + one, 0);
  const late = sum(0);
  const before = sum(7);
  const earlier = days.slice(DROP.days);
  const usual = median(earlier.filter((count) => count > 0));
  const busy = earlier.filter((count) => count >= DROP.busyPart * usual).length;
  if (
    usual < DROP.queriesMin ||
    busy < DROP.busyDaysMin ||
    before < DROP.days * DROP.busyPart * usual
  ) {
    return null;
  }
  if (late > DROP.left * before) return null;
  return {
    kind: 'drop',
    at: now,
    severity: 'warning',
    numbers: { lastDays: round(late), weekBefore: round(before), days: DROP.days },
    says: `${round(late)} queries in ${DROP.days} days, after ${round(before)} on the same days a week before: something may have stopped, or its tier is too high`,
    effect: 'look at the tier',
  };
}

/** Keeps count of the minutes of a robot that asks always alike. */
function poller(pattern: Pattern, { minute, queries, people }: MinuteOfUse): Anomaly | null {
  const { means, numbers } = pattern.state;
  const usual = means[MEAN.robotRate] ?? 0;
  const isRobot = queries >= POLLER.perMinuteMin && people <= POLLER.peopleMax * queries;
  const isAlike = isRobot && Math.abs(queries - usual) <= POLLER.spread * usual;
  const alike = isAlike ? Math.min(65_535, (numbers[NUMBER.robotMinutes] ?? 0) + 1) : 0;
  numbers[NUMBER.robotMinutes] = alike;
  means[MEAN.robotRate] = isAlike ? usual + (queries - usual) / 8 : isRobot ? queries : 0;
  if (alike < POLLER.minutes) return null;
  return {
    kind: 'poller',
    at: minute,
    severity: usual >= 10 * POLLER.perMinuteMin ? 'critical' : 'warning',
    numbers: { perMinute: round(usual), minutes: alike },
    says: `A program asks about ${round(usual)} times a minute, always alike, in ${alike} minutes on end; it does not keep the tenant awake, and should ask less often`,
    effect: 'none',
  };
}

function growth(pattern: Pattern, now: Timestamp): Anomaly | null {
  const { numbers, sizes } = pattern.state;
  const last = numbers[NUMBER.sizeDay] ?? 0;
  const known = Array.from({ length: DAYS_KEPT }, (_, back) =>
    sizeOf(sizes[(last - back + DAYS_KEPT) % DAYS_KEPT] ?? 0),
  ).filter((size) => size > 0);
  const [size = 0, before = 0] = known;
  if (known.length < GROWTH.daysMin || dayOf(now) - last > 1) return null;
  const changes = known.slice(1).map((one, i) => (known[i] ?? one) - one);
  const usual = Math.max(...changes.slice(1).map(Math.abs));
  const grown = size - before;
  if (grown < GROWTH.bytesMin || grown < GROWTH.part * before || grown < GROWTH.ofUsual * usual) {
    return null;
  }
  return {
    kind: 'growth',
    at: now,
    severity: grown > CRITICAL_GROWTH * before ? 'critical' : 'warning',
    numbers: { bytes: round(size), before: round(before), usualPerDay: round(median(changes)) },
    says: `The data grew from ${megabytes(before)} to ${megabytes(size)} MB since the measurement before, where ${megabytes(usual)} MB was the most of late`,
    effect: 'none',
  };
}

const round = (n: number): number => Math.round(n);

const megabytes = (bytes: number): number => Math.round(bytes / 1_000_000);
