/**
 * Sockets whose bytes pass without the stream around them.
 *
 * A stream gives every chunk that it reads a buffer of its own, and every write a request, a
 * callback and a turn of the tick queue. A relay needs none of that, since it hands the bytes to the
 * other socket before it returns, and the kernel nearly always takes them at once. A direct socket is
 * an ordinary socket until somebody sets `receiver` or calls `forward`; what these cannot do at once
 * goes the ordinary way, in the same order.
 * Measured in docs/decisions/0003-relay.md.
 */
import type { Socket } from 'node:net';

/**
 * A buffer of this size is shared by all direct sockets: what is read next, from any of them, is
 * written over it.
 */
export const SHARED_BYTES = 8 * 1024;

/**
 * Takes the first `end` bytes of `buffer`, which are valid during the call.
 * Returns true to keep the buffer: the socket then reads into another. A shared one cannot be kept.
 */
export type Receiver = (buffer: Buffer, end: number) => boolean;

export interface DirectReads {
  /** Null: the bytes go the ordinary way, to `data` events. */
  receiver: Receiver | null;
}

export interface DirectWrites {
  /**
   * Writes the first `end` bytes of `buffer`, behind all that was written before. Returns whether
   * the buffer is still needed, which a shared one never is. What the kernel did not take counts in
   * the socket's `writableLength`, and all that `write` says of errors and `drain` holds.
   */
  forward(buffer: Buffer, end: number): boolean;
}

export type DirectSocket = Socket & {
  readonly directReads: DirectReads;
  readonly directWrites: DirectWrites;
};
