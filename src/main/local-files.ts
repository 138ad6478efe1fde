/** Files that a person names on the command line, read and written part by part. */
import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises';
import type { FileSink } from '../cli/world.ts';

/** Owner only: what is written is somebody's data. */
const FILE_MODE = 0o600;

const READ_BYTES = 1_048_576;

/** The file in parts; undefined if there is none. A directory is refused before anything is read. */
export async function readParts(path: string): Promise<AsyncIterable<Uint8Array> | undefined> {
  const handle = await open(path, 'r').catch(ifMissing);
  if ((await handle?.stat())?.isDirectory() === true) {
    await handle?.close();
    throw Object.assign(new Error('it is a directory'), { code: 'EISDIR' });
  }
  return handle && createReadStream(path, { fd: handle, highWaterMark: READ_BYTES });
}

/**
 * A new file, or one that will take the place of another when it is whole; null if there is one that
 * must stay. What is no regular file, a device or a pipe, is written as it is.
 */
export async function createFile(path: string, replace: boolean): Promise<FileSink | null> {
  const there = await stat(path).catch(ifMissing);
  if (there !== undefined && !replace) return null;
  if (there !== undefined && !there.isFile()) return sinkOf(await open(path, 'w'), null);
  const part = `${path}.${randomBytes(4).toString('hex')}.part`;
  if (there !== undefined) return sinkOf(await open(part, 'wx', FILE_MODE), { part, path });
  const handle = await open(path, 'wx', FILE_MODE).catch((error: unknown) => {
    if (codeOf(error) === 'EEXIST') return null;
    throw error;
  });
  return handle && sinkOf(handle, { part: path, path });
}

type Place = { readonly part: string; readonly path: string };

const sinkOf = (handle: FileHandle, place: Place | null): FileSink => ({
  write: async (bytes) => {
    // A write may take less than it is given.
    for (let from = 0; from < bytes.length; ) {
      from += (await handle.write(bytes, from)).bytesWritten;
    }
  },
  keep: async () => {
    if (place !== null) await handle.sync();
    await handle.close();
    if (place !== null && place.part !== place.path) await rename(place.part, place.path);
  },
  discard: async () => {
    await handle.close().catch(() => undefined);
    if (place !== null) await rm(place.part, { force: true });
  },
});

function ifMissing(error: unknown): undefined {
  if (codeOf(error) !== 'ENOENT') throw error;
}

const codeOf = (error: unknown): unknown =>
  error instanceof Error && 'code' in error ? error.code : undefined;
