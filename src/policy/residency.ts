/**
 * Residency: at which level an idle tenant is kept, and when that changes.
 *
 * One rule covers keeping awake, shedding, suspending and waking ahead of time. At each idle age the
 * level is taken that costs least a second, all told:
 *
 *   cost of the level + value of a user's second × chance a second of a return × wake time of the level
 *
 * The chance alone changes with age and hour (`returns.ts`); the value of a second is one figure for
 * the whole fleet, so that everybody's last second of warmth is worth the same.
 */
import { type DurationMs, ms, type Timestamp } from '../domain/units.ts';
import { chances, type Habit, type Population } from './returns.ts';

export type Level = 'L1' | 'L2' | 'L3' | 'L4';

/** What a second at a level costs, in money, and what a wake from there takes. L1 is awake. */
export type LevelTerms = {
  readonly level: Level;
  readonly costPerSecond: number;
  readonly wakeSeconds: number;
};

export type ResidencyTerms = {
  readonly levels: readonly LevelTerms[];
  /** What one second of a user's waiting is worth, in money. */
  readonly valueOfSecond: number;
  /** The least idle time awake after use; what a suspend and a wake are worth in time awake. */
  readonly floorAwake: DurationMs;
};

/** Until this idle age, it is kept at this level. The last one never ends. */
export type Stay = { readonly until: DurationMs; readonly level: Level; readonly because: string };

/** Where an idle tenant is kept from the beginning of its idle time on, lazily. */
export function* stays(
  habit: Habit,
  population: Population,
  idleSince: Timestamp,
  terms: ResidencyTerms,
): Generator<Stay> {
  let level: Level = 'L1';
  let until = terms.floorAwake;
  for (const piece of chances(habit, population, idleSince)) {
    if (piece.until <= terms.floorAwake) continue;
    const best = cheapest(terms, piece.perSecond);
    if (best !== level) {
      if (until > 0) yield { until, level, because: 'the chance of a return at this age' };
      level = best;
    }
    until = ms(piece.until);
  }
  yield { until, level, because: 'the chance of a return at this age' };
}

function cheapest({ levels, valueOfSecond }: ResidencyTerms, perSecond: number): Level {
  let best: Level = 'L1';
  let least = Number.POSITIVE_INFINITY;
  for (const { level, costPerSecond, wakeSeconds } of levels) {
    const cost = costPerSecond + valueOfSecond * perSecond * wakeSeconds;
    if (cost < least) {
      least = cost;
      best = level;
    }
  }
  return best;
}
