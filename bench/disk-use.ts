/** What a directory takes of the disk. */
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';

const SECTOR_BYTES = 512;

export type DiskUse = {
  /** As files say of themselves, directories not counted. */
  readonly apparent: number;
  /** Blocks of files and directories. */
  readonly taken: number;
  readonly files: number;
};

/** Of a directory that may be missing. */
export async function diskUse(directory: string): Promise<DiskUse> {
  const own = await lstat(directory).catch(() => null);
  if (own === null) return { apparent: 0, taken: 0, files: 0 };
  let apparent = 0;
  let taken = own.blocks * SECTOR_BYTES;
  let files = 0;
  for (const name of await readdir(directory)) {
    const path = join(directory, name);
    const entry = await lstat(path).catch(() => null);
    // What has just been deleted takes nothing.
    if (entry === null) continue;
    if (entry.isDirectory()) {
      const below = await diskUse(path);
      apparent += below.apparent;
      taken += below.taken;
      files += below.files;
    } else {
      apparent += entry.size;
      taken += entry.blocks * SECTOR_BYTES;
      files += 1;
    }
  }
  return { apparent, taken, files };
}
