/** What the forecast looks at: some forty numbers between 0 and 1 or thereabouts, out of a tenant's pattern. */
import type { Timestamp } from '../domain/units.ts';
import { HOUR_MS, hourClass, MINUTE_MS, type Pattern } from './pattern.ts';
import { COUNT, HOURS_OF_DAY, HOURS_OF_WEEK, MEAN } from './pattern-state.ts';

export const FEATURES = 50;

/** Typical level of an hour of each class. */
const CLASS_LEVEL = [0, 0.3, 0.72, 1] as const;

/** Fills `out` with the features of the hour that begins at `now`. The pattern is advanced to `now`. */
export function readFeatures(pattern: Pattern, now: Timestamp, out: Float64Array): void {
  const { counts } = pattern.state;
  const open = counts[COUNT.hour] ?? 0;
  const target = Math.floor(now / HOUR_MS + 0.5);
  const age = target - (counts[COUNT.firstHour] ?? 0);
  let next = 0;
  const put = (value: number): void => {
    out[next++] = value;
  };
  putRecent(pattern, now, put);
  putHours(pattern, put);
  const yesterday = open - target + HOURS_OF_DAY;
  for (let later = 0; later < 3; later++) put(level(pattern.minutesBack(yesterday - later)));
  put(step(pattern.minutesBack(yesterday), 14.5, 3));
  put(step(pattern.minutesBack(yesterday), 53.5, 2));
  const lastWeek = open - target + HOURS_OF_WEEK;
  for (let later = 0; later < 2; later++) put(CLASS_LEVEL[pattern.classBack(lastWeek - later)]);
  putDays(pattern, open - target, age, put);
  for (let later = -1; later < 3; later++) put(pattern.weekLevel(target + later));
  const { dayChance } = pattern.state;
  for (let later = 0; later < 2; later++)
    put((dayChance[(target + later) % HOURS_OF_DAY] ?? 0) / 255);
  put(Math.min(1, age / HOURS_OF_DAY));
  put(Math.min(1, age / HOURS_OF_WEEK));
  put(foretold(pattern));
  putGap(pattern, now, put);
}

/** How likely the present idle time ends within the hour, if idle times are as they were. */
function putGap({ state: { counts, means } }: Pattern, now: Timestamp, put: Put): void {
  const since = Math.max(1, now / MINUTE_MS - (counts[COUNT.lastMinute] ?? 0));
  const known = means[MEAN.lastGap] ?? 0;
  const spread = Math.max(0.02, means[MEAN.gapSpread] ?? 0);
  const mean = means[MEAN.gap] ?? 0;
  const before = logistic((Math.log(since) - mean) / spread / 0.7);
  const behind = logistic((Math.log(since + 60) - mean) / spread / 0.7);
  put(known === 0 ? 0 : 1);
  put(known === 0 ? 0 : (behind - before) / (1 - before + 1e-3));
  put(known === 0 ? 0 : before);
  put(Math.min(1, spread));
  put(mean / 10);
  const last = Math.exp(known);
  put(known === 0 ? 0 : logistic((last - since) / 15) * logistic((since + 60 - last) / 15));
}

const logistic = (x: number): number => 1 / (1 + Math.exp(-x));

type Put = (value: number) => void;

/** The last hour, and how long ago the last use was. */
function putRecent(pattern: Pattern, now: Timestamp, put: Put): void {
  const last = pattern.recentMinutes(now, 60);
  put(last / 60);
  put(level(last));
  put(pattern.recentMinutes(now, 30) / 30);
  put(pattern.recentMinutes(now, 15) / 15);
  put(pattern.recentMinutes(now, 5) / 5);
  put(last === 0 ? 1 : 0);
  for (let kind = 1; kind < 4; kind++) put(hourClass(last) === kind ? 1 : 0);
  put(step(last, 14.5, 3));
  put(step(last, 53.5, 2));
  const since = now / MINUTE_MS - (pattern.state.counts[COUNT.lastMinute] ?? 0);
  put(Math.min(1.2, Math.log1p(Math.max(0, since)) / 10));
}

/** The hours before: level by level, and what they have in common. */
function putHours(pattern: Pattern, put: Put): void {
  let day = 0;
  let active = 0;
  let few = 0;
  let least = 60;
  let most = 0;
  for (let back = 1; back <= HOURS_OF_DAY; back++) {
    const minutes = pattern.minutesBack(back);
    day += minutes;
    if (minutes > 0) active++;
    if (back > 6) continue;
    few += minutes;
    if (back > 4) continue;
    least = Math.min(least, minutes);
    most = Math.max(most, minutes);
  }
  put(level(pattern.minutesBack(2)));
  put(level(pattern.minutesBack(3)));
  put(level(pattern.minutesBack(4)));
  put(level(few / 6));
  put(level(day / HOURS_OF_DAY));
  put(active / HOURS_OF_DAY);
  put(level(least));
  put(level(most));
  const three = (pattern.minutesBack(1) + pattern.minutesBack(2) + pattern.minutesBack(3)) / 3;
  put(step(three, 14.5, 3));
  put(step(three, 53.5, 2));
}

/** The same hour on each of the last seven days. */
function putDays(pattern: Pattern, shift: number, age: number, put: Put): void {
  const days = Math.min(7, Math.floor(age / HOURS_OF_DAY));
  const seen = [0, 0, 0, 0];
  for (let day = 1; day <= days; day++) {
    const kind = pattern.classBack(shift + day * HOURS_OF_DAY);
    seen[kind] = (seen[kind] ?? 0) + 1;
  }
  for (let kind = 1; kind < 4; kind++) put(days === 0 ? 0 : (seen[kind] ?? 0) / days);
  let active = 0;
  const hours = Math.min(HOURS_OF_WEEK, Math.max(1, age));
  for (let back = 1; back <= hours; back++) if (pattern.classBack(back) > 0) active++;
  put(active / hours);
}

/** As a feature, the consistency is that of the first day on, as the weights have learned it. */
function foretold({ state: { means } }: Pattern): number {
  const variance = means[MEAN.variance] ?? 0;
  return Math.max(0, 1 - ((means[MEAN.residue] ?? 0) + STILL) / (variance + STILL));
}

const STILL = 1e-4;

const level = (minutes: number): number => Math.sqrt(minutes / 60);

/** From 0 to 1 around a border, over a few minutes. */
const step = (minutes: number, border: number, width: number): number =>
  1 / (1 + Math.exp((border - minutes) / width));
