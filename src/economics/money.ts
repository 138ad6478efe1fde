/**
 * Exact money.
 *
 * An amount is a whole number of millionths of a millionth of the currency's unit, as a bigint. Millionths
 * would not do: a tenant that sleeps costs eight of them an hour, so that rounding each hour would be wrong
 * by one part in sixteen. Safe integers would not do either: they end at $9,007, which a fleet costs in a
 * month. As it is, one row of a ledger fits PostgreSQL's `bigint` up to nine million, and a fleet of ten
 * thousand tenants is off by a thousandth of a cent in a month at most, however its hours are cut.
 *
 * Sums never round. What divides rounds half to even, and what is divided among several is allocated, so
 * that the parts are the whole.
 */
import { assert } from '../domain/assert.ts';

declare const unit: unique symbol;

export type Amount = bigint & { readonly [unit]: 'amount' };

/** ISO 4217, with the digits of its smallest coin. */
const DIGITS = {
  ...{ USD: 2, EUR: 2, GBP: 2, CHF: 2, SEK: 2, NOK: 2, DKK: 2, PLN: 2, CZK: 2, CAD: 2, AUD: 2 },
  ...{ NZD: 2, SGD: 2, HKD: 2, INR: 2, BRL: 2, MXN: 2, ZAR: 2, ILS: 2, CNY: 2 },
  ...{ JPY: 0, KRW: 0, CLP: 0, KWD: 3, BHD: 3, TND: 3 },
} as const;

export type Currency = keyof typeof DIGITS;

export const CURRENCIES = Object.keys(DIGITS) as readonly Currency[];

/** Decimals that are kept. */
const PLACES = 12;

export const ONE = 10n ** BigInt(PLACES);

export const NOTHING = 0n as Amount;

export const plus = (one: Amount, other: Amount): Amount => (one + other) as Amount;
export const minus = (one: Amount, other: Amount): Amount => (one - other) as Amount;
export const least = (one: Amount, other: Amount): Amount => (one <= other ? one : other);

export function sumOf(amounts: Iterable<Amount>): Amount {
  let sum = 0n;
  for (const amount of amounts) sum += amount;
  return sum as Amount;
}

/** `amount` × `by` ÷ `of`, half to even. */
export function scaled(amount: Amount, by: bigint, of: bigint): Amount {
  return dividedEvenly(amount * by, of) as Amount;
}

/** To the smallest coin of the currency, half to even: a tie goes to the even coin, so that ties favour nobody. */
export function toCoins(amount: Amount, currency: Currency): Amount {
  const coin = coinOf(currency);
  return (dividedEvenly(amount, coin) * coin) as Amount;
}

/** The smallest coin of the currency. */
export const coinOf = (currency: Currency): Amount =>
  (10n ** BigInt(PLACES - DIGITS[currency])) as Amount;

/**
 * `total` in parts that are to each other as the weights, and together `total` exactly, each a multiple of
 * `step`: the largest remainders get what is left over, the first of equal ones first. Without any weight
 * the parts are equal. A total that is no multiple of `step` leaves its rest to the same rule.
 */
export function allocated(
  total: Amount,
  weights: readonly bigint[],
  step: Amount = 1n as Amount,
): readonly Amount[] {
  assert(weights.length > 0 || total === 0n, 'nobody is there to share an amount');
  assert(
    weights.every((weight) => weight >= 0n),
    'a share cannot be negative',
  );
  const sign = total < 0n ? -1n : 1n;
  const whole = (total * sign) / step;
  const sum = weights.reduce((all, weight) => all + weight, 0n);
  const shares = sum > 0n ? weights : weights.map(() => 1n);
  const of = sum > 0n ? sum : BigInt(weights.length);
  const parts = shares.map((share) => (whole * share) / of);
  const left = Number(whole - parts.reduce((all, part) => all + part, 0n));
  // Fewer are left over than there are parts with a remainder.
  const order = shares
    .map((share, at) => ({ at, remainder: (whole * share) % of }))
    .sort((one, other) =>
      one.remainder === other.remainder
        ? one.at - other.at
        : one.remainder > other.remainder
          ? -1
          : 1,
    );
  for (const { at } of order.slice(0, left)) parts[at] = (parts[at] ?? 0n) + 1n;
  const scaledUp = parts.map((part) => part * step * sign);
  const rest = total - whole * step * sign;
  const first = order[0];
  if (rest !== 0n && first !== undefined) scaledUp[first.at] = (scaledUp[first.at] ?? 0n) + rest;
  return scaledUp as Amount[];
}

/** A decimal such as `12`, `-0.5` or `0.000463`, in millionths of millionths; null for anything else. */
export function parseDecimal(text: string): bigint | null {
  const [, sign, whole = '', part = ''] =
    /^(-?)(\d{1,15})(?:\.(\d{1,12}))?$/.exec(text) ?? ([] as string[]);
  if (whole === '') return null;
  const size = BigInt(whole) * ONE + BigInt(part.padEnd(PLACES, '0'));
  return sign === '-' ? -size : size;
}

/** An amount that is written in the program. */
export function amount(text: string): Amount {
  const parsed = parseDecimal(text);
  assert(parsed !== null, `${text} is no amount`);
  return parsed as Amount;
}

/** All its decimals, and at least `digits`: `0.10`, `0.000008333333`. */
export function decimalOf(value: bigint, digits = 0): string {
  const size = value < 0n ? -value : value;
  const part = (size % ONE).toString().padStart(PLACES, '0').replace(/0+$/, '');
  const shown = part.padEnd(digits, '0');
  return `${value < 0n ? '-' : ''}${size / ONE}${shown === '' ? '' : `.${shown}`}`;
}

/** With the digits of its currency at least: `0.10`. */
export const moneyOf = (value: Amount, currency: Currency): string =>
  decimalOf(value, DIGITS[currency]);

/** What the part is of the whole, as a plain number; null of nothing. For display and for judging. */
export const ratioOf = (part: bigint, whole: bigint): number | null =>
  whole === 0n ? null : Number((part * 1_000_000_000n) / whole) / 1e9;

/** A plain number of units of the currency. For estimates, never for what is owed. */
export const roughly = (value: Amount): number => Number(value) / 1e12;

/** An estimate as an amount. */
export const fromRough = (units: number): Amount => BigInt(Math.round(units * 1e12)) as Amount;

function dividedEvenly(value: bigint, by: bigint): bigint {
  assert(by > 0n, 'an amount is divided by more than nothing');
  const down = value / by - (value % by < 0n ? 1n : 0n);
  const twice = (value - down * by) * 2n;
  return twice > by || (twice === by && down % 2n !== 0n) ? down + 1n : down;
}
