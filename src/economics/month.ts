/**
 * Billing months: calendar months in UTC, so that every hour lies in one of them.
 *
 * Nothing here knows what time it is.
 */
import { monthStart, nextMonth } from '../domain/quota.ts';
import { type Timestamp, timestamp } from '../domain/units.ts';

export const HOUR_MS = 3_600_000;

export type Month = {
  /** `2026-11`. */
  readonly name: string;
  readonly from: Timestamp;
  /** Where the next begins. */
  readonly to: Timestamp;
  readonly seconds: bigint;
};

/** The month that `at` lies in. */
export function monthOf(at: Timestamp): Month {
  const [from, to] = [monthStart(at), nextMonth(at)];
  return { name: new Date(from).toISOString().slice(0, 7), from, to, seconds: secondsIn(from, to) };
}

export const hourOf = (at: Timestamp): Timestamp => timestamp(Math.floor(at / HOUR_MS) * HOUR_MS);

/** Whole seconds between two times, 0 if the second is not later. */
export const secondsIn = (from: Timestamp, to: Timestamp): bigint =>
  BigInt(Math.max(0, Math.floor(to / 1_000) - Math.floor(from / 1_000)));

/** 0 for the hour that begins on Monday at midnight, 167 for the last of Sunday. */
export const hourOfWeek = (at: Timestamp): number =>
  // 1970 began on a Thursday.
  (Math.floor(at / HOUR_MS) + 3 * 24) % 168;
