/**
 * The page cache by the calls that Linux has for it, through koffi.
 *
 * What the system lacks, or refuses, answers `undefined` and never throws. Source: cachestat(2) (Linux
 * 6.5; older kernels have mincore(2) only, which tells the owner of a mapping and nobody else, so they
 * count as having nothing), openat2(2), posix_fadvise(2). The numbers are those of x64 and arm64 alike.
 */
import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { join } from 'node:path';
import koffi from 'koffi';

type Native = (...args: unknown[]) => number;

const SYS_OPENAT2 = 437;
const SYS_CACHESTAT = 451;

/** `struct open_how`: flags, mode, resolve, 8 bytes each. */
const OPEN_HOW_BYTES = 24;
const RESOLVE_NO_SYMLINKS = 0x04n;
const RESOLVE_BENEATH = 0x08n;
const O_CLOEXEC = 0o2000000;

/** `struct cachestat_range`: offset and length, and of `struct cachestat` the first three of five. */
const RANGE_BYTES = 16;
const CACHESTAT_BYTES = 40;

const ADVICE = { willNeed: 3, dontNeed: 4 } as const;

/** Where the kernel is older, or a sandbox knows the call not. */
const ENOSYS = 38;
const EPERM = 1;

const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** Pages of a range of a file: in the page cache, and of these waiting to be written. */
export type Cached = { readonly pages: number; readonly unwritten: number };

/** A piece of an open file; no bytes reach to its end. */
export type Piece = { readonly from: number; readonly bytes: number };

export type PlainFile = { readonly fd: number; readonly size: number; readonly allocated: number };

/** st_blocks counts these, whatever the file system has. Source: stat(2). */
const STAT_BLOCK_BYTES = 512;

/** Of sysconf(3) on Linux. */
const SC_PAGESIZE = 30;
const PAGE_BYTES = 4_096;

export class PageCacheCalls {
  /** Of memory, which the kernel counts in. */
  readonly pageBytes: number = PAGE_BYTES;
  readonly #syscall: Native | undefined;
  readonly #fadvise: Native | undefined;
  readonly #range = Buffer.alloc(RANGE_BYTES);
  readonly #found = Buffer.alloc(CACHESTAT_BYTES);
  readonly #how = Buffer.alloc(OPEN_HOW_BYTES);
  #hasOpenat2 = true;

  constructor() {
    this.#how.writeBigUInt64LE(BigInt(FLAGS | O_CLOEXEC), 0);
    this.#how.writeBigUInt64LE(RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH, 16);
    if (process.platform !== 'linux') return;
    const libc = koffi.load(null);
    const find = (prototype: string): Native | undefined => {
      try {
        return libc.func(prototype);
      } catch {
        return undefined;
      }
    };
    this.#syscall = find('long syscall(long n, long a, const void *b, void *c, long d)');
    this.#fadvise = find('int posix_fadvise(int fd, int64 from, int64 bytes, int advice)');
    this.pageBytes = find('long sysconf(int name)')?.(SC_PAGESIZE) ?? PAGE_BYTES;
  }

  /**
   * Opens `name` below the directory that `dirFd` is, at `directory`; undefined if it is no plain file,
   * or lies behind a link. The caller closes it.
   */
  open(dirFd: number, directory: string, name: string): PlainFile | undefined {
    const fd = this.#openBeneath(dirFd, directory, name);
    if (fd === undefined) return undefined;
    const stat = fstatSync(fd);
    if (stat.isFile()) {
      return { fd, size: stat.size, allocated: stat.blocks * STAT_BLOCK_BYTES };
    }
    closeSync(fd);
    return undefined;
  }

  #openBeneath(dirFd: number, directory: string, name: string): number | undefined {
    if (this.#syscall && this.#hasOpenat2) {
      const path = Buffer.from(`${name}\0`);
      const fd = this.#syscall(SYS_OPENAT2, dirFd, path, this.#how, OPEN_HOW_BYTES);
      if (fd >= 0) return fd;
      const code = koffi.errno();
      if (code !== ENOSYS && code !== EPERM) return undefined;
      this.#hasOpenat2 = code !== ENOSYS;
    }
    try {
      return openSync(join(directory, name), FLAGS);
    } catch {
      return undefined;
    }
  }

  /** What of the piece is in the page cache; undefined where that is not told. */
  cached(fd: number, { from, bytes }: Piece): Cached | undefined {
    if (!this.#syscall) return undefined;
    this.#range.writeBigUInt64LE(BigInt(from), 0);
    this.#range.writeBigUInt64LE(BigInt(bytes), 8);
    if (this.#syscall(SYS_CACHESTAT, fd, this.#range, this.#found, 0) !== 0) return undefined;
    const at = (offset: number): number => Number(this.#found.readBigUInt64LE(offset));
    return { pages: at(0), unwritten: at(8) + at(16) };
  }

  /** Has the kernel read the piece, without waiting for it. */
  willNeed(fd: number, { from, bytes }: Piece): boolean {
    return this.#fadvise?.(fd, from, bytes, ADVICE.willNeed) === 0;
  }

  /** Drops what is written of the piece, and has the rest written soon, without waiting for it. */
  dontNeed(fd: number, { from, bytes }: Piece): boolean {
    return this.#fadvise?.(fd, from, bytes, ADVICE.dontNeed) === 0;
  }
}
