/**
 * Walks the messages of a PostgreSQL stream without copying, joining or allocating.
 *
 * A stream arrives in chunks that end anywhere. The walker reads only the five header bytes of each
 * message (type, length) and jumps over the body. Between chunks it remembers two things: how many
 * bytes of the current body are still to come, or how much of a header has been seen. Rows and COPY
 * data, which are nearly all the bytes of a busy session, cost one addition each.
 *
 * A few messages are decided by the first bytes of their body: the status of ReadyForQuery, the
 * SQLSTATE of an error, the tag of CommandComplete. The table `peeks` says how many bytes of which
 * type are wanted; where a chunk ends within them they are gathered in a buffer of their own, and these
 * are the only bytes ever copied.
 *
 * Source: PostgreSQL docs, "Message Formats"; limits from `src/include/libpq/libpq.h`.
 */

/** Message types that a client sends. */
export const REQUEST = {
  bind: 0x42, // B
  close: 0x43, // C
  describe: 0x44, // D
  execute: 0x45, // E
  functionCall: 0x46, // F
  flush: 0x48, // H
  parse: 0x50, // P
  query: 0x51, // Q
  sync: 0x53, // S
  terminate: 0x58, // X
  copyDone: 0x63, // c
  copyFail: 0x66, // f
} as const;

/** Message types that a backend sends. */
export const ANSWER = {
  parseComplete: 0x31, // 1
  bindComplete: 0x32, // 2
  closeComplete: 0x33, // 3
  commandComplete: 0x43, // C
  notification: 0x41, // A
  error: 0x45, // E
  copyIn: 0x47, // G
  emptyQuery: 0x49, // I
  backendKey: 0x4b, // K
  notice: 0x4e, // N
  authentication: 0x52, // R
  parameterStatus: 0x53, // S
  rowDescription: 0x54, // T
  copyBoth: 0x57, // W
  readyForQuery: 0x5a, // Z
  noData: 0x6e, // n
  portalSuspended: 0x73, // s
} as const;

/** Transaction status in ReadyForQuery. */
export const STATUS = {
  idle: 0x49, // I
  inTransaction: 0x54, // T
  failed: 0x45, // E
} as const;

/** Bytes of a message before its body: the type, and the length, which counts itself. */
export const HEADER_BYTES = 5;
const LENGTH_BYTES = 4;
const TYPE_BYTES = 1;

/** Most bytes of one body that can be looked at. */
const PEEK_MAX = 64 * 1024;

/** The size of the buffer for wanted bytes that a chunk's end has cut, as long as it will do. */
const GATHER_BYTES = 128;

/** Longest message a client may send: PostgreSQL's own limit (`MaxAllocSize`). */
export const REQUEST_LENGTH_MAX = 0x3fffffff;
/** Longest message a backend may send: what its length field can say. */
export const ANSWER_LENGTH_MAX = 0x7fffffff;

/**
 * Which messages are reported, and with how much of their body: 0 for not at all, else one more
 * than the number of body bytes wanted. Indexed by type.
 */
export type Peeks = Uint32Array;

export function peeks(wanted: Readonly<Record<number, number>>): Peeks {
  const table = new Uint32Array(256);
  for (const [type, bodyBytes] of Object.entries(wanted)) {
    table[Number(type)] = Math.min(bodyBytes, PEEK_MAX) + 1;
  }
  return table;
}

export interface FrameListener {
  /**
   * A message of a type that is reported, in the order of the stream, once each. The wanted bytes
   * of its body, fewer if it has fewer, are those of `bytes` from `start` to before `end`; they are
   * only valid during the call. Four arguments, because an object would be one for every message.
   */
  frame(type: number, bytes: Uint8Array, start: number, end: number): void;
}

export type FrameWalkerOptions = {
  readonly peeks: Peeks;
  readonly lengthMax: number;
  readonly listener: FrameListener;
};

export class FrameWalker {
  readonly #peeks: Peeks;
  readonly #lengthMax: number;
  readonly #listener: FrameListener;
  /** Type and length of the current message; partial while `headerSeen` is not 0. */
  #type = 0;
  #length = 0;
  /** Bytes seen of a header that a chunk's end has cut; 0 when none is. */
  #headerSeen = 0;
  /** Bytes of the current body still to come; without end once the stream cannot be followed. */
  #bodyLeft = 0;
  /** Bytes of the current body gathered, and those still to be; both 0 when none are wanted. */
  #peekSeen = 0;
  #peekLeft = 0;
  /** Made when a chunk first ends within wanted bytes, which most streams never see. */
  #peeked: Uint8Array | null = null;

  constructor(options: FrameWalkerOptions) {
    this.#peeks = options.peeks;
    this.#lengthMax = options.lengthMax;
    this.#listener = options.listener;
  }

  /** Whether the stream so far ends with a whole message. */
  get atBoundary(): boolean {
    return this.#bodyLeft === 0 && this.#headerSeen === 0;
  }

  /** Whether the stream so far ends within a header, or within wanted bytes. */
  get isWithinPeek(): boolean {
    return this.#headerSeen > 0 || this.#peekLeft > 0;
  }

  /**
   * Reports the messages in the next `end` bytes of the stream, which are the first of `chunk`.
   * False if a length is impossible; the stream cannot be followed any further then.
   */
  walk(chunk: Uint8Array, end: number): boolean {
    let at = this.#bodyLeft > 0 ? this.#continueBody(chunk, end) : 0;
    while (at < end) {
      if (this.#headerSeen === 0 && at + HEADER_BYTES <= end) {
        this.#type = byteAt(chunk, at);
        this.#length = lengthAt(chunk, at + TYPE_BYTES);
        at += HEADER_BYTES;
      } else {
        this.#addHeaderByte(byteAt(chunk, at));
        at++;
        if (this.#headerSeen > 0) continue;
      }
      if (this.#length < LENGTH_BYTES || this.#length > this.#lengthMax) {
        this.#bodyLeft = Number.POSITIVE_INFINITY;
        return false;
      }
      at = this.#enterBody(chunk, at, end);
    }
    return true;
  }

  /** Reports the message whose body begins at `body`; returns where the next one begins. */
  #enterBody(chunk: Uint8Array, body: number, end: number): number {
    const bodyBytes = this.#length - LENGTH_BYTES;
    const peek = this.#peeks[this.#type] ?? 0;
    if (peek !== 0) {
      const wanted = Math.min(peek - 1, bodyBytes);
      const wantedEnd = body + wanted;
      if (wantedEnd <= end) this.#listener.frame(this.#type, chunk, body, wantedEnd);
      else this.#beginPeek(chunk.subarray(body, end), wanted);
    }
    const next = body + bodyBytes;
    if (next <= end) return next;
    this.#bodyLeft = next - end;
    return end;
  }

  #continueBody(chunk: Uint8Array, end: number): number {
    const taken = Math.min(this.#bodyLeft, end);
    this.#bodyLeft -= taken;
    if (this.#peekLeft > 0) this.#gather(chunk.subarray(0, Math.min(taken, this.#peekLeft)));
    return taken;
  }

  #addHeaderByte(byte: number): void {
    if (this.#headerSeen === 0) {
      this.#type = byte;
      this.#length = 0;
    } else {
      this.#length = ((this.#length << 8) | byte) >>> 0;
    }
    this.#headerSeen = (this.#headerSeen + 1) % HEADER_BYTES;
  }

  #beginPeek(first: Uint8Array, wanted: number): void {
    if (this.#peeked === null || this.#peeked.length < wanted) {
      this.#peeked = new Uint8Array(Math.max(wanted, GATHER_BYTES));
    }
    this.#peekSeen = 0;
    this.#peekLeft = wanted;
    this.#gather(first);
  }

  #gather(bytes: Uint8Array): void {
    if (this.#peeked === null) return;
    this.#peeked.set(bytes, this.#peekSeen);
    this.#peekSeen += bytes.length;
    this.#peekLeft -= bytes.length;
    if (this.#peekLeft > 0) return;
    const peeked = this.#peeked;
    // One long statement must not stay with the session for good.
    if (peeked.length > GATHER_BYTES) this.#peeked = null;
    this.#listener.frame(this.#type, peeked, 0, this.#peekSeen);
  }
}

/** 0 beyond the end, where the caller's own bound makes the value meaningless. */
const byteAt = (bytes: Uint8Array, at: number): number => bytes[at] ?? 0;

const lengthAt = (bytes: Uint8Array, at: number): number =>
  ((byteAt(bytes, at) << 24) |
    (byteAt(bytes, at + 1) << 16) |
    (byteAt(bytes, at + 2) << 8) |
    byteAt(bytes, at + 3)) >>>
  0;
