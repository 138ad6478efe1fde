/**
 * What the wire tells of the state a session builds up in its backend.
 *
 * Whether a session can be parked, and what must be restored, PostgreSQL itself is asked when it is
 * time (`wire/interrogation.ts`). The wire fills in what it cannot say, or not in time:
 *
 * - the unnamed statement, which no catalog shows: the last Parse is kept. One that is skipped after
 *   an error leaves the statement before it, one that fails itself leaves none, and where a pipeline
 *   leaves open which of the two it was, the session is not parked before its next statement;
 * - the names of custom settings, which can only be asked for by name: they are read off the text;
 * - whether anything may have changed since the session was last asked (`isTouched`): if its compute
 *   crashes now, an untouched session goes on, a touched one would go on in a wrong state;
 * - for people, which statement a pin comes from.
 *
 * Text proves nothing: a function may do whatever it does. It only raises flags. Ordinary statements
 * pay one look at each byte; what looks suspicious is read closely.
 */
import { REQUEST } from '../wire/frames.ts';
import { redacted, type ScanFindings, scanSql } from '../wire/sql-scan.ts';
import { UnnamedStatement } from './unnamed-statement.ts';

/** As much of the statement behind a pin as is shown. */
const SHOWN_CHARS = 200;

export type EvidenceHears = {
  /** Hears of each custom setting that is named. */
  readonly onName: (name: string) => void;
  /** A database may be about to be dropped, renamed or copied: nobody else may be in it then. */
  readonly onDatabase: () => void;
};

export class Evidence {
  /** Something was said that may have changed what the session holds. Taken back when it is asked. */
  isTouched = false;
  /** Something was said that a backend may not be reused after: custom settings, LOAD. */
  isTainting = false;
  /** A value of a sequence was asked for by `currval` or `lastval`. */
  usesSequenceValue = false;
  /** The values of a prepared `set_config` name settings that only Bind messages show. */
  #looksAtBinds = false;
  readonly #unnamed = new UnnamedStatement();
  #suspect: string | null = null;
  readonly #hears: EvidenceHears;

  constructor(hears: EvidenceHears) {
    this.#hears = hears;
  }

  /** The body of the Parse of the unnamed statement, if there is one. */
  get unnamed(): Buffer | null {
    return this.#unnamed.body;
  }

  /** There may be an unnamed statement that is not known: too long, or lost in a failed pipeline. */
  get isUnnamedLost(): boolean {
    return this.#unnamed.isLost;
  }

  /** The last statement that could be behind a pin, its values left out. */
  get suspect(): string | null {
    return this.#suspect;
  }

  /** The client sent `type`, whose body is `bytes` from `start` to `end`, cut at `UNNAMED_BYTES_MAX`. */
  asked(type: number, bytes: Uint8Array, start: number, end: number): void {
    switch (type) {
      case REQUEST.query:
        this.#unnamed.dropped(true);
        if (isSuspicious(bytes, start, end)) this.#suspected(bytes, start, end);
        return;
      case REQUEST.parse:
        if (bytes[start] === 0) this.#unnamed.parsed(bytes, start, end);
        else {
          this.isTouched = true;
          this.#unnamed.followed();
        }
        if (isSuspicious(bytes, start, end)) this.#suspected(bytes, start, end);
        return;
      case REQUEST.close:
        this.#closed(bytes, start, end);
        return;
      case REQUEST.sync:
      case REQUEST.functionCall:
        this.#unnamed.ended();
        return;
      case REQUEST.bind:
        if (this.#looksAtBinds) this.#suspected(bytes, start, end);
        this.#unnamed.followed();
        return;
      case REQUEST.describe:
      case REQUEST.execute:
        this.#unnamed.followed();
        return;
    }
  }

  /** The backend sent CommandComplete with the tag that begins at `start`. */
  tagged(bytes: Uint8Array, start: number, end: number): void {
    if (isTouching(bytes, start, end)) this.isTouched = true;
  }

  /** The backend sent an error; of the run of extended messages it belongs to `unanswered` were. */
  failed(unanswered: number): void {
    this.#unnamed.failed(unanswered);
  }

  /** All that was asked is answered. */
  settled(): void {
    this.#unnamed.settled();
  }

  /** The session has a new backend, which was given the unnamed statement. */
  begin(): void {
    this.isTouched = false;
    this.#unnamed.shrink();
  }

  #closed(bytes: Uint8Array, start: number, end: number): void {
    const isStatement = bytes[start] === STATEMENT;
    if (isStatement && end - start > 1 && bytes[start + 1] === 0) this.#unnamed.dropped(false);
    else {
      if (isStatement) this.isTouched = true;
      this.#unnamed.followed();
    }
  }

  #suspected(bytes: Uint8Array, start: number, end: number): void {
    this.isTouched = true;
    const found: ScanFindings = {
      names: new Set(),
      usesSequenceValue: false,
      setsDynamically: false,
      loads: false,
    };
    scanSql(bytes, start, end, found);
    for (const name of found.names) this.#hears.onName(name);
    if (found.names.size > 0 || found.setsDynamically || found.loads) this.isTainting = true;
    if (found.setsDynamically) this.#looksAtBinds = true;
    if (found.usesSequenceValue) this.usesSequenceValue = true;
    const text = Buffer.from(bytes.subarray(start, end)).toString('utf8');
    if (/\bdatabase\b/i.test(text)) this.#hears.onDatabase();
    this.#suspect = redacted(text.replaceAll('\0', ' ').trim(), SHOWN_CHARS);
  }
}

/** `S` in Close and Describe: a statement, not a portal. */
const STATEMENT = 0x53;

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
 * sequences, custom settings, LOAD or whole databases. Often yes for nothing; one pass, a letter or two at each place.
 */
export function isSuspicious(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end - 3; at++) {
    switch ((bytes[at] ?? 0) | LOWER) {
      case T: // TEMP
        if (is(bytes, at + 1, E) && is(bytes, at + 2, M) && is(bytes, at + 3, P)) return true;
        break;
      case D: // DATABASE
        if (is(bytes, at + 1, A) && is(bytes, at + 2, T) && is(bytes, at + 3, A)) {
          if (is(bytes, at + 4, B)) return true;
        }
        break;
      case A: // ADVISORY
        if (is(bytes, at + 1, D) && is(bytes, at + 2, V) && is(bytes, at + 3, I)) return true;
        break;
      case H: // HOLD
        if (is(bytes, at + 1, O) && is(bytes, at + 2, L) && is(bytes, at + 3, D)) return true;
        break;
      case V: // CURRVAL, LASTVAL
        if (is(bytes, at + 1, A) && is(bytes, at + 2, L) && isAfter(bytes, at, start)) return true;
        break;
      case L: // LOAD
        if (is(bytes, at + 1, O) && is(bytes, at + 2, A) && is(bytes, at + 3, D)) return true;
        break;
      case S: // SET ... a name with a dot
        if (is(bytes, at + 1, E) && is(bytes, at + 2, T) && setsCustom(bytes, at + 3, end))
          return true;
        break;
    }
  }
  return false;
}

const is = (bytes: Uint8Array, at: number, letter: number): boolean =>
  ((bytes[at] ?? 0) | LOWER) === letter;

/** Whether `val` at `at` ends `currval` or `lastval`. */
const isAfter = (bytes: Uint8Array, at: number, start: number): boolean =>
  at - 1 >= start && (is(bytes, at - 1, R) || is(bytes, at - 1, T));

/** How far behind SET a dot is looked for: SESSION, LOCAL and a name fit. */
const NAME_BYTES = 80;

/** What follows `set`: `_config`, or a name with a dot before its value. */
function setsCustom(bytes: Uint8Array, from: number, end: number): boolean {
  const first = bytes[from] ?? 0;
  if (first === UNDERSCORE) return is(bytes, from + 1, C);
  if (first > 0x20) return false;
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
function isTouching(bytes: Uint8Array, start: number, end: number): boolean {
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
