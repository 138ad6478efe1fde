/**
 * Starts a compute, or finds the one that runs.
 *
 *   lock ──free──▶ spawn ──ready──▶ running
 *    │                └──ends, or is late──▶ killed, and the log's last words thrown
 *    └──held──▶ by a live postmaster ──▶ adopted
 *               by orphans of a dead one ──▶ killed, then the lock is tried again
 *               by another server that is just starting it ──▶ tried again
 *
 * PostgreSQL works in PGDATA, and everything is named from there: `/proc/self/cwd` leads into the
 * directory even where the user id of the compute may not walk the path to it.
 */

import { chownSync, closeSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../domain/clock.ts';
import type { Limits } from '../domain/tier.ts';
import { after, type DurationMs, elapsed, ms, seconds } from '../domain/units.ts';
import { Compute } from './compute.ts';
import type { ComputeFiles } from './layout.ts';
import { endOfLog, lastFailure, openLog, rotateLog } from './log-file.ts';
import { inPlainWords } from './machine/durable.ts';
import { readForeign } from './machine/foreign-file.ts';
import type { Launched, Launcher } from './machine/launcher.ts';
import {
  type HeldLock,
  isLocked,
  type Lifeline,
  makeLock,
  tryLock,
  watchLock,
} from './machine/lock.ts';
import type { OsCalls } from './machine/os.ts';
import { belongsTo, findProcess, killAll, type ProcessRef } from './machine/processes.ts';
import { ownerOfData } from './machine/users.ts';
import { readPostmasterFile, removePostmasterFile } from './postmaster-file.ts';
import { untilReady } from './readiness.ts';
import type { Engine } from './resolver.ts';
import { asArguments, type Setting } from './settings.ts';
import { settingsPlace, writeSettings } from './settings-file.ts';
import { SOCKET_NAME } from './socket-place.ts';
import { staying } from './staying.ts';

/** What every start needs, the same for all computes. */
export type Ground = {
  readonly engine: Engine;
  readonly os: OsCalls;
  readonly launcher: Launcher;
  readonly clock: Clock;
  /** A log that is larger at a start, or when it is looked at, is rotated. */
  readonly logBytesMax: number;
};

export type StartRequest = {
  readonly files: ComputeFiles;
  readonly settings: readonly Setting[];
  readonly giveUpAfter: DurationMs;
  readonly limits: Limits;
  /** Told of the postmaster as soon as it runs, before it is ready; not of one that is found running. */
  readonly onSpawned?: (pid: number) => void;
};

/** For computes of our own. */
export const UNLIMITED: Limits = {
  memoryMb: null,
  cpuPercent: null,
  processesMax: null,
  ioMbPerSecond: null,
};

/** How long a lock may be held by nobody we find, before its holders are taken for orphans. */
const STRANGER_GRACE = seconds(2);
/** Longest wait for a lock whose holders were killed. */
const LOCK_WITHIN = seconds(15);
const LOCK_RETRY_EVERY = ms(5);
/** How often a postmaster may end between being found and being watched. */
const ADOPTIONS_MAX = 5;

/** A compute is given up before the server: the kernel prefers what has more. 0 to 1,000. */
const OOM_SCORE = 500;
/** A backend before its postmaster, which ends the compute in order when it loses one. */
const OOM_SCORE_CHILD = 800;

/** In which every process that the postmaster forks raises its own score. Source: runtime "Linux Memory Overcommit". */
const OOM_ENV: Readonly<Record<string, string>> =
  process.platform === 'linux'
    ? { PG_OOM_ADJUST_FILE: '/proc/self/oom_score_adj', PG_OOM_ADJUST_VALUE: `${OOM_SCORE_CHILD}` }
    : {};

/** Throws a plain `Error` with the reason, safe to show, if the compute cannot start. */
export async function startCompute(ground: Ground, request: StartRequest): Promise<Compute> {
  try {
    return await staying(() => startOrAdopt(ground, request));
  } catch (error) {
    throw inPlainWords(error);
  }
}

async function startOrAdopt(ground: Ground, request: StartRequest): Promise<Compute> {
  const { files, giveUpAfter } = request;
  refuseOtherVersion(ground.engine, files);
  makeLock(files.lock, ground.os);
  for (let tries = 0; tries < ADOPTIONS_MAX; tries++) {
    const found = await lockOrFind(ground, files);
    if ('lock' in found) return await spawnCompute(ground, request, found.lock);
    const adopted = await adopt(ground, { files, postmaster: found.running, giveUpAfter });
    if (adopted) return adopted;
  }
  throw new Error('its server process keeps ending while it is looked at');
}

/** The compute that runs in `files` now, or undefined. Waits for one that is just starting. */
export async function findCompute(
  ground: Ground,
  files: ComputeFiles,
  giveUpAfter: DurationMs,
): Promise<Compute | undefined> {
  const found = findPostmaster(files);
  if (found === 'none' || found === 'dead') return undefined;
  return await staying(() => adopt(ground, { files, postmaster: found, giveUpAfter }));
}

/** From one look at its file: a second might see another's. */
function findPostmaster(files: ComputeFiles): ProcessRef | 'none' | 'dead' {
  const file = readPostmasterFile(files.data);
  if (!file) return 'none';
  const ref = findProcess(file.pid);
  return ref && belongsTo(ref, files) ? ref : 'dead';
}

type Found = { readonly lock: HeldLock } | { readonly running: ProcessRef };

async function lockOrFind({ os, clock }: Ground, files: ComputeFiles): Promise<Found> {
  const began = clock.now();
  const end = after(began, LOCK_WITHIN);
  for (;;) {
    const lock = tryLock(files.lock, os);
    if (lock) return { lock };
    const running = findPostmaster(files);
    if (running !== 'none' && running !== 'dead') return { running };
    // A file left behind tells of a postmaster that was killed. Without one the holder may be
    // another server's postmaster that has not written it yet, so that one is given time.
    const waited = elapsed(began, clock.now());
    if (running === 'dead' || waited > STRANGER_GRACE) killAll(files);
    if (clock.now() > end) throw new Error('processes of an earlier compute do not end');
    await clock.sleep(LOCK_RETRY_EVERY);
  }
}

type Adoption = {
  readonly files: ComputeFiles;
  readonly postmaster: ProcessRef;
  readonly giveUpAfter: DurationMs;
};

/** Undefined if the postmaster has just ended. */
async function adopt(ground: Ground, adoption: Adoption): Promise<Compute | undefined> {
  const { files, postmaster, giveUpAfter } = adoption;
  const lifeline = watchLock(files.lock, ground.os, ground.clock);
  if (!isLocked(files.lock, ground.os)) {
    lifeline.close();
    return undefined;
  }
  const compute = new Compute({ files, postmaster, lifeline, clock: ground.clock });
  await ready(ground, { compute, pid: postmaster.pid, logStart: 0 }, giveUpAfter);
  return compute;
}

async function spawnCompute(
  ground: Ground,
  request: StartRequest,
  lock: HeldLock,
): Promise<Compute> {
  const { files } = request;
  let lifeline: Lifeline | undefined;
  let log: number | undefined;
  try {
    // At once, or another server would take the new postmaster for an orphan of the old.
    removePostmasterFile(files.data);
    // It names a process, too: one that is not reaped yet, or another of its number, would be in the way.
    rmSync(join(files.run, `${SOCKET_NAME}.lock`), { force: true });
    remakeDirs(files);
    writeSettings(files, { autovacuum: false });
    lifeline = watchLock(files.lock, ground.os, ground.clock);
    log = openLog(files.log);
    if (endOfLog(log) > ground.logBytesMax) await rotateLog(files.log, ground.logBytesMax);
    const logStart = endOfLog(log);
    const child = await launched(ground, request, [null, log, log, lock.fd]);
    lock.close();
    offerToOomKiller(child.pid);
    request.onSpawned?.(child.pid);
    const postmaster = findProcess(child.pid) ?? { pid: child.pid, startedAt: '' };
    const compute = new Compute({ files, postmaster, lifeline, clock: ground.clock, child });
    lifeline = undefined;
    await ready(ground, { compute, pid: child.pid, logStart }, request.giveUpAfter);
    return compute;
  } finally {
    if (log !== undefined) closeSync(log);
    lock.close();
    lifeline?.close();
  }
}

/** Resolves as soon as the program runs. */
async function launched(
  { engine, launcher }: Ground,
  { files, settings, limits }: StartRequest,
  fds: readonly (number | null)[],
): Promise<Launched> {
  const place = process.platform === 'linux' ? '/proc/self/cwd' : files.data;
  const live = settingsPlace(files);
  try {
    return await launcher.launch({
      program: engine.postgres,
      args: ['-D', place, '-c', live.argument, ...asArguments(settings)],
      directory: files.data,
      env: OOM_ENV,
      fds: [...fds, ...live.fds],
      limits,
    });
  } finally {
    live.close();
  }
}

function offerToOomKiller(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/oom_score_adj`, `${OOM_SCORE}`);
  } catch {
    // No such file on this system, or the process is gone already, which its end will tell.
  }
}

/** A clean-up or a partial restore may have taken what is empty while the compute sleeps. */
function remakeDirs(files: ComputeFiles): void {
  if (!existsSync(files.logDir)) mkdirSync(files.logDir, { mode: 0o700 });
  if (existsSync(files.run)) return;
  const owner = ownerOfData(files.data);
  mkdirSync(files.run, { mode: 0o700 });
  if (owner) chownSync(files.run, owner.uid, owner.gid);
}

type Launch = { readonly compute: Compute; readonly pid: number; readonly logStart: number };

/** Resolves when the compute is ready; otherwise leaves nothing of it and throws why. */
async function ready(ground: Ground, launch: Launch, giveUpAfter: DurationMs): Promise<void> {
  const { compute, pid, logStart } = launch;
  const stop = new AbortController();
  const late = () => stop.abort(new Error(`it was not ready within ${Math.round(giveUpAfter)} ms`));
  const cancel = ground.clock.timer(giveUpAfter, late);
  let isOver = false;
  void compute.ended.then((reason) => {
    if (!isOver) stop.abort(new Error(lastFailure(compute.files.log, logStart) ?? reason));
  });
  try {
    await untilReady({ data: compute.files.data, pid }, ground.clock, stop.signal);
  } catch (error) {
    await compute.kill();
    compute.release();
    throw error;
  } finally {
    isOver = true;
    cancel();
  }
}

function refuseOtherVersion(engine: Engine, files: ComputeFiles): void {
  const major = readForeign(join(files.data, 'PG_VERSION'))?.trim();
  if (major === undefined) throw new Error('its data is missing');
  if (major === `${engine.version.major}`) return;
  throw new Error(
    `its data was made by PostgreSQL ${major.slice(0, 20)}, and the engine is ${engine.version.major}`,
  );
}
