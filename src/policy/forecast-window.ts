/**
 * When a tenant will be in use next, and being ready a little before.
 *
 * An hour is expected to be used from an even chance on. A run of such hours is a window; it begins where in
 * its first hour use has begun before (ready at 8:55 for 9:00), and through it the tenant is kept warm. Being
 * expected has to be earned: a tenant is woken ahead only if of late somebody came most of the times when a
 * window was to begin. That is learned as hours close, woken ahead or not. A wake ahead that nobody comes to is
 * ended after some patience, and a few of those end them altogether until windows hold again.
 */
import type { PrewarmRecord } from '../domain/policy-view.ts';
import { type DurationMs, later, minutes, ms, type Timestamp, timestamp } from '../domain/units.ts';
import { HOUR_MS, MINUTE_MS, type Pattern } from './pattern.ts';
import { consistency, dayProfile } from './pattern-metrics.ts';
import { COUNT, HOURS_OF_DAY, HOURS_OF_WEEK, MEAN, NUMBER } from './pattern-state.ts';

export type ActivityWindow = {
  readonly from: Timestamp;
  readonly to: Timestamp;
  /** That it is used at all. */
  readonly chance: number;
};

export type PrewarmRules = {
  /** How long before the window it is awake. */
  readonly lead: DurationMs;
  /** How long after the begin of the window it waits for somebody. */
  readonly patience: DurationMs;
  /** Part of the times when somebody was expected that somebody has to have come, of late. */
  readonly confidenceMin: number;
};

export const PREWARM_RULES: PrewarmRules = {
  lead: minutes(5),
  patience: minutes(30),
  confidenceMin: 0.7,
};

/** An hour prolongs a window from this chance on. */
const STAY_CHANCE = 0.35;

/** Fewer days say nothing of the next. */
const DAYS_MIN = 2;

/**
 * The next window at or after `after`; one that has begun goes on from there. Null if there is none within a
 * week.
 */
export function nextWindow(
  pattern: Pattern,
  now: Timestamp,
  after: Timestamp = now,
): ActivityWindow | null {
  pattern.advance(now);
  const { counts } = pattern.state;
  const current = Math.floor(now / HOUR_MS);
  const age = current - (counts[COUNT.firstHour] ?? 0);
  if (pattern.isFresh || age < DAYS_MIN * HOURS_OF_DAY) return null;
  const first = Math.floor(after / HOUR_MS);
  for (let hour = first; hour < first + HOURS_OF_WEEK; hour++) {
    if (!pattern.mayBegin(hour)) continue;
    const end = endOf(pattern, hour);
    const begins = hour * HOUR_MS + onsetOf(pattern, hour) * MINUTE_MS;
    const from = timestamp(Math.max(after, begins));
    return { from, to: timestamp(end * HOUR_MS), chance: pattern.hourChance(hour) };
  }
  return null;
}

/** The hour behind the last of the window. */
function endOf(pattern: Pattern, begin: number): number {
  let hour = begin + 1;
  while (hour < begin + HOURS_OF_WEEK && pattern.hourChance(hour) >= STAY_CHANCE) hour++;
  return hour;
}

/** Only the first hour of a window begins late: within it there is use from the first minute on. */
const onsetOf = (pattern: Pattern, hour: number): number =>
  pattern.hourChance(hour - 1) >= STAY_CHANCE ? 0 : pattern.onsetMinute(hour);

/** A wake ahead: from when, and until when at most if nobody comes. */
export type Prewarm = {
  readonly at: Timestamp;
  readonly until: Timestamp;
  readonly window: ActivityWindow;
};

/** The next wake ahead that is worth it; null if there is none. */
export function nextPrewarm(
  pattern: Pattern,
  now: Timestamp,
  after: Timestamp = now,
  rules: PrewarmRules = PREWARM_RULES,
): Prewarm | null {
  const window = nextWindow(pattern, now, after);
  if (window === null) return null;
  const confidence = pattern.state.means[MEAN.prewarmConfidence] ?? 0;
  if (confidence < rules.confidenceMin) return null;
  const at = timestamp(Math.max(now, window.from - rules.lead));
  return { at, until: later(window.from, rules.patience), window };
}

/** Somebody came to a wake ahead. */
export function prewarmWasRight({ state: { numbers } }: Pattern): void {
  numbers[NUMBER.prewarmHits] = (numbers[NUMBER.prewarmHits] ?? 0) + 1;
}

/** Nobody came by the end of the patience. */
export function prewarmWasWrong(pattern: Pattern, wasted: DurationMs): void {
  const { means, numbers } = pattern.state;
  means[MEAN.prewarmWastedSeconds] = (means[MEAN.prewarmWastedSeconds] ?? 0) + wasted / 1_000;
  numbers[NUMBER.prewarmMisses] = (numbers[NUMBER.prewarmMisses] ?? 0) + 1;
}

/** What came of the wakes ahead so far. */
export function prewarmRecord({ state: { means, numbers } }: Pattern): PrewarmRecord {
  return {
    hits: numbers[NUMBER.prewarmHits] ?? 0,
    misses: numbers[NUMBER.prewarmMisses] ?? 0,
    wasted: ms((means[MEAN.prewarmWastedSeconds] ?? 0) * 1_000),
  };
}

/** Most that the cache is grown ahead of a peak, as a factor; and how far ahead that is seen. */
const WISH_MAX = 2;
const WISH_HOURS = 2;
const WISH_CONSISTENCY_MIN = 0.5;

/** By what factor the cache is wished larger for the peak that is near; 1 for none. */
export function sizeWish(pattern: Pattern, now: Timestamp): number {
  pattern.advance(now);
  const hour = Math.floor(now / HOUR_MS);
  const age = hour - (pattern.state.counts[COUNT.firstHour] ?? 0);
  if (age < HOURS_OF_WEEK || consistency(pattern) < WISH_CONSISTENCY_MIN) return 1;
  const used = dayProfile(pattern).filter((part) => part > 0);
  const usual = used.reduce((sum, part) => sum + part, 0) / used.length;
  let most = 0;
  for (let ahead = 0; ahead < WISH_HOURS; ahead++) {
    most = Math.max(most, pattern.weekLevel(hour + ahead) ** 2);
  }
  return Math.min(WISH_MAX, Math.max(1, most / usual));
}
