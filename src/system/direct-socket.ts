/**
 * Direct sockets out of Node's `onread`, which reads into a buffer of the caller's.
 *
 * Until a receiver is set, what is read is copied and pushed into the socket's own stream, so that
 * `data` events, `pause`, `read` and TLS on top of it work as on any socket.
 */
import { connect, Socket } from 'node:net';
import type { DirectReads, DirectSocket, Receiver } from '../domain/direct-socket.ts';

/** As much as Node itself reads at once. Pages never read into take no memory. */
const BUFFER_BYTES = 64 * 1024;

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
  #isBufferKept = true;

  /** Node asks for a buffer before the first read and after each; nothing means the same again. */
  readonly options = {
    buffer: (): Buffer => {
      if (!this.#isBufferKept) return undefined as unknown as Buffer;
      this.#isBufferKept = false;
      return Buffer.allocUnsafeSlow(BUFFER_BYTES);
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
    this.#isBufferKept = this.receiver(buffer, end);
    return true;
  }
}
