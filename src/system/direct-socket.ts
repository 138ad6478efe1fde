/**
 * Direct sockets out of Node's `onread`, which reads into a buffer of the caller's.
 *
 * Until a receiver is set, what is read is copied and pushed into the socket's own stream, so that
 * `data` events, `pause`, `read` and TLS on top of it work as on any socket.
 */
import { connect, Socket } from 'node:net';
import type { DirectReads, DirectSocket, Receiver } from '../domain/direct-socket.ts';

/** For a session of small questions and answers: what each socket costs, idle or not. */
const SMALL_BYTES = 8 * 1024;

/** For rows and COPY: as much as Node itself reads at once. */
const LARGE_BYTES = 64 * 1024;

/** Reads in a row that the small buffer would have held, until it is taken again. */
const SMALL_READS = 64;

/** Connects to a Unix socket. */
export function dialDirect(path: string): DirectSocket {
  const reads = new OnRead();
  const socket = connect({ path, onread: reads.options });
  return reads.attach(socket);
}

/**
 * The same connection as `accepted`, as a direct socket. `accepted` must come from a server with
 * `pauseOnConnect`, so that nothing was read from it; it is given up, and its server forgets it.
 *
 * Node can give `onread` only to sockets that it connects. An accepted one is made anew around the
 * same handle, for which there is no documented way: where the handle is not to be had, `accepted`
 * itself is returned, and all goes on at the ordinary price.
 */
export function directly(accepted: Socket): Socket {
  const holder = accepted as unknown as { _handle?: object | null };
  const handle = holder._handle;
  if (handle === undefined || handle === null) return accepted;
  const reads = new OnRead();
  const options = { handle, allowHalfOpen: accepted.allowHalfOpen, onread: reads.options };
  const socket = reads.attach(new Socket(options as object));
  holder._handle = null;
  accepted.destroy();
  return socket;
}

class OnRead implements DirectReads {
  receiver: Receiver | null = null;
  #socket: Socket | null = null;
  /** What the socket shall read into next; null leaves it the buffer that it has. */
  #next: Buffer | null = Buffer.allocUnsafeSlow(SMALL_BYTES);
  #smallReads = 0;

  /** Node asks for a buffer before the first read and after each; nothing means the same again. */
  readonly options = {
    buffer: (): Buffer => {
      const next = this.#next;
      this.#next = null;
      return next ?? (undefined as unknown as Buffer);
    },
    callback: (end: number, buffer: Uint8Array): boolean => this.#read(buffer as Buffer, end),
  };

  attach(socket: Socket): DirectSocket {
    this.#socket = socket;
    return Object.assign(socket, { directReads: this });
  }

  #read(buffer: Buffer, end: number): boolean {
    if (this.receiver === null) {
      return this.#socket?.push(Buffer.from(buffer.subarray(0, end))) ?? false;
    }
    const isKept = this.receiver(buffer, end);
    const size = this.#fitting(buffer.length, end);
    if (isKept || size !== buffer.length) this.#next = Buffer.allocUnsafeSlow(size);
    return true;
  }

  /** How large a buffer should be after a read of `end` bytes into one of `length`. */
  #fitting(length: number, end: number): number {
    if (end === length) {
      this.#smallReads = 0;
      return LARGE_BYTES;
    }
    this.#smallReads = end < SMALL_BYTES ? this.#smallReads + 1 : 0;
    return this.#smallReads >= SMALL_READS ? SMALL_BYTES : length;
  }
}
