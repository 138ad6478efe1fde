/**
 * The few calls of the operating system that Node does not offer. `system/ffi.ts` makes them; this
 * room says only what it needs. Source: flock(2), mkfifo(3), prctl(2), prlimit(2), syncfs(2).
 */

/**
 * A resource of a process that can be capped. `processes` counts per user id; `data` is private
 * writable memory in bytes, of each process by itself.
 */
export type CappedResource = 'core' | 'files' | 'processes' | 'data';

export type ResourceCap = { readonly resource: CappedResource; readonly max: number };

export interface OsCalls {
  /** Makes a named pipe that only its owner may open. Throws if the path exists. */
  makeFifo(path: string): void;
  /** Takes the exclusive lock of an open file without waiting. False if another holds it. */
  tryLock(fd: number): boolean;
  /** From now on nothing this process starts can gain a privilege. False where there is no such call. */
  forbidNewPrivileges(): boolean;
  /** Caps a running process, and all it forks later, for good. False where that is refused. */
  cap(pid: number, cap: ResourceCap): boolean;
  /** Sets what a running process, and all it forks later, has for now. False where that is refused. */
  softCap(pid: number, cap: ResourceCap): boolean;
  /** Runs `start` so that what it starts has these caps, which it may itself lift again. */
  startCapped<T>(caps: readonly ResourceCap[], start: () => T): T;
  /** Writes the file system that `fd` is on to disk. False where there is no such call. */
  syncFileSystem(fd: number): Promise<boolean>;
}
