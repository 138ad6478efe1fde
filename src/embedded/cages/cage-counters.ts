/**
 * What the control group of a compute was charged with, as the kernel counts it: of all its processes, those that have
 * ended included. Null for what is not counted, or not readable, here.
 *
 * Memory is without page cache that could be taken back at once: that is L2, which is counted by itself. Shared buffers
 * are none of it, they count. Writing counts where it reaches the disk; version 1 does not know whose pages are written
 * back later, so it is not asked. Source: Documentation/admin-guide/cgroup-v2.rst, cgroup-v1/{memory,cpuacct}.rst.
 */
import { join } from 'node:path';
import { counterText } from './process-counters.ts';

/** A group, of the version of its tree, and what is limited in it. */
export type CountingGroup = {
  readonly version: 1 | 2;
  readonly path: string;
  readonly resources: readonly string[];
};

export type CountedIn = {
  readonly groups: readonly CountingGroup[];
  /** `major:minor` of the disk that holds the data; null if it is not known. */
  readonly disk: string | null;
};

export type CageCounters = {
  readonly memoryBytes: number | null;
  readonly cpuUs: number | null;
  readonly writtenBytes: number | null;
};

const NS_IN_US = 1_000;

export function cageCounters({ groups, disk }: CountedIn): CageCounters {
  const of = (resource: string): CountingGroup | undefined =>
    groups.find(({ resources }) => resources.includes(resource));
  const [memory, cpu, io] = [of('memory'), of('cpu'), of('io')];
  return {
    memoryBytes: memory === undefined ? null : memoryOf(memory),
    cpuUs: cpu === undefined ? null : cpuOf(cpu),
    writtenBytes: io === undefined || disk === null ? null : writtenIn(io, disk),
  };
}

function memoryOf({ version, path }: CountingGroup): number | null {
  const current = numberIn(path, version === 2 ? 'memory.current' : 'memory.usage_in_bytes');
  const stat = counterText(join(path, 'memory.stat'));
  if (current === null || stat === null) return null;
  const total = version === 2 ? '' : 'total_';
  const files = ['inactive_file', 'active_file'].map((name) => field(stat, `${total}${name}`) ?? 0);
  return Math.max(
    0,
    files.reduce((rest, bytes) => rest - bytes, current),
  );
}

function cpuOf({ version, path }: CountingGroup): number | null {
  if (version === 2) return field(counterText(join(path, 'cpu.stat')) ?? '', 'usage_usec');
  const ns = numberIn(path, 'cpuacct.usage');
  return ns === null ? null : Math.floor(ns / NS_IN_US);
}

/** A line for each disk that was used: of those that lie on each other each counts the same bytes. */
function writtenIn({ version, path }: CountingGroup, disk: string): number | null {
  if (version === 1) return null;
  const text = counterText(join(path, 'io.stat'));
  if (text === null) return null;
  const line = text.split('\n').find((one) => one.startsWith(`${disk} `));
  return line === undefined ? 0 : Number(/ wbytes=(\d+)/.exec(line)?.[1] ?? 0);
}

function numberIn(path: string, name: string): number | null {
  const text = counterText(join(path, name));
  return text === null || !/^\d+\s*$/.test(text) ? null : Number(text);
}

/** Of a file with a name and a number on each line. */
function field(text: string, name: string): number | null {
  const found = new RegExp(`^${name} (\\d+)$`, 'm').exec(text);
  return found === null ? null : Number(found[1]);
}
