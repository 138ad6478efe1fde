/**
 * Calls of the operating system that Node does not offer, through koffi and without a compiler.
 *
 * What a platform lacks answers `false` and never throws, so that the caller can say what it could
 * not enforce. Source: flock(2), mkfifo(3), prctl(2), prlimit(2), syncfs(2).
 */
import koffi, { type LibraryHandle } from 'koffi';
import { Programs } from './ffi-programs.ts';

type Native = (...args: unknown[]) => number;

/** Numbers of Linux, the same on x64 and arm64. */
const RLIMIT = { data: 2, core: 4, processes: 6, files: 7 } as const;
const PR_SET_NO_NEW_PRIVS = 38;
const LOCK_EX = 2;
const LOCK_NB = 4;
/** `struct rlimit`: the soft limit, then the hard one, 8 bytes each. */
const RLIMIT_BYTES = 16;
const OWNER_ONLY = 0o600;
/** In prlimit(2), this process itself. */
const SELF = 0;

type Cap = { readonly resource: keyof typeof RLIMIT; readonly max: number };
type Limit = { readonly soft: bigint; readonly hard: bigint };

const smaller = (one: number, other: bigint): bigint => (BigInt(one) < other ? BigInt(one) : other);

export class NativeCalls {
  readonly #mkfifo: Native | undefined;
  readonly #flock: Native | undefined;
  readonly #prctl: Native | undefined;
  readonly #prlimit: Native | undefined;
  readonly #syncfs: ReturnType<LibraryHandle['func']> | undefined;
  readonly #programs: Programs;

  constructor() {
    const libc = koffi.load(null);
    this.#programs = new Programs(libc);
    const find = (prototype: string) => {
      try {
        return libc.func(prototype);
      } catch {
        return undefined;
      }
    };
    this.#mkfifo = find('int mkfifo(const char *path, unsigned int mode)');
    this.#flock = find('int flock(int fd, int operation)');
    this.#prctl = find('int prctl(int option, long a, long b, long c, long d)');
    this.#prlimit = find('int prlimit64(int pid, int resource, void *new_limit, void *old_limit)');
    this.#syncfs = find('int syncfs(int fd)');
  }

  /** Makes a named pipe that only its owner may open. Throws if the path exists. */
  makeFifo(path: string): void {
    if (this.#mkfifo?.(path, OWNER_ONLY) === 0) return;
    throw new Error(`mkfifo failed with errno ${koffi.errno()}`);
  }

  /** Takes the exclusive lock of an open file without waiting. False if another holds it. */
  tryLock(fd: number): boolean {
    return this.#flock?.(fd, LOCK_EX | LOCK_NB) === 0;
  }

  /** From now on nothing this process starts can gain a privilege. Call it from the main thread. */
  forbidNewPrivileges(): boolean {
    return this.#prctl?.(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) === 0;
  }

  /**
   * Lowers a process's limit for good. Of a process of another user that takes CAP_SYS_RESOURCE,
   * which root in a container has not.
   */
  cap(pid: number, { resource, max }: Cap): boolean {
    const now = this.#limitOf(pid, resource);
    if (!now) return false;
    const lowered = smaller(max, now.hard);
    return this.#setLimit(pid, resource, { soft: lowered, hard: lowered });
  }

  /** Sets a process's limit so that it can be raised again, up to its hard one. */
  softCap(pid: number, { resource, max }: Cap): boolean {
    const now = this.#limitOf(pid, resource);
    return !!now && this.#setLimit(pid, resource, { soft: smaller(max, now.hard), hard: now.hard });
  }

  /**
   * Runs `start` with lower soft limits of this process, which what it starts inherits. They can be
   * taken back, hard ones could not; so a process that means to may lift its own again.
   */
  startCapped<T>(caps: readonly Cap[], start: () => T): T {
    const before = caps.map(({ resource }) => ({ resource, limit: this.#limitOf(SELF, resource) }));
    for (const { resource, max } of caps) {
      const hard = this.#limitOf(SELF, resource)?.hard;
      if (hard !== undefined) this.#setLimit(SELF, resource, { soft: smaller(max, hard), hard });
    }
    try {
      return start();
    } finally {
      for (const { resource, limit } of before) if (limit) this.#setLimit(SELF, resource, limit);
    }
  }

  /**
   * Starts a program in a session of its own without copying this process, and reaps it. Undefined where
   * there is no such call; throws the system's error.
   */
  startProgram(program: Parameters<Programs['start']>[0]): ReturnType<Programs['start']> {
    return this.#programs.start(program);
  }

  #limitOf(pid: number, resource: Cap['resource']): Limit | undefined {
    const bytes = Buffer.alloc(RLIMIT_BYTES);
    if (this.#prlimit?.(pid, RLIMIT[resource], null, bytes) !== 0) return undefined;
    return { soft: bytes.readBigUInt64LE(0), hard: bytes.readBigUInt64LE(8) };
  }

  #setLimit(pid: number, resource: Cap['resource'], { soft, hard }: Limit): boolean {
    const bytes = Buffer.alloc(RLIMIT_BYTES);
    bytes.writeBigUInt64LE(soft, 0);
    bytes.writeBigUInt64LE(hard, 8);
    return this.#prlimit?.(pid, RLIMIT[resource], bytes, null) === 0;
  }

  /** Writes the file system that `fd` is on to disk, on a worker thread. */
  syncFileSystem(fd: number): Promise<boolean> {
    const syncfs = this.#syncfs;
    if (!syncfs) return Promise.resolve(false);
    return new Promise((resolve) => {
      syncfs.async(fd, (error: unknown, result: number) => resolve(!error && result === 0));
    });
  }
}
