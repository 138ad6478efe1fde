import type { Socket } from 'node:net';
import type { DirectSocket } from '../domain/direct-socket.ts';

const isDirect = (socket: Socket): socket is DirectSocket => 'directWrites' in socket;

/**
 * Writes the first `end` bytes of `buffer` to `to`. Returns whether the buffer is still needed.
 *
 * An ordinary socket gets bytes of its own, so that those which have to wait do not hold the whole
 * buffer. To a TLS socket every write waits.
 */
export function forward(to: Socket, buffer: Buffer, end: number): boolean {
  if (isDirect(to)) return to.directWrites.forward(buffer, end);
  to.write(Buffer.from(buffer.subarray(0, end)));
  return false;
}
