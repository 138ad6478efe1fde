/** The data directory: rights, version, lock, what was left running, disk, keys. */
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { open, readdir, readFile, readlink, rm, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Finding } from '../../cli/doctor.ts';
import type { ServerOptions } from '../../cli/options/options.ts';
import { bytesWords } from '../../cli/words/words.ts';
import { NativeCalls } from '../../system/ffi.ts';
import { messageOf, note, ok, problem, warning } from './finding.ts';
import { may } from './machine.ts';

/** Less is soon full of the log and of snapshots under way. */
const DISK_FREE_MIN = 2 * 1_073_741_824;
const DISK_FREE_LEAST = 256 * 1_048_576;

const GROUP_AND_OTHERS = 0o077;
const OTHERS_WRITE = 0o022;

/** Writes that are timed. */
const SYNCS = 16;
const SYNC_BYTES = 8_192;

/** The bounds of what a write that reaches the disk takes, in milliseconds. */
const SYNC_CLASSES = [
  { below: 0.5, name: 'very fast' },
  { below: 3, name: 'fast, as SSDs are' },
  { below: 10, name: 'moderate' },
] as const;

export type Directory = {
  readonly findings: readonly Finding[];
  /** Whether a server runs on it. */
  readonly isUsed: boolean;
};

export async function examineDirectory({ dataDir }: ServerOptions): Promise<Directory> {
  const there = await stat(dataDir).catch(() => undefined);
  if (there === undefined) {
    const parent = await nearest(dataDir);
    const says = `${dataDir} is not there yet; the first start makes it`;
    const findings = (await may(parent, constants.W_OK))
      ? [note('data directory', says)]
      : [problem('data directory', `${says}, and may not`, `make it, or name another: --data-dir`)];
    return { findings: [...findings, ...(await diskFindings(parent))], isUsed: false };
  }
  if (!there.isDirectory()) {
    const todo = 'name another with --data-dir';
    return { findings: [problem('data directory', `${dataDir} is a file`, todo)], isUsed: false };
  }
  const isUsed = await isLocked(dataDir);
  return {
    findings: [
      await rightsFinding(dataDir, there),
      await formatFinding(dataDir),
      await serverFinding(dataDir, isUsed),
      ...(await keyFindings(dataDir)),
      ...(isUsed ? [] : await staleFindings(dataDir)),
      ...(await diskFindings(dataDir)),
    ],
    isUsed,
  };
}

/** The first directory above that is there. */
async function nearest(path: string): Promise<string> {
  for (let above = dirname(path); ; above = dirname(above)) {
    if ((await stat(above).catch(() => undefined)) !== undefined) return above;
    if (above === dirname(above)) return above;
  }
}

async function rightsFinding(
  dataDir: string,
  { mode, uid }: { readonly mode: number; readonly uid: number },
): Promise<Finding> {
  const check = 'data directory';
  if (!(await may(dataDir, constants.R_OK | constants.W_OK | constants.X_OK))) {
    const says = `${dataDir} belongs to user ${uid}, and this one may not write to it`;
    return problem(
      check,
      says,
      'run this as the user who started the server, or give it to this one',
    );
  }
  if ((mode & OTHERS_WRITE) !== 0) {
    return problem(check, `others may write to ${dataDir}`, `chmod go-w ${dataDir}`);
  }
  return ok(check, dataDir);
}

async function formatFinding(dataDir: string): Promise<Finding> {
  const format = await readFile(join(dataDir, 'format'), 'utf8').catch(() => undefined);
  const check = 'its format';
  if (format === undefined) {
    const others = (await readdir(dataDir)).filter((name) => name !== 'lost+found');
    if (others.length === 0) return note(check, 'it is empty; the first start fills it');
    const says = `it holds files that are not DynaBase's, such as "${others[0]}"`;
    return problem(check, says, 'name an empty directory with --data-dir');
  }
  const [version, ...maker] = format.trim().split(' ');
  if (version === '1') return ok(check, `version 1, made by ${maker.join(' ')}`);
  const says = `version ${version}, made by ${maker.join(' ')}, is not known`;
  return problem(check, says, 'use the DynaBase that made it, or a newer one');
}

async function isLocked(dataDir: string): Promise<boolean> {
  const lock = await open(join(dataDir, 'lock'), 'r').catch(() => undefined);
  if (lock === undefined) return false;
  try {
    // Let go at once; a server that starts this very moment would have to be started again.
    return !new NativeCalls().tryLock(lock.fd);
  } finally {
    await lock.close();
  }
}

async function serverFinding(dataDir: string, isUsed: boolean): Promise<Finding> {
  const text = await readFile(join(dataDir, 'server.json'), 'utf8').catch(() => undefined);
  if (isUsed) {
    const pid = /"pid":\s*(\d+)/.exec(text ?? '')?.[1];
    return ok('server', pid === undefined ? 'one runs on it' : `one runs on it, process ${pid}`);
  }
  if (text === undefined) return note('server', 'none runs on it');
  return note('server', 'none runs on it; the last one ended without saying so', 'dynabase up');
}

async function keyFindings(dataDir: string): Promise<readonly Finding[]> {
  const files = ['api-key', 'secrets/master.key', 'secrets/archive.key'];
  const open: string[] = [];
  for (const file of files) {
    const found = await stat(join(dataDir, file)).catch(() => undefined);
    if (found !== undefined && (found.mode & GROUP_AND_OTHERS) !== 0) open.push(file);
  }
  if (open.length === 0) return [ok('its keys', 'only their owner may read them')];
  const todo = `chmod 600 ${open.map((file) => join(dataDir, file)).join(' ')}`;
  return [problem('its keys', `others may read ${open.join(', ')}`, todo)];
}

/** Processes that work in it though no server does. */
async function staleFindings(dataDir: string): Promise<readonly Finding[]> {
  const pids: string[] = [];
  for (const pid of await readdir('/proc').catch(() => [])) {
    if (!/^\d+$/.test(pid)) continue;
    const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => '');
    if (cwd.startsWith(`${dataDir}/`)) pids.push(pid);
  }
  if (pids.length === 0) return [];
  const says = `${pids.length} processes of an earlier server still run: ${pids.slice(0, 5).join(', ')}${pids.length > 5 ? ', …' : ''}`;
  return [note('left running', says, 'nothing: the next "dynabase up" takes them over')];
}

async function diskFindings(directory: string): Promise<readonly Finding[]> {
  const { bavail, bsize, ffree, files } = await statfs(directory);
  const free = bavail * bsize;
  const says = `${bytesWords(free)} free`;
  const todo = 'make room, or name a directory on a larger disk with --data-dir';
  const room =
    free < DISK_FREE_LEAST
      ? problem('disk', says, todo)
      : free < DISK_FREE_MIN
        ? warning('disk', says, todo)
        : ok('disk', says);
  const isShort = files > 0 && ffree < 100_000;
  const inodes = warning('disk', `only ${ffree} more files; a tenant has about 1,000`, todo);
  return [room, ...(isShort ? [inodes] : []), await speedFinding(directory)];
}

/** What a commit waits for: a small write that is on the disk. */
async function speedFinding(directory: string): Promise<Finding> {
  const path = join(directory, `.doctor-${randomBytes(6).toString('hex')}`);
  const took: number[] = [];
  try {
    const file = await open(path, 'wx', 0o600);
    try {
      for (let i = 0; i < SYNCS; i++) {
        const before = performance.now();
        await file.write(Buffer.alloc(SYNC_BYTES, i), 0, SYNC_BYTES, 0);
        await file.datasync();
        took.push(performance.now() - before);
      }
    } finally {
      await file.close();
      await rm(path, { force: true });
    }
  } catch (error) {
    return note('disk speed', `cannot be measured: ${messageOf(error)}`);
  }
  const median = took.sort((a, b) => a - b)[SYNCS / 2] ?? 0;
  const shown = `a write reaches the disk in ${median.toFixed(2)} ms`;
  const found = SYNC_CLASSES.find(({ below }) => median < below);
  if (found !== undefined) return ok('disk speed', `${found.name}: ${shown}`);
  return warning('disk speed', `slow: ${shown}`, 'keep the data directory on an SSD');
}
