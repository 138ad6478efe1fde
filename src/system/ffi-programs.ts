/**
 * Starts programs by posix_spawn(3), and waits for their end.
 *
 * Node starts programs by fork(2), which copies the page tables of the whole process while nothing else
 * in it runs: 0.9 ms in one of 50 MB, 11 ms in one of 250 MB. posix_spawn lends the child its memory until
 * the exec, and costs 0.1 ms whatever the size.
 *
 *   start ──▶ waited for ──SIGCHLD or a look──▶ reaped, and its end told
 *
 * What is started here is reaped here: Node asks only after its own children, by their pids, and so does
 * this. A pid stays taken until it is reaped, hence no other process can be meant by it.
 *
 * Source: posix_spawn(3), posix_spawnattr_setflags(3), waitpid(2); libuv `src/unix/process.c`.
 */
import { constants } from 'node:os';
import { getSystemErrorName } from 'node:util';
import type { LibraryHandle } from 'koffi';

type Native = (...args: unknown[]) => number;

type Program = {
  readonly path: string;
  /** Behind its name. */
  readonly args: readonly string[];
  /** All of its environment. */
  readonly env: Readonly<Record<string, string>>;
  /** An open directory, which becomes its working directory. */
  readonly directory: number;
  /** What its descriptors are, from 0 on: open ones of ours, or null for `/dev/null`. */
  readonly fds: readonly (number | null)[];
};

/** What ended a program: its status, or the name of a signal. Null if another has reaped it. */
type Exit = { readonly status: number } | { readonly signal: string } | null;

type Started = {
  readonly pid: number;
  readonly exit: Promise<Exit>;
  /** Asks now whether it has ended; else the kernel's signal does. */
  look(): void;
};

/** Of Linux, the same with glibc and musl. */
const SETSIGDEF = 0x04;
const SETSIGMASK = 0x08;
const SETSID = 0x80;
const WNOHANG = 1;
/** More than any of the structures takes: 336 bytes of attributes, 80 of actions, 128 of signals. */
const STRUCTURE_BYTES = 1_024;
const SIGNALS = 64;
const O_RDWR = 2;

type Step =
  | { readonly kind: 'copy'; readonly from: number; readonly to: number }
  | { readonly kind: 'close'; readonly fd: number }
  | { readonly kind: 'null'; readonly fd: number };

/**
 * How descriptors become those of a program, one step after the other. What stands where another is to
 * go is put out of the way first. A copy onto itself takes away its close-on-exec.
 */
export function descriptorSteps(fds: readonly (number | null)[]): readonly Step[] {
  const aside: Step[] = [];
  const placed: Step[] = [];
  const closed: Step[] = [];
  let free = Math.max(fds.length, ...fds.map((fd) => (fd ?? 0) + 1));
  for (const [to, fd] of fds.entries()) {
    if (fd === null) {
      placed.push({ kind: 'null', fd: to });
    } else if (fd >= fds.length || fd === to) {
      placed.push({ kind: 'copy', from: fd, to });
    } else {
      aside.push({ kind: 'copy', from: fd, to: free });
      placed.push({ kind: 'copy', from: free, to });
      closed.push({ kind: 'close', fd: free });
      free += 1;
    }
  }
  return [...aside, ...placed, ...closed];
}

type Calls = Readonly<
  Record<'spawn' | 'wait' | 'init' | 'destroy' | 'copy' | 'close' | 'open', Native>
> &
  Readonly<Record<'enter', Native>> & {
    /** Null where libc is older; Node opens everything so that it closes by itself. */
    readonly closeFrom: Native | null;
    readonly attributes: Buffer;
  };

/** Undefined where libc or the system lacks what it takes. */
function findCalls(libc: LibraryHandle): Calls | undefined {
  if (process.platform !== 'linux') return undefined;
  const find = (prototype: string): Native => libc.func(prototype);
  try {
    return {
      spawn:
        find(`int posix_spawn(_Out_ int *pid, const char *path, void *actions, void *attributes,
        const char **argv, const char **envp)`),
      wait: find('int waitpid(int pid, _Out_ int *status, int options)'),
      init: find('int posix_spawn_file_actions_init(void *actions)'),
      destroy: find('int posix_spawn_file_actions_destroy(void *actions)'),
      copy: find('int posix_spawn_file_actions_adddup2(void *actions, int fd, int to)'),
      close: find('int posix_spawn_file_actions_addclose(void *actions, int fd)'),
      open: find(`int posix_spawn_file_actions_addopen(void *actions, int fd, const char *path,
        int flags, unsigned int mode)`),
      enter: find('int posix_spawn_file_actions_addfchdir_np(void *actions, int fd)'),
      closeFrom: findCloseFrom(libc),
      attributes: makeAttributes(find),
    };
  } catch {
    return undefined;
  }
}

function findCloseFrom(libc: LibraryHandle): Native | null {
  try {
    return libc.func('int posix_spawn_file_actions_addclosefrom_np(void *actions, int from)');
  } catch {
    return null;
  }
}

/** A session of its own, no signal blocked and none ignored, as Node has it for a detached child. */
function makeAttributes(find: (prototype: string) => Native): Buffer {
  const attributes = Buffer.alloc(STRUCTURE_BYTES);
  const none = Buffer.alloc(STRUCTURE_BYTES);
  // A bit a signal. With libc's own two, which posix_spawn would have ignored otherwise, as no fork does.
  const all = Buffer.alloc(STRUCTURE_BYTES).fill(0xff, 0, SIGNALS / 8);
  const done =
    find('int posix_spawnattr_init(void *attributes)')(attributes) |
    find('int posix_spawnattr_setflags(void *attributes, short flags)')(
      attributes,
      SETSIGDEF | SETSIGMASK | SETSID,
    ) |
    find('int posix_spawnattr_setsigdefault(void *attributes, void *set)')(attributes, all) |
    find('int posix_spawnattr_setsigmask(void *attributes, void *set)')(attributes, none);
  if (done !== 0) throw new Error('posix_spawn takes no attributes');
  return attributes;
}

export class Programs {
  readonly #calls: Calls | undefined;
  readonly #waited = new Map<number, (exit: Exit) => void>();
  readonly #lookAtAll = () => {
    for (const pid of this.#waited.keys()) this.#look(pid);
  };

  constructor(libc: LibraryHandle) {
    this.#calls = findCalls(libc);
  }

  /** Undefined where there is no such call. Throws the system's error if the program cannot be started. */
  start(program: Program): Started | undefined {
    const calls = this.#calls;
    return calls && this.#waitFor(spawned(calls, program));
  }

  #waitFor(pid: number): Started {
    const { promise, resolve } = Promise.withResolvers<Exit>();
    if (this.#waited.size === 0) process.on('SIGCHLD', this.#lookAtAll);
    this.#waited.set(pid, resolve);
    // It may have ended before the signal was listened for.
    this.#look(pid);
    return { pid, exit: promise, look: () => this.#look(pid) };
  }

  #look(pid: number): void {
    const told = this.#waited.get(pid);
    if (!told || !this.#calls) return;
    const status = [0];
    const found = this.#calls.wait(pid, status, WNOHANG);
    if (found === 0) return;
    this.#waited.delete(pid);
    if (this.#waited.size === 0) process.off('SIGCHLD', this.#lookAtAll);
    told(found === pid ? exitOf(status[0] ?? 0) : null);
  }
}

function spawned(calls: Calls, { path, args, env, directory, fds }: Program): number {
  const actions = Buffer.alloc(STRUCTURE_BYTES);
  if (calls.init(actions) !== 0) throw new Error('posix_spawn takes no actions');
  try {
    let refused = calls.enter(actions, directory);
    for (const step of descriptorSteps(fds)) refused ||= added(calls, actions, step);
    refused ||= calls.closeFrom?.(actions, fds.length) ?? 0;
    const pid = [0];
    const given = Object.entries(env).map(([name, value]) => `${name}=${value}`);
    const argv = [path, ...args, null];
    const failed =
      refused || calls.spawn(pid, path, actions, calls.attributes, argv, [...given, null]);
    if (failed !== 0) throw systemError(failed);
    return pid[0] ?? 0;
  } finally {
    calls.destroy(actions);
  }
}

function added(calls: Calls, actions: Buffer, step: Step): number {
  switch (step.kind) {
    case 'copy':
      return calls.copy(actions, step.from, step.to);
    case 'close':
      return calls.close(actions, step.fd);
    case 'null':
      return calls.open(actions, step.fd, '/dev/null', O_RDWR, 0);
  }
}

function systemError(errno: number): Error {
  const code = getSystemErrorName(-errno);
  return Object.assign(new Error(`posix_spawn failed with ${code}`), { code });
}

const SIGNAL_BITS = 0x7f;
const STATUS_SHIFT = 8;
const STATUS_BITS = 0xff;

/** Source: wait(2), the macros `WIFEXITED` and `WTERMSIG`. */
function exitOf(status: number): Exit {
  const number = status & SIGNAL_BITS;
  if (number === 0) return { status: (status >> STATUS_SHIFT) & STATUS_BITS };
  const [name] = Object.entries(constants.signals).find(([, value]) => value === number) ?? [];
  return { signal: name ?? `signal ${number}` };
}
