/**
 * What a session has asked and its backend has not yet answered.
 *
 * Only this can say whether a session is idle. A client may send any number of requests before it
 * reads an answer, so that the last ReadyForQuery proves nothing: it may be the first of fifty. The
 * ledger holds, in order, what the backend will still read, and follows the backend's own rules:
 *
 * - A simple query, a function call and a Sync end in one ReadyForQuery each.
 * - Extended messages (Parse, Bind, Describe, Execute, Close) have one answer each and none that
 *   ends them; a run of them is one entry with a count. Until a Sync or a query follows, the implicit
 *   transaction is open and the session is not idle, even if all is answered.
 * - After an error in a run the backend throws away everything up to the next Sync, queries too.
 *   An error in a simple query throws nothing away.
 * - While the backend takes COPY data in, it ignores Sync and Flush; only CopyDone or CopyFail end
 *   that. Clients do send such a Sync (libpq with parameters), and it is never answered. Outside of
 *   COPY it is CopyDone and CopyFail that are ignored.
 *
 * One case cannot be decided: COPY fails, and a Sync was sent before the data. It was ignored or it
 * is answered, depending on when the backend failed. Then, and when an answer comes that nothing
 * asked for, the ledger is unsure, and the session never counts as idle again.
 *
 * Source: PostgreSQL `src/backend/tcop/postgres.c` (SocketBackend, PostgresMain: ignore_till_sync),
 * `src/backend/commands/copyfromparse.c` (CopyGetData).
 */
import type { Instant } from '../domain/units.ts';
import { ANSWER, REQUEST, STATUS } from '../wire/frames.ts';

/** A backend in COPY IN: `open` until the client has ended its data, `closed` after. */
type CopyIn = 'none' | 'open' | 'closed';

const KIND = { query: 1, sync: 2, run: 3, copyEnd: 4 } as const;

const CAPACITY_MIN = 4;

/** A request that ReadyForQuery has ended. */
export type Finished = {
  /** When its first byte came. */
  since: Instant;
  /** Whether it could run a statement: a lone Sync, Parse or Describe does not. */
  ran: boolean;
};

export class RequestLedger {
  /** A ring of entries: kind and count in parallel arrays whose length is a power of two. */
  #kinds = new Uint8Array(CAPACITY_MIN);
  #counts = new Uint32Array(CAPACITY_MIN);
  #since = new Float64Array(CAPACITY_MIN);
  #ran = new Uint8Array(CAPACITY_MIN);
  #head = 0;
  #size = 0;
  /** Extended messages were sent since the last Sync or query. */
  #runOpen = false;
  #runSince = 0;
  #runExecutes = false;
  /** The backend throws away what comes until a Sync that the client has not yet sent. */
  #skipping = false;
  #copyIn: CopyIn = 'none';
  /** A Sync fell into the COPY that is running. */
  #syncIgnored = false;
  #unsure = false;
  #status: number;
  /** Reused: what `ready` returns is valid until the next call. */
  readonly #finished: Finished = { since: 0 as Instant, ran: false };

  constructor(status: number) {
    this.#status = status;
  }

  /** The status in the last ReadyForQuery. */
  get status(): number {
    return this.#status;
  }

  /** Requests not yet answered. A run of extended messages counts as one. */
  get outstanding(): number {
    return this.#size;
  }

  /** Whether the backend has anything left to do or to finish for the client. */
  get isBusy(): boolean {
    return this.#size > 0 || this.#runOpen;
  }

  /** Whether the client has the answer to all it asked, and no transaction is open. Never a guess. */
  get isIdle(): boolean {
    return !this.isBusy && this.#status === STATUS.idle && !this.#unsure;
  }

  /** Whether all that was said could be followed; see the case that cannot. */
  get isSure(): boolean {
    return !this.#unsure;
  }

  /** Of the run of extended messages that is being answered, how many have no answer; 0 if none is. */
  get unansweredInRun(): number {
    return this.#headIs(KIND.run) ? (this.#counts[this.#head] ?? 0) : 0;
  }

  /** How many ReadyForQuery are to come; null if that cannot be told, or depends on the client. */
  get owed(): number | null {
    if (this.#unsure || this.#runOpen || this.#skipping || this.#copyIn !== 'none') return null;
    let owed = 0;
    for (let i = 0; i < this.#size; i++) {
      const kind = this.#kinds[this.#at(i)];
      if (kind === KIND.query || kind === KIND.sync) owed++;
    }
    return owed;
  }

  /** The client sent a message of `type`, whose first byte came at `now`. */
  asked(type: number, now: Instant): void {
    switch (type) {
      case REQUEST.query:
      case REQUEST.functionCall:
        if (!this.#skipping) this.#endRun(KIND.query, now);
        return;
      case REQUEST.sync:
        if (this.#copyIn === 'open') {
          this.#syncIgnored = true;
          return;
        }
        this.#skipping = false;
        this.#endRun(KIND.sync, now);
        return;
      case REQUEST.copyDone:
      case REQUEST.copyFail:
        if (this.#copyIn === 'open') this.#copyIn = 'closed';
        else if (this.#size > 0) this.#push(KIND.copyEnd, now);
        return;
      case REQUEST.parse:
      case REQUEST.bind:
      case REQUEST.describe:
      case REQUEST.execute:
      case REQUEST.close:
        this.#askedExtended(type, now);
        return;
    }
  }

  /** The backend sent a message of `type`, other than ReadyForQuery. */
  answered(type: number): void {
    switch (type) {
      case ANSWER.commandComplete:
        this.#copyIn = 'none';
        this.#syncIgnored = false;
        this.#answerOne();
        return;
      case ANSWER.rowDescription:
      case ANSWER.noData:
      case ANSWER.parseComplete:
      case ANSWER.bindComplete:
      case ANSWER.closeComplete:
      case ANSWER.portalSuspended:
      case ANSWER.emptyQuery:
        this.#answerOne();
        return;
      case ANSWER.error:
        this.#failed();
        return;
      case ANSWER.copyIn:
        this.#beginCopyIn();
        return;
      case ANSWER.copyBoth:
        this.#unsure = true;
        return;
    }
  }

  /** The backend sent ReadyForQuery: the request it ends, null if none was open. */
  ready(status: number): Finished | null {
    this.#status = status;
    this.#copyIn = 'none';
    this.#syncIgnored = false;
    while (this.#size > 0) {
      const kind = this.#kinds[this.#head];
      const finished = this.#finished;
      finished.since = (this.#since[this.#head] ?? 0) as Instant;
      finished.ran = this.#ran[this.#head] === 1;
      this.#pop();
      if (kind !== KIND.query && kind !== KIND.sync) continue;
      this.#dropAnswered();
      return finished;
    }
    this.#unsure = true;
    return null;
  }

  #askedExtended(type: number, now: Instant): void {
    if (!this.#runOpen) {
      this.#runOpen = true;
      this.#runSince = now;
      this.#runExecutes = false;
    }
    if (type === REQUEST.execute) this.#runExecutes = true;
    if (this.#skipping) return;
    const tail = this.#at(this.#size - 1);
    if (this.#size > 0 && this.#kinds[tail] === KIND.run) this.#addTo(tail, 1);
    else this.#push(KIND.run, now);
  }

  /** A Sync or a query: what is answered by ReadyForQuery, and ends the run before it. */
  #endRun(kind: number, now: Instant): void {
    const since = this.#runOpen ? this.#runSince : now;
    const ran = kind === KIND.query || (this.#runOpen && this.#runExecutes);
    this.#runOpen = false;
    this.#push(kind, since as Instant);
    this.#ran[this.#at(this.#size - 1)] = ran ? 1 : 0;
  }

  #answerOne(): void {
    this.#dropAnswered();
    if (this.#headIs(KIND.run)) this.#addTo(this.#head, -1);
  }

  #failed(): void {
    if (this.#copyIn !== 'none') {
      this.#unsure ||= this.#syncIgnored;
      this.#copyIn = 'none';
      this.#syncIgnored = false;
    }
    this.#dropAnswered();
    if (!this.#headIs(KIND.run)) return;
    while (this.#size > 0 && !this.#headIs(KIND.sync)) this.#pop();
    this.#skipping = this.#size === 0;
  }

  /** What was sent before the backend said so is already on its way to a backend in COPY. */
  #beginCopyIn(): void {
    this.#dropAnswered();
    this.#copyIn = 'open';
    let kept = 1;
    for (let i = 1; i < this.#size; i++) {
      const from = this.#at(i);
      const kind = this.#kinds[from];
      if (this.#copyIn === 'open' && kind === KIND.sync) {
        this.#syncIgnored = true;
        continue;
      }
      if (this.#copyIn === 'open' && kind === KIND.copyEnd) {
        this.#copyIn = 'closed';
        continue;
      }
      this.#copy(from, this.#at(kept));
      kept++;
    }
    this.#size = Math.min(this.#size, kept);
    // The Sync that was ignored did not end its run; one that comes after the data will.
    if (kept > 1 || !this.#syncIgnored || !this.#headIs(KIND.run)) return;
    this.#runOpen = true;
    this.#runSince = this.#since[this.#head] ?? 0;
    this.#runExecutes = true;
  }

  /** Entries at the head that no answer can belong to any more. */
  #dropAnswered(): void {
    while (this.#size > 0) {
      const kind = this.#kinds[this.#head];
      const isOver = kind === KIND.copyEnd || (kind === KIND.run && this.#counts[this.#head] === 0);
      if (!isOver) return;
      this.#pop();
    }
  }

  #headIs(kind: number): boolean {
    return this.#size > 0 && this.#kinds[this.#head] === kind;
  }

  #at(index: number): number {
    return (this.#head + index) & (this.#kinds.length - 1);
  }

  #addTo(slot: number, difference: number): void {
    this.#counts[slot] = (this.#counts[slot] ?? 0) + difference;
  }

  #push(kind: number, since: Instant): void {
    if (this.#size === this.#kinds.length) this.#grow();
    const slot = this.#at(this.#size);
    this.#kinds[slot] = kind;
    this.#counts[slot] = 1;
    this.#since[slot] = since;
    this.#ran[slot] = 0;
    this.#size++;
  }

  #pop(): void {
    this.#head = this.#at(1);
    this.#size--;
  }

  #copy(from: number, to: number): void {
    this.#kinds[to] = this.#kinds[from] ?? 0;
    this.#counts[to] = this.#counts[from] ?? 0;
    this.#since[to] = this.#since[from] ?? 0;
    this.#ran[to] = this.#ran[from] ?? 0;
  }

  /** The relay bounds the size: it stops reading a client that is too far ahead. */
  #grow(): void {
    const [kinds, counts, since, ran] = [this.#kinds, this.#counts, this.#since, this.#ran];
    const capacity = kinds.length * 2;
    this.#kinds = new Uint8Array(capacity);
    this.#counts = new Uint32Array(capacity);
    this.#since = new Float64Array(capacity);
    this.#ran = new Uint8Array(capacity);
    for (let i = 0; i < this.#size; i++) {
      const from = (this.#head + i) & (kinds.length - 1);
      this.#kinds[i] = kinds[from] ?? 0;
      this.#counts[i] = counts[from] ?? 0;
      this.#since[i] = since[from] ?? 0;
      this.#ran[i] = ran[from] ?? 0;
    }
    this.#head = 0;
  }
}
