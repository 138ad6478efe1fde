/**
 * Tells the moment a postmaster accepts connections.
 *
 * The postmaster writes its status into `postmaster.pid`, and the kernel tells of that write, so
 * nothing is polled. A look now and then covers file systems that tell nothing.
 */
import { type FSWatcher, watch } from 'node:fs';
import type { CancelTimer, Clock } from '../domain/clock.ts';
import { ms } from '../domain/units.ts';
import { readPostmasterFile } from './postmaster-file.ts';

/** For file systems without notification, and machines that are out of watches. */
const LOOK_EVERY = ms(100);

export type Postmaster = { readonly data: string; readonly pid: number };

/** Resolves when the postmaster is ready. Rejects with the signal's reason if that aborts first. */
export function untilReady(
  postmaster: Postmaster,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let cancel: CancelTimer = () => {};
  const look = () => {
    if (isReady(postmaster)) resolve();
  };
  const lookAgain = () => {
    look();
    cancel = clock.timer(LOOK_EVERY, lookAgain);
  };
  const abort = () => reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  const watcher = tryWatch(postmaster.data, look);
  // Looks once now, for what was written before the watch began.
  lookAgain();
  if (signal.aborted) abort();
  return promise.finally(() => {
    signal.removeEventListener('abort', abort);
    watcher?.close();
    cancel();
  });
}

function isReady({ data, pid }: Postmaster): boolean {
  const file = readPostmasterFile(data);
  return file?.pid === pid && file.status === 'ready';
}

/** Undefined where the machine has no watch to give. */
function tryWatch(directory: string, changed: () => void): FSWatcher | undefined {
  try {
    const watcher = watch(directory, { persistent: false }, changed);
    // The regular look goes on without it.
    watcher.on('error', () => watcher.close());
    return watcher;
  } catch {
    return undefined;
  }
}
