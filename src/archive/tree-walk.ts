/**
 * Looks at a data directory of which its owner is not trusted.
 *
 * It may hold links, pipes and devices instead of files, and files of others by a hard link. Nothing
 * is followed, and nothing is taken that is not a plain file of the owner's own on the same file
 * system. What is opened later must still be what was seen here (`openSeen`).
 *
 * All calls are synchronous: they run in a worker, where that is several times as fast.
 */
import {
  type BigIntStats,
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
} from 'node:fs';
import { join } from 'node:path';
import { isLeftOut, nameObjection, shown } from './tree-names.ts';

/** A plain file as it was seen. */
export type SeenFile = {
  readonly path: string;
  readonly size: number;
  readonly uid: number;
  /** Device and inode. */
  readonly identity: string;
  /** Times of the last change, in nanoseconds since 1970. */
  readonly mtime: bigint;
  readonly ctime: bigint;
};

export type SeenTree = {
  readonly root: SeenFile;
  /** Parents before what is in them. */
  readonly directories: readonly string[];
  readonly files: readonly SeenFile[];
};

export type SizeLimits = {
  readonly fileBytesMax: number;
  readonly treeBytesMax: number;
  readonly entriesMax: number;
};

const SPECIAL_BITS = 0o7000n;

/** All but what every snapshot leaves out. Throws an `Error` that names what is refused. */
export function walkTree(dir: string, limits: SizeLimits): SeenTree {
  const top = lstatSync(dir, { bigint: true });
  if (!top.isDirectory()) throw new Error('the data directory is not a directory');
  const directories: string[] = [];
  const files: SeenFile[] = [];
  const waiting = [''];
  let bytes = 0;
  for (let below = waiting.pop(); below !== undefined; below = waiting.pop()) {
    for (const entry of readdirSync(join(dir, below))) {
      const path = below === '' ? entry : `${below}/${entry}`;
      if (isLeftOut(path)) continue;
      const seen = lstatSync(join(dir, path), { bigint: true });
      if (seen.isSocket()) continue;
      mustBeOwn(path, seen, top);
      if (seen.isDirectory()) {
        directories.push(path);
        waiting.push(path);
      } else {
        files.push(seenFile(path, seen));
        bytes += Number(seen.size);
        mustFit(path, Number(seen.size), bytes, limits);
      }
      if (files.length + directories.length > limits.entriesMax) {
        throw refusal(path, 'is one file too many');
      }
    }
  }
  return { root: seenFile('', top), directories: directories.sort(), files };
}

const seenFile = (path: string, stats: BigIntStats): SeenFile => ({
  path,
  size: Number(stats.size),
  uid: Number(stats.uid),
  identity: `${stats.dev}.${stats.ino}`,
  mtime: stats.mtimeNs,
  ctime: stats.ctimeNs,
});

function mustBeOwn(path: string, seen: BigIntStats, root: BigIntStats): void {
  const objection = nameObjection(path);
  if (objection !== null) throw refusal(path, objection);
  if (seen.isSymbolicLink()) throw refusal(path, 'is a symbolic link');
  if (!seen.isFile() && !seen.isDirectory()) throw refusal(path, 'is no plain file');
  if (seen.isFile() && seen.nlink !== 1n) throw refusal(path, 'has another name elsewhere');
  if ((seen.mode & SPECIAL_BITS) !== 0n) throw refusal(path, 'has special permission bits');
  if (seen.uid !== root.uid) throw refusal(path, 'belongs to another user');
  if (seen.dev !== root.dev) throw refusal(path, 'lies on another file system');
}

export function mustFit(path: string, size: number, all: number, limits: SizeLimits): void {
  if (size > limits.fileBytesMax) throw refusal(path, 'is too large');
  if (all > limits.treeBytesMax) throw refusal(path, 'makes the data directory too large');
}

/** Something is in a data directory that a snapshot cannot hold. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
}

export const refusal = (path: string, why: string): Refusal =>
  new Refusal(`the data directory cannot be archived: ${shown(path)} ${why}`);

/** Opens a file for reading if it is still the one that was seen; throws otherwise. */
export function openSeen(dir: string, file: SeenFile): number {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  const fd = openSync(join(dir, file.path), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  const stats = fstatSync(fd, { bigint: true });
  const now = seenFile(file.path, stats);
  const isSame =
    stats.isFile() &&
    stats.nlink === 1n &&
    now.uid === file.uid &&
    now.size === file.size &&
    now.identity === file.identity &&
    now.mtime === file.mtime &&
    now.ctime === file.ctime;
  if (isSame) return fd;
  closeSync(fd);
  throw refusal(file.path, 'was changed while it was read');
}
