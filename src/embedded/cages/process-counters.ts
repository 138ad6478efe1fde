/**
 * Counters of one process, read from /proc with three system calls each, and no object but the text.
 *
 * Null where the process has ended, or the kernel does not tell. Source: proc_pid_stat(5), proc_pid_statm(5),
 * proc_pid_io(5), and the kernel's Documentation/scheduler/sched-stats.rst.
 */
import { execFileSync } from 'node:child_process';
import { closeSync, openSync, readSync } from 'node:fs';
import { uptime } from 'node:os';

/** Longer than any of these files is; children are cut off behind some hundreds. */
const BUFFER = Buffer.allocUnsafe(16_384);

/** In stat, counted from the field behind the program's name. */
const CUTIME = 13;
const CSTIME = 14;
const UTIME = 11;
const STIME = 12;
const START = 19;

const US_IN_SECOND = 1_000_000;
const NS_IN_US = 1_000;
const BYTES_OF_KB = 1_024;
const DIRTIED = /^write_bytes: (\d+)$/m;
const HANDED_OVER = /^wchar: (\d+)$/m;

type Constants = { readonly ticksPerSecond: number; readonly pageBytes: number };

let constants: Constants | null = null;

/** Asked for once, and only where somebody is sampled. */
function constant(): Constants {
  const ask = (name: string): number =>
    Number(execFileSync('getconf', [name], { encoding: 'utf8' }));
  constants ??= { ticksPerSecond: ask('CLK_TCK'), pageBytes: ask('PAGESIZE') };
  return constants;
}

/** When it was started, in ticks since boot, which tells it from a later one of the same pid. */
export function startOf(pid: number): { readonly ticks: number; readonly ageMs: number } | null {
  const fields = statOf(pid);
  if (fields === null) return null;
  const ticks = Number(fields[START]);
  const ageMs = Math.max(0, (uptime() - ticks / constant().ticksPerSecond) * 1_000);
  return { ticks, ageMs };
}

/** Microseconds of a processor, to the tick for children that have ended. */
export function cpuOf(pid: number, which: 'alone' | 'with-ended'): number | null {
  const exact = counterText(`/proc/${pid}/schedstat`);
  const fields = which === 'alone' && exact !== null ? null : statOf(pid);
  if (exact === null && fields === null) return null;
  const own =
    exact === null ? ticksOf(fields, UTIME, STIME) : Number.parseInt(exact, 10) / NS_IN_US;
  return Math.floor(own + (which === 'alone' ? 0 : ticksOf(fields, CUTIME, CSTIME)));
}

/** Microseconds of a processor of all its threads together, to the tick. */
export function cpuOfThreads(pid: number): number | null {
  const fields = statOf(pid);
  return fields === null ? null : Math.round(ticksOf(fields, UTIME, STIME));
}

/** Bytes that it, and children of it that have ended, had written to disk. */
export function writtenOf(pid: number): number | null {
  const text = counterText(`/proc/${pid}/io`);
  return text === null ? null : writtenIn(text);
}

/**
 * What became dirty, but no more than what was handed to the kernel. A file system that keeps files in large folios
 * has all of one become dirty with each page, which for a log that is flushed at every commit is thirty times as much.
 * PostgreSQL sends to its clients by send(2), which is not counted here, and writes to no file by way of a mapping.
 */
export function writtenIn(io: string): number | null {
  const [dirtied, handedOver] = [DIRTIED.exec(io)?.[1], HANDED_OVER.exec(io)?.[1]];
  return dirtied === undefined ? null : Math.min(Number(dirtied), Number(handedOver ?? dirtied));
}

/** Bytes of memory that are mapped and present, shared ones in full; 0 of one that has ended. */
export function residentOf(pid: number): number {
  const text = counterText(`/proc/${pid}/statm`) ?? '';
  return Number(text.split(' ', 2)[1] ?? 0) * constant().pageBytes;
}

/** The same, what is shared divided by those who share it. */
export function sharedOf(pid: number): number | null {
  const text = counterText(`/proc/${pid}/smaps_rollup`);
  const found = text === null ? null : /^Pss:\s+(\d+) kB/m.exec(text);
  return found === null ? null : Number(found[1]) * BYTES_OF_KB;
}

export function childrenOf(pid: number): number[] {
  const text = counterText(`/proc/${pid}/task/${pid}/children`) ?? '';
  return text
    .split(' ')
    .filter((word) => word !== '')
    .map(Number);
}

function statOf(pid: number): readonly string[] | null {
  const text = counterText(`/proc/${pid}/stat`);
  return text === null ? null : text.slice(text.lastIndexOf(')') + 2).split(' ');
}

const ticksOf = (fields: readonly string[] | null, one: number, other: number): number =>
  ((Number(fields?.[one] ?? 0) + Number(fields?.[other] ?? 0)) / constant().ticksPerSecond) *
  US_IN_SECOND;

/** The text of a file of the kernel's; null if it cannot be read. */
export function counterText(path: string): string | null {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch {
    return null;
  }
  try {
    return BUFFER.toString('latin1', 0, readSync(fd, BUFFER, 0, BUFFER.length, 0));
  } catch {
    return null;
  } finally {
    closeSync(fd);
  }
}
