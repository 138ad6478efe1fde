import type { Random } from '../../domain/random.ts';

const BASE_BYTES = 10;
const COUNT_DIGITS = 12;

/** Names requests: UUIDs of which the beginning is this process's and the end counts. */
export class RequestIds {
  readonly #base: string;
  #count = 0;

  constructor(random: Random) {
    const hex = Buffer.from(random.bytes(BASE_BYTES)).toString('hex');
    // RFC 9562 §5.8: version 8 is for what its maker likes.
    const groups = [
      hex.slice(0, 8),
      hex.slice(8, 12),
      `8${hex.slice(13, 16)}`,
      `8${hex.slice(17)}`,
    ];
    this.#base = groups.join('-');
  }

  next(): string {
    this.#count++;
    return `${this.#base}-${this.#count.toString(16).padStart(COUNT_DIGITS, '0')}`;
  }
}
