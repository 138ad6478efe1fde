/**
 * The body of an answer over HTTP, written as it comes, as the bytes that are sent.
 *
 * A head is known only when its body is: room for one is left before it, so that both go out in one write
 * without a copy.
 */

/** As much as the heads of answers take. */
const ROOM = 400;

/** With a small answer, a part of what the runtime allocates at once. */
const BYTES_MIN = 1024;

/** Shorter ones are written faster letter by letter, if they are of ASCII, than a call of the runtime begins. */
const SHORT_MAX = 64;

const ASCII_END = 0x80;

/** Of a text's characters in UTF-8. */
const CHARACTER_BYTES_MAX = 3;

export class HttpBody {
  #bytes = Buffer.allocUnsafe(BYTES_MIN);
  #at = ROOM;

  /** One that says `text`. */
  static of(text: string): HttpBody {
    const body = new HttpBody();
    body.text(text);
    return body;
  }

  get length(): number {
    return this.#at - ROOM;
  }

  get bytes(): Buffer {
    return this.#bytes.subarray(ROOM, this.#at);
  }

  /** Behind `head`, which is of ASCII. Valid until the next call. */
  behind(head: string): Buffer {
    const from = ROOM - head.length;
    if (from < 0) return Buffer.concat([Buffer.from(head, 'latin1'), this.bytes]);
    this.#bytes.write(head, from, 'latin1');
    return this.#bytes.subarray(from, this.#at);
  }

  byte(value: number): void {
    if (this.#at === this.#bytes.length) this.#reserve(1);
    this.#bytes[this.#at++] = value;
  }

  text(value: string): void {
    const most = CHARACTER_BYTES_MAX * value.length;
    // Counting costs as much as writing: only where it is not certain that there is room.
    if (this.#at + most > this.#bytes.length) this.#reserve(Buffer.byteLength(value));
    if (value.length <= SHORT_MAX && this.#isWritten(value)) return;
    this.#at += this.#bytes.write(value, this.#at);
  }

  /** `source` from `start` to `end`. */
  copy(source: Buffer, start: number, end: number): void {
    this.#reserve(end - start);
    this.#at += source.copy(this.#bytes, this.#at, start, end);
  }

  /** Whether it was of ASCII; else nothing has happened. */
  #isWritten(value: string): boolean {
    const bytes = this.#bytes;
    const to = this.#at;
    for (let index = 0; index < value.length; index++) {
      const code = value.charCodeAt(index);
      if (code >= ASCII_END) return false;
      bytes[to + index] = code;
    }
    this.#at = to + value.length;
    return true;
  }

  #reserve(count: number): void {
    if (this.#at + count <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(2 * (this.#bytes.length + count));
    this.#bytes.copy(larger, ROOM, ROOM, this.#at);
    this.#bytes = larger;
  }
}
