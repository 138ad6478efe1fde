/**
 * The bound on the private memory of each process of a compute. It makes one greedy query fail with
 * "out of memory" where the bound of the compute as a whole could only kill.
 *
 * Shared buffers do not count. Measured with PostgreSQL 18.4, a backend at rest has 2 MB of it, and
 * the postmaster less.
 */
import type { Limits } from '../../domain/tier.ts';
import type { ResourceCap } from '../machine/os.ts';
import type { Command } from '../machine/user-change.ts';

/** Of the memory of the compute: one backend leaves the others as much as it may take itself. */
const SHARE = 1 / 2;
/** Less would fail what any PostgreSQL can do, such as a large value on its way to the client. */
const DATA_MB_MIN = 128;
const BYTES_OF_MB = 1_048_576;
const BYTES_OF_KB = 1_024;

/** More than there is, for a compute whose bound is taken away. */
export const UNCAPPED_DATA: ResourceCap = { resource: 'data', max: Number.MAX_SAFE_INTEGER };

export function dataCapOf({ memoryMb }: Limits): ResourceCap | undefined {
  if (memoryMb === null) return undefined;
  return { resource: 'data', max: Math.max(memoryMb * SHARE, DATA_MB_MIN) * BYTES_OF_MB };
}

/**
 * A command that bounds itself before it becomes the program. For a server that may not bound a running
 * process of another user; to lower its own bound for the time of a start could fail its other threads.
 */
export const capsItself = ({ max }: ResourceCap, { path, args }: Command): Command => ({
  path: '/bin/sh',
  args: ['-c', `ulimit -d ${Math.floor(max / BYTES_OF_KB)}; exec "$0" "$@"`, path, ...args],
});
