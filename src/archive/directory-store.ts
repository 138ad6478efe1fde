/**
 * Objects as files of a directory on a volume; the key is the path.
 *
 * An object is written under a random name in `.new`, synced, and given its name by link(2), which
 * fails if the name is taken: that is create-if-absent, whole or not at all, between any number of
 * processes. Then the directory is synced, and only then is it acknowledged. A writer that fails or
 * dies leaves at most a file in `.new`, which is deleted when the store is opened an hour later. What
 * `swap` writes is told in `directory-store-pointer.ts`.
 *
 * A key that is an object has no others below it: `a` and `a/b` cannot both be there. What `create` has
 * written is never replaced: `swap` refuses its version.
 */
import type { Dir, Dirent } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Clock } from '../domain/clock.ts';
import { hours } from '../domain/units.ts';
import {
  DIR_MODE,
  type Disk,
  isErrno,
  readFully,
  realDisk,
  syncDir,
  toStoreFault,
  withFile,
  writeFile,
} from './directory-store-disk.ts';
import {
  createPointer,
  deletePointer,
  isVersionEntry,
  readPointer,
  statPointer,
  swapPointer,
} from './directory-store-pointer.ts';
import type { ObjectInfo, Range, Store, StoredObject, Version } from './store.ts';
import { assertKey, assertPrefix, freshName } from './store-key.ts';

/** Where objects are written before they have their names. No key begins with a dot. */
const ASIDE = '.new';

/** A draft this old has no writer any more. One that has slept for so long fails, and harms nothing. */
const DRAFT_AGE_MAX = hours(1);

/** How often a write makes its directory again that a deletion has taken away as empty. */
const PLACE_TRIES_MAX = 8;

/** Directories that are known to last; the least recently made are forgotten, and synced again. */
const LASTING_MAX = 4_096;

const DELETES_AT_ONCE = 8;

const ENTRIES_AT_ONCE = 64;

type DirectoryParts = {
  /** Is made if it is missing. Must be all on one file system. */
  readonly path: string;
  readonly clock: Clock;
  readonly disk?: Disk;
};

/** Opens a store and deletes what dead writers have left. Throws `ARCHIVE_DOWN`, `DISK_FULL`. */
export async function openDirectoryStore({
  path,
  clock,
  disk = realDisk,
}: DirectoryParts): Promise<Store> {
  const root = resolve(path);
  const aside = join(root, ASIDE);
  await told(async () => {
    const made = await makeAll(disk, aside);
    if (made !== undefined) await syncUp(disk, root, dirname(made));
    const before = clock.wall() - DRAFT_AGE_MAX;
    for (const name of await disk.readdir(aside)) await sweep(disk, join(aside, name), before);
  });
  return new DirectoryStore(root, disk);
}

/**
 * Makes a directory and those above it that are missing. Returns the topmost that was made. Node's own
 * way does not end where a directory is there and nothing can be made in it, as in `/proc`.
 */
async function makeAll(disk: Disk, path: string): Promise<string | undefined> {
  const make = async (): Promise<boolean> => {
    try {
      await disk.mkdir(path, { mode: DIR_MODE });
      return true;
    } catch (error) {
      if (isErrno(error, 'EEXIST')) return false;
      throw error;
    }
  };
  try {
    return (await make()) ? path : undefined;
  } catch (error) {
    if (!isErrno(error, 'ENOENT') || dirname(path) === path) throw error;
  }
  const above = await makeAll(disk, dirname(path));
  const isMade = await make();
  return above ?? (isMade ? path : undefined);
}

/** Makes the names in `from`, and in all directories above it up to `to`, last. */
async function syncUp(disk: Disk, from: string, to: string): Promise<void> {
  await syncDir(disk, from);
  if (from !== to) await syncUp(disk, dirname(from), to);
}

/** Deletes a draft last written before `before`. What cannot be deleted stays, and does no harm. */
async function sweep(disk: Disk, draft: string, before: number): Promise<void> {
  try {
    const { mtimeMs } = await disk.lstat(draft);
    if (mtimeMs < before) await disk.rm(draft, { recursive: true, force: true });
  } catch (error) {
    if (!isErrno(error, 'ENOENT', 'EACCES', 'EPERM')) throw error;
  }
}

class DirectoryStore implements Store {
  readonly name: string;
  readonly #root: string;
  readonly #aside: string;
  readonly #disk: Disk;
  readonly #lasting = new Set<string>();

  constructor(root: string, disk: Disk) {
    this.name = `the directory ${root}`;
    this.#root = root;
    this.#aside = join(root, ASIDE);
    this.#disk = disk;
  }

  async create(key: string, bytes: Uint8Array, signal?: AbortSignal): Promise<boolean> {
    const path = this.#pathOf(key);
    signal?.throwIfAborted();
    return told(async () => {
      const draft = join(this.#aside, freshName());
      try {
        await writeFile(this.#disk, draft, bytes, signal);
        signal?.throwIfAborted();
        return await this.#place(path, () => this.#linkDurably(draft, path));
      } finally {
        await this.#disk.unlink(draft).catch(goneAnyway);
      }
    }, signal);
  }

  async swap(key: string, bytes: Uint8Array, expected: Version | null): Promise<Version | null> {
    const path = this.#pathOf(key);
    return told(() =>
      expected === null
        ? this.#place(path, () => createPointer(this.#disk, path, bytes, this.#aside))
        : swapPointer(this.#disk, path, bytes, expected),
    );
  }

  async read(key: string, signal?: AbortSignal): Promise<StoredObject | undefined> {
    const path = this.#pathOf(key);
    signal?.throwIfAborted();
    return told(async () => {
      const found = await withFile(this.#disk, path, async (file) => {
        const stats = await file.stat();
        if (!stats.isFile()) return 'no file';
        const bytes = await readFully(file, 0, stats.size);
        return { bytes, version: `${stats.ino}-${stats.mtimeMs}` };
      });
      signal?.throwIfAborted();
      return found === 'no file' ? readPointer(this.#disk, path) : found;
    }, signal);
  }

  async readRange(key: string, range: Range, signal?: AbortSignal): Promise<Buffer | undefined> {
    const path = this.#pathOf(key);
    signal?.throwIfAborted();
    return told(async () => {
      const found = await withFile(this.#disk, path, async (file) => {
        const stats = await file.stat();
        if (!stats.isFile()) return 'no file';
        const length = Math.max(0, Math.min(range.length, stats.size - range.offset));
        return readFully(file, range.offset, length);
      });
      signal?.throwIfAborted();
      if (found !== 'no file') return found;
      const pointer = await readPointer(this.#disk, path);
      return pointer?.bytes.subarray(range.offset, range.offset + range.length);
    }, signal);
  }

  async stat(key: string): Promise<ObjectInfo | undefined> {
    const path = this.#pathOf(key);
    return told(() => this.#statAt(key, path));
  }

  async *list(prefix: string): AsyncIterable<ObjectInfo> {
    assertPrefix(prefix);
    const slash = prefix.lastIndexOf('/');
    const start = slash < 0 ? '' : prefix.slice(0, slash);
    yield* this.#walk(start, prefix);
  }

  async delete(keys: readonly string[]): Promise<void> {
    const paths = keys.map((key) => this.#pathOf(key));
    const touched = new Set<string>();
    for (let from = 0; from < paths.length; from += DELETES_AT_ONCE) {
      const batch = paths.slice(from, from + DELETES_AT_ONCE);
      await told(() =>
        Promise.all(
          batch.map(async (path) => {
            if (await this.#deleteAt(path)) touched.add(dirname(path));
          }),
        ),
      );
    }
    await told(async () => {
      for (const dir of touched) await this.#leave(dir);
    });
  }

  #pathOf(key: string): string {
    assertKey(key);
    return join(this.#root, key);
  }

  /** Gives a written file its name for good. Returns false if another has that name for good. */
  async #linkDurably(draft: string, path: string): Promise<boolean> {
    let made = true;
    try {
      await this.#disk.link(draft, path);
    } catch (error) {
      if (!isErrno(error, 'EEXIST')) throw error;
      made = false;
    }
    try {
      await syncDir(this.#disk, dirname(path));
    } catch (error) {
      // It was not acknowledged, and a repetition must not find it and take it for lasting.
      if (made) await this.#disk.unlink(path).catch(goneAnyway);
      throw error;
    }
    return made;
  }

  /** Runs `put`, which throws `ENOENT` if the directory of `path` is missing, with that directory there. */
  async #place<T>(path: string, put: () => Promise<T>): Promise<T> {
    const dir = dirname(path);
    for (let tries = 1; ; tries++) {
      try {
        await this.#ensureDir(dir);
        return await put();
      } catch (error) {
        if (!isErrno(error, 'ENOENT') || tries === PLACE_TRIES_MAX) throw error;
        for (let at = dir; at !== this.#root; at = dirname(at)) this.#lasting.delete(at);
      }
    }
  }

  /**
   * Makes a directory below the root, and all names on the way to it last. Throws `ENOENT` if one of
   * them is deleted meanwhile.
   */
  async #ensureDir(dir: string): Promise<void> {
    if (dir === this.#root || this.#lasting.has(dir)) return;
    const parent = dirname(dir);
    await this.#ensureDir(parent);
    try {
      await this.#disk.mkdir(dir, DIR_MODE);
    } catch (error) {
      if (!isErrno(error, 'EEXIST')) throw error;
    }
    await syncDir(this.#disk, parent);
    this.#lasting.add(dir);
    const [oldest] = this.#lasting;
    if (this.#lasting.size > LASTING_MAX && oldest !== undefined) this.#lasting.delete(oldest);
  }

  async #statAt(key: string, path: string): Promise<ObjectInfo | undefined> {
    try {
      const stats = await this.#disk.lstat(path);
      if (stats.isFile()) return { key, size: stats.size, writtenAt: Math.floor(stats.mtimeMs) };
      if (!stats.isDirectory()) return undefined;
    } catch (error) {
      if (isErrno(error, 'ENOENT', 'ENOTDIR')) return undefined;
      throw error;
    }
    const pointer = await statPointer(this.#disk, path);
    return pointer && { key, ...pointer };
  }

  /** The objects in directory `dir`, whose keys begin with `prefix`; the root is ''. */
  async *#walk(dir: string, prefix: string): AsyncGenerator<ObjectInfo> {
    for await (const entries of this.#entriesIn(join(this.#root, dir))) {
      if (entries.some(({ name }) => isVersionEntry(name))) {
        const pointer = await told(() => this.#statAt(dir, join(this.#root, dir)));
        if (pointer?.key.startsWith(prefix)) yield pointer;
        return;
      }
      const found = entries
        .filter(({ name }) => !name.startsWith('.'))
        .map((entry) => ({ entry, key: dir === '' ? entry.name : `${dir}/${entry.name}` }))
        .filter(({ key }) => key.startsWith(prefix) || prefix.startsWith(`${key}/`));
      const infos = await told(() =>
        Promise.all(
          found.map(async ({ entry, key }) => {
            const info = entry.isDirectory() ? undefined : this.#statAt(key, join(this.#root, key));
            return { key, info: await info };
          }),
        ),
      );
      for (const { key, info } of infos) {
        if (info === undefined) yield* this.#walk(key, prefix);
        else if (key.startsWith(prefix)) yield info;
      }
    }
  }

  /** A directory's entries, some at a time, so that one with millions costs no memory. */
  async *#entriesIn(path: string): AsyncGenerator<readonly Dirent[]> {
    let dir: Dir;
    try {
      dir = await this.#disk.opendir(path, { bufferSize: ENTRIES_AT_ONCE });
    } catch (error) {
      if (isErrno(error, 'ENOENT', 'ENOTDIR')) return;
      throw toStoreFault(error);
    }
    try {
      let entries: Dirent[] = [];
      for (let one = await dir.read(); one !== null; one = await dir.read()) {
        entries.push(one);
        if (entries.length < ENTRIES_AT_ONCE) continue;
        yield entries;
        entries = [];
      }
      yield entries;
    } catch (error) {
      throw toStoreFault(error);
    } finally {
      await dir.close();
    }
  }

  /** Returns whether something was there. */
  async #deleteAt(path: string): Promise<boolean> {
    try {
      await this.#disk.unlink(path);
      return true;
    } catch (error) {
      if (isErrno(error, 'ENOENT', 'ENOTDIR')) return false;
      // Linux says the first of a directory, POSIX the second.
      if (!isErrno(error, 'EISDIR', 'EPERM')) throw error;
      return deletePointer(this.#disk, path, this.#aside);
    }
  }

  /** After deletions in `dir`: removes it and those above as far as they are empty, and makes that last. */
  async #leave(dir: string): Promise<void> {
    for (let at = dir; at !== this.#root; at = dirname(at)) {
      try {
        await this.#disk.rmdir(at);
      } catch (error) {
        if (!isErrno(error, 'ENOENT', 'ENOTEMPTY', 'EEXIST')) throw error;
        if (!isErrno(error, 'ENOENT') && (await this.#syncIfThere(at))) return;
      }
      this.#lasting.delete(at);
    }
    await syncDir(this.#disk, this.#root);
  }

  async #syncIfThere(dir: string): Promise<boolean> {
    try {
      await syncDir(this.#disk, dir);
      return true;
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return false;
      throw error;
    }
  }
}

/** Runs `work`; what the disk says becomes a fault, and the end of an aborted one its reason. */
async function told<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  try {
    return await work();
  } catch (error) {
    signal?.throwIfAborted();
    throw toStoreFault(error);
  }
}

/** A draft that cannot be deleted is deleted when the store is opened next. */
const goneAnyway = (): void => {};
