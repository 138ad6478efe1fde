/** What a worker does with chunks to be brought back: open, unpack, verify, write. */
import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { type ChunkId, chunkId, ZERO } from './chunks.ts';
import { CODECS, unpack } from './codec.ts';
import { Damage } from './damage.ts';
import { release } from './release.ts';
import { type Like, readTemplate } from './scan-work.ts';
import { keyForMany, opened, type Seal } from './sealing.ts';

/** Where the bytes of a chunk are. */
export type ChunkSource =
  | { readonly kind: 'zeros' }
  | { readonly kind: 'template'; readonly at: Like }
  | {
      readonly kind: 'stored';
      /** In `WriteRequest.bytes`. */
      readonly offset: number;
      readonly length: number;
      readonly codec: number;
      /** In the request's pack. Null for one that lay in its manifest, which is sealed as a whole. */
      readonly nonce: number | null;
      readonly like: Like | null;
    };

export type SourcedChunk = {
  readonly id: ChunkId;
  readonly plainBytes: number;
  readonly source: ChunkSource;
};

export type WriteChunk = SourcedChunk & {
  readonly places: readonly { readonly path: string; readonly offset: number }[];
};

/** What the chunks of one request have in common. */
type Sources = {
  readonly templateDir: string;
  readonly bytes: Uint8Array;
  /** How the pack is sealed that `bytes` are of; null if they are of none. */
  readonly seal: { readonly key: Uint8Array; readonly context: string } | null;
};

export type WriteRequest = Sources & {
  readonly kind: 'write';
  /** Holds every file, at its size. */
  readonly dir: string;
  readonly chunks: readonly WriteChunk[];
};

/** Throws `Damage` before it writes a chunk that is not what it should be. Takes the request's memory. */
export function write(request: WriteRequest): void {
  const open = new Map<string, number>();
  const stock = stockOf(request);
  try {
    for (const chunk of request.chunks) {
      const plain = plainOf(stock, chunk);
      for (const { path, offset } of chunk.places) {
        const fd = open.get(path) ?? openForWriting(join(request.dir, path));
        open.set(path, fd);
        writeFully(fd, plain, offset);
      }
      if (isOwn(chunk)) release(plain);
      if (open.size > OPEN_MAX) closeAll(open);
    }
  } finally {
    closeAll(open);
    release(request.bytes);
  }
}

/** Whether its plain bytes lie in memory of their own: not if they are in the request as they are. */
const isOwn = ({ source }: SourcedChunk): boolean =>
  source.kind !== 'stored' || source.nonce !== null || source.codec !== CODECS.plain;

const OPEN_MAX = 64;

function closeAll(open: Map<string, number>): void {
  for (const fd of open.values()) closeSync(fd);
  open.clear();
}

const openForWriting = (path: string): number =>
  openSync(path, constants.O_WRONLY | constants.O_NOFOLLOW);

function writeFully(fd: number, bytes: Buffer, position: number): void {
  for (let done = 0; done < bytes.length; ) {
    done += writeSync(fd, bytes, done, bytes.length - done, position + done);
  }
}

export type ReadRequest = Sources & {
  readonly kind: 'read';
  readonly chunks: readonly SourcedChunk[];
};

export type ReadAnswer = { readonly bytes: Uint8Array };

/** The chunks one after the other. Throws `Damage`. */
export function read(request: ReadRequest): ReadAnswer {
  const length = request.chunks.reduce((sum, { plainBytes }) => sum + plainBytes, 0);
  const bytes = Buffer.allocUnsafeSlow(length);
  const stock = stockOf(request);
  let at = 0;
  for (const chunk of request.chunks) {
    const plain = plainOf(stock, chunk);
    at += plain.copy(bytes, at);
    if (isOwn(chunk)) release(plain);
  }
  return { bytes };
}

/** What chunks are made of, ready for many. */
type Stock = {
  readonly templateDir: string;
  readonly bytes: Buffer;
  readonly seal: Omit<Seal, 'nonce'> | null;
};

const stockOf = ({ templateDir, bytes, seal }: Sources): Stock => ({
  templateDir,
  bytes: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length),
  seal: seal && { ...seal, key: keyForMany(seal.key) },
});

/** The verified bytes of a chunk. */
function plainOf(stock: Stock, chunk: SourcedChunk): Buffer {
  const plain = readSource(stock, chunk);
  if (plain.length !== chunk.plainBytes || chunkId(plain) !== chunk.id) {
    throw new Damage('a chunk is not what was saved');
  }
  return plain;
}

function readSource(
  { templateDir, bytes, seal }: Stock,
  { id, plainBytes, source }: SourcedChunk,
): Buffer {
  switch (source.kind) {
    case 'zeros':
      if (id !== ZERO) throw new Damage('a chunk of zeros has the name of another');
      return Buffer.alloc(plainBytes);
    case 'template':
      return readTemplate(templateDir, source.at);
    case 'stored': {
      const { offset, length, nonce } = source;
      if (offset + length > bytes.length) throw new Damage('a pack is cut short');
      const stored = bytes.subarray(offset, offset + length);
      const packed = nonce === null ? stored : openedOf(seal, nonce, stored);
      const like = source.like === null ? null : readTemplate(templateDir, source.like);
      const plain = unpack({ codec: source.codec, bytes: packed }, plainBytes, like);
      if (nonce !== null && plain !== packed) release(packed);
      return plain;
    }
    default:
      return source satisfies never;
  }
}

function openedOf(seal: Stock['seal'], nonce: number, stored: Buffer): Buffer {
  if (seal === null) throw new Error('the chunk is of no pack');
  return opened({ ...seal, nonce }, stored);
}
