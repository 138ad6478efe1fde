/**
 * Packs: chunks of a vault, sealed one by one, in objects of some megabytes.
 *
 *   magic, sealed chunks, sealed index, length of the index, magic
 *
 * The index says what the manifest says as well, so that a pack can be read without one.
 */

import { fault } from '../domain/faults.ts';
import type { Random } from '../domain/random.ts';
import type { ChunkWorkers } from './chunk-workers.ts';
import type { ChunkId } from './chunks.ts';
import type { Packed } from './codec.ts';
import type { Blob } from './manifest.ts';
import { release } from './release.ts';
import { FIRST_AT, sealedBytes } from './seal-work.ts';
import type { Store } from './store.ts';
import { packKey, packSealKey, type Vault } from './vault.ts';

const ID_BYTES = 16;

/** A pack is written once it has this much. */
const PACK_BYTES = 8 * 1024 * 1024;

/** Bytes that are read back at once. */
const COMPARED_AT_ONCE = 2 * 1024 * 1024;

/** What is less than this goes into the manifest. */
const INLINE_BYTES_MAX = 64 * 1024;

export type NewChunk = Packed & {
  readonly id: ChunkId;
  readonly plainBytes: number;
  readonly like: number | null;
};

export type PackParts = {
  readonly store: Store;
  readonly vault: Vault;
  readonly random: Random;
  readonly workers: ChunkWorkers;
  /** Of the template whose chunks `like` counts. */
  readonly template: string;
  readonly signal: AbortSignal;
};

/** Of a pack's index: id, offset, length, plain length, codec, likeness. */
type Row = readonly [ChunkId, number, number, number, number, number | null];

/** Collects chunks and writes them out; at most one pack is written while the next is collected. */
export class PackWriter {
  readonly #parts: PackParts;
  readonly #blobs: (Blob | NewChunk)[];
  readonly #numberOf = new Map<ChunkId, number>();
  /** Numbers of blobs that are in no pack yet. */
  #waiting: number[] = [];
  #waitingBytes = 0;
  #writing: Promise<void> = Promise.resolve();
  /** Written by this writer. */
  readonly written: string[] = [];
  writtenBytes = 0;

  constructor(parts: PackParts) {
    this.#parts = parts;
    this.#blobs = [];
  }

  numberOf(id: ChunkId): number | undefined {
    return this.#numberOf.get(id);
  }

  /** Takes over what is stored already. */
  reuse(blob: Blob): number {
    const number = this.#append(blob);
    if (blob.at.kind === 'inline') this.#wait(number, blob.length);
    return number;
  }

  /** The memory of `chunk.bytes` belongs to the writer from now on, all that lies around them too. */
  add(chunk: NewChunk): number {
    const number = this.#append(chunk);
    this.#wait(number, chunk.bytes.length);
    return number;
  }

  /** Resolves when there is room for more. Not to be asked while others share memory that was added. */
  async room(): Promise<void> {
    if (this.#waitingBytes >= PACK_BYTES) await this.#flush();
  }

  /** Writes the rest, and resolves when all is written and read back. */
  async finish(): Promise<readonly Blob[]> {
    if (
      this.#waitingBytes > INLINE_BYTES_MAX ||
      (this.written.length > 0 && this.#waitingBytes > 0)
    ) {
      await this.#flush();
    }
    await this.#writing;
    return this.#blobs.map((blob) => ('at' in blob ? blob : inlineBlob(blob)));
  }

  #append(blob: Blob | NewChunk): number {
    this.#blobs.push(blob);
    this.#numberOf.set(blob.id, this.#blobs.length - 1);
    return this.#blobs.length - 1;
  }

  #wait(number: number, bytes: number): void {
    this.#waiting.push(number);
    this.#waitingBytes += bytes;
  }

  async #flush(): Promise<void> {
    await this.#writing;
    const numbers = this.#waiting;
    this.#waiting = [];
    this.#waitingBytes = 0;
    const pack = Buffer.from(this.#parts.random.bytes(ID_BYTES)).toString('hex');
    this.written.push(pack);
    this.#writing = this.#write(pack, this.#placed(pack, numbers));
    // Whoever comes next waits for it and is told.
    this.#writing.catch(() => {});
  }

  /** Gives chunks their places in a pack. Returns what lies there, and last the index. */
  #placed(pack: string, numbers: readonly number[]): Uint8Array[] {
    const pieces: Uint8Array[] = [];
    const rows: Row[] = [];
    let offset = FIRST_AT;
    for (const number of numbers) {
      const blob = this.#blobs[number];
      if (!blob) throw new Error(`there is no chunk ${number}`);
      const { id, codec, plainBytes, like, bytes } = 'at' in blob ? inlineChunk(blob) : blob;
      const length = sealedBytes(bytes.length);
      const place = { kind: 'pack', pack, offset } as const;
      this.#blobs[number] = { id, codec, length, plainBytes, like, at: place };
      rows.push([id, offset, length, plainBytes, codec, like]);
      pieces.push(bytes);
      offset += length;
    }
    pieces.push(Buffer.from(JSON.stringify({ template: this.#parts.template, rows })));
    return pieces;
  }

  async #write(pack: string, pieces: readonly Uint8Array[]): Promise<void> {
    const { store, vault, workers, signal } = this.#parts;
    const context = packKey(vault, pack);
    const key = packSealKey(vault, pack);
    const memory = new Set(pieces.slice(0, -1).map(({ buffer }) => buffer as ArrayBuffer));
    const { bytes } = await workers.run({ kind: 'seal', key, context, pieces }, [...memory]);
    this.writtenBytes += bytes.length;
    await createWhole(store, context, bytes, signal);
    release(bytes);
  }
}

const inlineBlob = ({ id, codec, bytes, plainBytes, like }: NewChunk): Blob => ({
  ...{ id, codec, length: bytes.length, plainBytes, like },
  at: { kind: 'inline', bytes },
});

function inlineChunk({ id, codec, plainBytes, like, at }: Blob): NewChunk {
  if (at.kind === 'pack') throw new Error('the chunk is in a pack');
  // A copy: the rest of that manifest is still needed where it is.
  return { id, codec, plainBytes, like, bytes: Buffer.from(Uint8Array.from(at.bytes).buffer) };
}

/**
 * Writes an object that nobody else writes, and reads it back. Throws `ARCHIVE_DOWN` if what comes
 * back is something else: the store has not kept its word.
 */
export async function createWhole(
  store: Store,
  key: string,
  bytes: Uint8Array,
  signal?: AbortSignal,
): Promise<boolean> {
  const isNew = await store.create(key, bytes, signal);
  if (await isThere(store, key, bytes, signal)) return true;
  if (isNew)
    throw fault('ARCHIVE_DOWN', { why: `${store.name} does not give back what it was given` });
  return false;
}

/** Reads some at a time, so that little is held, and others have their turn in between. */
async function isThere(
  store: Store,
  key: string,
  bytes: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  for (let offset = 0; offset <= bytes.length; offset += COMPARED_AT_ONCE) {
    const length = Math.min(COMPARED_AT_ONCE, bytes.length - offset);
    // One byte more than there should be: it may have become longer.
    const back = await store.readRange(key, { offset, length: length + 1 }, signal);
    const expected = bytes.subarray(offset, offset + length + 1);
    const isSame = back?.equals(expected) ?? false;
    if (back) release(back);
    if (!isSame) return false;
  }
  return true;
}
