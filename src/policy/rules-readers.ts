/**
 * Readers of a policy file's values. Each takes what JSON gave and the field's path, and throws `BAD_POLICY`,
 * which names the field.
 */
import { fault } from '../domain/faults.ts';
import { type DurationMs, ms } from '../domain/units.ts';

export type Fields = Readonly<Record<string, unknown>>;
export type Reader<T> = (value: unknown, path: string) => T;
export type Readers<T> = { readonly [K in keyof T]-?: Reader<T[K]> };

export const bad = (path: string, why: string): Error =>
  fault('BAD_POLICY', { why: `${path} ${why}` });

export const integer =
  (min: number, max: number): Reader<number> =>
  (value, path) => {
    if (Number.isInteger(value) && Number(value) >= min && Number(value) <= max) {
      return Number(value);
    }
    throw bad(path, `must be a whole number from ${min} to ${max}`);
  };

export const decimal =
  (min: number, max: number): Reader<number> =>
  (value, path) => {
    if (typeof value === 'number' && value >= min && value <= max) return value;
    throw bad(path, `must be a number from ${min} to ${max}`);
  };

export const flag: Reader<boolean> = (value, path) => {
  if (typeof value === 'boolean') return value;
  throw bad(path, 'must be true or false');
};

/** One of a few texts. */
export const oneOf =
  <const T extends string>(all: readonly T[]): Reader<T> =>
  (value, path) => {
    const found = all.find((one) => one === value);
    if (found !== undefined) return found;
    throw bad(path, `must be ${all.map((one) => `"${one}"`).join(', ')}`);
  };

export const orNull =
  <T>(read: Reader<T>): Reader<T | null> =>
  (value, path) =>
    value === null ? null : read(value, path);

/** `word`, or what `read` reads. */
export const wordOr =
  <const W extends string, T>(word: W, read: Reader<T>): Reader<W | T> =>
  (value, path) => {
    if (value === word) return word;
    if (typeof value === 'string') throw bad(path, `must be "${word}", or else no text`);
    return read(value, path);
  };

const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

const TEN_YEARS_MS = 3_650 * 86_400_000;

const timeFrom =
  (min: number, examples: string): Reader<DurationMs> =>
  (value, path) => {
    const [, amount, unit = ''] = /^(\d{1,9}(?:\.\d{1,3})?)(ms|[smhd])$/.exec(String(value)) ?? [];
    const length = Number(amount) * (UNITS[unit] ?? Number.NaN);
    if (length >= min && length <= TEN_YEARS_MS) return ms(length);
    throw bad(path, `must be a time such as ${examples}`);
  };

/** A second at least. */
export const time = timeFrom(1_000, '"90s", "15m", "24h" or "7d"');

/** May be none at all. */
export const timeOrNone = timeFrom(0, '"0s", "15m", "24h" or "7d"');

/** What somebody waits: a millisecond at least. */
export const wait = timeFrom(1, '"50ms", "1s" or "5s"');

/** The fields that are given, each read by the reader of its name. */
export function readSome<R extends object>(
  value: unknown,
  readers: Readers<R>,
  path: string,
): Partial<R> {
  const given = fieldsOf(value, path || 'the policy');
  refuseStrange(given, Object.keys(readers), path || 'the policy');
  const prefix = path === '' ? '' : `${path}.`;
  const read = Object.entries(given).map(([name, field]) => [
    name,
    readers[name as keyof R](field, `${prefix}${name}`),
  ]);
  return Object.fromEntries(read) as Partial<R>;
}

/** `base` with the fields that are given, and whether the whole then makes sense is asked of `flaw`. */
export const over =
  <R extends object>(
    base: R,
    readers: Readers<R>,
    flaw: (whole: R) => string | null = () => null,
  ): Reader<R> =>
  (value, path) => {
    const whole = { ...base, ...readSome(value, readers, path) };
    const why = flaw(whole);
    if (why !== null) throw bad(path, why);
    return whole;
  };

export function refuseStrange(given: Fields, known: readonly string[], where: string): void {
  const strange = Object.keys(given).find((name) => !known.includes(name));
  if (strange === undefined) return;
  throw bad(where, `has no field "${strange.slice(0, 60)}"; it has ${known.join(', ')}`);
}

export function fieldsOf(value: unknown, path: string): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return Object.fromEntries(Object.entries(value));
  }
  throw bad(path, 'must be an object');
}

export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw bad('the file', 'is not JSON');
  }
}
