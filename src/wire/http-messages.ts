/**
 * A call as messages of the extended protocol, in one buffer: each statement parsed without a name,
 * bound, described and run, all values as text; then one Sync. A batch stands between BEGIN and COMMIT.
 */
import { REQUEST } from './frames.ts';
import type { Call, Statement } from './http-call.ts';

const HEADER_BYTES = 5;
const TYPE_BYTES = 1;

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
  writer.text('');
  writer.text(sql);
  writer.int16(0);
  writer.end();
  writer.begin(REQUEST.bind);
  writer.text('');
  writer.text('');
  writer.int16(0);
  writer.int16(parameters.length);
  for (const value of parameters) writer.value(value);
  writer.int16(0);
  writer.end();
  writer.begin(REQUEST.describe);
  writer.byte(PORTAL);
  writer.text('');
  writer.end();
  writer.begin(REQUEST.execute);
  writer.text('');
  writer.int32(0);
  writer.end();
}

const BYTES_MIN = 512;

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
    this.#bytes.writeInt32BE(this.#at - this.#from - TYPE_BYTES, this.#from + TYPE_BYTES);
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#at++] = value;
  }

  int16(value: number): void {
    this.#reserve(2);
    this.#at = this.#bytes.writeUInt16BE(value, this.#at);
  }

  int32(value: number): void {
    this.#reserve(4);
    this.#at = this.#bytes.writeInt32BE(value, this.#at);
  }

  text(value: string): void {
    this.#reserve(Buffer.byteLength(value) + 1);
    this.#at += this.#bytes.write(value, this.#at);
    this.#bytes[this.#at++] = 0;
  }

  value(value: string | null): void {
    if (value === null) {
      this.int32(-1);
      return;
    }
    const length = Buffer.byteLength(value);
    this.int32(length);
    this.#reserve(length);
    this.#at += this.#bytes.write(value, this.#at);
  }

  #reserve(count: number): void {
    if (this.#at + count + HEADER_BYTES <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(2 * (this.#bytes.length + count + HEADER_BYTES));
    this.#bytes.copy(larger, 0, 0, this.#at);
    this.#bytes = larger;
  }
}
