/**
 * The files of control groups, which look like a file system and are none: a group is made and removed
 * as a directory, all else is writing words to files that come with it. Source: cgroups(7).
 */
import { mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { isErrno } from '../machine/durable.ts';

export interface ControlFiles {
  /** Undefined if there is no such file, or it may not be read. */
  read(path: string): Promise<string | undefined>;
  /** Throws the system's error: the kernel refuses by it. */
  write(path: string, text: string): Promise<void>;
  /** Makes the group. False if it is there. */
  makeGroup(path: string): Promise<boolean>;
  /** True if the group is gone, false if something is still in it. */
  removeGroup(path: string): Promise<boolean>;
  /** Names of the groups below, in no order. Empty if there is no such group. */
  groupsBelow(path: string): Promise<readonly string[]>;
}

/** Those of this machine. Off the main thread, since the kernel may take milliseconds. */
export const CONTROL_FILES: ControlFiles = {
  async read(path) {
    return await readFile(path, 'utf8').catch(() => undefined);
  },
  async write(path, text) {
    await writeFile(path, text);
  },
  async makeGroup(path) {
    try {
      await mkdir(path);
      return true;
    } catch (error) {
      if (isErrno(error, 'EEXIST')) return false;
      throw error;
    }
  },
  async removeGroup(path) {
    try {
      await rmdir(path);
      return true;
    } catch (error) {
      return isErrno(error, 'ENOENT');
    }
  },
  async groupsBelow(path) {
    const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  },
};
