/** Copies a directory of plain files, for husks. */
import { constants } from 'node:fs';
import { chown, copyFile, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Whom copies belong to; null leaves them with this process. */
export type FileOwner = { readonly uid: number; readonly gid: number } | null;

const DIRECTORY_MODE = 0o700;

/**
 * Copies `from` to `to`, which must not exist, one file at a time so that others get their turn.
 * Shares blocks with the original where the file system can.
 */
export async function copyTree(from: string, to: string, owner: FileOwner): Promise<void> {
  await mkdir(to, { mode: DIRECTORY_MODE });
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const source = join(from, entry.name);
    const target = join(to, entry.name);
    if (entry.isDirectory()) {
      await copyTree(source, target, owner);
      continue;
    }
    if (!entry.isFile()) throw new Error(`${entry.name} is neither a file nor a directory`);
    await copyFile(source, target, constants.COPYFILE_FICLONE);
    if (owner) await chown(target, owner.uid, owner.gid);
  }
  if (owner) await chown(to, owner.uid, owner.gid);
}

/** Gives a tree that only this process can reach to `owner`. */
export async function chownTree(root: string, owner: FileOwner): Promise<void> {
  if (!owner) return;
  for (const entry of await readdir(root, { withFileTypes: true, recursive: true })) {
    await chown(join(entry.parentPath, entry.name), owner.uid, owner.gid);
  }
  await chown(root, owner.uid, owner.gid);
}
