/**
 * Where tests write: in memory where the machine has room for it.
 *
 * A data directory has a thousand files, and tests make and remove hundreds of such directories. On ext4
 * that alone takes half of a run: it looks at every inode freed in the last seconds before it gives one
 * out again. Source: Linux `fs/ext4/ialloc.c`, `recently_deleted`.
 *
 * What needs a real disk, such as the page cache, asks for `KEPT`; so does what the next run can use.
 */
import {
  accessSync,
  chmodSync,
  constants,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const MEMORY = '/dev/shm';
const TMPFS_MAGIC = 0x01_02_19_94;
/** The most that two files of tests have written at a time, with room to spare. */
const ROOM_MIN_BYTES = 4 * 1_024 ** 3;

/** Short: socket paths have 107 bytes. Behind it comes the process that runs the tests. */
const PREFIX = 'dynatest-';

/** Set for the processes that run tests, and all that they start. */
const KEPT_VARIABLE = 'DYNABASE_TESTS_KEEP';

/** Where the system has its temporary files: on a disk, as a rule, and there for the next run. */
export const KEPT = process.env[KEPT_VARIABLE] ?? tmpdir();

/** Half of what it costs to start our program is Node reading its sources. */
export const COMPILE_CACHE = join(KEPT, 'dynabase-compile-cache');

/**
 * Has this process, and all it starts, write in memory, until it ends. Who has set `TMPDIR` knows better.
 */
export function workInMemory(): void {
  process.env.NODE_COMPILE_CACHE ??= COMPILE_CACHE;
  if (process.env.TMPDIR !== undefined || !hasRoom()) return;
  for (const name of readdirSync(MEMORY)) {
    if (name.startsWith(PREFIX) && !runs(Number(name.slice(PREFIX.length)))) remove(name);
  }
  const name = `${PREFIX}${process.pid}`;
  mkdirSync(join(MEMORY, name), { recursive: true });
  // As the system has it: tests run programs as other users too.
  chmodSync(join(MEMORY, name), 0o1777);
  process.env[KEPT_VARIABLE] = KEPT;
  process.env.TMPDIR = join(MEMORY, name);
  process.once('exit', () => remove(name));
}

function hasRoom(): boolean {
  try {
    const { type, bavail, bsize } = statfsSync(MEMORY);
    accessSync(MEMORY, constants.W_OK);
    return type === TMPFS_MAGIC && bavail * bsize >= ROOM_MIN_BYTES && mayExecute();
  } catch {
    return false;
  }
}

/** Copies of PostgreSQL are run from there; some containers forbid it. */
function mayExecute(): boolean {
  const mounts = readFileSync('/proc/self/mounts', 'utf8').split('\n');
  const options = mounts.map((line) => line.split(' ')).findLast(([, at]) => at === MEMORY)?.[3];
  return options?.split(',').includes('noexec') === false;
}

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Another user's stays. */
function remove(name: string): void {
  try {
    rmSync(join(MEMORY, name), { recursive: true, force: true });
  } catch {
    // Something that still ends there writes its last; the next run removes it.
  }
}
