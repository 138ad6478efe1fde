/**
 * Residency: at which level an idle tenant is kept, and when that changes.
 *
 * One rule covers keeping awake, shedding, suspending and waking ahead of time. At each idle age the
 * level is taken that costs least a second, all told:
 *
 *   cost of the level + value of a user's second × chance a second of a return × wake time of the level
 *
 * The chance alone changes with age and hour (`returns.ts`); the value of a second is one figure for
 * the whole fleet (`steering.ts`), so that everybody's last second of warmth is worth the same.
 * A later chance makes no difference to what is best now, so nothing has to be planned: where the chance
 * grows again later, the tenant is awake again then.
 *
 *   used ──▶ awake for the floor ──▶ cheapest level ──the chance changes──▶ cheapest level ──▶ ...
 *
 * Two guards against flapping: it is awake at least for the floor after use, and it is not put to sleep
 * for less than that, or than another least sleep. A step looks at `PIECES_MAX` pieces of the chance at most, so that it takes 15 µs
 * and never more than 50; where nothing changes meanwhile, the next stay is at the same level.
 */
import type { Level } from '../domain/levels.ts';
import { type DurationMs, hours, later, ms, type Timestamp } from '../domain/units.ts';
import {
  type ChancePiece,
  type ChanceReason,
  chances,
  type Habit,
  type Population,
} from './returns.ts';

/** What a second at a level costs, in money, and what a wake from there takes. L1 is awake. */
export type LevelTerms = {
  readonly level: Level;
  readonly costPerSecond: number;
  readonly wakeSeconds: number;
};

export type ResidencyTerms = {
  /** At least one, the nearest first. Only these are chosen from: those that the tenant's tier allows. */
  readonly levels: readonly LevelTerms[];
  /** What one second of a user's waiting is worth, in money. */
  readonly valueOfSecond: number;
  /** The least idle time awake after use; what a suspend and a wake are worth in time awake. */
  readonly floorAwake: DurationMs;
  /** No sleep shorter than this is begun, where it can be foreseen; by default as the floor. */
  readonly leastSleep?: DurationMs;
  /** Looks no further than this idle age: the stay that holds then is said to be the last. */
  readonly horizon?: DurationMs;
  /** Looks from shortly before this idle age on: what was earlier is not said. */
  readonly from?: DurationMs;
};

/** Until this idle age, it is kept at this level, which may be that of the stay before. The last one never ends. */
export type Stay = { readonly until: DurationMs; readonly level: Level; readonly because: string };

/** Where an idle tenant is kept from the beginning of its idle time on, lazily. */
export function* stays(
  habit: Habit,
  population: Population,
  idleSince: Timestamp,
  terms: ResidencyTerms,
): Generator<Stay> {
  const allowed = terms.levels;
  const [only] = allowed;
  if (only !== undefined && allowed.length === 1) {
    yield { until: forever, level: only.level, because: `it may be kept at ${only.level} only` };
    return;
  }
  const nap = terms.leastSleep ?? terms.floorAwake;
  // Whether a sleep was too short to be begun is known from its begin on.
  const from = ms(Math.max(0, (terms.from ?? 0) - nap));
  const found = cheapestStays(chances(habit, population, idleSince, from), {
    ...{ allowed, idleSince, terms },
  });
  yield* withoutNaps(found, nap);
}

/** Pieces of the chance that one stay spans at most. */
const PIECES_MAX = 4;

const forever = ms(Number.POSITIVE_INFINITY);

type Rule = {
  readonly allowed: readonly LevelTerms[];
  readonly idleSince: Timestamp;
  readonly terms: ResidencyTerms;
};

function* cheapestStays(pieces: Iterable<ChancePiece>, rule: Rule): Generator<Stay> {
  const { floorAwake, valueOfSecond, horizon = forever } = rule.terms;
  const hasAwake = rule.allowed.some(({ level }) => level === 'L1');
  let until = ms(0);
  let level: Level | null = null;
  let because = `awake for ${Math.round(floorAwake / 1_000)} s after use at least`;
  if (hasAwake && floorAwake > 0) {
    until = floorAwake;
    yield { until, level: 'L1', because };
  }
  let spanned = 0;
  for (const piece of pieces) {
    if (piece.until <= until) continue;
    const best = cheapest(rule.allowed, valueOfSecond * piece.perSecond);
    spanned += 1;
    if (best !== level || spanned > PIECES_MAX) {
      if (level !== null) yield { until, level, because };
      because = reason(piece, later(rule.idleSince, until));
      level = best;
      spanned = 1;
    }
    until = piece.until;
    if (until >= horizon) break;
  }
  if (level !== null) yield { until: forever, level, because };
}

function cheapest(levels: readonly LevelTerms[], worth: number): Level {
  let best: Level = 'L1';
  let least = Number.POSITIVE_INFINITY;
  for (const { level, costPerSecond, wakeSeconds } of levels) {
    const cost = costPerSecond + worth * wakeSeconds;
    if (cost < least) {
      least = cost;
      best = level;
    }
  }
  return best;
}

/** Stays awake through what would be a shorter sleep than `nap`. */
function* withoutNaps(found: Iterable<Stay>, nap: DurationMs): Generator<Stay> {
  let before: Stay | undefined;
  let slept: Stay | undefined;
  for (const stay of found) {
    const isNap = stay.level !== 'L1' && stay.until - (before?.until ?? 0) < nap;
    if (before?.level === 'L1' && slept === undefined && isNap) {
      slept = stay;
      continue;
    }
    if (slept !== undefined && stay.level !== 'L1') yield slept;
    yield stay;
    slept = undefined;
    before = stay;
  }
}

const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const DAY = hours(24);

/** The first of January 1970 was a Thursday. */
const FIRST_WEEKDAY = 4;

const WHY = {
  age: () => 'after this idle time',
  rhythm: () => 'by the rhythm in which it returns',
  minute: (at) => `by the times of its last returns, at ${clockOf(at)} UTC`,
  hour: (at) => `at this hour of its day, ${clockOf(at)} UTC`,
  weekday: (at) => `at this hour of its week, ${weekdayOf(at)} ${clockOf(at)} UTC`,
} satisfies Record<ChanceReason, (at: Timestamp) => string>;

function reason({ perSecond, by }: ChancePiece, at: Timestamp): string {
  return `${WHY[by](at)} it returns within the hour ${timesOf(1 - Math.exp(-3_600 * perSecond))}`;
}

function timesOf(chance: number): string {
  if (chance > 0.95) return 'nearly always';
  if (chance > 0.3) return `${Math.round(chance * 10)} times in 10`;
  if (chance < 0.001) return 'hardly ever';
  return `1 time in ${Math.round(1 / chance)}`;
}

const weekdayOf = (at: Timestamp): string =>
  WEEKDAYS[(Math.floor(at / DAY) + FIRST_WEEKDAY) % 7] ?? '';

function clockOf(at: Timestamp): string {
  const minute = Math.floor((at % DAY) / 60_000);
  const two = (n: number): string => String(n).padStart(2, '0');
  return `${two(Math.floor(minute / 60))}:${two(minute % 60)}`;
}
