/** Which texts may change what a session holds in ways that only the text shows. */

/** Lower case, for ASCII letters; what else it does to other bytes does no harm here. */
const LOWER = 0x20;

const A = 0x61;
const B = 0x62;
const C = 0x63;
const D = 0x64;
const E = 0x65;
const H = 0x68;
const I = 0x69;
const L = 0x6c;
const M = 0x6d;
const N = 0x6e;
const O = 0x6f;
const P = 0x70;
const R = 0x72;
const S = 0x73;
const T = 0x74;
const U = 0x75;
const V = 0x76;
const UNDERSCORE = 0x5f;
const DOT = 0x2e;

/**
 * Whether a text may have to do with temporary objects, cursors WITH HOLD, advisory locks, values of
 * sequences, custom settings, LOAD or whole databases. One pass, a letter or two at each place; words
 * that only contain such a word (`payload`, `interval`, `offset`) are no reason.
 */
export function isSuspicious(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end - 3; at++) {
    switch ((bytes[at] ?? 0) | LOWER) {
      case T: // TEMP, TEMPORARY
        if (follows(bytes, at, E, M, P) && begins(bytes, at, start)) {
          if (ends(bytes, at + 4, end) || is(bytes, at + 4, O)) return true;
        }
        break;
      case D: // DATABASE
        if (follows(bytes, at, A, T, A) && is(bytes, at + 4, B) && begins(bytes, at, start))
          return true;
        break;
      case A: // ADVISORY, also within pg_advisory_lock
        if (follows(bytes, at, D, V, I) && is(bytes, at + 4, S)) return true;
        break;
      case H: // HOLD
        if (follows(bytes, at, O, L, D) && isAlone(bytes, at, start, end)) return true;
        break;
      case V: // CURRVAL, LASTVAL
        if (is(bytes, at + 1, A) && is(bytes, at + 2, L) && isSequenceValue(bytes, at, start))
          return true;
        break;
      case L: // LOAD
        if (follows(bytes, at, O, A, D) && isAlone(bytes, at, start, end)) return true;
        break;
      case S: // SET ... a name with a dot, SET_CONFIG
        if (is(bytes, at + 1, E) && is(bytes, at + 2, T) && begins(bytes, at, start)) {
          if (setsCustom(bytes, at + 3, end)) return true;
        }
        break;
    }
  }
  return false;
}

const is = (bytes: Uint8Array, at: number, letter: number): boolean =>
  ((bytes[at] ?? 0) | LOWER) === letter;

/** Whether these three letters come behind `at`. */
const follows = (bytes: Uint8Array, at: number, a: number, b: number, c: number): boolean =>
  is(bytes, at + 1, a) && is(bytes, at + 2, b) && is(bytes, at + 3, c);

const begins = (bytes: Uint8Array, at: number, start: number): boolean =>
  at === start || !isWord(bytes[at - 1] ?? 0);

const ends = (bytes: Uint8Array, behind: number, end: number): boolean =>
  behind >= end || !isWord(bytes[behind] ?? 0);

const isAlone = (bytes: Uint8Array, at: number, start: number, end: number): boolean =>
  begins(bytes, at, start) && ends(bytes, at + 4, end);

/** Letters, digits, underscore, and all that is not ASCII. */
function isWord(byte: number): boolean {
  const lower = byte | LOWER;
  const isLetter = lower >= 0x61 && lower <= 0x7a;
  return isLetter || (byte >= 0x30 && byte <= 0x39) || byte === UNDERSCORE || byte >= 0x80;
}

/** Whether `val` at `at` ends `currval` or `lastval`. */
function isSequenceValue(bytes: Uint8Array, at: number, start: number): boolean {
  if (at - 2 < start) return false;
  const [before, last] = [(bytes[at - 2] ?? 0) | LOWER, (bytes[at - 1] ?? 0) | LOWER];
  return (before === R && last === R) || (before === S && last === T);
}

/** How far behind SET a dot is looked for: SESSION, LOCAL and a name fit. */
const NAME_BYTES = 80;

/** What follows `set`: `_config`, or a name with a dot before its value. */
function setsCustom(bytes: Uint8Array, from: number, end: number): boolean {
  const first = bytes[from] ?? 0;
  if (first === UNDERSCORE) return is(bytes, from + 1, C);
  if (isWord(first)) return false;
  const last = Math.min(end, from + NAME_BYTES);
  for (let at = from; at < last; at++) {
    const byte = bytes[at] ?? 0;
    if (byte === DOT) return true;
    if (byte === 0x3d /* = */ || byte === 0x27 /* ' */) return false;
  }
  return false;
}

/**
 * Whether a tag is that of a command that may change what the session holds: SET, RESET, PREPARE,
 * DEALLOCATE, DECLARE, DISCARD, DO, LISTEN, UNLISTEN, LOAD, CALL, CREATE. SELECT, INSERT, UPDATE and
 * DELETE fail at their second or third byte.
 */
export function isTouching(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start < 3) return false;
  const second = (bytes[start + 1] ?? 0) | LOWER;
  const third = (bytes[start + 2] ?? 0) | LOWER;
  switch ((bytes[start] ?? 0) | LOWER) {
    case S: // SET, and not SELECT
      return second === E && third === T;
    case R: // RESET, and not ROLLBACK, RELEASE, REINDEX
      return second === E && third === S;
    case P: // PREPARE, and PREPARE TRANSACTION
      return second === R;
    case D: // DEALLOCATE, DECLARE, DISCARD, DO; not DELETE, DROP
      return second === I || second === O || (second === E && (third === A || third === C));
    case L: // LISTEN, LOAD, LOCK TABLE
      return second === I || second === O;
    case U: // UNLISTEN, and not UPDATE
      return second === N;
    case C: // CREATE, CALL; not COMMIT, COPY, COMMENT, CLOSE
      return second === R || second === A;
  }
  return false;
}
