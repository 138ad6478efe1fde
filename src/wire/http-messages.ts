/**
 * A call as messages of the extended protocol, in one buffer: each statement parsed without a name,
 * bound, described and run, all values as text; then one Sync. A batch stands between BEGIN and COMMIT.
 */
import { REQUEST } from './frames.ts';
import type { Call, Statement } from './http-call.ts';

const TYPE_BYTES = 1;

/** The empty name of a statement or a portal. */
const NO_NAME = 0;

/** Describe of a portal. */
const PORTAL = 0x50;

const COMMIT: Statement = { sql: 'COMMIT', parameters: [], rowAsArray: true };

export function callMessages(call: Call): Buffer {
  const writer = new Writer();
  if (call.batch !== null) statement(writer, { ...COMMIT, sql: call.batch.begin });
  for (const each of call.statements) statement(writer, each);
  if (call.batch !== null) statement(writer, COMMIT);
  writer.begin(REQUEST.sync);
  writer.end();
  return writer.bytes;
}

function statement(writer: Writer, { sql, parameters }: Statement): void {
  writer.begin(REQUEST.parse);
  writer.byte(NO_NAME);
  writer.text(sql);
  writer.byte(0);
  writer.int16(0);
  writer.end();
  writer.begin(REQUEST.bind);
  writer.byte(NO_NAME);
  writer.byte(NO_NAME);
  writer.int16(0);
  writer.int16(parameters.length);
  for (const value of parameters) writer.value(value);
  writer.int16(0);
  writer.end();
  writer.begin(REQUEST.describe);
  writer.byte(PORTAL);
  writer.byte(NO_NAME);
  writer.end();
  writer.begin(REQUEST.execute);
  writer.byte(NO_NAME);
  writer.int32(0);
  writer.end();
}

const BYTES_MIN = 512;

/** Shorter texts are written faster letter by letter, if they are of ASCII, than a call of the runtime begins. */
const SHORT_MAX = 100;
const ASCII_END = 0x80;

/** Of a text's characters in UTF-8. */
const CHARACTER_BYTES_MAX = 3;

/** Grows as it is written to. */
class Writer {
  #bytes = Buffer.allocUnsafe(BYTES_MIN);
  #at = 0;
  #from = 0;

  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#at);
  }

  begin(type: number): void {
    this.#from = this.#at;
    this.byte(type);
    this.int32(0);
  }

  end(): void {
    this.#int32At(this.#from + TYPE_BYTES, this.#at - this.#from - TYPE_BYTES);
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#at++] = value;
  }

  int16(value: number): void {
    this.#reserve(2);
    this.#bytes[this.#at++] = value >> 8;
    this.#bytes[this.#at++] = value;
  }

  int32(value: number): void {
    this.#reserve(4);
    this.#int32At(this.#at, value);
    this.#at += 4;
  }

  text(value: string): void {
    const isShort = value.length <= SHORT_MAX;
    this.#reserve(isShort ? CHARACTER_BYTES_MAX * value.length : Buffer.byteLength(value));
    if (isShort && this.#isWritten(value)) return;
    this.#at += this.#bytes.write(value, this.#at);
  }

  /** With its length before it, which is known after. */
  value(value: string | null): void {
    this.int32(-1);
    if (value === null) return;
    const from = this.#at;
    this.text(value);
    this.#int32At(from - 4, this.#at - from);
  }

  /** Whether it was of ASCII; else nothing has happened. */
  #isWritten(value: string): boolean {
    const { length } = value;
    const at = this.#at;
    for (let index = 0; index < length; index++) {
      const code = value.charCodeAt(index);
      if (code >= ASCII_END) return false;
      this.#bytes[at + index] = code;
    }
    this.#at = at + length;
    return true;
  }

  #int32At(at: number, value: number): void {
    const bytes = this.#bytes;
    bytes[at] = value >> 24;
    bytes[at + 1] = value >> 16;
    bytes[at + 2] = value >> 8;
    bytes[at + 3] = value;
  }

  #reserve(count: number): void {
    if (this.#at + count <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(2 * (this.#bytes.length + count));
    this.#bytes.copy(larger, 0, 0, this.#at);
    this.#bytes = larger;
  }
}
