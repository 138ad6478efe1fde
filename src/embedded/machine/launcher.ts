/**
 * Starts the program of a compute: as the owner of its data, within its bounds, in its data directory,
 * and with no open file but those that it is given.
 *
 *   posix_spawn ──▶ (sh, which bounds itself) ──▶ (chroot or setpriv, as root) ──▶ the program
 *   fork        ──▶ (sh, which bounds itself) ──▶ the program, where the system has no other way
 *
 * Node forks, which stops all other work of this server for as long as the copy of its page tables
 * takes, and that grows with its memory. See docs/decisions/0011.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import type { Limits } from '../../domain/tier.ts';
import { capsItself, dataCapOf } from '../cages/own-memory.ts';
import type { FileOwner } from '../copy-tree.ts';
import type { Exit, OsCalls, Program, ResourceCap } from './os.ts';
import { type Command, findUserChange, type UserChange } from './user-change.ts';
import { isRoot, mayCapOthers, ownerOfData } from './users.ts';

export type Launch = {
  readonly program: string;
  readonly args: readonly string[];
  /** Its working directory, to whose owner it changes where this process may choose. */
  readonly directory: string;
  readonly env: Readonly<Record<string, string>>;
  /** Its descriptors from 0 on; null is `/dev/null`. */
  readonly fds: readonly (number | null)[];
  readonly limits: Limits;
};

export type Launched = {
  readonly pid: number;
  /** Resolves with the reason when it has ended and is reaped. */
  readonly ended: Promise<string>;
  /** Asks now whether it has ended. */
  look(): void;
};

export interface Launcher {
  /** Resolves as soon as the program runs, or what becomes it. Throws why it does not. */
  launch(launch: Launch): Promise<Launched>;
}

/** Enough for `max_files_per_process` of 1,000, and its sockets and libraries. */
const FILES_MAX = 4_096;

type Means = {
  readonly os: OsCalls;
  /** Whether a process of another user can be bounded once it runs. */
  readonly mayCap: boolean;
  /** Undefined where only fork will do. */
  readonly asOwner: UserChange | undefined;
};

/** Finds out what this system offers. */
export async function openLauncher(os: OsCalls): Promise<Launcher> {
  const asOwner = isRoot() ? await findUserChange() : (_: unknown, command: Command) => command;
  const means = { os, mayCap: mayCapOthers(), asOwner };
  return { launch: (launch) => launchBy(means, launch) };
}

async function launchBy(means: Means, launch: Launch): Promise<Launched> {
  const { os, mayCap } = means;
  const caps = capsOf(launch.limits);
  const data = dataCapOf(launch.limits);
  const bounded = (command: Command): Command =>
    data && !mayCap ? capsItself(data, command) : command;
  const owner = ownerOfData(launch.directory);
  const launched = await os.startCapped(
    caps,
    () => spawnedBeside(means, launch, { owner, bounded }) ?? forked(launch, { owner, bounded }),
  );
  if (!mayCap) return launched;
  const { pid } = launched;
  for (const cap of [...caps, { resource: 'files', max: FILES_MAX } as const]) os.cap(pid, cap);
  if (data) os.softCap(pid, data);
  return launched;
}

/** The kernel counts processes by user id, so a bound means something only where each has its own. */
function capsOf({ processesMax }: Limits): ResourceCap[] {
  const caps: ResourceCap[] = [{ resource: 'core', max: 0 }];
  if (isRoot() && processesMax !== null) caps.push({ resource: 'processes', max: processesMax });
  return caps;
}

type Way = {
  readonly owner: FileOwner;
  readonly bounded: (command: Command) => Command;
};

function spawnedBeside(
  { os, asOwner }: Means,
  { program, args, directory, env, fds }: Launch,
  { owner, bounded }: Way,
): Launched | undefined {
  if (!asOwner) return undefined;
  const command: Command = { path: program, args };
  const opened = openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    const asked: Program = {
      ...bounded(owner ? asOwner(owner, command) : command),
      ...{ env, fds, directory: opened },
    };
    const started = os.startProgram(asked);
    return started && { pid: started.pid, ended: started.exit.then(reasonOf), look: started.look };
  } catch (cause) {
    throw unstarted(cause);
  } finally {
    closeSync(opened);
  }
}

/** Resolves as soon as the program runs. */
function forked(
  { program, args, directory, env, fds }: Launch,
  { owner, bounded }: Way,
): Promise<Launched> {
  const command = bounded({ path: program, args });
  const child = spawn(command.path, [...command.args], {
    cwd: directory,
    stdio: fds.map((fd) => fd ?? 'ignore'),
    detached: true,
    env,
    ...owner,
  });
  child.unref();
  const { pid } = child;
  if (pid === undefined) {
    return new Promise((_, reject) => child.once('error', (cause) => reject(unstarted(cause))));
  }
  return Promise.resolve({ pid, ended: exitOf(child).then(reasonOf), look: () => {} });
}

function exitOf(child: ChildProcess): Promise<Exit> {
  return new Promise((resolve) => {
    child.once('exit', (status, signal) => {
      resolve(signal === null ? { status: status ?? 0 } : { signal });
    });
  });
}

function reasonOf(exit: Exit): string {
  if (exit === null) return 'the server process ended';
  return `the server process ended with ${'signal' in exit ? exit.signal : `status ${exit.status}`}`;
}

function unstarted(cause: unknown): Error {
  const code = (cause as NodeJS.ErrnoException).code ?? 'unknown error';
  return new Error(`the server process could not be started: ${code}`, { cause });
}
