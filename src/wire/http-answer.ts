/**
 * Reads what a backend answers to a call and writes it as the JSON that the caller gets.
 *
 *   reading ──ReadyForQuery──▶ ready        `error`, or the results
 *      └──more than it may be, or COPY──▶ stopped: nothing more is read
 *
 * Rows become text as they come, so that an answer is held once. Chunks end anywhere, and are valid
 * during the call only: of a message that is cut, a copy waits for the rest.
 */
import { ANSWER, HEADER_BYTES, STATUS } from './frames.ts';
import type { Call, Statement } from './http-call.ts';
import type { Description, Descriptions } from './http-description.ts';
import type { JsonOf } from './json-values.ts';

/** Types that only somebody who is asked for rows hears. */
const DATA_ROW = 0x44;
const COPY_OUT = 0x48;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const SPACE = 0x20;
const ASCII_MAX = 0x7e;

/** Commands that leave a session as it was; nothing is the empty query's. */
const PLAIN: ReadonlySet<string> = new Set([
  ...['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'MERGE', 'BEGIN', 'COMMIT', 'ROLLBACK'],
  ...['EXPLAIN', 'SHOW', ''],
]);

const ROLE_TAG = /^(?:CREATE|ALTER|DROP) ROLE\b/;

export type Stopped = 'tooLarge' | 'copy';

const NO_ROWS: Description = { fields: '[]', columns: [] };

const NOTHING = Buffer.alloc(0);
const BEFORE_FIRST = -1;

export class HttpAnswer {
  readonly #call: Call;
  readonly #bytesMax: number;
  readonly #descriptions: Descriptions;
  readonly #results: string[] = [];
  /** The message whose rest is to come, and how much of it is there. */
  #partial: Buffer = NOTHING;
  #partialEnd = 0;
  /** Of the statement that is being answered; BEGIN is none of them. */
  #index: number;
  #description = NO_ROWS;
  #rows = '';
  #bytes = 0;
  #status: number | null = null;
  /** The body of the first ErrorResponse. */
  error: Buffer | null = null;
  stopped: Stopped | null = null;
  changesRoles = false;
  /** A command was run that may have changed what the session holds, or what functions there are. */
  changesSession = false;

  /** More than `bytesMax` of an answer are not taken in. `descriptions` are those that were read before. */
  constructor(call: Call, bytesMax: number, descriptions: Descriptions) {
    this.#call = call;
    this.#bytesMax = bytesMax;
    this.#descriptions = descriptions;
    this.#index = call.batch === null ? 0 : BEFORE_FIRST;
  }

  get isReady(): boolean {
    return this.#status !== null;
  }

  /** Whether a transaction is open. */
  get isInTransaction(): boolean {
    return this.#status !== STATUS.idle;
  }

  /** The body of the answer. Only if it is ready and there was no error. */
  json(): string {
    const [only = ''] = this.#results;
    return this.#call.batch === null ? only : `{"results":[${this.#results.join(',')}]}`;
  }

  /** Takes the first `end` bytes of `chunk`. */
  feed(chunk: Buffer, end: number): void {
    let at = this.#continued(chunk, end);
    while (this.stopped === null && at < end) {
      const next = end - at < HEADER_BYTES ? end + 1 : at + 1 + chunk.readUInt32BE(at + 1);
      if (next > end) {
        this.#keep(chunk, at, end);
        return;
      }
      this.#message(chunk[at] ?? 0, chunk, at + HEADER_BYTES, next);
      at = next;
    }
  }

  /** Completes the message that was cut. Returns where the next one begins. */
  #continued(chunk: Buffer, end: number): number {
    if (this.#partialEnd === 0) return 0;
    let at = 0;
    while (at < end && this.#partialEnd < HEADER_BYTES) {
      this.#partial[this.#partialEnd++] = chunk[at++] ?? 0;
    }
    if (this.#partialEnd < HEADER_BYTES) return end;
    const whole = 1 + this.#partial.readUInt32BE(1);
    if (!this.#fits(whole)) return end;
    if (this.#partial.length < whole) {
      const room = Buffer.allocUnsafe(whole);
      this.#partial.copy(room, 0, 0, this.#partialEnd);
      this.#partial = room;
    }
    const taken = Math.min(end - at, whole - this.#partialEnd);
    chunk.copy(this.#partial, this.#partialEnd, at, at + taken);
    this.#partialEnd += taken;
    if (this.#partialEnd < whole) return end;
    const bytes = this.#partial;
    this.#partial = NOTHING;
    this.#partialEnd = 0;
    this.#message(bytes[0] ?? 0, bytes, HEADER_BYTES, whole);
    return at + taken;
  }

  #keep(chunk: Buffer, at: number, end: number): void {
    this.#partial = Buffer.allocUnsafe(Math.max(HEADER_BYTES, end - at));
    chunk.copy(this.#partial, 0, at, end);
    this.#partialEnd = end - at;
  }

  #fits(more: number): boolean {
    if (this.#bytes + more > this.#bytesMax) this.stopped = 'tooLarge';
    return this.stopped === null;
  }

  #message(type: number, bytes: Buffer, start: number, end: number): void {
    switch (type) {
      case DATA_ROW:
        if (this.#fits(end - start)) this.#row(bytes, start);
        return;
      case ANSWER.rowDescription:
        this.#describe(bytes, start, end);
        return;
      case ANSWER.commandComplete:
        this.#complete(bytes.toString('latin1', start, end - 1));
        return;
      case ANSWER.emptyQuery:
        this.#complete('');
        return;
      case ANSWER.error:
        this.error ??= Buffer.from(bytes.subarray(start, end));
        return;
      case ANSWER.readyForQuery:
        this.#status = bytes[start] ?? 0;
        return;
      case ANSWER.copyIn:
      case ANSWER.copyBoth:
      case COPY_OUT:
        this.stopped = 'copy';
        return;
    }
  }

  get #statement(): Statement | undefined {
    return this.#call.statements[this.#index];
  }

  #describe(bytes: Buffer, start: number, end: number): void {
    this.#description = this.#descriptions.of(bytes, start, end, this.#call.isRaw);
    this.#bytes += this.#description.fields.length;
  }

  #row(bytes: Buffer, start: number): void {
    const isArray = this.#statement?.rowAsArray ?? true;
    let row = '';
    let at = start + 2;
    for (const { label, json, isPlain } of this.#description.columns) {
      const length = bytes.readInt32BE(at);
      at += 4;
      if (isArray || label !== null) {
        if (row !== '') row += ',';
        if (!isArray) row += label;
        row += length < 0 ? 'null' : valueJson(bytes, at, at + length, isPlain ? null : json);
      }
      if (length > 0) at += length;
    }
    row = isArray ? `[${row}]` : `{${row}}`;
    this.#bytes += row.length;
    this.#rows += this.#rows === '' ? row : `,${row}`;
  }

  /** `command` is a tag's first word, the count its last number; an INSERT tells an oid between them. */
  #complete(tag: string): void {
    const statement = this.#statement;
    this.#index++;
    const space = tag.indexOf(' ');
    const command = space < 0 ? tag : tag.slice(0, space);
    if (!PLAIN.has(command)) {
      this.changesSession = true;
      this.changesRoles ||= ROLE_TAG.test(tag);
    }
    if (statement !== undefined) {
      const count = tag.slice(tag.lastIndexOf(' ') + 1);
      this.#results.push(
        `{"fields":${this.#description.fields},"rows":[${this.#rows}],"command":${JSON.stringify(command)},` +
          `"rowCount":${startsWithDigit(count) ? count : 'null'},"rowAsArray":${statement.rowAsArray}}`,
      );
    }
    this.#description = NO_ROWS;
    this.#rows = '';
  }
}

const startsWithDigit = (text: string): boolean => text >= '0' && text < ':';

/** `json` is null for what is to be a string: most values, most of which need no escape. */
function valueJson(bytes: Buffer, start: number, end: number, json: JsonOf | null): string {
  if (json !== null) return json(bytes.toString('utf8', start, end));
  for (let at = start; at < end; at++) {
    const byte = bytes[at] as number;
    if (byte < SPACE || byte > ASCII_MAX || byte === QUOTE || byte === BACKSLASH) {
      return JSON.stringify(bytes.toString('utf8', start, end));
    }
  }
  return `"${bytes.toString('latin1', start, end)}"`;
}
