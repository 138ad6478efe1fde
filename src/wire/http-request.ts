/**
 * The one request of HTTP/1.1 that nearly all are, read in one pass: `POST /sql`, whole, with a length.
 *
 * Whatever is otherwise is no request of this kind, and somebody reads it who knows all of HTTP. So
 * nothing is refused here and nothing guessed: two lengths, a transfer coding, an expectation, a line
 * that is folded or has no colon are all not ours. Source: RFC 9112.
 *
 * Clients say the same head each time, and are read by comparing then: see `http-known-head.ts`.
 */
import { CONNECTION_STRING, KnownHead, LENGTH, own, type PlainRequest } from './http-known-head.ts';

const FIRST_LINE = 'POST /sql HTTP/1.1\r\n';
const LINE_END = '\r\n';
const HEAD_END = '\r\n\r\n';

/** As Node bounds it. */
const HEAD_BYTES_MAX = 16 * 1024;

const NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/;
const DIGITS = /^\d{1,9}$/;

/** No control character but the tab, as RFC 9110 §5.5 has it, and those that end a line. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: it is they that are looked for
const NO_TEXT = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)|(?<!\r)\n/;

/** Those whose meaning is a matter for all of HTTP. */
const NOT_OURS: ReadonlySet<string> = new Set([
  'transfer-encoding',
  'expect',
  'upgrade',
  'trailer',
  'te',
  'content-encoding',
]);

/** Reads the requests of one connection. */
export class PlainRequests {
  #last: KnownHead | null = null;

  /** The request that the first `end` bytes of `buffer` begin with; null if it is not of this kind, or not whole. */
  read(buffer: Buffer, end: number): PlainRequest | null {
    return this.#last?.read(buffer, end) ?? this.#readAnew(buffer, end);
  }

  #readAnew(buffer: Buffer, end: number): PlainRequest | null {
    const most = Math.min(end, HEAD_BYTES_MAX);
    if (most < FIRST_LINE.length) return null;
    const text = buffer.toString('latin1', 0, most);
    const headEnd = text.indexOf(HEAD_END);
    if (headEnd < 0 || !text.startsWith(FIRST_LINE)) return null;
    const all = readHeaders(text.slice(FIRST_LINE.length, headEnd));
    if (all === null) return null;
    const { [LENGTH]: declared = '', [CONNECTION_STRING]: connectionString, ...headers } = all;
    if (headers.host === undefined || !DIGITS.test(declared)) return null;
    const from = headEnd + HEAD_END.length;
    const length = from + Number(declared);
    if (length > end) return null;
    this.#last = KnownHead.of(text.slice(0, from), headers);
    return { headers, connectionString, body: buffer.toString('utf8', from, length), length };
  }
}

/**
 * Line by line, with nothing made but the values: this is paid by each request. Names that every object has
 * (`constructor`) look as if they had come before, and are left to others.
 */
function readHeaders(text: string): Record<string, string> | null {
  if (NO_TEXT.test(text)) return null;
  const headers: Record<string, string> = {};
  for (let at = 0; at <= text.length; ) {
    const next = text.indexOf(LINE_END, at);
    const end = next < 0 ? text.length : next;
    const colon = text.indexOf(':', at);
    if (colon < 0 || colon > end) return null;
    const name = nameOf(text.slice(at, colon));
    if (name === null || headers[name] !== undefined) return null;
    headers[name] = text.slice(colon + 1, end).trim();
    at = end + LINE_END.length;
  }
  const { connection } = headers;
  return connection === undefined || connection.toLowerCase() === 'keep-alive' ? headers : null;
}

/** By the names as they were written, of which there are few, the names as we know them; null if it is not ours. */
const known = new Map<string, string | null>();
const KNOWN_MAX = 200;
const NAME_KEPT_MAX = 100;

function nameOf(written: string): string | null {
  const found = known.get(written);
  if (found !== undefined) return found;
  const name = own(written.toLowerCase());
  const made = NAME.test(name) && !NOT_OURS.has(name) ? name : null;
  if (known.size < KNOWN_MAX && written.length <= NAME_KEPT_MAX) known.set(own(written), made);
  return made;
}
