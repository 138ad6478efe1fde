/**
 * Compare-and-swap on a directory, without locks: the version is the name of a directory.
 *
 * A pointer `heads/t` is a directory that holds one directory, `~V`, named by the version V, which
 * holds the file `~V` with the bytes. Versions are random and never used twice. To swap V for W:
 *
 * 1. write the file `heads/t/~V/~W` and make it last. If `~V` is gone, another has won.
 * 2. rename the directory `heads/t/~V` to `heads/t/~W`. Of all who try, from any process, the kernel
 *    lets one find `~V`; for the others it is gone, and they have lost.
 * 3. make the name last, then delete the file of V in it.
 *
 * The rename is the swap: before it readers find V and its file, after it W and its file, which step 1
 * has put there. A loss of power keeps the one or the other, and both files are there until the
 * new name lasts. A process that was stopped anywhere, for any time, and goes on finds no `~V`
 * and so does nothing, and since V never comes back, this is true after a deletion too. Nobody waits
 * for anybody. A crash between steps 1 and 2 leaves a small file that nobody reads until the pointer is
 * deleted: its name is another's to delete only if that one could know that its writer is dead.
 *
 * The first version, and the end, are renames of the whole: `heads/t` is made aside and renamed to
 * its place, which fails if something is there, and is renamed away before it is deleted.
 */
import { dirname, join } from 'node:path';
import { fault } from '../domain/faults.ts';
import {
  DIR_MODE,
  type Disk,
  isErrno,
  readFully,
  syncDir,
  withFile,
  writeFile,
} from './directory-store-disk.ts';
import type { StoredObject, Version } from './store.ts';
import { freshName } from './store-key.ts';

/** No key has it, so that no object is ever taken for a version. */
const MARK = '~';

/** How often a reader looks again who was overtaken by a swap. */
const LOOKS_MAX = 100;

/** How often a directory without any entry is looked at: some file systems may hide one that is being renamed. */
const EMPTY_LOOKS_MAX = 3;

const VERSION = /^[0-9a-f]{24}$/;

export const isVersionEntry = (name: string): boolean => name.startsWith(MARK);

const fileOf = (pointer: string, version: Version): string =>
  join(pointer, MARK + version, MARK + version);

/** The versions there are by one look at the directory; undefined if it is not a pointer. */
async function versionsIn(disk: Disk, pointer: string): Promise<readonly Version[] | undefined> {
  for (let look = 0; look < EMPTY_LOOKS_MAX; look++) {
    let names: readonly string[];
    try {
      names = await disk.readdir(pointer);
    } catch (error) {
      if (isErrno(error, 'ENOENT', 'ENOTDIR')) return undefined;
      throw error;
    }
    const versions = names.filter(isVersionEntry).map((name) => name.slice(MARK.length));
    if (versions.length > 0) return versions;
    if (names.length > 0) return undefined;
  }
  return undefined;
}

export type PointerInfo = { readonly size: number; readonly writtenAt: number };

/** What `look` finds in the file of the present version; undefined if `pointer` is none. */
async function atPresent<T>(
  disk: Disk,
  pointer: string,
  look: (path: string, version: Version) => Promise<T | undefined>,
): Promise<T | undefined> {
  for (let times = 0; times < LOOKS_MAX; times++) {
    const versions = await versionsIn(disk, pointer);
    if (versions === undefined) return undefined;
    for (const version of versions) {
      const found = await look(fileOf(pointer, version), version);
      if (found !== undefined) return found;
    }
  }
  throw fault('ARCHIVE_DOWN', { why: 'a pointer in it cannot be read' });
}

export function readPointer(disk: Disk, pointer: string): Promise<StoredObject | undefined> {
  return atPresent(disk, pointer, (path, version) =>
    withFile(disk, path, async (file) => {
      const { size } = await file.stat();
      return { bytes: await readFully(file, 0, size), version };
    }),
  );
}

export function statPointer(disk: Disk, pointer: string): Promise<PointerInfo | undefined> {
  return atPresent(disk, pointer, (path) =>
    withFile(disk, path, async (file) => {
      const { size, mtimeMs } = await file.stat();
      return { size, writtenAt: Math.floor(mtimeMs) };
    }),
  );
}

/**
 * Makes the first version. Returns null if something is there. Throws `ENOENT` if the directory that
 * it belongs into is not.
 */
export async function createPointer(
  disk: Disk,
  pointer: string,
  bytes: Uint8Array,
  aside: string,
): Promise<Version | null> {
  const version = freshName();
  const draft = join(aside, freshName());
  const inner = join(draft, MARK + version);
  try {
    await disk.mkdir(draft, DIR_MODE);
    await disk.mkdir(inner, DIR_MODE);
    await writeFile(disk, fileOf(draft, version), bytes);
    await syncDir(disk, inner);
    await syncDir(disk, draft);
    await disk.rename(draft, pointer);
  } catch (error) {
    await disk.rm(draft, { recursive: true, force: true });
    if (isErrno(error, 'ENOTEMPTY', 'EEXIST', 'ENOTDIR')) return null;
    throw error;
  }
  await syncDir(disk, dirname(pointer));
  return version;
}

/** Replaces `expected` by `bytes`. Returns null if another version, or none, is there. */
export async function swapPointer(
  disk: Disk,
  pointer: string,
  bytes: Uint8Array,
  expected: Version,
): Promise<Version | null> {
  if (!VERSION.test(expected)) return null;
  const version = freshName();
  const old = join(pointer, MARK + expected);
  const draft = join(old, MARK + version);
  try {
    await writeFile(disk, draft, bytes);
    await syncDir(disk, old);
    await disk.rename(old, join(pointer, MARK + version));
  } catch (error) {
    await dropDraft(disk, pointer, MARK + version);
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return null;
    throw error;
  }
  await syncDir(disk, pointer);
  await disk.unlink(join(pointer, MARK + version, MARK + expected)).catch(ignored);
  return version;
}

/** Deletes what a swap has written that did not happen, wherever the directory is by now. */
async function dropDraft(disk: Disk, pointer: string, draft: string): Promise<void> {
  const versions = await versionsIn(disk, pointer).catch(ignored);
  for (const version of versions ?? []) {
    await disk.unlink(join(pointer, MARK + version, draft)).catch(ignored);
  }
}

/** Takes a pointer away. Returns false if `pointer` is none. */
export async function deletePointer(disk: Disk, pointer: string, aside: string): Promise<boolean> {
  if ((await versionsIn(disk, pointer)) === undefined) return false;
  const away = join(aside, freshName());
  try {
    await disk.rename(pointer, away);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return false;
    throw error;
  }
  await disk.rm(away, { recursive: true, force: true }).catch(ignored);
  return true;
}

/** What is left behind is a small file that nobody reads, and is deleted with the rest. */
const ignored = (): undefined => undefined;
