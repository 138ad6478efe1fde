/**
 * The unnamed statement of a session, as its backend holds it.
 *
 * A Parse without a name replaces it, and a simple query ends it, when the backend gets to them:
 * after an error it skips what it was sent up to the next Sync. So what was sent counts only when all
 * is answered. If nothing has failed, the last word is right. If one run of messages failed that
 * replaced the statement once, the number of messages without an answer tells whether the Parse failed
 * (none is left), was behind the failure (the one before is left), or before it (it counts). Of more
 * runs in one go, with a failure among them, it is not known.
 *
 * Source: PostgreSQL `exec_parse_message`, `exec_simple_query`, `drop_unnamed_stmt`.
 */

/** A statement longer than this is not kept. */
export const UNNAMED_BYTES_MAX = 64 * 1024;

const NONE = Buffer.alloc(0);

/** Room for a statement to begin with; it doubles. */
const ROOM_BYTES = 128;

/** Instead of a length: there is one, and it is not known. */
const LOST = -1;

export class UnnamedStatement {
  #body: Buffer = NONE;
  #length = 0;
  /** What was sent since all was answered: the last word, and how often there was one. */
  #next: Buffer = NONE;
  #nextLength = 0;
  #words = 0;
  /** Messages sent behind it, in its run, and runs ended since all was answered. */
  #behind = 0;
  #runs = 0;
  #verdict: 'done' | 'skipped' | 'failed' = 'done';
  #hasFailed = false;
  /** The last word was a query, of which an error is an answer: it has ended the statement. */
  #isQuery = false;

  /** The body of its Parse; null if there is none, or it is not known. */
  get body(): Buffer | null {
    return this.#length > 0 ? this.#body.subarray(0, this.#length) : null;
  }

  get isLost(): boolean {
    return this.#length === LOST;
  }

  parsed(bytes: Uint8Array, start: number, end: number): void {
    const length = end - start;
    this.#word(length >= UNNAMED_BYTES_MAX ? LOST : length);
    if (this.#nextLength === LOST) return;
    if (length > this.#next.length) {
      const room = Math.max(ROOM_BYTES, 2 ** Math.ceil(Math.log2(length)));
      this.#next = Buffer.allocUnsafeSlow(room);
    }
    for (let at = start, to = 0; at < end; at++, to++) this.#next[to] = bytes[at] ?? 0;
  }

  /** By a query, or by Close. */
  dropped(isQuery: boolean): void {
    this.#word(0);
    this.#isQuery = isQuery;
    if (isQuery) this.ended();
  }

  /** Another message of the run was sent. */
  followed(): void {
    this.#behind++;
  }

  /** The run was ended. */
  ended(): void {
    this.#runs++;
  }

  failed(unanswered: number): void {
    this.#hasFailed = true;
    if (unanswered > this.#behind + 1) this.#verdict = 'skipped';
    else if (unanswered === this.#behind + 1) this.#verdict = 'failed';
  }

  /** All that was sent is answered. */
  settled(): void {
    if (this.#words > 0) this.#decide();
    this.#words = 0;
    this.#runs = 0;
    this.#behind = 0;
    this.#hasFailed = false;
    this.#verdict = 'done';
  }

  /** Holds no more memory than it must. */
  shrink(): void {
    this.#next = NONE;
    if (this.#length <= 0) this.#body = NONE;
    else if (this.#length < this.#body.length) this.#body = Buffer.from(this.body ?? NONE);
  }

  #word(length: number): void {
    this.#words++;
    this.#behind = 0;
    this.#nextLength = length;
    this.#isQuery = false;
  }

  #decide(): void {
    if (!this.#hasFailed || (this.#isQuery && this.#runs === 1)) this.#take();
    else if (this.#words > 1 || this.#runs > 1) this.#length = LOST;
    else if (this.#verdict === 'done') this.#take();
    else if (this.#verdict === 'failed') this.#length = 0;
  }

  #take(): void {
    const former = this.#body;
    this.#body = this.#next;
    this.#length = this.#nextLength;
    this.#next = former;
  }
}
