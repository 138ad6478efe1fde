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
import { finished, inSteps, type Steps } from './steps.ts';

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
export const allocated = (
  total: Amount,
  weights: readonly bigint[],
  step: Amount = 1n as Amount,
): readonly Amount[] => finished(allocating(total, weights, step));

/** The same in steps, for a fleet. */
export function* allocating(
  total: Amount,
  weights: readonly bigint[],
  step: Amount = 1n as Amount,
): Steps<readonly Amount[]> {
  assert(weights.length > 0 || total === 0n, 'nobody is there to share an amount');
  let sum = 0n;
  yield* inSteps(weights, (weight) => {
    assert(weight >= 0n, 'a share cannot be negative');
    sum += weight;
  });
  const sign = total < 0n ? -1n : 1n;
  const whole = (total * sign) / step;
  const of = sum > 0n ? sum : BigInt(weights.length);
  const remainders: bigint[] = [];
  let left = whole;
  const parts = yield* inSteps(weights, (weight) => {
    const share = whole * (sum > 0n ? weight : 1n);
    const part = share / of;
    remainders.push(share - part * of);
    left -= part;
    return part;
  });
  const rest = total - whole * step * sign;
  const [first = 0, ...more] = yield* largest(remainders, Math.max(Number(left), 1));
  if (left > 0n) for (const at of [first, ...more]) parts[at] = (parts[at] ?? 0n) + 1n;
  const shares = yield* inSteps(parts, (part) => part * step * sign);
  if (rest !== 0n) shares[first] = (shares[first] ?? 0n) + rest;
  return shares as Amount[];
}

/** The places of so many of the largest, the very first of them first; of equal ones the first. */
function* largest(values: readonly bigint[], count: number): Steps<readonly number[]> {
  // Whole numbers of 64 bits are sorted without asking us about each two of them.
  const isNarrow = values.every((value) => value < NARROW);
  const sorted = isNarrow
    ? new BigUint64Array(values).sort()
    : values.toSorted((one, other) => (one < other ? -1 : one > other ? 1 : 0));
  const most = sorted.at(-1);
  const least = sorted[sorted.length - count];
  if (most === undefined || least === undefined) return [];
  const found: number[] = [];
  const equal: number[] = [];
  yield* inSteps(values, (value, at) => {
    if (value > least) found.push(at);
    else if (value === least) equal.push(at);
  });
  const all = [...found, ...equal.slice(0, count - found.length)];
  const first = all.findIndex((at) => values[at] === most);
  return [all[first] ?? 0, ...all.slice(0, first), ...all.slice(first + 1)];
}

const NARROW = 2n ** 64n;

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
