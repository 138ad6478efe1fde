/**
 * Reads small files from a data directory, which belongs to the tenant: no link is followed, no pipe
 * is waited for, and no more than a page is read.
 */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { isErrno } from './durable.ts';

const LENGTH_MAX = 4_096;

/** Undefined if there is no such plain file. */
export function readForeign(path: string): string | undefined {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ELOOP', 'ENXIO')) return undefined;
    throw error;
  }
  try {
    if (!fstatSync(fd).isFile()) return undefined;
    const page = Buffer.alloc(LENGTH_MAX);
    return page.toString('utf8', 0, readSync(fd, page, 0, LENGTH_MAX, 0));
  } finally {
    closeSync(fd);
  }
}
