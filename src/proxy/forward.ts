import type { Socket } from 'node:net';

/**
 * Writes the first `end` bytes of `buffer` to `to`. Returns whether the buffer is still needed.
 *
 * A write that the kernel takes at once is done when it returns. One that must wait would hold the
 * whole read buffer for its few bytes, and so would each that queues up behind it: these get bytes
 * of their own. To a TLS socket every write waits.
 */
export function forward(to: Socket, buffer: Buffer, end: number): boolean {
  const chunk = end === buffer.length ? buffer : buffer.subarray(0, end);
  if (to.writableLength > 0 || 'encrypted' in to) {
    to.write(Buffer.from(chunk));
    return false;
  }
  to.write(chunk);
  return to.writableLength > 0;
}
