/**
 * A template as the archive sees it: a tree of which every chunk has a number, counted over its files
 * in the order of their paths. A manifest names what a data directory shares with it by that number.
 */
import { CHUNK_BYTES, type ChunkId, chunkLength, type Tree, treeHash, ZERO } from './chunks.ts';
import type { IndexAnswer, Like } from './scan-work.ts';

export type Template = {
  /** Of its tree; names it in the store. */
  readonly hash: string;
  /** As people know it, such as `18.4-7`. */
  readonly name: string;
  readonly dir: string;
  readonly tree: Tree;
  /** By number. */
  readonly ids: readonly ChunkId[];
  /** The number of each file's first chunk. */
  readonly first: ReadonlyMap<string, number>;
  readonly numberOf: ReadonlyMap<ChunkId, number>;
  /** Where a chunk of the template is. */
  readonly place: (number: number) => Like;
};

export function templateOf(name: string, dir: string, index: IndexAnswer): Template {
  const files = index.files.toSorted((a, b) => (a.path < b.path ? -1 : 1));
  const ids: ChunkId[] = [];
  const owners: { path: string; size: number; index: number }[] = [];
  const first = new Map<string, number>();
  const numberOf = new Map<ChunkId, number>();
  for (const { path, size, chunks } of files) {
    first.set(path, ids.length);
    for (const [index, id] of chunks.entries()) {
      if (id !== ZERO && !numberOf.has(id)) numberOf.set(id, ids.length);
      ids.push(id);
      owners.push({ path, size, index });
    }
  }
  const tree: Tree = {
    directories: index.directories,
    files: new Map(files.map(({ path, size, chunks }) => [path, { size, chunks }])),
  };
  const place = (number: number): Like => {
    const owner = owners[number];
    if (!owner) throw new Error(`the template has no chunk ${number}`);
    const length = chunkLength(owner.size, owner.index);
    return { path: owner.path, offset: owner.index * CHUNK_BYTES, length };
  };
  return { hash: treeHash(tree), name, dir, tree, ids, first, numberOf, place };
}

/** That which shares nothing with anything. */
export const NO_TEMPLATE: Template = templateOf('none', '/', { directories: [], files: [] });
