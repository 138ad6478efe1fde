/**
 * A compute's log: a file it appends to, which cannot block it as a pipe could.
 *
 * Rotated by copying and truncating, since the file stays open in every process of the compute:
 * they append, so after the cut they go on at the start. A line written between copy and cut is
 * lost; a log that is never bounded would cost more. At most two files of `bytesMax` each remain: a
 * tenant can fill its log far quicker than it is looked at, and then only the end of it is kept.
 */
import { closeSync, existsSync, fstatSync, openSync, readSync, statfsSync } from 'node:fs';
import { open, stat, truncate, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DISK_IS_FULL, isErrno, saysFull } from './machine/durable.ts';

/** Rotates the log if it has outgrown `bytesMax`. */
export async function rotateLog(log: string, bytesMax: number): Promise<void> {
  const size = await sizeOf(log);
  if (size <= bytesMax) return;
  await writeFile(`${log}.1`, await endOf(log, bytesMax), { mode: 0o600 });
  await truncate(log, 0);
}

/** The last `length` bytes; fewer if the file is shorter. */
async function endOf(path: string, length: number): Promise<Buffer> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const buffer = Buffer.alloc(Math.min(length, size));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, size - buffer.length);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return 0;
    throw error;
  }
}

/** Opens the log for a compute to append to. */
export const openLog = (log: string): number => openSync(log, 'a', 0o600);

/** How much of the end of a log is searched for a reason. */
const TAIL_BYTES = 16_384;

/** The second form is that of a failure before PostgreSQL has its log. */
const REASON = /^(?:.*?\b(?:FATAL|PANIC|ERROR): {2}|postgres: )(.*)$/;

/**
 * Why the compute failed: the last line of its log that says so, in words fit for strangers.
 * Null if there is none behind `start`.
 */
export function lastFailure(log: string, start: number): string | null {
  const lines = tailOf(log, start).split('\n');
  const reason = lines
    .map((line) => REASON.exec(line)?.[1])
    .filter((found) => found !== undefined)
    .at(-1);
  if (reason === undefined) return takesNoLine(log) ? DISK_IS_FULL : null;
  return saysFull(reason) ? DISK_IS_FULL : withoutPaths(reason);
}

/** Whether the disk is so full that a log cannot say so. */
function takesNoLine(log: string): boolean {
  if (!existsSync(dirname(log))) return false;
  const { bavail, bsize } = statfsSync(dirname(log));
  return bavail * bsize < LINE_BYTES;
}

const LINE_BYTES = 4_096;

/** Where the log ends now, for `lastFailure`. */
export function endOfLog(fd: number): number {
  return fstatSync(fd).size;
}

function tailOf(log: string, start: number): string {
  if (!existsSync(log)) return '';
  const fd = openSync(log, 'r');
  try {
    const end = fstatSync(fd).size;
    const from = Math.max(start, end - TAIL_BYTES, 0);
    const bytes = Buffer.alloc(Math.max(0, end - from));
    return bytes.toString('utf8', 0, readSync(fd, bytes, 0, bytes.length, from));
  } finally {
    closeSync(fd);
  }
}

const LENGTH_MAX = 200;

/** A message without places on this machine. */
export function withoutPaths(message: string): string {
  return message
    .replace(/"[^"]*\/[^"]*"/g, 'a file')
    .replace(/(?<!\w)(?:\.{1,2})?\/[^\s,;:"')]+/g, 'a file')
    .slice(0, LENGTH_MAX);
}
