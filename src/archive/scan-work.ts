/** What a worker does with files to be saved: read, hash, check pages, compress what is new. */
import { closeSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { CHUNK_BYTES, type ChunkId, chunkCount, chunkId, chunkLength, ZERO } from './chunks.ts';
import { type Effort, isDense, pack } from './codec.ts';
import { isKnown } from './known-chunks.ts';
import { badPages, pageOfChunk } from './page-checksum.ts';
import { release } from './release.ts';
import { openSeen, type SeenFile, type SizeLimits, walkTree } from './tree-walk.ts';

/** Where the template has what a chunk probably resembles. */
export type Like = { readonly path: string; readonly offset: number; readonly length: number };

/** Chunks that follow each other in one file. */
export type ScanPart = {
  readonly content:
    | { readonly kind: 'file'; readonly file: SeenFile }
    | { readonly kind: 'bytes'; readonly bytes: Uint8Array };
  /** The number of the first chunk, and how many there are. */
  readonly from: number;
  readonly count: number;
  /** The template's file of the same place; null if there is none. */
  readonly template: { readonly path: string; readonly size: number } | null;
  /** The number of the page at the file's beginning; null where pages are not to be checked. */
  readonly firstPage: number | null;
};

export type ScanRequest = {
  readonly kind: 'scan';
  readonly dir: string;
  readonly templateDir: string;
  readonly known: SharedArrayBuffer;
  readonly parts: readonly ScanPart[];
};

/** A chunk that was not known, compressed. */
export type FreshChunk = {
  readonly id: ChunkId;
  readonly codec: number;
  /** Where it is in `ScanAnswer.bytes`. */
  readonly offset: number;
  readonly length: number;
  readonly plainBytes: number;
  /** Whether it needs the template's chunk of the same place to be unpacked. */
  readonly place: { readonly part: number; readonly index: number };
};

export type ScanAnswer = {
  /** By part. */
  readonly ids: readonly (readonly ChunkId[])[];
  readonly fresh: readonly FreshChunk[];
  readonly bytes: Uint8Array;
  readonly badPages: readonly { readonly part: number; readonly page: number }[];
};

export function scan(request: ScanRequest): ScanAnswer {
  const ids: ChunkId[][] = [];
  const fresh: FreshChunk[] = [];
  const packed: Buffer[] = [];
  const bad: { part: number; page: number }[] = [];
  let offset = 0;
  for (const [part, one] of request.parts.entries()) {
    const found: ChunkId[] = [];
    ids.push(found);
    let effort: Effort = 'full';
    for (const { index, plain } of chunksOf(request.dir, one)) {
      const id = chunkId(plain);
      found.push(id);
      if (id === ZERO || isKnown(request.known, id)) continue;
      if (one.firstPage !== null) {
        const first = one.firstPage + pageOfChunk(index);
        bad.push(...badPages(plain, first).map((page) => ({ part, page })));
      }
      const like = likeOf(request.templateDir, one, index);
      const { codec, bytes } = pack(plain, like, effort);
      // One chunk of a file is much like the next.
      if (effort === 'full' && isDense({ codec, bytes }, plain.length)) effort = 'quick';
      const place = { part, index };
      fresh.push({ id, codec, offset, length: bytes.length, plainBytes: plain.length, place });
      packed.push(bytes === plain ? Buffer.from(bytes) : bytes);
      offset += bytes.length;
    }
  }
  return { ids, fresh, bytes: joined(packed, offset), badPages: bad };
}

/** In memory of its own, so that it can be handed over. Takes that of the parts. */
function joined(parts: readonly Buffer[], length: number): Buffer {
  const all = Buffer.allocUnsafeSlow(length);
  let at = 0;
  for (const part of parts) {
    at += part.copy(all, at);
    release(part);
  }
  return all;
}

type Chunk = { readonly index: number; readonly plain: Buffer };

const CHUNK = Buffer.allocUnsafeSlow(CHUNK_BYTES);

/** The memory of a chunk is used again for the next, of whatever file. */
function* chunksOf(dir: string, part: ScanPart): Generator<Chunk> {
  const { content, from, count } = part;
  if (content.kind === 'bytes') {
    const bytes = Buffer.from(content.bytes.buffer, content.bytes.byteOffset, content.bytes.length);
    for (let n = 0; n < count; n++) {
      yield { index: from + n, plain: bytes.subarray(n * CHUNK_BYTES, (n + 1) * CHUNK_BYTES) };
    }
    return;
  }
  const fd = openSeen(dir, content.file);
  try {
    for (let index = from; index < from + count; index++) {
      const plain = CHUNK.subarray(0, chunkLength(content.file.size, index));
      readFully(fd, plain, index * CHUNK_BYTES);
      yield { index, plain };
    }
  } finally {
    closeSync(fd);
  }
}

function readFully(fd: number, into: Buffer, position: number): void {
  for (let done = 0; done < into.length; ) {
    const read = readSync(fd, into, done, into.length - done, position + done);
    if (read === 0) throw new Error('a file ended early');
    done += read;
  }
}

function likeOf(templateDir: string, { template }: ScanPart, index: number): Buffer | null {
  if (template === null) return null;
  const length = chunkLength(template.size, index);
  if (length <= 0) return null;
  return readTemplate(templateDir, { path: template.path, offset: index * CHUNK_BYTES, length });
}

/** The template is ours and never changes. */
export function readTemplate(templateDir: string, like: Like): Buffer {
  const fd = openSync(join(templateDir, like.path), 'r');
  try {
    const bytes = Buffer.allocUnsafe(like.length);
    readFully(fd, bytes, like.offset);
    return bytes;
  } finally {
    closeSync(fd);
  }
}

export type IndexRequest = {
  readonly kind: 'index';
  readonly dir: string;
  readonly limits: SizeLimits;
};

export type IndexAnswer = {
  readonly directories: readonly string[];
  readonly files: readonly {
    readonly path: string;
    readonly size: number;
    readonly chunks: readonly ChunkId[];
  }[];
};

/** The ids of all chunks of a whole tree. */
export function index({ dir, limits }: IndexRequest): IndexAnswer {
  const tree = walkTree(dir, limits);
  const files = tree.files.map((file) => {
    const content = { kind: 'file', file } as const;
    const count = chunkCount(file.size);
    const part: ScanPart = { content, from: 0, count, template: null, firstPage: null };
    const chunks = Array.from(chunksOf(dir, part), ({ plain }) => chunkId(plain));
    return { path: file.path, size: file.size, chunks };
  });
  return { directories: tree.directories, files };
}
