/** Changes to directories that survive a power loss. */
import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, rmdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fault } from '../../domain/faults.ts';

/** With a name of 255 characters behind it, of 4 bytes each at most, far below PATH_MAX of 4,096. */
const PATH_LONG = 1_024;

export async function syncDir(path: string): Promise<void> {
  const dir = await open(path, 'r');
  try {
    await dir.sync();
  } finally {
    await dir.close();
  }
}

/** Renames and makes the new name last. Throws as rename(2) does. */
export async function renameDurably(from: string, to: string): Promise<void> {
  await rename(from, to);
  const parents = new Set([dirname(from), dirname(to)]);
  await Promise.all([...parents].map(syncDir));
}

/** Replaces a file as a whole: a reader, or a crash, finds the old text or the new. */
export async function writeDurably(path: string, content: string | Uint8Array): Promise<void> {
  const draft = `${path}.${randomBytes(6).toString('hex')}.new`;
  const file = await open(draft, 'wx', 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  await renameDurably(draft, path);
}

/** Makes a directory if it is missing, and its name last. Its mode is set when it is made. */
export async function ensureDir(path: string, mode: number): Promise<void> {
  const made = await mkdir(path, { recursive: true, mode });
  if (made !== undefined) await syncDir(dirname(path));
}

/** Renames a directory into `trash`, so that it is gone at once, then deletes it. */
export async function discard(path: string, trash: string): Promise<void> {
  const away = join(trash, `${basename(path)}.${randomBytes(6).toString('hex')}`);
  try {
    await renameDurably(path, away);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return;
    throw error;
  }
  await removeTree(away, trash);
}

/** Deletes what a crash left in `trash`. What resists stays; `onFailure` is told why. */
export async function sweep(trash: string, onFailure: (error: unknown) => void): Promise<void> {
  for (const name of await readdir(trash)) {
    await removeTree(join(trash, name), trash).catch(onFailure);
  }
}

/** Deletes a tree that lies in `trash`, whatever its tenant has made of it. */
async function removeTree(path: string, trash: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true });
  } catch (error) {
    if (!isErrno(error, 'ENAMETOOLONG')) throw error;
    await removeDeepTree(path, trash);
  }
}

/**
 * Deletes directories so deep that no path reaches their ground: below `PATH_LONG` each is moved to
 * the top of `trash` first, where a crash leaves it for the next sweep.
 */
async function removeDeepTree(path: string, trash: string): Promise<void> {
  const tops = [path];
  const empty = async (dir: string): Promise<void> => {
    for (const entry of await readdir(dir, { withFileTypes: true })) {
      const inside = join(dir, entry.name);
      if (!entry.isDirectory()) await rm(inside, { force: true });
      else if (inside.length < PATH_LONG) await empty(inside);
      else {
        const top = join(trash, randomBytes(12).toString('hex'));
        await rename(inside, top);
        tops.push(top);
      }
    }
    await rmdir(dir);
  };
  for (let top = tops.pop(); top !== undefined; top = tops.pop()) await empty(top);
}

export const isErrno = (error: unknown, ...codes: readonly string[]): boolean =>
  error instanceof Error && codes.includes((error as NodeJS.ErrnoException).code ?? '');

/** A failure of a system call in words that name no path; any other is returned as it is. */
export function inPlainWords(error: unknown): unknown {
  if (!(error instanceof Error) || !('syscall' in error)) return error;
  const { code } = error as NodeJS.ErrnoException;
  const why = isErrno(error, 'ENOSPC', 'EDQUOT')
    ? DISK_IS_FULL
    : `its files cannot be used: ${code}`;
  return new Error(why, { cause: error });
}

/** What a start fails with where PostgreSQL met a full disk. */
export const DISK_IS_FULL = 'the disk is full';

/** PostgreSQL's code for a full disk. */
const SQLSTATE_FULL = '53100';

/** Whether `text` is what a program says of a full disk or quota. Source: strerror(3) in the C locale. */
export const saysFull = (text: string): boolean =>
  /No space left on device|Disk quota exceeded/.test(text) || text === DISK_IS_FULL;

/** Met by ourselves, or told by a program that we ran. */
const isFull = (error: unknown): boolean =>
  isErrno(error, 'ENOSPC', 'EDQUOT', SQLSTATE_FULL) ||
  (error instanceof Error && saysFull(error.message));

/** Runs `work`; a full disk or quota becomes `DISK_FULL`. */
export async function onDisk<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (isFull(error)) {
      throw fault('DISK_FULL', { what }, { cause: error });
    }
    throw error;
  }
}
