/**
 * Takes in the replies to what a client has not asked.
 *
 * It ends with the last ReadyForQuery that is expected; bytes behind that are the client's. What the
 * backend says of its own accord meanwhile, notifications and notices, is handed on.
 */
import { ByteReader } from './bytes.ts';
import { errorField } from './error-fields.ts';
import { ANSWER, HEADER_BYTES } from './frames.ts';

const NOTIFICATION = 0x41;
const DATA_ROW = 0x44;

const TYPE_BYTES = 1;
const LENGTH_BYTES = 4;

export type HiddenError = {
  /** ReadyForQuery seen before it. */
  readonly at: number;
  /** The ErrorResponse as it came. */
  readonly response: Buffer;
  readonly sqlstate: string;
  readonly isFatal: boolean;
  readonly message: string;
};

export type HiddenRepliesOptions = {
  readonly readyForQueries: number;
  /** A whole NotificationResponse or NoticeResponse for the client; its own to keep. */
  readonly onAsync: (message: Buffer) => void;
  /** Whether notices are for the client too; else they are dropped. */
  readonly keepNotices: boolean;
  /** Longest message. */
  readonly bytesMax: number;
};

export class HiddenReplies {
  readonly rows: Buffer[][] = [];
  readonly parameters: Map<string, string> = new Map();
  readonly errors: HiddenError[] = [];
  readonly #options: HiddenRepliesOptions;
  #readyForQueries = 0;
  #status = 0;
  /** Of a message that a chunk's end has cut: its header first, then room for all of it. */
  #partial: Buffer = Buffer.alloc(HEADER_BYTES);
  #seen = 0;

  constructor(options: HiddenRepliesOptions) {
    this.#options = options;
  }

  /** Whether all ReadyForQuery have been seen. */
  get isDone(): boolean {
    return this.#readyForQueries >= this.#options.readyForQueries;
  }

  /** The transaction status of the last ReadyForQuery; 0 before the first. */
  get status(): number {
    return this.#status;
  }

  /**
   * Takes the bytes of `chunk` from `start` to before `end`; returns where what comes behind the
   * hidden replies begins, which is `end` if nothing does. Throws `Error` if a message is longer
   * than allowed or cannot be one.
   */
  feed(chunk: Buffer, start: number, end: number): number {
    let at = start;
    while (at < end && !this.isDone) {
      at = this.#seen > 0 ? this.#fill(chunk, at, end) : this.#whole(chunk, at, end);
    }
    return at;
  }

  /** Reads the message that begins at `at`, or begins to gather it. */
  #whole(chunk: Buffer, at: number, end: number): number {
    if (at + HEADER_BYTES > end) return this.#fill(chunk, at, end);
    const next = at + this.#size(chunk, at);
    if (next > end) return this.#fill(chunk, at, end);
    this.#take(chunk.subarray(at, next));
    return next;
  }

  #fill(chunk: Buffer, from: number, end: number): number {
    const wanted = Math.min(this.#partial.length - this.#seen, end - from);
    chunk.copy(this.#partial, this.#seen, from, from + wanted);
    this.#seen += wanted;
    if (this.#seen < this.#partial.length) return from + wanted;
    if (this.#seen === HEADER_BYTES && this.#size(this.#partial, 0) > HEADER_BYTES) {
      const whole = Buffer.alloc(this.#size(this.#partial, 0));
      this.#partial.copy(whole);
      this.#partial = whole;
      return from + wanted;
    }
    const gathered = this.#partial;
    this.#partial = Buffer.alloc(HEADER_BYTES);
    this.#seen = 0;
    this.#take(gathered);
    return from + wanted;
  }

  /** Of the whole message. */
  #size(bytes: Buffer, at: number): number {
    const length = bytes.readUInt32BE(at + TYPE_BYTES);
    if (length < LENGTH_BYTES || TYPE_BYTES + length > this.#options.bytesMax) {
      throw new Error(`the backend answered with a message of ${length} bytes`);
    }
    return TYPE_BYTES + length;
  }

  #take(found: Buffer): void {
    const body = found.subarray(HEADER_BYTES);
    switch (found[0]) {
      case DATA_ROW:
        this.rows.push(columnsOf(body));
        return;
      case ANSWER.readyForQuery:
        this.#status = body[0] ?? 0;
        this.#readyForQueries++;
        return;
      case ANSWER.parameterStatus:
        this.#learn(new ByteReader(body));
        return;
      case ANSWER.error:
        this.errors.push(this.#errorOf(found, body));
        return;
      case NOTIFICATION:
        this.#options.onAsync(Buffer.from(found));
        return;
      case ANSWER.notice:
        if (this.#options.keepNotices) this.#options.onAsync(Buffer.from(found));
        return;
      default:
        return;
    }
  }

  #learn(reader: ByteReader): void {
    const name = reader.text();
    const value = reader.text();
    if (name !== undefined && value !== undefined) this.parameters.set(name, value);
  }

  #errorOf(found: Buffer, body: Buffer): HiddenError {
    return {
      at: this.#readyForQueries,
      response: Buffer.from(found),
      sqlstate: errorField(body, 'C'),
      isFatal: /^(FATAL|PANIC)$/.test(errorField(body, 'V')),
      message: errorField(body, 'M'),
    };
  }
}

/** Copies; a null becomes an empty column. */
function columnsOf(body: Buffer): Buffer[] {
  const columns: Buffer[] = [];
  const count = body.readUInt16BE(0);
  let at = 2;
  for (let column = 0; column < count; column++) {
    const length = Math.max(0, body.readInt32BE(at));
    at += 4;
    columns.push(Buffer.from(body.subarray(at, at + length)));
    at += length;
  }
  return columns;
}
