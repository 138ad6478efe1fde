/**
 * `postmaster.pid`: what a postmaster says of itself.
 *
 * Source: PostgreSQL `src/include/utils/pidfile.h`.
 */
import { unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { isErrno } from './machine/durable.ts';
import { readForeign } from './machine/foreign-file.ts';

export type PostmasterStatus = 'starting' | 'ready' | 'stopping' | 'standby';

export type PostmasterFile = {
  readonly pid: number;
  /** Absent until the postmaster has written that line. */
  readonly status: PostmasterStatus | undefined;
};

export const POSTMASTER_FILE = 'postmaster.pid';

const STATUSES: readonly string[] = ['starting', 'ready', 'stopping', 'standby'];
const STATUS_LINE = 7;

/** Undefined when there is no such file, or nothing in it yet. */
export function readPostmasterFile(data: string): PostmasterFile | undefined {
  const text = readForeign(join(data, POSTMASTER_FILE));
  return text === undefined ? undefined : parsePostmasterFile(text);
}

export function parsePostmasterFile(text: string): PostmasterFile | undefined {
  const lines = text.split('\n');
  const pid = Number(lines[0]);
  // A standalone backend writes its pid negated; it is no postmaster.
  if (!Number.isSafeInteger(pid) || pid <= 0) return undefined;
  const status = lines[STATUS_LINE]?.trim() ?? '';
  return { pid, status: STATUSES.includes(status) ? (status as PostmasterStatus) : undefined };
}

/** Takes away what a dead postmaster left. Only for the holder of the tenant's lock. */
export function removePostmasterFile(data: string): void {
  try {
    unlinkSync(join(data, POSTMASTER_FILE));
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
  }
}
