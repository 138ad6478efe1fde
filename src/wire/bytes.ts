/** Reads zero-terminated strings, as the protocol has them, out of one message. */
export class ByteReader {
  readonly #bytes: Buffer;
  #start = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.#start;
  }

  /** Undefined if fewer than four bytes are left. */
  int32(): number | undefined {
    if (this.left < 4) return undefined;
    const value = this.#bytes.readInt32BE(this.#start);
    this.#start += 4;
    return value;
  }

  /**
   * Undefined if no zero byte is left. Bytes that are no UTF-8 become U+FFFD: such a name matches
   * nothing, which is the answer it would get anyway in a database of ours.
   */
  text(): string | undefined {
    const end = this.#bytes.indexOf(0, this.#start);
    if (end < 0) return undefined;
    const text = this.#bytes.toString('utf8', this.#start, end);
    this.#start = end + 1;
    return text;
  }

  rest(): Buffer {
    const rest = this.#bytes.subarray(this.#start);
    this.#start = this.#bytes.length;
    return rest;
  }
}
