import type { Socket } from 'node:net';
import type { DirectSocket, Receiver } from '../domain/direct-socket.ts';

const isDirect = (socket: Socket): socket is DirectSocket => 'directReads' in socket;

/**
 * Gives all that `socket` reads from now on to `receiver`: out of the read buffer if it is a direct
 * socket, else by `data` events. Returns how to stop that; the socket is left paused then.
 */
export function receive(socket: Socket, receiver: Receiver): () => void {
  const onData = (chunk: Buffer): void => {
    receiver(chunk, chunk.length);
  };
  // A direct socket too: what it read before waits in its stream, and comes first.
  socket.on('data', onData);
  if (isDirect(socket)) socket.directReads.receiver = receiver;
  socket.resume();
  return () => {
    socket.pause();
    socket.off('data', onData);
    if (isDirect(socket)) socket.directReads.receiver = null;
  };
}
