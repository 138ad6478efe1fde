/**
 * What our own processes use: control plane, data planes and the catalog's PostgreSQL. Looked at once a minute.
 *
 * Memory is proportional set size, as of computes. A process that comes or goes between two looks is missed for that minute.
 */
import { readFileSync } from 'node:fs';
import { childrenOf, sharedOf } from '../embedded/process-counters.ts';

/** Of user space, on all of Linux. Source: time(7), "USER_HZ". */
const US_OF_TICK = 10_000;

/** In stat, counted from the field behind the program's name. */
const UTIME = 11;

export type OwnSample = {
  readonly memoryBytes: number;
  /** By process, in microseconds since it began: one that has ended takes its own away. */
  readonly cpuUs: ReadonlyMap<number, number>;
};

/** Of these processes and of what the trees below some of them hold. */
export function sampleOwn(alone: readonly number[], trees: readonly number[]): OwnSample {
  const all = new Set([...alone, ...trees.flatMap((pid) => [pid, ...childrenOf(pid)])]);
  const cpuUs = new Map<number, number>();
  let memoryBytes = 0;
  for (const pid of all) {
    const cpu = cpuOf(pid);
    if (cpu === null) continue;
    cpuUs.set(pid, cpu);
    memoryBytes += sharedOf(pid) ?? (pid === process.pid ? process.memoryUsage.rss() : 0);
  }
  return { memoryBytes, cpuUs };
}

/** All its threads. */
function cpuOf(pid: number): number | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[UTIME]) + Number(fields[UTIME + 1])) * US_OF_TICK;
  } catch {
    if (pid !== process.pid) return null;
    const { user, system } = process.cpuUsage();
    return user + system;
  }
}

/** Of processes that were there at both looks. */
export function cpuBetween(before: OwnSample, after: OwnSample): number {
  let sum = 0;
  for (const [pid, cpu] of after.cpuUs) sum += Math.max(0, cpu - (before.cpuUs.get(pid) ?? cpu));
  return sum;
}
