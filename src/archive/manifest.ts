/**
 * What a snapshot is: which chunk goes where.
 *
 * Only what differs from the template is named. A chunk is given by one number: a stored chunk by its
 * place in the table, one of zeros by -1, one of the template by -2 less its number there. Runs of
 * numbers that follow each other are one entry.
 */
import { type ChunkId, chunkCount, type Tree, type TreeFile, ZERO } from './chunks.ts';
import { Damage } from './damage.ts';
import { atOnce, each, type Steps } from './steps.ts';
import type { Template } from './template.ts';
import { nameObjection, shown } from './tree-names.ts';

/** A chunk that is stored, compressed. */
export type Blob = {
  readonly id: ChunkId;
  readonly codec: number;
  readonly length: number;
  readonly plainBytes: number;
  /** The number of the template's chunk without which it cannot be unpacked; null for none. */
  readonly like: number | null;
  readonly at:
    | { readonly kind: 'pack'; readonly pack: string; readonly offset: number }
    /** In the manifest itself, which is sealed as a whole. */
    | { readonly kind: 'inline'; readonly bytes: Buffer };
};

/** By what a chunk is given; see above. */
export type ChunkCode = number;

const ZERO_CODE: ChunkCode = -1;

export type ManifestFile = { readonly size: number; readonly codes: readonly ChunkCode[] };

/** Of what PostgreSQL the data is, and where it stopped. */
export type Engine = {
  /** The content of `PG_VERSION`, such as `18`. */
  readonly major: string;
  readonly controlVersion: number;
  readonly catalogVersion: number;
  readonly blockBytes: number;
  readonly segmentBytes: number;
  readonly hasChecksums: boolean;
  readonly systemId: string;
  /** Positions in the WAL, in decimal. */
  readonly checkpoint: string;
  readonly redo: string;
};

export type Manifest = {
  readonly template: { readonly hash: string; readonly name: string };
  readonly engine: Engine;
  readonly origin: string;
  readonly notes: Readonly<Record<string, string>>;
  /** Directories that the template does not have. */
  readonly directories: readonly string[];
  /** Files and directories of the template that are not there. */
  readonly removed: readonly string[];
  /** Files that are not the template's. */
  readonly files: ReadonlyMap<string, ManifestFile>;
  readonly blobs: readonly Blob[];
  /** Chunks that hold pages with wrong checksums. */
  readonly doubtful: readonly ChunkId[];
  /** Of the whole tree. */
  readonly treeHash: string;
};

export const templateCode = (number: number): ChunkCode => -2 - number;

export type Meaning =
  | { readonly kind: 'zeros' }
  | { readonly kind: 'template'; readonly number: number }
  | { readonly kind: 'blob'; readonly number: number };

export function meaningOf(code: ChunkCode): Meaning {
  if (code === ZERO_CODE) return { kind: 'zeros' };
  return code >= 0 ? { kind: 'blob', number: code } : { kind: 'template', number: -2 - code };
}

/** Finds the code of each chunk, and new ones for those that are stored now. */
export const codeOf = (
  id: ChunkId,
  templateNumber: number | undefined,
  blobNumber: () => number,
): ChunkCode => {
  if (id === ZERO) return ZERO_CODE;
  return templateNumber === undefined ? blobNumber() : templateCode(templateNumber);
};

/** Flat pairs of a code and how many follow it. */
export function runsOf(codes: readonly ChunkCode[]): number[] {
  const runs: number[] = [];
  let expected = Number.NaN;
  for (const code of codes) {
    if (code === expected) runs[runs.length - 1] = (runs.at(-1) ?? 0) + 1;
    else runs.push(code, 1);
    expected = successor(code);
  }
  return runs;
}

const successor = (code: ChunkCode): ChunkCode => {
  if (code === ZERO_CODE) return code;
  return code >= 0 ? code + 1 : code - 1;
};

/** `count` is what the size of the file says. */
export function codesOf(runs: readonly number[], count: number): ChunkCode[] {
  const codes: ChunkCode[] = [];
  for (let at = 0; at + 1 < runs.length; at += 2) {
    let code = runs[at] ?? 0;
    const length = runs[at + 1] ?? 0;
    if (length < 1 || codes.length + length > count) throw new Damage('a file has too many chunks');
    for (let n = 0; n < length; n++, code = successor(code)) codes.push(code);
  }
  if (codes.length !== count) throw new Damage('a file lacks chunks');
  return codes;
}

/** The whole tree that a manifest says. Throws `Damage` unless it is in itself consistent. */
export const treeOf = (manifest: Manifest, template: Template): Tree =>
  atOnce(treeSteps(manifest, template));

export function* treeSteps(manifest: Manifest, template: Template): Steps<Tree> {
  const gone = new Set(manifest.removed);
  const directories = [
    ...template.tree.directories.filter((path) => !gone.has(path)),
    ...manifest.directories,
  ].sort();
  const files = new Map<string, TreeFile>();
  for (const [path, file] of template.tree.files) {
    if (!gone.has(path) && !manifest.files.has(path)) files.set(path, file);
  }
  const add = ([path, { size, codes }]: [string, ManifestFile]): void => {
    if (codes.length !== chunkCount(size)) throw new Damage('a file lacks chunks');
    files.set(path, { size, chunks: codes.map((code) => idOf(manifest, template, code)) });
  };
  yield* each(manifest.files, add, ([, { codes }]) => 1 + codes.length);
  yield* mustBeTree(directories, files);
  return { directories, files };
}

function idOf(manifest: Manifest, template: Template, code: ChunkCode): ChunkId {
  const meaning = meaningOf(code);
  if (meaning.kind === 'zeros') return ZERO;
  const id =
    meaning.kind === 'blob' ? manifest.blobs[meaning.number]?.id : template.ids[meaning.number];
  if (id === undefined) throw new Damage('a chunk is named that is not there');
  return id;
}

/** Every name is one that may be, once, in a directory that is there. */
function* mustBeTree(
  directories: readonly string[],
  files: ReadonlyMap<string, TreeFile>,
): Steps<void> {
  const known = new Set(directories);
  if (known.size !== directories.length) throw new Damage('a directory is named twice');
  yield* each([...directories, ...files.keys()], (path) => {
    const objection = nameObjection(path);
    if (objection !== null) throw new Damage(`${shown(path)} ${objection}`);
    const parent = path.split('/').slice(0, -1).join('/');
    if (parent !== '' && !known.has(parent)) throw new Damage(`${shown(path)} has no directory`);
  });
  for (const path of files.keys()) {
    if (known.has(path)) throw new Damage(`${shown(path)} is a directory and a file`);
  }
}
