/**
 * Sockets whose bytes can be taken from the read buffer itself.
 *
 * A stream gives every chunk a buffer of its own: 64 KiB allocated, cut to what was read, queued,
 * emitted. A relay needs none of that, since it hands the bytes to the other socket before it
 * returns. A direct socket is an ordinary socket until somebody sets `receiver`; from then on its
 * bytes go there, out of a buffer that is used again for the next read.
 * Measured in docs/decisions/0003-relay.md.
 */
import type { Socket } from 'node:net';

/**
 * Takes the first `end` bytes of `buffer`, which are valid during the call.
 * Returns true to keep the buffer: the socket then reads into another.
 */
export type Receiver = (buffer: Buffer, end: number) => boolean;

export interface DirectReads {
  /** Null: the bytes go the ordinary way, to `data` events. */
  receiver: Receiver | null;
}

export type DirectSocket = Socket & { readonly directReads: DirectReads };
