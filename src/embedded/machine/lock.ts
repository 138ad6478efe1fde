/**
 * The lock that lets at most one postmaster into a data directory, ever.
 *
 * PostgreSQL's own guard is blind across process and IPC namespaces, and does not see orphaned
 * backends of a killed postmaster. So the lock is given to the postmaster as an open descriptor:
 * every process it forks inherits it, and the kernel frees it when the last one has died.
 *
 * On Linux the lock file is a named pipe, which makes it a lifeline too: whoever has its reading end
 * open is told by end-of-file, at once and without polling, when the last process is gone. The
 * kernel frees the lock before it closes the pipe (`__fput`), so at end-of-file the lock is free.
 * Elsewhere pipes cannot be locked; there the lock is a plain file that is tried again and again.
 *
 * Source: flock(2), fifo(7); Linux `fs/file_table.c`.
 */
import { closeSync, constants, existsSync, openSync, writeFileSync } from 'node:fs';
import { Socket } from 'node:net';
import type { CancelTimer, Clock } from '../../domain/clock.ts';
import { ms } from '../../domain/units.ts';
import type { OsCalls } from './os.ts';

const IS_PIPE = process.platform === 'linux';

/** How often a plain lock file is tried. */
const LOOK_EVERY = ms(50);

/** Makes the lock file of a new compute. Harmless if it is there. */
export function makeLock(path: string, os: OsCalls): void {
  if (existsSync(path)) return;
  if (IS_PIPE) os.makeFifo(path);
  else writeFileSync(path, '', { mode: 0o600 });
}

/** The lock, held by this process until it is closed here and in all that inherited it. */
export type HeldLock = { readonly fd: number; close(): void };

/** Undefined if another holds it. */
export function tryLock(path: string, os: OsCalls): HeldLock | undefined {
  const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  if (!os.tryLock(fd)) {
    closeSync(fd);
    return undefined;
  }
  let isOpen = true;
  const close = () => {
    if (isOpen) closeSync(fd);
    isOpen = false;
  };
  return { fd, close };
}

/** Whether some process holds the lock now. */
export function isLocked(path: string, os: OsCalls): boolean {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    return !os.tryLock(fd);
  } finally {
    closeSync(fd);
  }
}

/** Tells when the last process that holds a lock is gone. */
export interface Lifeline {
  readonly gone: Promise<void>;
  /** Stops watching; `gone` then never resolves. */
  close(): void;
}

/**
 * Watches a lock that is held. If it may have been freed meanwhile, ask `isLocked` after this call:
 * a pipe whose writers left before it was opened says nothing.
 */
export function watchLock(path: string, os: OsCalls, clock: Clock): Lifeline {
  return IS_PIPE ? watchPipe(path) : watchFile(path, os, clock);
}

function watchPipe(path: string): Lifeline {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const socket = new Socket({ fd, readable: true, writable: false });
  const { promise, resolve } = Promise.withResolvers<void>();
  socket.once('end', resolve);
  // Whoever waits for an end that cannot be heard any more has a deadline.
  socket.on('error', () => {});
  // What a tenant may write into its lock is thrown away.
  socket.resume();
  socket.unref();
  return { gone: promise, close: () => void socket.destroy() };
}

function watchFile(path: string, os: OsCalls, clock: Clock): Lifeline {
  const { promise, resolve } = Promise.withResolvers<void>();
  let cancel: CancelTimer = () => {};
  const look = () => {
    if (isLocked(path, os)) cancel = clock.timer(LOOK_EVERY, look);
    else resolve();
  };
  look();
  return { gone: promise, close: () => cancel() };
}
