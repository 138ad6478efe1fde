/**
 * The settings of a compute that change while it runs, in a file of ours.
 *
 * It takes the place of the `postgresql.conf` in PGDATA, which belongs to the tenant. PostgreSQL is
 * given the directory of the file as an open descriptor, and every process of the compute reads it by
 * that: no name on the way can be changed by the tenant, and no path has to be open to it. (A name
 * that begins in PGDATA and goes up will not do, since PostgreSQL resolves `..` as text.)
 *
 * Nothing in it needs to survive a crash: it is written anew before each start.
 */
import { closeSync, openSync } from 'node:fs';
import { chmod, rename, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { ComputeFiles } from './layout.ts';
import { LOCK_FD } from './processes.ts';

const ON_LINUX = process.platform === 'linux';

/** Only names are looked up by it, nothing is listed. Source: open(2); the same on x64 and arm64. */
const O_PATH = 0o10000000;

/** The descriptor by which a compute finds its settings; given to it behind its lock. */
const SETTINGS_FD = LOCK_FD + 1;

export type LiveSettings = { readonly autovacuum: boolean };

/** Replaces the file as a whole. */
export async function writeSettings(files: ComputeFiles, live: LiveSettings): Promise<void> {
  const draft = `${files.settings}.new`;
  await writeFile(draft, `autovacuum = ${live.autovacuum ? 'on' : 'off'}\n`);
  // The mode given to a new file is subject to the umask.
  await chmod(draft, 0o644);
  await rename(draft, files.settings);
}

/** How a compute that is about to start is told of the file. */
export type SettingsPlace = {
  readonly argument: string;
  /** Descriptors to give it behind its lock. */
  readonly fds: readonly number[];
  close(): void;
};

export function settingsPlace(files: ComputeFiles): SettingsPlace {
  if (!ON_LINUX) return { argument: `config_file=${files.settings}`, fds: [], close: () => {} };
  const fd = openSync(files.root, O_PATH);
  const argument = `config_file=/proc/self/fd/${SETTINGS_FD}/${basename(files.settings)}`;
  return { argument, fds: [fd], close: () => closeSync(fd) };
}
