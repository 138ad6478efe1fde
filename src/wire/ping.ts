/**
 * Statements that ask nothing but whether anybody is there, and whose answer is the same in every database:
 * the empty query, also as `;` or a comment, and `select 1`, also with a name for its column.
 *
 * Only what is certain is recognized. The answer to anything else is PostgreSQL's own business.
 */

export type Ping =
  | { readonly kind: 'empty' }
  /** One row with the integer 1, in a column of this name. */
  | { readonly kind: 'one'; readonly column: string };

/** Longer texts are not looked at. */
export const PING_BYTES_MAX = 256;

/** What PostgreSQL calls a column without a name. */
const UNNAMED_COLUMN = '?column?';

/** `NAMEDATALEN` less its zero byte: longer names are cut, with a notice. */
const NAME_MAX = 63;

/** Each part begins with another character, so that there is one way only to match it. */
const BLANK =
  '(?:[ \\t\\n\\r\\f\\v]|--[^\\r\\n]*(?=[\\r\\n]|$)|/\\*(?:[^*/]|\\*(?!/)|/(?!\\*))*\\*/)';
/** Any word may follow AS. Letters beyond ASCII depend on the encoding. */
const LABEL = '([a-z_][a-z0-9_$]*|"[ !#-~]+")';
const EMPTY = new RegExp(`^(?:${BLANK}|;)*$`);
const ONE = new RegExp(
  `^(?:${BLANK}|;)*select${BLANK}+1(?:${BLANK}+as${BLANK}+${LABEL})?(?:${BLANK}|;)*$`,
  'i',
);

/** Null if it is none, or not certainly one. */
export function pingIn(sql: string): Ping | null {
  if (sql.length > PING_BYTES_MAX) return null;
  if (EMPTY.test(sql)) return { kind: 'empty' };
  const found = ONE.exec(sql);
  if (found === null) return null;
  const [, label] = found;
  if (label === undefined) return { kind: 'one', column: UNNAMED_COLUMN };
  const column = label.startsWith('"') ? label.slice(1, -1) : label.toLowerCase();
  return column.length > NAME_MAX ? null : { kind: 'one', column };
}

const LOWER = 0x20;
const S = 0x73;
const E = 0x65;
const BEGINNINGS: ReadonlySet<number> = new Set(
  [...'\0 \t\n\r\f\v;-/'].map((character) => character.charCodeAt(0)),
);

/** Longest text that is looked at where every statement is: enough for those that programs send. */
const GLANCE_BYTES_MAX = 64;

/**
 * Whether the statement that begins at `start` and ends with a zero byte is a ping. Makes nothing for a
 * statement that is none, but for those that begin as one.
 */
export function isPing(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start > GLANCE_BYTES_MAX) return false;
  const first = bytes[start] ?? 0;
  const isSelect = (first | LOWER) === S && ((bytes[start + 1] ?? 0) | LOWER) === E;
  if (!isSelect && !BEGINNINGS.has(first)) return false;
  if (isSelect && !hasOne(bytes, start, end)) return false;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start);
  const length = text.indexOf(0);
  return length >= 0 && pingIn(text.toString('latin1', 0, length)) !== null;
}

const SELECT_BYTES = 6;
const ONE_DIGIT = 0x31;
const SPACE = 0x20;

/** Whether the digit stands where it does in nearly all pings: `select 1`. */
const hasOne = (bytes: Uint8Array, start: number, end: number): boolean =>
  end - start > SELECT_BYTES + 2 &&
  bytes[start + SELECT_BYTES] === SPACE &&
  bytes[start + SELECT_BYTES + 1] === ONE_DIGIT;
