/**
 * Packs: chunks of a vault, sealed one by one, in objects of some megabytes.
 *
 *   magic, sealed chunks, sealed index, length of the index, magic
 *
 * The index says what the manifest says as well, so that a pack can be read without one.
 */

import { fault } from '../domain/faults.ts';
import type { Random } from '../domain/random.ts';
import type { ChunkId } from './chunks.ts';
import type { Packed } from './codec.ts';
import type { Blob } from './manifest.ts';
import { sealed } from './sealing.ts';
import type { Store } from './store.ts';
import { packKey, packSealKey, type Vault } from './vault.ts';

const MAGIC = Buffer.from('DBP1');
const ID_BYTES = 16;

/** A pack is written once it has this much. */
const PACK_BYTES = 8 * 1024 * 1024;

/** Chunks that are sealed before others have their turn. */
const SEALED_AT_ONCE = 8;

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

  /** Resolves when there is room for more. */
  async add(chunk: NewChunk): Promise<number> {
    const number = this.#append(chunk);
    this.#wait(number, chunk.bytes.length);
    if (this.#waitingBytes >= PACK_BYTES) await this.#flush();
    return number;
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
    this.#writing = this.#sealPack(pack, numbers).then((bytes) => this.#write(pack, bytes));
    // Whoever comes next waits for it and is told.
    this.#writing.catch(() => {});
  }

  async #write(pack: string, bytes: Buffer): Promise<void> {
    const { store, vault, signal } = this.#parts;
    const key = packKey(vault, pack);
    this.written.push(pack);
    this.writtenBytes += bytes.length;
    await createWhole(store, key, bytes, signal);
  }

  async #sealPack(pack: string, numbers: readonly number[]): Promise<Buffer> {
    const { vault, template } = this.#parts;
    const key = packSealKey(vault, pack);
    const context = packKey(vault, pack);
    const pieces: Buffer[] = [MAGIC];
    const rows: Row[] = [];
    let offset = MAGIC.length;
    for (const [at, number] of numbers.entries()) {
      if (at % SEALED_AT_ONCE === 0) await new Promise<void>((resolve) => setImmediate(resolve));
      const blob = this.#blobs[number];
      if (!blob) throw new Error(`there is no chunk ${number}`);
      const chunk = 'at' in blob ? inlineChunk(blob) : blob;
      const bytes = sealed({ key, nonce: offset, context }, chunk.bytes);
      const { id, codec, plainBytes, like } = chunk;
      const place = { kind: 'pack', pack, offset } as const;
      this.#blobs[number] = { id, codec, length: bytes.length, plainBytes, like, at: place };
      rows.push([id, offset, bytes.length, plainBytes, codec, like]);
      pieces.push(bytes);
      offset += bytes.length;
    }
    const index = Buffer.from(JSON.stringify({ template, rows }));
    const body = sealed({ key, nonce: offset, context }, index);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(body.length);
    return Buffer.concat([...pieces, body, length, MAGIC]);
  }
}

const inlineBlob = ({ id, codec, bytes, plainBytes, like }: NewChunk): Blob => ({
  ...{ id, codec, length: bytes.length, plainBytes, like },
  at: { kind: 'inline', bytes },
});

function inlineChunk({ id, codec, plainBytes, like, at }: Blob): NewChunk {
  if (at.kind === 'pack') throw new Error('the chunk is in a pack');
  return { id, codec, plainBytes, like, bytes: at.bytes };
}

/**
 * Writes an object that nobody else writes, and reads it back. Throws `ARCHIVE_DOWN` if what comes
 * back is something else: the store has not kept its word.
 */
export async function createWhole(
  store: Store,
  key: string,
  bytes: Buffer,
  signal?: AbortSignal,
): Promise<boolean> {
  const isNew = await store.create(key, bytes, signal);
  const back = await store.read(key, signal);
  if (back?.bytes.equals(bytes)) return true;
  if (isNew)
    throw fault('ARCHIVE_DOWN', { why: `${store.name} does not give back what it was given` });
  return false;
}
