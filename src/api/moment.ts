/**
 * Points in time as the contract writes them, ISO 8601 in UTC with milliseconds.
 *
 * A list of tenants has some hundred of them, mostly of a few days: what `Date` makes of one costs several times as much as
 * the rest of its row, so the last day is kept and the time of day is put together by hand.
 */
import { type Timestamp, timestamp } from '../domain/units.ts';

const DAY_MS = 86_400_000;

const TWO = Array.from({ length: 60 }, (_, n) => String(n).padStart(2, '0'));

let dayKept = Number.NaN;
let dayText = '';

/** Throws a `RangeError` for what is no time. */
export function moment(at: number): string {
  const day = Math.floor(at / DAY_MS);
  if (day !== dayKept) {
    dayText = new Date(day * DAY_MS).toISOString().slice(0, -'00:00:00.000Z'.length);
    dayKept = day;
  }
  const rest = Math.trunc(at - day * DAY_MS);
  const seconds = Math.floor(rest / 1_000);
  const minutes = Math.floor(seconds / 60);
  const hour = Math.floor(minutes / 60);
  const millis = rest % 1_000;
  const zeros = millis < 10 ? '00' : millis < 100 ? '0' : '';
  return `${dayText}${TWO[hour]}:${TWO[minutes % 60]}:${TWO[seconds % 60]}.${zeros}${millis}Z`;
}

export const momentOrNull = (at: number | null): string | null => (at === null ? null : moment(at));

/** Of text that the contract has let in. */
export const momentOf = (text: string): Timestamp => timestamp(Date.parse(text));

export const momentIfAny = (text: string | undefined): Timestamp | undefined =>
  text === undefined ? undefined : momentOf(text);
