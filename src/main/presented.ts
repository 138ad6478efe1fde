/**
 * A client's socket of which the beginning has been read already, given to a proxy as if it had not.
 *
 * What tells the tenant may come after the answer to an SSLRequest. So whoever looks for it gives
 * that answer; the proxy, which sees the SSLRequest and nothing behind it, then has its own answer
 * swallowed, and is given the rest when it begins the handshake.
 */
import type { Socket } from 'node:net';
import type { Network, SecureChannel } from '../domain/network.ts';

/** What was read from a client before it was known whose it is. */
export type Opening = {
  /** Up to what the proxy answers. */
  readonly head: Buffer;
  /** Null unless `head` is an SSLRequest that was agreed to: what the client said then. */
  readonly hello: Buffer | null;
};

const hellos = new WeakMap<Socket, Buffer>();

/**
 * Reads no more of it, until the function that is returned is called: what comes is for another process that has
 * the same connection. `pause` alone stops the handle only until the stream, in the next breath, reads ahead.
 */
export function leaveUnread(socket: Socket): () => void {
  const own = socket as { read?: (bytes?: number) => unknown };
  let isWanted = false;
  own.read = () => {
    isWanted = true;
    return null;
  };
  socket.pause();
  return () => {
    // The one of the prototype shows again.
    delete own.read;
    if (isWanted && !socket.destroyed) socket.read(0);
  };
}

/** Puts back what was read. `socket` is paused, and nothing of it is lost. */
export function present(socket: Socket, { head, hello }: Opening): Socket {
  if (head.length > 0) socket.unshift(head);
  if (hello !== null) {
    hellos.set(socket, hello);
    swallowOneWrite(socket);
  }
  return socket;
}

/** A handshake on a socket that may have been presented. */
export function secure(socket: Socket, network: Network): Promise<SecureChannel> {
  const hello = hellos.get(socket);
  if (hello !== undefined) {
    hellos.delete(socket);
    socket.unshift(hello);
  }
  return network.secure(socket);
}

function swallowOneWrite(socket: Socket): void {
  const own = socket as { write?: unknown };
  own.write = (): boolean => {
    // The one of the prototype shows again.
    delete own.write;
    return true;
  };
}
