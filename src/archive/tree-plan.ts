/** Decides what must change in a directory for it to become a given tree. Touches nothing. */
import {
  CHUNK_BYTES,
  type ChunkId,
  chunkLength,
  type Tree,
  type TreeFile,
  ZERO,
} from './chunks.ts';
import { CONTROL_FILE } from './control-file.ts';
import { type Blob, type Manifest, type Meaning, meaningOf, templateCode } from './manifest.ts';
import { each, type Steps } from './steps.ts';
import type { Template } from './template.ts';

/** What a directory holds by name; of the files' content only what `present` says is known. */
export type Listing = {
  readonly directories: ReadonlySet<string>;
  readonly files: ReadonlySet<string>;
};

export type NeededChunk = {
  readonly id: ChunkId;
  readonly plainBytes: number;
  readonly meaning: Meaning;
  readonly blob: Blob | null;
  readonly places: readonly { readonly path: string; readonly offset: number }[];
};

export type TreePlan = {
  /** Children before their parents. */
  readonly remove: readonly { readonly path: string; readonly isDirectory: boolean }[];
  /** Parents before their children. */
  readonly directories: readonly string[];
  /** Files that get another size, and those that are not there yet. */
  readonly resize: readonly {
    readonly path: string;
    readonly size: number;
    readonly isNew: boolean;
  }[];
  readonly chunks: readonly NeededChunk[];
  /** All files that are touched. */
  readonly files: readonly string[];
};

export type PlanInput = {
  readonly tree: Tree;
  readonly manifest: Manifest;
  /** That of the manifest. */
  readonly template: Template;
  /** What the directory held when it was made. */
  readonly present: Tree;
  readonly listing: Listing;
};

/** A copy of the template gets an identifier of its own, which is written here. */
const isOwn = (path: string): boolean => path === CONTROL_FILE || path.startsWith('pg_wal/');

export function* planSteps(input: PlanInput): Steps<TreePlan> {
  const { tree, listing } = input;
  const wanted = new Set(tree.directories);
  const gone = [...listing.files]
    .filter((path) => !tree.files.has(path))
    .map((path) => ({ path, isDirectory: false }));
  const goneDirectories = [...listing.directories]
    .filter((path) => !wanted.has(path))
    .map((path) => ({ path, isDirectory: true }));
  const resize: { path: string; size: number; isNew: boolean }[] = [];
  const needed = new Map<string, Shared>();
  const files: string[] = [];
  for (const [path, file] of tree.files) {
    const isNew = !listing.files.has(path);
    const before = isNew || isOwn(path) ? undefined : input.present.files.get(path);
    const isResized = isNew || before?.size !== file.size;
    if (isResized) resize.push({ path, size: file.size, isNew });
    const indexes = changedChunks(file, before, isNew);
    yield* each(indexes, (index) => need(input, needed, { path, file, index }));
    if (isResized || indexes.length > 0) files.push(path);
  }
  return {
    remove: [...gone, ...goneDirectories.sort((a, b) => (a.path < b.path ? 1 : -1))],
    directories: tree.directories.filter((path) => !listing.directories.has(path)),
    ...{ resize, chunks: [...needed.values()], files },
  };
}

/** A file that grows, or is new, is zero where nothing is written. */
function changedChunks(file: TreeFile, before: TreeFile | undefined, isNew: boolean): number[] {
  const isZeroThere = (index: number): boolean =>
    isNew || (before && index >= before.chunks.length) === true;
  return file.chunks
    .map((id, index) => ({ id, index }))
    .filter(({ id, index }) => {
      if (id === ZERO && isZeroThere(index)) return false;
      const isSame = before?.chunks[index] === id;
      return !isSame || lengthAt(before, index) !== chunkLength(file.size, index);
    })
    .map(({ index }) => index);
}

const lengthAt = (file: TreeFile | undefined, index: number): number =>
  file === undefined ? -1 : chunkLength(file.size, index);

type Shared = NeededChunk & { readonly places: NeededChunk['places'][number][] };

type Place = { readonly path: string; readonly file: TreeFile; readonly index: number };

/** Where a chunk of a file comes from. */
export function neededChunk(
  manifest: Manifest,
  template: Template,
  { path, file, index }: Place,
): NeededChunk {
  const inTemplate = (template.first.get(path) ?? 0) + index;
  const code = manifest.files.get(path)?.codes[index] ?? templateCode(inTemplate);
  const meaning = meaningOf(code);
  const blob = meaning.kind === 'blob' ? (manifest.blobs[meaning.number] ?? null) : null;
  const places = [{ path, offset: index * CHUNK_BYTES }];
  const id = file.chunks[index] ?? ZERO;
  return { id, plainBytes: chunkLength(file.size, index), meaning, blob, places };
}

/** A chunk that is needed in several places is fetched once. */
function need({ manifest, template }: PlanInput, needed: Map<string, Shared>, place: Place): void {
  const chunk = neededChunk(manifest, template, place);
  const key = `${chunk.id} ${chunk.plainBytes}`;
  const known = needed.get(key);
  if (known) known.places.push(...chunk.places);
  else needed.set(key, { ...chunk, places: [...chunk.places] });
}
