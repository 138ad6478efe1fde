/**
 * What our own processes use: control plane, data planes and the catalog's PostgreSQL. Looked at once a minute.
 *
 * Memory is proportional set size, as of computes. A process that comes or goes between two looks is missed for that minute.
 */
import { childrenOf, cpuOfThreads, sharedOf } from '../embedded/cages/process-counters.ts';

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

/** All its threads; of another process only where the system tells. */
function cpuOf(pid: number): number | null {
  if (pid !== process.pid) return cpuOfThreads(pid);
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** Of processes that were there at both looks. */
export function cpuBetween(before: OwnSample, after: OwnSample): number {
  let sum = 0;
  for (const [pid, cpu] of after.cpuUs) sum += Math.max(0, cpu - (before.cpuUs.get(pid) ?? cpu));
  return sum;
}
