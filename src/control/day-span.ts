/** Days that somebody asks for, by any moments in the first and the last of them. */
import { DAY, dayOf } from '../domain/day.ts';
import { fault } from '../domain/faults.ts';
import { later, type Timestamp } from '../domain/units.ts';

/** Whole days of UTC in [from, to). */
export type DaySpan = { readonly from: Timestamp; readonly to: Timestamp };

export type SpanBound = {
  readonly now: Timestamp;
  /** Where a span begins that is said to end there only. */
  readonly begin: (end: Timestamp) => Timestamp;
  readonly daysMax: number;
  /** What is told of: `costs`. */
  readonly what: string;
};

/** Up to today, where no end is given. Throws `BAD_REQUEST`. */
export function daySpan(
  asked: { readonly from: Timestamp | undefined; readonly to: Timestamp | undefined },
  { now, begin, daysMax, what }: SpanBound,
): DaySpan {
  const to = later(dayOf(asked.to === undefined ? now : asked.to - 1), DAY);
  const from = asked.from === undefined ? begin(to) : dayOf(asked.from);
  if (from >= to) throw fault('BAD_REQUEST', { why: '"from" is not before "to"' });
  if (to - from > daysMax * DAY) {
    throw fault('BAD_REQUEST', { why: `${what} are told for ${daysMax} days at most` });
  }
  return { from, to };
}
