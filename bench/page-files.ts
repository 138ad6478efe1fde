/** The page cache under a directory, put into the state that a benchmark needs. */
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ThreadedPageCache } from '../src/system/page-cache.ts';

const READ_BYTES = 1024 * 1024;

const pageCache = new ThreadedPageCache();

/** Bytes of the files below `directory` that are in the page cache. */
export async function residentBytes(directory: string): Promise<number> {
  const facts = await pageCache.survey(directory);
  return facts.reduce((sum, { resident }) => sum + (resident ?? 0), 0);
}

/** Has every file below `directory` in the page cache: whatever else the machine does, it may have dropped some. */
export async function warm(directory: string): Promise<void> {
  const buffer = Buffer.allocUnsafe(READ_BYTES);
  for (const entry of await readdir(directory, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue;
    const file = await open(join(entry.parentPath, entry.name));
    while ((await file.read(buffer)).bytesRead > 0);
    await file.close();
  }
}

/** Drops every file below `directory` from the page cache; returns the bytes that could not be. */
export async function drop(directory: string): Promise<number> {
  const ranges = (await pageCache.survey(directory)).map(({ name }) => ({
    name,
    from: 0,
    bytes: null,
  }));
  await pageCache.drop(directory, ranges, Number.POSITIVE_INFINITY);
  return await residentBytes(directory);
}

/** To be called at the end: a thread would keep the process alive. */
export const closePageCache = (): Promise<void> => pageCache.close();
