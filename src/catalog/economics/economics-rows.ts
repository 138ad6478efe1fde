/** What money is made of, as rows have it: exact numbers as text, uses as lists of meters. */
import { assert } from '../../domain/assert.ts';
import { METERS, NO_USE, type Use } from '../../domain/use.ts';

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
