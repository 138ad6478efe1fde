/**
 * Reads what a backend answers to a call and writes it as the JSON that the caller gets.
 *
 *   reading ──ReadyForQuery──▶ ready        `error`, or the results
 *      └──more than it may be, or COPY──▶ stopped: nothing more is read
 *
 * Rows become JSON as they come, so that an answer is held once. Chunks end anywhere, and are valid
 * during the call only: of a message that is cut, a copy waits for the rest.
 */
import { ANSWER, HEADER_BYTES, STATUS } from './frames.ts';
import { HttpBody } from './http-body.ts';
import type { Call, Statement } from './http-call.ts';
import { type Description, type Descriptions, NO_ROWS } from './http-description.ts';
import { type JsonOf, jsonString } from './json-values.ts';

/** Types that only somebody who is asked for rows hears. */
const DATA_ROW = 0x44;
const COPY_OUT = 0x48;

const QUOTE = 0x22;
const COMMA = 0x2c;
const ZERO = 0x30;
const NINE = 0x39;
const BACKSLASH = 0x5c;
const SPACE = 0x20;
const ASCII_MAX = 0x7e;

const ARRAY = { begins: 0x5b, ends: 0x5d };
const OBJECT = { begins: 0x7b, ends: 0x7d };

/** Commands that leave a session as it was; nothing is the empty query's. */
const PLAIN: ReadonlySet<string> = new Set([
  ...['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'MERGE', 'BEGIN', 'COMMIT', 'ROLLBACK'],
  ...['EXPLAIN', 'SHOW', ''],
]);

const ROLE_TAG = /^(?:CREATE|ALTER|DROP) ROLE\b/;

export type Stopped = 'tooLarge' | 'copy';

const NOTHING = Buffer.alloc(0);
const BEFORE_FIRST = -1;

export class HttpAnswer {
  readonly #call: Call;
  readonly #bytesMax: number;
  readonly #descriptions: Descriptions;
  /** As it is told. Only if the answer is ready and there was no error. */
  readonly body = new HttpBody();
  /** The message whose rest is to come, and how much of it is there. */
  #partial: Buffer = NOTHING;
  #partialEnd = 0;
  /** Of the statement that is being answered; BEGIN is none of them. */
  #index: number;
  #description: Description | null = null;
  #hasRows = false;
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
    if (call.batch !== null) this.body.text('{"results":[');
  }

  get isReady(): boolean {
    return this.#status !== null;
  }

  /** Whether a transaction is open. */
  get isInTransaction(): boolean {
    return this.#status !== STATUS.idle;
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
    if (this.body.length + more > this.#bytesMax) this.stopped = 'tooLarge';
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
        this.#complete(bytes, start, end - 1);
        return;
      case ANSWER.emptyQuery:
        this.#complete(bytes, start, start);
        return;
      case ANSWER.error:
        this.error ??= Buffer.from(bytes.subarray(start, end));
        return;
      case ANSWER.readyForQuery:
        this.#status = bytes[start] ?? 0;
        if (this.#call.batch !== null) this.body.text(']}');
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
    this.#begin(this.#descriptions.of(bytes, start, end, this.#call.isRaw));
  }

  #begin(description: Description): void {
    this.#description = description;
    this.#hasRows = false;
    if (this.#index > 0) this.body.byte(COMMA);
    this.body.copy(description.head, 0, description.head.length);
  }

  #row(bytes: Buffer, start: number): void {
    const { body } = this;
    const isArray = this.#statement?.rowAsArray ?? true;
    const { begins, ends } = isArray ? ARRAY : OBJECT;
    if (this.#hasRows) body.byte(COMMA);
    this.#hasRows = true;
    body.byte(begins);
    let isFirst = true;
    let at = start + 2;
    for (const { label, json } of this.#description?.columns ?? []) {
      const length = bytes.readInt32BE(at);
      at += 4;
      if (isArray || label !== null) {
        if (!isFirst) body.byte(COMMA);
        isFirst = false;
        if (!isArray && label !== null) body.copy(label, 0, label.length);
        if (length < 0) body.text('null');
        else this.#value(bytes, at, at + length, json);
      }
      if (length > 0) at += length;
    }
    body.byte(ends);
  }

  /** Most values need no change; strings stand between quotes. */
  #value(bytes: Buffer, start: number, end: number, json: JsonOf): void {
    const { body } = this;
    if (json === jsonString && isPlain(bytes, start, end)) {
      body.byte(QUOTE);
      body.copy(bytes, start, end);
      body.byte(QUOTE);
    } else body.text(json(bytes.toString('utf8', start, end)));
  }

  /** `command` is a tag's first word, the count its last number; an INSERT tells an oid between them. */
  #complete(bytes: Buffer, start: number, end: number): void {
    const commandEnd = wordEnd(bytes, start, end);
    const command = bytes.toString('latin1', start, commandEnd);
    if (!PLAIN.has(command)) {
      this.changesSession = true;
      this.changesRoles ||= ROLE_TAG.test(bytes.toString('latin1', start, end));
    }
    const statement = this.#statement;
    if (statement !== undefined) {
      if (this.#description === null) this.#begin(NO_ROWS);
      const { body } = this;
      body.text('],"command":"');
      body.copy(bytes, start, commandEnd);
      body.text('","rowCount":');
      const countStart = numberStart(bytes, start, end);
      if (countStart === end) body.text('null');
      else body.copy(bytes, countStart, end);
      body.text(statement.rowAsArray ? ',"rowAsArray":true}' : ',"rowAsArray":false}');
    }
    this.#index++;
    this.#description = null;
  }
}

function wordEnd(bytes: Buffer, start: number, end: number): number {
  let at = start;
  while (at < end && bytes[at] !== SPACE) at++;
  return at;
}

/** Where the digits begin that it ends with. */
function numberStart(bytes: Buffer, start: number, end: number): number {
  let at = end;
  while (at > start && isDigit(bytes[at - 1] ?? 0)) at--;
  return at;
}

const isDigit = (byte: number): boolean => byte >= ZERO && byte <= NINE;

/** Whether a string is the same in JSON. */
function isPlain(bytes: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    const byte = bytes[at] as number;
    if (byte < SPACE || byte > ASCII_MAX || byte === QUOTE || byte === BACKSLASH) return false;
  }
  return true;
}
