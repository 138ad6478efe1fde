/** Where a compute's socket is, in a form that fits every path. */
import { closeSync, openSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fault } from '../domain/faults.ts';
import type { Address } from '../domain/host.ts';
import { PORT } from './settings.ts';

/** A socket as `pg` wants it: `host` is its directory, and the port is part of its name. */
export const socketPlace = ({ socketPath }: Address) => ({
  host: dirname(socketPath),
  port: PORT,
});

export const SOCKET_NAME = `.s.PGSQL.${PORT}`;

/** What fits `sockaddr_un.sun_path`, its closing NUL not counted. Source: unix(7). */
const SOCKET_PATH_MAX = process.platform === 'linux' ? 107 : 103;

export type SocketDir = { readonly path: string; close(): void };

/** A name of the directory by which a socket in it can be connected to, however long its path. */
export function openSocketDir(run: string): SocketDir {
  if (Buffer.byteLength(join(run, SOCKET_NAME)) <= SOCKET_PATH_MAX) {
    return { path: run, close: () => {} };
  }
  if (process.platform !== 'linux') {
    throw fault('DATA_DIR_UNUSABLE', { why: 'its path is too long for sockets' });
  }
  const fd = openSync(run, 'r');
  return { path: `/proc/self/fd/${fd}`, close: () => closeSync(fd) };
}
