/**
 * What lies before an idle tenant, seen from now: until when it stays where it is, and when it will be
 * awake next. `residency.ts` says it level by level; all levels but L1 are asleep.
 *
 * To look far takes time (some 20 us a quarter of an hour), so it is looked no further than is needed, and
 * looked again then.
 */
import { type DurationMs, later, ms, type Timestamp } from '../domain/units.ts';
import { type ResidencyTerms, type Stay, stays } from './residency.ts';
import type { Habit, Population } from './returns.ts';

export type OutlookFacts = {
  readonly habit: Habit;
  readonly population: Population;
  readonly idleSince: Timestamp;
  readonly terms: ResidencyTerms;
};

export type Outlook = {
  readonly idleSince: Timestamp;
  /** At which level it is worth being kept now. L1 is awake. */
  readonly level: Stay['level'];
  /** It stays asleep, or awake, until this. */
  readonly until: Timestamp;
  /** Nothing is known to change at `until`: it was not looked further. */
  readonly isOpen: boolean;
  /** When it is worth being awake next, if it is not now; null if that is not foreseen. */
  readonly awakeAt: Timestamp | null;
  /** Why, in a sentence. */
  readonly because: string;
};

/** Looks `ahead` from `now`. */
export function outlook(facts: OutlookFacts, now: Timestamp, ahead: DurationMs): Outlook {
  const { idleSince } = facts;
  const age = Math.max(0, now - idleSince);
  const horizon = ms(age + ahead);
  const terms = { ...facts.terms, horizon, from: ms(age) };
  let first: Stay | null = null;
  let end = age;
  for (const stay of stays(facts.habit, facts.population, idleSince, terms)) {
    if (stay.until <= age) continue;
    if (first !== null && isAwake(stay) !== isAwake(first)) {
      return seen(idleSince, { first, end, isOpen: false });
    }
    first ??= stay;
    end = Math.min(stay.until, horizon);
    if (stay.until >= horizon) break;
  }
  return seen(idleSince, { first, end, isOpen: true });
}

const isAwake = ({ level }: Stay): boolean => level === 'L1';

function seen(
  idleSince: Timestamp,
  found: { readonly first: Stay | null; readonly end: number; readonly isOpen: boolean },
): Outlook {
  const { first, end, isOpen } = found;
  const until = later(idleSince, ms(end));
  const level = first?.level ?? 'L1';
  const awakeAt = isOpen || level === 'L1' ? null : until;
  const because = first?.because ?? 'nothing is known of it';
  return { idleSince, level, until, isOpen, awakeAt, because };
}
