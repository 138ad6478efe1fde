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
import { QUERY_CLASSES, type QueryClass } from '../domain/usage.ts';
import { REQUEST } from '../wire/frames.ts';
import { redacted, type ScanFindings, scanSql } from '../wire/sql-scan.ts';
import { isSuspicious, isTouching } from './suspicion.ts';
import { classOfTag } from './tag-class.ts';
import { UnnamedStatement } from './unnamed-statement.ts';

/** As much of the statement behind a pin as is shown. */
const SHOWN_CHARS = 200;

export type EvidenceHears = {
  /** Hears of each custom setting that is named. Whether it will be asked for. */
  readonly onName: (name: string) => boolean;
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
  /** Of the first statement since it has its backend that says what the client wants; null before. */
  statement: QueryClass | null = null;
  /** A custom setting was named that is asked for no more, since there are too many. */
  hasUnlearnedName = false;
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
    if (this.statement === null || isPrelude(this.statement)) {
      this.statement = QUERY_CLASSES[classOfTag(bytes, start, end)] ?? null;
    }
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
    this.statement = null;
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
    for (const name of found.names) this.hasUnlearnedName ||= !this.#hears.onName(name);
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

/** Whether it says little of what a client wants, who will say more. */
const isPrelude = (kind: QueryClass): boolean => kind === 'transaction' || kind === 'utility';
