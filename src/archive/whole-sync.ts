/**
 * One call that makes a tree of many files last, instead of one for each: syncfs(2). It writes what others
 * have in memory for the same disk too, so that it is worth it only where the files alone would take longer.
 */
import { open } from 'node:fs/promises';

/**
 * Writes the file system that `fd` is on to the disk. False where there is no such call, and where it fails,
 * also for what another has written: then each file is to be synced, which tells what is its own.
 */
export type SyncFileSystem = (fd: number) => Promise<boolean>;

/** As many files take about half a second, one by one. */
const FILES_MIN = 1_000;

export type WholeSync = {
  /** True if all that was written since this was opened lasts. */
  readonly sync: () => Promise<boolean>;
  readonly close: () => Promise<void>;
};

const NONE: WholeSync = { sync: () => Promise.resolve(false), close: () => Promise.resolve() };

/** To be opened before the first file is written: what fails before that is not told. */
export async function openWholeSync(
  dir: string,
  fileCount: number,
  call: SyncFileSystem,
): Promise<WholeSync> {
  if (fileCount < FILES_MIN) return NONE;
  const handle = await open(dir, 'r');
  return { sync: () => call(handle.fd), close: () => handle.close() };
}

/** Since Linux 5.8 the call tells of what could not be written. Source: syncfs(2). */
export function tellsFailures(release: string): boolean {
  const [major = 0, minor = 0] = release.split('.').map((part) => Number.parseInt(part, 10));
  return major > 5 || (major === 5 && minor >= 8);
}
