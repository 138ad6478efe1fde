/** Where chunks are, and how they are read with few reads. */
import { Damage } from './damage.ts';
import { each, type Steps } from './steps.ts';
import type { Store } from './store.ts';
import type { Template } from './template.ts';
import type { NeededChunk } from './tree-plan.ts';
import { packKey, packSealKey, type Vault } from './vault.ts';
import type { ChunkSource, SourcedChunk, WriteRequest } from './write-work.ts';

/** Plain bytes of one batch that needs no read. */
export const BATCH_BYTES = 2 * 1024 * 1024;
/** Most that is read from the store at once, and what is read in vain to make one read of two. */
const READ_BYTES_MAX = 2 * 1024 * 1024;
const GAP_BYTES_MAX = 64 * 1024;
/** Small ones are the work of a file each, of which several workers want their part. */
const BATCH_CHUNKS_MAX = 512;

export type Batch = {
  readonly read: {
    readonly pack: string;
    readonly offset: number;
    readonly length: number;
  } | null;
  readonly chunks: readonly NeededChunk[];
};

export type FetcherParts = {
  readonly store: Store;
  readonly vault: Vault;
  /** Of the manifest that the chunks are of. */
  readonly template: Template;
  readonly signal: AbortSignal;
};

/** What was read of the store, and what is where in it. */
type Fetched = Pick<WriteRequest, 'bytes' | 'seal'> & { readonly chunks: readonly SourcedChunk[] };

export class ChunkFetcher {
  readonly #parts: FetcherParts;
  bytesRead = 0;

  constructor(parts: FetcherParts) {
    this.#parts = parts;
  }

  /** Reads what a batch needs. In the same order: where in it each chunk is. Throws `Damage`. */
  async fetch({ read, chunks }: Batch): Promise<Fetched> {
    const { store, vault, signal } = this.#parts;
    if (read) {
      const context = packKey(vault, read.pack);
      const bytes = await store.readRange(context, read, signal);
      if (!bytes) throw new Damage('a pack is missing');
      this.bytesRead += bytes.length;
      const seal = { key: packSealKey(vault, read.pack), context };
      return { bytes, seal, chunks: chunks.map((chunk) => this.#packed(chunk, read.offset)) };
    }
    const inline: Buffer[] = [];
    let offset = 0;
    const sourced = chunks.map((chunk) => {
      const { blob } = chunk;
      if (blob?.at.kind !== 'inline') return this.#unpacked(chunk);
      inline.push(blob.at.bytes);
      offset += blob.length;
      const at = { offset: offset - blob.length, length: blob.length, nonce: null };
      return this.#stored(chunk, at);
    });
    return { bytes: Buffer.concat(inline), seal: null, chunks: sourced };
  }

  #unpacked({ id, plainBytes, meaning }: NeededChunk): SourcedChunk {
    if (meaning.kind !== 'template') return { id, plainBytes, source: { kind: 'zeros' } };
    const at = this.#parts.template.place(meaning.number);
    return { id, plainBytes, source: { kind: 'template', at } };
  }

  #packed(chunk: NeededChunk, from: number): SourcedChunk {
    const { at, length } = chunk.blob ?? {};
    if (at?.kind !== 'pack' || length === undefined) throw new Error('the chunk is in no pack');
    return this.#stored(chunk, { offset: at.offset - from, length, nonce: at.offset });
  }

  #stored(
    { id, plainBytes, blob }: NeededChunk,
    at: Pick<Extract<ChunkSource, { kind: 'stored' }>, 'offset' | 'length' | 'nonce'>,
  ): SourcedChunk {
    const number = blob?.like ?? null;
    const like = number === null ? null : this.#parts.template.place(number);
    const source = { kind: 'stored', ...at, codec: blob?.codec ?? 0, like } as const;
    return { id, plainBytes, source };
  }
}

/** What lies near together in a pack is read at once; all else needs no read. */
export function* batchSteps(chunks: readonly NeededChunk[]): Steps<readonly Batch[]> {
  const loose: NeededChunk[] = [];
  const packs = new Map<string, PackedChunk[]>();
  yield* each(chunks, (chunk) => {
    const { at, length } = chunk.blob ?? {};
    if (at?.kind !== 'pack' || length === undefined) {
      loose.push(chunk);
      return;
    }
    const packed = packs.get(at.pack);
    if (packed) packed.push({ chunk, at, length });
    else packs.set(at.pack, [{ chunk, at, length }]);
  });
  const batches: Batch[] = [];
  yield* looseSteps(loose, batches);
  for (const packed of packs.values()) {
    packed.sort((a, b) => a.at.offset - b.at.offset);
    yield* packedSteps(packed, batches);
  }
  return batches;
}

type PackedChunk = {
  readonly chunk: NeededChunk;
  readonly at: { readonly pack: string; readonly offset: number };
  readonly length: number;
};

/** Of one pack, in the order of the pack. */
function* packedSteps(packed: readonly PackedChunk[], into: Batch[]): Steps<void> {
  let batch: PackedChunk[] = [];
  yield* each(packed, (one) => {
    if (!goesWith(batch, one)) {
      if (batch.length > 0) into.push(readOf(batch));
      batch = [];
    }
    batch.push(one);
  });
  if (batch.length > 0) into.push(readOf(batch));
}

function goesWith(batch: readonly PackedChunk[], { at, length }: PackedChunk): boolean {
  const [first] = batch;
  const before = batch.at(-1);
  return (
    first !== undefined &&
    before !== undefined &&
    batch.length < BATCH_CHUNKS_MAX &&
    at.offset - (before.at.offset + before.length) <= GAP_BYTES_MAX &&
    at.offset + length - first.at.offset <= READ_BYTES_MAX
  );
}

function readOf(batch: readonly PackedChunk[]): Batch {
  const [first] = batch;
  const final = batch.at(-1);
  if (!first || !final) throw new Error('a read of nothing');
  const { pack, offset } = first.at;
  return {
    read: { pack, offset, length: final.at.offset + final.length - offset },
    chunks: batch.map(({ chunk }) => chunk),
  };
}

function* looseSteps(chunks: readonly NeededChunk[], into: Batch[]): Steps<void> {
  let batch: NeededChunk[] = [];
  let bytes = 0;
  yield* each(chunks, (chunk) => {
    const isFull = bytes + chunk.plainBytes > BATCH_BYTES || batch.length >= BATCH_CHUNKS_MAX;
    if (isFull && batch.length > 0) {
      into.push({ read: null, chunks: batch });
      batch = [];
      bytes = 0;
    }
    batch.push(chunk);
    bytes += chunk.plainBytes;
  });
  if (batch.length > 0) into.push({ read: null, chunks: batch });
}
