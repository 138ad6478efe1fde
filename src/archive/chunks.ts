/** Files are cut into chunks at fixed places, as PostgreSQL overwrites them in place. */
import { createHash } from 'node:crypto';
import { sha256 } from './sealing.ts';
import { atOnce, each, type Steps } from './steps.ts';

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
export const treeHash = (tree: Tree): string => atOnce(hashSteps(tree));

export function* hashSteps(tree: Tree): Steps<string> {
  const hash = createHash('sha256');
  let lines = [...tree.directories].sort().map((path) => `d ${path}\n`);
  const take = (path: string): void => {
    const file = tree.files.get(path);
    if (file) lines.push(`f ${path} ${file.size} ${file.chunks.join(' ')}\n`);
    if (lines.length < LINES_AT_ONCE) return;
    hash.update(lines.join(''));
    lines = [];
  };
  yield* each([...tree.files.keys()].sort(), take, (path) => rowsOf(tree.files.get(path)));
  return hash.update(lines.join('')).digest('hex');
}

const LINES_AT_ONCE = 64;

/** What a file costs that all chunks of are gone through. */
const rowsOf = (file: TreeFile | undefined): number => 1 + (file?.chunks.length ?? 0);
