/** Whole numbers as bytes, seven bits each, the lowest first: small ones are short. */

/** Bytes of the largest number there is. */
const BYTES_MAX = 8;

export class ByteWriter {
  readonly #bytes: number[] = [];

  byte(value: number): void {
    this.#bytes.push(value & 0xff);
  }

  /** A whole number from 0 to 2^53 - 1. */
  number(value: number): void {
    let left = value;
    while (left >= 0x80) {
      this.#bytes.push((left % 0x80) | 0x80);
      left = Math.floor(left / 0x80);
    }
    this.#bytes.push(left);
  }

  bytes(): Uint8Array {
    return new Uint8Array(this.#bytes);
  }
}

/** Reads what `ByteWriter` wrote. Of bytes that nobody wrote it makes NaN, and never fails. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  byte(): number {
    return this.#bytes[this.#at++] ?? Number.NaN;
  }

  number(): number {
    let value = 0;
    let unit = 1;
    for (let bytes = 0; bytes < BYTES_MAX; bytes++) {
      const next = this.byte();
      value += (next & 0x7f) * unit;
      if (!(next >= 0x80)) {
        const isWhole = !Number.isNaN(next) && Number.isSafeInteger(value);
        return isWhole ? value : Number.NaN;
      }
      unit *= 0x80;
    }
    return Number.NaN;
  }
}
