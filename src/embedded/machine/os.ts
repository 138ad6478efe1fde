/**
 * The few calls of the operating system that Node does not offer. `system/ffi.ts` makes them; this
 * room says only what it needs. Source: flock(2), mkfifo(3), posix_spawn(3), prctl(2), prlimit(2),
 * syncfs(2).
 */

/**
 * A resource of a process that can be capped. `processes` counts per user id; `data` is private
 * writable memory in bytes, of each process by itself.
 */
export type CappedResource = 'core' | 'files' | 'processes' | 'data';

export type ResourceCap = { readonly resource: CappedResource; readonly max: number };

/** A program to start, in a session of its own. */
export type Program = {
  readonly path: string;
  /** Behind its name. */
  readonly args: readonly string[];
  /** All of its environment. */
  readonly env: Readonly<Record<string, string>>;
  /** An open directory, which becomes its working directory. */
  readonly directory: number;
  /** What its descriptors are, from 0 on: open ones of ours, or null for `/dev/null`. It has no others. */
  readonly fds: readonly (number | null)[];
};

/** What ended a program: its status, or the name of a signal. Null if that is not known. */
export type Exit = { readonly status: number } | { readonly signal: string } | null;

/** A program that runs, and is reaped at its end, whether or not anybody waits for that. */
export type StartedProgram = {
  readonly pid: number;
  readonly exit: Promise<Exit>;
  /** Asks now whether it has ended. The system tells of it too, to the main thread of a program. */
  look(): void;
};

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
  /**
   * Starts a program without copying this process, as fork(2) does. Undefined where there is no such call.
   * Throws the system's error, with its code, if the program cannot be started.
   */
  startProgram(program: Program): StartedProgram | undefined;
  /** Runs `start` so that what it starts has these caps, which it may itself lift again. */
  startCapped<T>(caps: readonly ResourceCap[], start: () => T): T;
  /** Writes the file system that `fd` is on to disk. False where there is no such call. */
  syncFileSystem(fd: number): Promise<boolean>;
}
