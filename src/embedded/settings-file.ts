/**
 * The settings of a compute that change while it runs, in a file of ours.
 *
 * It takes the place of the `postgresql.conf` in PGDATA, which belongs to the tenant. PostgreSQL is
 * given the directory of the file as an open descriptor, and every process of the compute reads it by
 * that: no name on the way can be changed by the tenant, and no path has to be open to it. (A name
 * that begins in PGDATA and goes up will not do, since PostgreSQL resolves `..` as text.)
 *
 * Nothing in it needs to survive a crash: each start sees to it that it says what it should.
 */
import { chmodSync, closeSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { ComputeFiles } from './layout.ts';
import { isErrno } from './machine/durable.ts';
import { LOCK_FD } from './machine/processes.ts';

const ON_LINUX = process.platform === 'linux';

/** Only names are looked up by it, nothing is listed. Source: open(2); the same on x64 and arm64. */
const O_PATH = 0o10000000;

/** The descriptor by which a compute finds its settings; given to it behind its lock. */
const SETTINGS_FD = LOCK_FD + 1;

export type LiveSettings = {
  readonly autovacuum: boolean;
  /** Transactions begin read-only; a session may say otherwise for itself. Outlives stops. */
  readonly readOnly: boolean;
};

/** Replaces the file as a whole, if it does not say so already. What is not given is as it was. */
export function writeSettings(files: ComputeFiles, live: Partial<LiveSettings>): void {
  const before = textOf(files.settings) ?? '';
  const on = (setting: string, wanted: boolean | undefined): string =>
    (wanted ?? before.includes(`${setting} = on`)) ? 'on' : 'off';
  const text = [
    `autovacuum = ${on('autovacuum', live.autovacuum)}\n`,
    `default_transaction_read_only = ${on('default_transaction_read_only', live.readOnly)}\n`,
  ].join('');
  if (before === text) return;
  const draft = `${files.settings}.new`;
  writeFileSync(draft, text);
  // The mode given to a new file is subject to the umask.
  chmodSync(draft, 0o644);
  renameSync(draft, files.settings);
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
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
