/** Files are cut into chunks at fixed places, as PostgreSQL overwrites them in place. */
import { sha256 } from './sealing.ts';

/** 16 pages. */
export const CHUNK_BYTES = 131_072;

/** SHA-256 of a chunk's bytes in hexadecimal, or `ZERO` for one of zeros only, of whatever length. */
export type ChunkId = string;

export const ZERO: ChunkId = 'z';

const ZEROS = Buffer.alloc(CHUNK_BYTES);

export const isZero = (bytes: Buffer): boolean =>
  bytes[0] === 0 && ZEROS.compare(bytes, 0, bytes.length, 0, bytes.length) === 0;

export const chunkId = (bytes: Buffer): ChunkId => (isZero(bytes) ? ZERO : sha256(bytes));

export const chunkCount = (fileBytes: number): number => Math.ceil(fileBytes / CHUNK_BYTES);

/** The length of chunk `index` of a file. */
export const chunkLength = (fileBytes: number, index: number): number =>
  Math.min(CHUNK_BYTES, fileBytes - index * CHUNK_BYTES);

/** A data directory as its content: what a load makes of it again. */
export type Tree = {
  /** Parents before what is in them. */
  readonly directories: readonly string[];
  readonly files: ReadonlyMap<string, TreeFile>;
};

export type TreeFile = { readonly size: number; readonly chunks: readonly ChunkId[] };

/** Equal for two trees only if they are. */
export function treeHash(tree: Tree): string {
  const lines = [...tree.directories].sort().map((path) => `d ${path}\n`);
  for (const path of [...tree.files.keys()].sort()) {
    const file = tree.files.get(path);
    if (file) lines.push(`f ${path} ${file.size} ${file.chunks.join(' ')}\n`);
  }
  return sha256(lines.join(''));
}
