/**
 * What is written to a control group so that it has given limits. The kernel's page cache counts as
 * memory of the group that read it in, so a memory limit bounds L1 and L2 of a tenant together.
 *
 * Source: Documentation/admin-guide/cgroup-v2.rst, cgroup-v1/{memory,blkio-controller}.rst.
 */
import { join } from 'node:path';
import type { Limits } from '../../domain/tier.ts';
import { isErrno } from '../machine/durable.ts';
import type { ControlFiles } from './cgroup-files.ts';
import type { Place, Resource } from './cgroup-places.ts';

const BYTES_OF_MB = 1_048_576;
/** Over which processor time is counted. */
const PERIOD_US = 100_000;
const US_OF_PERCENT = PERIOD_US / 100;
/** Memory is taken back from a group that is this near to its limit, before anything must be killed. */
const HIGH_OF_MAX = 15 / 16;

export type LimitRequest = {
  readonly place: Place;
  readonly group: string;
  readonly limits: Limits;
  /** `major:minor` of the disk that holds the data; null if it is not known. */
  readonly disk: string | null;
};

/** Puts the group under the limits; the resources that it could not be put under, with the reason. */
export async function writeLimits(
  files: ControlFiles,
  request: LimitRequest,
): Promise<ReadonlyMap<Resource, string>> {
  const failed = new Map<Resource, string>();
  for (const resource of request.place.resources) {
    try {
      await WRITERS[request.place.version][resource](files, request);
    } catch (error) {
      failed.set(resource, String((error as NodeJS.ErrnoException).code ?? error));
    }
  }
  return failed;
}

type Writer = (files: ControlFiles, request: LimitRequest) => Promise<void>;

const WRITERS: Readonly<Record<1 | 2, Readonly<Record<Resource, Writer>>>> = {
  1: { memory: memoryV1, cpu: cpuV1, pids, io: ioV1 },
  2: { memory: memoryV2, cpu: cpuV2, pids, io: ioV2 },
};

const bytesOf = (mb: number | null): number | null => (mb === null ? null : mb * BYTES_OF_MB);

/** A page is the unit that the kernel counts in. */
const highOf = (max: number): number => Math.floor((max * HIGH_OF_MAX) / 4_096) * 4_096;

/** What cannot be taken back at once stays: the kernel refuses then, and goes on at the soft limit. */
async function memoryV1(files: ControlFiles, { group, limits }: LimitRequest): Promise<void> {
  const max = bytesOf(limits.memoryMb);
  await optional(files, join(group, 'memory.swappiness'), '0');
  const soft = max === null ? -1 : highOf(max);
  await files.write(join(group, 'memory.soft_limit_in_bytes'), `${soft}`);
  await files.write(join(group, 'memory.limit_in_bytes'), `${max ?? -1}`);
}

/** A hard limit below what is in use would kill; the soft one takes back, and slows down. */
async function memoryV2(files: ControlFiles, { group, limits }: LimitRequest): Promise<void> {
  const max = bytesOf(limits.memoryMb);
  await optional(files, join(group, 'memory.swap.max'), '0');
  await files.write(join(group, 'memory.high'), max === null ? 'max' : `${highOf(max)}`);
  const used = Number((await files.read(join(group, 'memory.current'))) ?? 0);
  if (max !== null && used > max)
    throw new Error('more than that is in use and cannot be taken back');
  await files.write(join(group, 'memory.max'), `${max ?? 'max'}`);
}

async function cpuV1(files: ControlFiles, { group, limits }: LimitRequest): Promise<void> {
  const quota = limits.cpuPercent === null ? -1 : limits.cpuPercent * US_OF_PERCENT;
  await files.write(join(group, 'cpu.cfs_period_us'), `${PERIOD_US}`);
  await files.write(join(group, 'cpu.cfs_quota_us'), `${Math.round(quota)}`);
}

async function cpuV2(files: ControlFiles, { group, limits }: LimitRequest): Promise<void> {
  const percent = limits.cpuPercent;
  const quota = percent === null ? 'max' : `${Math.round(percent * US_OF_PERCENT)}`;
  await files.write(join(group, 'cpu.max'), `${quota} ${PERIOD_US}`);
}

async function pids(files: ControlFiles, { group, limits }: LimitRequest): Promise<void> {
  await files.write(join(group, 'pids.max'), `${limits.processesMax ?? 'max'}`);
}

async function ioV1(files: ControlFiles, { group, limits, disk }: LimitRequest): Promise<void> {
  if (disk === null) return;
  // 0 takes the limit away.
  const rate = bytesOf(limits.ioMbPerSecond) ?? 0;
  for (const way of ['read', 'write']) {
    await files.write(join(group, `blkio.throttle.${way}_bps_device`), `${disk} ${rate}`);
  }
}

async function ioV2(files: ControlFiles, { group, limits, disk }: LimitRequest): Promise<void> {
  if (disk === null) return;
  const rate = bytesOf(limits.ioMbPerSecond) ?? 'max';
  await files.write(join(group, 'io.max'), `${disk} rbps=${rate} wbps=${rate}`);
}

/** For what only some kernels have. */
async function optional(files: ControlFiles, path: string, text: string): Promise<void> {
  try {
    await files.write(path, text);
  } catch (error) {
    if (!isErrno(error, 'ENOENT', 'EACCES', 'EPERM', 'EINVAL')) throw error;
  }
}

/**
 * `major:minor` of the whole disk under a file system; null where it has none of its own, as on an
 * overlay. `device` is `st_dev`. Partitions are limited with their disk: the kernel knows no other way.
 */
export async function diskOf(files: ControlFiles, device: bigint): Promise<string | null> {
  const name = `${majorOf(device)}:${minorOf(device)}`;
  const own = `/sys/dev/block/${name}`;
  const known = (await files.read(`${own}/dev`))?.trim();
  if (known === undefined) return null;
  const isPart = (await files.read(`${own}/partition`)) !== undefined;
  // The kernel follows the link before it goes up, so this is the disk's directory.
  return isPart ? ((await files.read(`${own}/../dev`))?.trim() ?? null) : known;
}

/** Source: makedev(3). */
const majorOf = (device: bigint): bigint =>
  ((device >> 8n) & 0xfffn) | ((device >> 32n) & 0xfffff000n);
const minorOf = (device: bigint): bigint => (device & 0xffn) | ((device >> 12n) & 0xffffff00n);
