/**
 * What lies before an idle tenant, seen from now: until when it stays where it is, and when it will be
 * awake next. `residency.ts` says it level by level; all levels but L1 are asleep.
 */
import { hours, later, ms, type Timestamp } from '../domain/units.ts';
import { type ResidencyTerms, type Stay, stays } from './residency.ts';
import type { Habit, Population } from './returns.ts';

/** How far ahead is looked; whoever sleeps longer is looked at again then. */
const HORIZON = hours(8 * 24);

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
  /** Whether it stays asleep, or awake, until this; then, at the latest, it is to be looked at again. */
  readonly until: Timestamp;
  /** When it is worth being awake next, if it is not now; null if that is not foreseen. */
  readonly awakeAt: Timestamp | null;
  /** Why, in a sentence. */
  readonly because: string;
};

export function outlook(facts: OutlookFacts, now: Timestamp): Outlook {
  const { idleSince, terms } = facts;
  const age = Math.max(0, now - idleSince);
  let first: Stay | null = null;
  let end = age;
  for (const stay of stays(facts.habit, facts.population, idleSince, terms)) {
    if (stay.until <= age) continue;
    first ??= stay;
    if (isAwake(stay) !== isAwake(first)) return seen(facts, { first, end, isChange: true });
    end = Math.min(stay.until, age + HORIZON);
    if (stay.until > age + HORIZON) break;
  }
  return seen(facts, { first, end, isChange: false });
}

const isAwake = ({ level }: Stay): boolean => level === 'L1';

function seen(
  { idleSince }: OutlookFacts,
  found: { readonly first: Stay | null; readonly end: number; readonly isChange: boolean },
): Outlook {
  const { first, end, isChange } = found;
  const until = later(idleSince, ms(end));
  const level = first?.level ?? 'L1';
  const awakeAt = isChange && level !== 'L1' ? until : null;
  return { idleSince, level, until, awakeAt, because: first?.because ?? 'nothing is known of it' };
}
