/** Readers of price files. Each takes what JSON gave and the field's path, and throws `BAD_PRICES`, which names the field. */
import { fault } from '../domain/faults.ts';
import { type Timestamp, timestamp } from '../domain/units.ts';
import { type Amount, parseDecimal } from './money.ts';
import { HOUR_MS, monthOf } from './month.ts';

export type Fields = Readonly<Record<string, unknown>>;
export type Read<T> = (value: unknown, path: string) => T;

export const bad = (path: string, why: string): Error =>
  fault('BAD_PRICES', { why: `${path} ${why}` });

export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw bad('the file', 'is not JSON');
  }
}

/** An object of no other fields than these. */
export function fieldsOf(value: unknown, path: string, known: readonly string[]): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw bad(path, 'must be an object');
  }
  const strange = Object.keys(value).find((name) => !known.includes(name));
  if (strange === undefined) return Object.fromEntries(Object.entries(value));
  throw bad(path, `has no field "${strange.slice(0, 60)}"; it has ${known.join(', ')}`);
}

/** Of `known`, those that are given. */
export function someOf<K extends string, T>(
  value: unknown,
  path: string,
  known: readonly K[],
  read: Read<T>,
): Partial<Record<K, T>> {
  const given = fieldsOf(value, path, known);
  const pairs = Object.entries(given).map(([name, one]) => [name, read(one, `${path}.${name}`)]);
  return Object.fromEntries(pairs) as Partial<Record<K, T>>;
}

export function listOf<T>(value: unknown, path: string, read: Read<T>): readonly T[] {
  if (!Array.isArray(value)) throw bad(path, 'must be a list');
  return value.map((one, at) => read(one, `${path}[${at}]`));
}

export function oneOf<const T extends string>(value: unknown, path: string, all: readonly T[]): T {
  const found = all.find((one) => one === value);
  if (found !== undefined) return found;
  throw bad(path, `must be ${all.map((one) => `"${one}"`).join(', ')}`);
}

/** A quantity or an amount of nothing at least: as text, or as a number that JSON can hold exactly. */
export const decimal: Read<bigint> = (value, path) => {
  const parsed =
    typeof value === 'string' || typeof value === 'number' ? parseDecimal(String(value)) : null;
  if (parsed !== null && parsed >= 0n) return parsed;
  throw bad(path, 'must be an amount such as "0.10", not negative, with 12 decimals at most');
};

export const price: Read<Amount> = (value, path) => decimal(value, path) as Amount;

export const whole =
  (min: number, max: number): Read<number> =>
  (value, path) => {
    if (Number.isInteger(value) && Number(value) >= min && Number(value) <= max) {
      return Number(value);
    }
    throw bad(path, `must be a whole number from ${min} to ${max}`);
  };

/** A time in UTC, on the hour: an hour of use has one price. */
export const onTheHour: Read<Timestamp> = (value, path) => {
  const at = typeof value === 'string' ? utc(value) : Number.NaN;
  if (at % HOUR_MS === 0) return timestamp(at);
  throw bad(path, 'must be a time in UTC on the hour, such as "2026-12-01" or "2026-12-01T06:00Z"');
};

/** The first day of a month. */
export const firstOfMonth: Read<Timestamp> = (value, path) => {
  const at = typeof value === 'string' ? timestamp(utc(value)) : timestamp(Number.NaN);
  if (at >= 0 && monthOf(at).from === at) return at;
  throw bad(path, 'must be the first day of a month, such as "2026-12-01"');
};

/** `2026-12-01` or `2026-12-01T06:00Z`; no number for anything else, also for days that no month has. */
function utc(text: string): number {
  const [, day, time = '00:00'] =
    /^(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d)(?::00(?:\.000)?)?Z)?$/.exec(text) ?? ([] as string[]);
  const at = Date.parse(`${day}T${time}:00Z`);
  return Number.isNaN(at) || new Date(at).toISOString().slice(0, 10) !== day ? Number.NaN : at;
}

/** Versions follow each other; one that began earlier would change what is past. */
export function mustFollow(before: Timestamp, next: Timestamp, path: string): void {
  if (next <= before) throw bad(`${path}.from`, 'must be later than that of the version before it');
}

/** The version of that time: the last that has begun, or the first. */
export function versionAt<V extends { readonly from: Timestamp }>(
  versions: readonly [V, ...V[]],
  at: Timestamp,
): V {
  return versions.findLast(({ from }) => from <= at) ?? versions[0];
}
