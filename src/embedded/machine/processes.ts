/**
 * Which processes belong to a compute, learned from the kernel alone.
 *
 * On Linux a process of a compute is one whose working directory is its PGDATA, or that holds its
 * lock open where the postmaster was given it. Elsewhere only a known pid can be asked after.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import type { ComputeFiles } from '../layout.ts';
import { isErrno } from './durable.ts';

/** One process, told from a later one of the same pid by its start. */
export type ProcessRef = {
  readonly pid: number;
  /** In clock ticks since boot, as text; empty where the kernel does not tell. */
  readonly startedAt: string;
};

/** The descriptor by which every process of a compute holds its lock. */
export const LOCK_FD = 3;

const HAS_PROC = process.platform === 'linux';

/** In /proc/PID/stat, counted from the field behind the program's name. Source: proc_pid_stat(5). */
const STATE_FIELD = 0;
const START_FIELD = 19;

/** Undefined if no such process lives; one that only waits to be reaped does not. */
export function findProcess(pid: number): ProcessRef | undefined {
  if (!HAS_PROC)
    return signalProcess({ pid, startedAt: '' }, 0) ? { pid, startedAt: '' } : undefined;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[STATE_FIELD] === 'Z' || fields[STATE_FIELD] === 'X') return undefined;
    return { pid, startedAt: fields[START_FIELD] ?? '' };
  } catch {
    return undefined;
  }
}

/** Whether the process lives and belongs to the compute. */
export function belongsTo(ref: ProcessRef, files: ComputeFiles): boolean {
  const now = findProcess(ref.pid);
  if (now?.startedAt !== ref.startedAt) return false;
  if (!HAS_PROC) return true;
  const marks = marksOf(files);
  return marks !== undefined && isMarked(ref.pid, marks);
}

/** Every living process of the compute. Empty where the kernel does not tell. */
export function processesOf(files: ComputeFiles): ProcessRef[] {
  const marks = marksOf(files);
  if (!HAS_PROC || !marks) return [];
  const found: ProcessRef[] = [];
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid || !isMarked(pid, marks)) continue;
    const ref = findProcess(pid);
    if (ref) found.push(ref);
  }
  return found;
}

/** Ends every process of the compute at once; returns how many there were. */
export function killAll(files: ComputeFiles): number {
  const refs = processesOf(files);
  for (const ref of refs) {
    if (belongsTo(ref, files)) signalProcess(ref, 'SIGKILL');
  }
  return refs.length;
}

/** False if the process is gone, or is not the one meant any more. */
export function signalProcess(ref: ProcessRef, signal: NodeJS.Signals | 0): boolean {
  if (HAS_PROC && findProcess(ref.pid)?.startedAt !== ref.startedAt) return false;
  try {
    return process.kill(ref.pid, signal);
  } catch (error) {
    if (isErrno(error, 'ESRCH')) return false;
    throw error;
  }
}

type Marks = { readonly data: string; readonly lock: string; readonly owner: number };

function marksOf(files: ComputeFiles): Marks | undefined {
  const data = identityOf(files.data);
  const lock = identityOf(files.lock);
  const owner = statSync(files.data, { throwIfNoEntry: false })?.uid;
  if (data === undefined || lock === undefined || owner === undefined) return undefined;
  return { data, lock, owner };
}

function isMarked(pid: number, marks: Marks): boolean {
  // An operator's shell may stand in the directory too.
  const isOwned = statSync(`/proc/${pid}`, { throwIfNoEntry: false })?.uid === marks.owner;
  if (isOwned && identityOf(`/proc/${pid}/cwd`) === marks.data) return true;
  // A process of a tenant may have changed its directory, yet it holds the lock. So may, for a
  // moment, a server like this one that looks at the lock: that one is not the tenant's.
  const holdsLock = identityOf(`/proc/${pid}/fd/${LOCK_FD}`) === marks.lock;
  return holdsLock && identityOf(`/proc/${pid}/exe`) !== identityOf('/proc/self/exe');
}

/** A file's place in the file system, which a rename does not change. */
function identityOf(path: string): string | undefined {
  try {
    const { dev, ino } = statSync(path, { bigint: true });
    return `${dev}:${ino}`;
  } catch {
    return undefined;
  }
}
