/**
 * The head of a request that a client has sent before on the same connection.
 *
 * Two requests of one client differ in their length and hardly in anything else. So the last head is kept,
 * without the values of its length and of its connection string, which holds a password, and the next is
 * read by comparing it byte by byte: a fraction of what reading it costs. Whatever is otherwise is read anew.
 */

/** The header that says for whom a call is. */
export const CONNECTION_STRING = 'neon-connection-string';
export const LENGTH = 'content-length';

export type PlainRequest = {
  /** By lower case names, each of which came once; without the length and the connection string. */
  readonly headers: Readonly<Record<string, string>>;
  readonly connectionString: string | undefined;
  readonly body: string;
  /** Of head and body. */
  readonly length: number;
};

/** A value ends where its line does. */
const VARYING = /(?<=\r\n(?:content-length|neon-connection-string):)[^\r]*/gi;

/** Stands in a head for a value that varies. No head has it. */
const GAP = 0;

/** Of headers whose values are not to be kept. */
const SECRETS = ['authorization', 'proxy-authorization', 'cookie'];

/** Longer heads are not kept, and longer values not looked for. */
const BYTES_MAX = 2 * 1024;

/** Of a length; more are nobody's who is served here. */
const DIGITS_MAX = 9;

const CR = 0x0d;
const SPACE = 0x20;
const DELETE = 0x7f;
const ZERO = 0x30;
const NINE = 0x39;

export class KnownHead {
  readonly #bytes: Uint8Array;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #isLengthFirst: boolean;

  private constructor(head: string, headers: Readonly<Record<string, string>>) {
    // Of memory of its own: a pool's would be held as a whole.
    this.#bytes = new Uint8Array(Buffer.from(head.replaceAll(VARYING, '\0'), 'latin1'));
    this.#headers = Object.fromEntries(Object.entries(headers).map(([n, v]) => [n, own(v)]));
    const [first = ''] = head.match(/\r\n(?:content-length|neon-connection-string):/i) ?? [];
    this.#isLengthFirst = first.length - LINE_MARKS === LENGTH.length;
  }

  /** `head` was read as `headers`. Null if there is more in it that may be a secret, or than is worth comparing. */
  static of(head: string, headers: Readonly<Record<string, string>>): KnownHead | null {
    const isKept = head.length <= BYTES_MAX && !SECRETS.some((name) => name in headers);
    return isKept ? new KnownHead(head, headers) : null;
  }

  /** The request that the first `end` bytes of `buffer` begin with; null if it has another head, or is not whole. */
  read(buffer: Buffer, end: number): PlainRequest | null {
    const known = this.#bytes;
    let isLength = this.#isLengthFirst;
    let length = 0;
    let connectionString: string | undefined;
    let at = 0;
    // What lies behind `end` is of an earlier read: compared, and never taken.
    for (let index = 0; index < known.length; index++) {
      if (known[index] !== GAP) {
        if (buffer[at++] !== known[index]) return null;
        continue;
      }
      const valueEnd = textEnd(buffer, at, end);
      if (valueEnd < 0) return null;
      if (isLength) length = numberOf(buffer, at, valueEnd);
      else connectionString = buffer.toString('latin1', at, valueEnd).trim();
      isLength = !isLength;
      at = valueEnd;
    }
    if (length < 0 || at + length > end) return null;
    const body = buffer.toString('utf8', at, at + length);
    return { headers: this.#headers, connectionString, body, length: at + length };
  }
}

/** The same, without what it was cut out of: a piece of a text keeps all of it in memory, and its passwords. */
export const own = (text: string): string => Buffer.from(text, 'latin1').toString('latin1');

/** Around a name where its line begins. */
const LINE_MARKS = 3;

/** Where the value at `at` ends with its line; negative if that is not here, or it is not of letters alone. */
function textEnd(buffer: Buffer, at: number, end: number): number {
  const most = Math.min(end, at + BYTES_MAX);
  for (let next = at; next < most; next++) {
    const byte = buffer[next] ?? 0;
    if (byte === CR) return next;
    if (byte < SPACE || byte === DELETE) return -1;
  }
  return -1;
}

/** Negative if it is none. A space may stand before it. */
function numberOf(buffer: Buffer, from: number, end: number): number {
  const first = buffer[from] === SPACE ? from + 1 : from;
  if (first === end || end - first > DIGITS_MAX) return -1;
  let value = 0;
  for (let at = first; at < end; at++) {
    const byte = buffer[at] ?? 0;
    if (byte < ZERO || byte > NINE) return -1;
    value = 10 * value + byte - ZERO;
  }
  return value;
}
