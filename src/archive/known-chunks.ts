/**
 * A set of chunk ids that all workers look into, without a copy for each: an open hash table in
 * shared memory. Ids are evenly spread, so their first bytes are hash enough.
 */
import type { ChunkId } from './chunks.ts';
import { atOnce, each, type Steps } from './steps.ts';

const ID_BYTES = 32;

/** `ids` without `ZERO`. */
export const knownChunks = (ids: Iterable<ChunkId>, count: number): SharedArrayBuffer =>
  atOnce(knownSteps(ids, count));

export function* knownSteps(ids: Iterable<ChunkId>, count: number): Steps<SharedArrayBuffer> {
  let slots = 16;
  while (slots < count * 2) slots *= 2;
  const shared = new SharedArrayBuffer(slots * ID_BYTES);
  const table = Buffer.from(shared);
  yield* each(ids, (id) => {
    const bytes = Buffer.from(id, 'hex');
    bytes.copy(table, slotOf(table, bytes) * ID_BYTES);
  });
  return shared;
}

export function isKnown(shared: SharedArrayBuffer, id: ChunkId): boolean {
  const table = Buffer.from(shared);
  const bytes = Buffer.from(id, 'hex');
  const at = slotOf(table, bytes) * ID_BYTES;
  return table.compare(bytes, 0, ID_BYTES, at, at + ID_BYTES) === 0;
}

/** Where `id` is, or would be: the table is never more than half full. */
function slotOf(table: Buffer, id: Buffer): number {
  const mask = table.length / ID_BYTES - 1;
  for (let slot = id.readUInt32LE(0) & mask; ; slot = (slot + 1) & mask) {
    const at = slot * ID_BYTES;
    const isFree = table.readUInt32LE(at) === 0 && table.readUInt32LE(at + 4) === 0;
    if (isFree || table.compare(id, 0, ID_BYTES, at, at + ID_BYTES) === 0) return slot;
  }
}
