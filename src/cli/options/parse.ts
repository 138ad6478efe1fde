/**
 * Reads the text of options. A parser throws a plain `Error` whose message says what is wanted; its
 * caller knows where the text came from and makes the fault.
 */
import { isIP } from 'node:net';
import { isAbsolute, join, resolve } from 'node:path';

/** Where a relative path begins, and what `~` is. */
export type Place = { readonly baseDir: string; readonly homeDir: string };

export type Parse<T> = (text: string, place: Place) => T;

export const text: Parse<string> = (given) => {
  if (given.trim() === '') throw new Error('must not be empty');
  return given;
};

export const path: Parse<string> = (given, { baseDir, homeDir }) => {
  const named = text(given, { baseDir, homeDir });
  if (named === '~') return homeDir;
  if (named.startsWith('~/')) return join(homeDir, named.slice(2));
  return isAbsolute(named) ? resolve(named) : resolve(baseDir, named);
};

export type Range = { readonly min: number; readonly max: number };

export const integer =
  ({ min, max }: Range): Parse<number> =>
  (given) => {
    const read = /^\d{1,15}$/.test(given) ? Number(given) : Number.NaN;
    if (!(read >= min && read <= max)) {
      throw new Error(`"${given}" is not a whole number from ${min} to ${max}`);
    }
    return read;
  };

/** 0 lets the system choose a free one. */
export const port: Parse<number> = (given) => {
  const read = /^\d{1,5}$/.test(given) ? Number(given) : Number.NaN;
  if (!(read <= 65_535)) throw new Error(`"${given}" is not a port from 0 to 65535`);
  return read;
};

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** A number with a unit as milliseconds: `1500ms`, `30s`, `15m`, `1h`, `2d`, `1.5h`. */
export const duration =
  ({ min, max }: Range): Parse<number> =>
  (given) => {
    const [, amount = '', unit = ''] =
      /^(\d{1,12}(?:\.\d{1,3})?)\s*(ms|s|m|h|d)$/.exec(given) ?? [];
    const scale = UNIT_MS[unit];
    if (scale === undefined) {
      throw new Error(`"${given}" is not a length of time such as 1500ms, 30s, 15m, 1h or 2d`);
    }
    const read = Math.round(Number(amount) * scale);
    if (read < min || read > max) {
      throw new Error(`"${given}" is not between ${durationText(min)} and ${durationText(max)}`);
    }
    return read;
  };

const MOMENT_TEXT =
  /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?(?:Z|[+-]\d{2}:\d{2})?)?$/;

const AHEAD_MAX_MS = 3_650 * 86_400_000;

/** A length of time from `now` on, or a date with or without a time, in UTC unless it says otherwise. */
export const momentFrom =
  (now: number): Parse<string> =>
  (given, place) => {
    if (/^\d.*[a-z]$/.test(given)) {
      return new Date(now + duration({ min: 1, max: AHEAD_MAX_MS })(given, place)).toISOString();
    }
    const zoned = /T.*(?:Z|[+-]\d{2}:\d{2})$/.test(given) || !given.includes('T');
    const read = MOMENT_TEXT.test(given) ? Date.parse(zoned ? given : `${given}Z`) : Number.NaN;
    if (Number.isNaN(read)) {
      throw new Error(
        `"${given}" is neither a length of time such as 2h or 7d nor a time such as 2030-12-31T18:00Z`,
      );
    }
    return new Date(read).toISOString();
  };

/** A length of time before `now`, or a date as `momentFrom` reads it. */
export const momentAgo =
  (now: number): Parse<string> =>
  (given, place) => {
    if (!/^\d.*[a-z]$/.test(given)) return momentFrom(now)(given, place);
    return new Date(now - duration({ min: 0, max: AHEAD_MAX_MS })(given, place)).toISOString();
  };

/** The shortest text that `duration` reads back as `ms`. */
export function durationText(ms: number): string {
  const units = Object.entries(UNIT_MS).reverse();
  const [unit, scale] = units.find(([, size]) => ms >= size && ms % size === 0) ?? ['ms', 1];
  return `${ms / scale}${unit}`;
}

const BYTE_UNITS: Readonly<Record<string, number>> = {
  '': 1,
  B: 1,
  kB: 1_024,
  MB: 1_024 ** 2,
  GB: 1_024 ** 3,
  TB: 1_024 ** 4,
};

/** A number of bytes, with a unit as PostgreSQL has them: `500MB`, `1.5 GB`. */
export const bytes: Parse<number> = (given) => {
  const [, amount = '', unit = ''] = /^(\d{1,15}(?:\.\d{1,3})?)\s*([kMGT]?B)?$/.exec(given) ?? [];
  const read = Math.round(Number(amount) * (BYTE_UNITS[unit] ?? 1));
  if (amount === '' || !Number.isSafeInteger(read)) {
    throw new Error(`"${given}" is not a number of bytes such as 500MB or 1.5GB`);
  }
  return read;
};

const YES = new Set(['1', 'true', 'yes', 'on']);
const NO = new Set(['0', 'false', 'no', 'off', '']);

export const boolean: Parse<boolean> = (given) => {
  const word = given.toLowerCase();
  if (YES.has(word)) return true;
  if (NO.has(word)) return false;
  throw new Error(`"${given}" is neither true nor false`);
};

export const choice =
  <const T extends string>(choices: readonly T[]): Parse<T> =>
  (given) => {
    const found = choices.find((c) => c === given);
    if (found === undefined) throw new Error(`"${given}" is not one of ${choices.join(', ')}`);
    return found;
  };

/** One of `names` as it is, else what `parse` makes of it. */
export const named =
  <const N extends string, T>(names: readonly N[], parse: Parse<T>): Parse<N | T> =>
  (given, place) =>
    names.find((name) => name === given) ?? parse(given, place);

/** A secret key of so many bytes, in base64. */
export const key =
  (bytes: number): Parse<Buffer> =>
  (given) => {
    const text = given.trim();
    const read = Buffer.from(text, 'base64');
    // What is not base64 is skipped in reading; the value is not repeated, being a secret.
    if (read.length !== bytes || read.toString('base64') !== text) {
      throw new Error(
        `is not ${bytes} bytes in base64, such as "openssl rand -base64 ${bytes}" makes`,
      );
    }
    return read;
  };

/** A host name or an address, without a port. */
export const host: Parse<string> = (given) => {
  const bare = given.replace(/^\[(.*)\]$/, '$1');
  if (!/^[A-Za-z0-9_.:-]{1,253}$/.test(bare) || /^[^:]*:[^:]*$/.test(bare)) {
    throw new Error(`"${given}" is not a host name or address`);
  }
  return bare;
};

/** Of a profile. */
export const profileName: Parse<string> = (given) => {
  if (!/^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/.test(given)) {
    throw new Error('is not a name of letters, digits, ".", "_" and "-"');
  }
  return given;
};

export type UidRange = { readonly first: number; readonly last: number };

/** The largest user id that Linux gives out; the one above means "none". */
const UID_MAX = 4_294_967_294;

export const uidRange: Parse<UidRange> = (given) => {
  const [, first = '', last = ''] = /^(\d{1,10})-(\d{1,10})$/.exec(given) ?? [];
  const read = { first: Number(first), last: Number(last) };
  if (first === '' || read.first < 1 || read.last > UID_MAX || read.first > read.last) {
    throw new Error(`"${given}" is not a range of user ids such as 200000-299999`);
  }
  return read;
};

/** A user and no host, as libpq takes it for a socket: `postgresql://me@/db?host=/run/postgresql`. */
const HOSTLESS = /^(postgres(?:ql)?:\/\/[^/?#]*@)\//;

export const url =
  (protocols: readonly string[]): Parse<string> =>
  (given) => {
    const read = URL.parse(given) ?? URL.parse(given.replace(HOSTLESS, '$1localhost/'));
    if (read === null || !protocols.includes(read.protocol)) {
      // The value may hold a password: it is not repeated.
      throw new Error(
        `is not a URL that begins with ${protocols.map((p) => `${p}//`).join(' or ')}`,
      );
    }
    return given;
  };

/** Addresses and networks such as `10.0.0.0/8`, with commas between. */
export const networks: Parse<readonly string[]> = (given) => {
  const all = given.split(',').map((part) => part.trim());
  for (const one of all) {
    const [address = '', bits, ...more] = one.split('/');
    const most = isIP(address) === 6 ? 128 : 32;
    const fits = bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= most);
    if (isIP(address) === 0 || !fits || more.length > 0) {
      throw new Error(`"${one}" is neither an address nor a network such as 10.0.0.0/8`);
    }
  }
  return all;
};

/** E-mail addresses with commas between. */
export const emails: Parse<readonly string[]> = (given) => {
  const all = given.split(',').map((part) => part.trim().toLowerCase());
  const wrong = all.find((one) => !/^[^\s@]+@[^\s@]+$/.test(one));
  if (wrong !== undefined) throw new Error(`"${wrong}" is not an e-mail address`);
  return all;
};
