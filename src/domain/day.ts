/** Days of UTC: what is summed up by the day is summed up by these, wherever who asks may be. */
import { type DurationMs, hours, type Timestamp, timestamp } from './units.ts';

export const DAY: DurationMs = hours(24);

/** The first moment of the day that `at` lies in. */
export const dayOf = (at: number): Timestamp => timestamp(Math.floor(at / DAY) * DAY);

/** `2026-11-23`. */
export const dayText = (at: Timestamp): string => new Date(at).toISOString().slice(0, 10);

/** The first moment of a day as `dayText` writes it. */
export const dayIn = (text: string): Timestamp => timestamp(Date.parse(`${text}T00:00:00Z`));
