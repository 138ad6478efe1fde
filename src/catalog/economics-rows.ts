/** What money is made of, as rows have it: exact numbers as text, days as dates, uses as lists of meters. */
import { assert } from '../domain/assert.ts';
import { type Timestamp, timestamp } from '../domain/units.ts';
import { METERS, NO_USE, type Use } from '../domain/use.ts';

/** `2026-11-23`. */
export const dayText = (at: Timestamp): string => new Date(at).toISOString().slice(0, 10);

export const dayOf = (text: string): Timestamp => timestamp(Date.parse(`${text}T00:00:00Z`));

export const useNumbers = (use: Use): string[] => METERS.map((meter) => use[meter].toString());

/** Meters that an older program did not know are nothing. */
export const useOf = (numbers: readonly string[]): Use => ({
  ...NO_USE,
  ...Object.fromEntries(METERS.map((meter, at) => [meter, BigInt(numbers[at] ?? '0')])),
});

/** PostgreSQL sums without a decimal point what has none. */
export function whole(text: string): bigint {
  assert(/^-?\d+$/.test(text), `${text} is no whole amount`);
  return BigInt(text);
}
