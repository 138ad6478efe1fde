/** The few things a directory store does to its disk, each lasting through a loss of power. */
import { constants } from 'node:fs';
import {
  type FileHandle,
  link,
  lstat,
  mkdir,
  open,
  opendir,
  readdir,
  rename,
  rm,
  rmdir,
  unlink,
} from 'node:fs/promises';
import { fault } from '../domain/faults.ts';

const REAL = { link, lstat, mkdir, open, opendir, readdir, rename, rm, rmdir, unlink };

/** The system calls of a directory store, so that a test can let them fail or write them down. */
export type Disk = typeof REAL;

export const realDisk: Disk = REAL;

/** Objects are their owner's alone: what is in them is sealed, but their sizes tell things too. */
const FILE_MODE = 0o600;
export const DIR_MODE = 0o700;

/** Never through a symbolic link that somebody has put in a file's place. */
const READ = constants.O_RDONLY | constants.O_NOFOLLOW;
const WRITE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

export const isErrno = (error: unknown, ...codes: readonly string[]): boolean =>
  error instanceof Error && codes.includes((error as NodeJS.ErrnoException).code ?? '');

/** What the fault of a failed call says: no path, which a stranger would read. */
export function toStoreFault(error: unknown): unknown {
  if (isErrno(error, 'ENOSPC', 'EDQUOT')) {
    return fault('DISK_FULL', { what: 'the archive has no room' }, { cause: error });
  }
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  if (code === undefined || !/^E[A-Z0-9]+$/.test(code)) return error;
  return fault('ARCHIVE_DOWN', { why: `its directory fails with ${code}` }, { cause: error });
}

/** Writes a new file whose bytes are on the disk when this resolves; its name may not be. */
export async function writeFile(
  disk: Disk,
  path: string,
  bytes: Uint8Array,
  signal?: AbortSignal,
): Promise<void> {
  const file = await disk.open(path, WRITE, FILE_MODE);
  try {
    await file.writeFile(bytes, signal ? { signal } : {});
    await file.datasync();
  } finally {
    await file.close();
  }
}

/** Makes the names in a directory last. */
export async function syncDir(disk: Disk, path: string): Promise<void> {
  const dir = await disk.open(path, 'r');
  try {
    await dir.sync();
  } finally {
    await dir.close();
  }
}

/** What `read` makes of a file; undefined if there is none, or something else than a file or directory. */
export async function withFile<T>(
  disk: Disk,
  path: string,
  read: (file: FileHandle) => Promise<T>,
): Promise<T | undefined> {
  let file: FileHandle;
  try {
    file = await disk.open(path, READ);
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO')) return undefined;
    throw error;
  }
  try {
    return await read(file);
  } finally {
    await file.close();
  }
}

/** `length` bytes from `offset`; fewer where the file ends. */
export async function readFully(
  file: FileHandle,
  offset: number,
  length: number,
): Promise<Buffer<ArrayBuffer>> {
  const bytes = Buffer.allocUnsafeSlow(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read(bytes, filled, length - filled, offset + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
}
