/**
 * Gives large memory back at once.
 *
 * V8 counts what lies outside of its heap, and looks through all of the heap each time some tens of megabytes
 * have been taken: with a chunk or a pack at a time that was a fifth of what a save costs, some of it
 * on the thread that everybody waits for.
 */

type Transferable = ArrayBufferLike & { readonly transfer?: (length: number) => unknown };

/** `bytes`, all that lies around them, and other views of it are empty after this. */
export function release({ buffer }: Uint8Array): void {
  // What is no larger may lie in memory that Node cuts all small buffers from.
  if (buffer.byteLength <= Buffer.poolSize) return;
  (buffer as Transferable).transfer?.(0);
}
