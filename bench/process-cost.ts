/** What a process has taken of the machine since it began, all its threads together. */
import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';

export type Cost = {
  readonly cpuMs: number;
  /** By read(2) and its like, from files and sockets, whether the disk was asked or not. */
  readonly readBytes: number;
  readonly writtenBytes: number;
};

const TICK_MS = 1000 / Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

export async function costOf(pid: number): Promise<Cost> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  // The name of the program, in brackets, may hold anything; utime and stime come 12th and 13th behind it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const io = await readFile(`/proc/${pid}/io`, 'utf8');
  const count = (name: string): number => Number(io.match(`${name}: (\\d+)`)?.[1]);
  return {
    cpuMs: (Number(fields[11]) + Number(fields[12])) * TICK_MS,
    readBytes: count('rchar'),
    writtenBytes: count('wchar'),
  };
}

export type Costed = Cost & { readonly ms: number };

/** What process `pid` takes while `work` is under way, and how long that is. */
export async function costed(pid: number, work: () => Promise<unknown>): Promise<Costed> {
  const before = await costOf(pid);
  const start = performance.now();
  await work();
  const ms = performance.now() - start;
  const after = await costOf(pid);
  return {
    ms,
    cpuMs: after.cpuMs - before.cpuMs,
    readBytes: after.readBytes - before.readBytes,
    writtenBytes: after.writtenBytes - before.writtenBytes,
  };
}

/** Resident memory of a process, in bytes. */
export async function residentOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(status.match(/VmRSS:\s+(\d+) kB/)?.[1]) * 1024;
}
