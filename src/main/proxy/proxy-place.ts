/**
 * Where control plane and proxies of a data directory find each other.
 *
 *   data-plane/lock       held while a proxy listens on the clients' port, by that proxy alone
 *   data-plane/ID.sock    a proxy's control socket
 *   data-plane/ID.json    says which process that is; there while it can be spoken to
 *   log/proxy.log         what proxies say while there is no control plane
 *
 * The lock is taken before a proxy is started, and inherited by it: at no moment can two be started,
 * and a lock that is free says for certain that none listens.
 */
import { closeSync, openSync } from 'node:fs';
import {
  mkdir,
  readdir,
  readFile,
  readlink,
  realpath,
  rename,
  rm,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import type { ProxyId } from '../../domain/ids.ts';
import type { LockFile } from '../data-directory.ts';

/** What fits `sockaddr_un.sun_path`, its closing NUL not counted. Source: unix(7). */
const SOCKET_PATH_MAX = process.platform === 'linux' ? 107 : 103;

const ANNOUNCEMENT = /^(px_[0-9a-f]{12})\.json$/;

export type Announced = { readonly id: ProxyId; readonly pid: number };

export type HeldLock = { readonly fd: number; close(): void };

/** A proxy's own files, by names that hold in its working directory. */
export const socketName = (id: ProxyId): string => `${id}.sock`;
const fileName = (id: ProxyId): string => `${id}.json`;

/** Tells the control plane that the proxy in this working directory can be spoken to. */
export async function announce({ id, pid }: Announced): Promise<void> {
  const draft = `${fileName(id)}.new`;
  await writeFile(draft, JSON.stringify({ pid }), { mode: 0o600 });
  await rename(draft, fileName(id));
}

export async function unannounce(id: ProxyId): Promise<void> {
  await Promise.all([fileName(id), socketName(id)].map((name) => rm(name, { force: true })));
}

export class ProxyPlace {
  readonly directory: string;
  readonly #lock: LockFile;
  /** Keeps the directory reachable by a short name. */
  readonly #fd: number;

  /** Makes the directories. */
  static async open(dataDir: string, lock: LockFile): Promise<ProxyPlace> {
    const directory = join(await realpath(dataDir), 'data-plane');
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await mkdir(join(dataDir, 'log'), { recursive: true, mode: 0o700 });
    return new ProxyPlace(directory, lock);
  }

  constructor(directory: string, lock: LockFile) {
    this.directory = directory;
    this.#lock = lock;
    this.#fd = openSync(directory, 'r');
  }

  close(): void {
    closeSync(this.#fd);
  }

  get logFile(): string {
    return join(this.directory, '../log/proxy.log');
  }

  /** Undefined if a proxy listens, or is being started by somebody. */
  tryLock(): HeldLock | undefined {
    const fd = openSync(join(this.directory, 'lock'), 'a', 0o600);
    if (this.#lock(fd)) return { fd, close: () => closeSync(fd) };
    closeSync(fd);
    return undefined;
  }

  /** Whether no proxy listens, and none is being started. */
  isFree(): boolean {
    const lock = this.tryLock();
    lock?.close();
    return lock !== undefined;
  }

  /** A path by which this process can connect to the proxy, however long the directory's is. */
  socketOf(id: ProxyId): string {
    const path = join(this.directory, socketName(id));
    if (Buffer.byteLength(path) <= SOCKET_PATH_MAX) return path;
    return `/proc/self/fd/${this.#fd}/${socketName(id)}`;
  }

  /** The proxies that say they can be spoken to. Some may have been killed. */
  async announced(): Promise<readonly Announced[]> {
    const found: Announced[] = [];
    for (const name of await readdir(this.directory)) {
      const id = ANNOUNCEMENT.exec(name)?.[1];
      if (id === undefined) continue;
      const text = await readFile(join(this.directory, name), 'utf8').catch(() => '{}');
      const { pid } = JSON.parse(text) as { pid?: number };
      if (pid !== undefined) found.push({ id: id as ProxyId, pid });
    }
    return found;
  }

  /** Removes the files of a proxy that is no more. */
  async forget(id: ProxyId): Promise<void> {
    for (const name of [fileName(id), socketName(id)]) {
      await rm(join(this.directory, name), { force: true });
    }
  }

  /** Ends a proxy that does not listen to us. Only one that is surely ours. */
  async kill({ pid }: Announced): Promise<void> {
    const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => '');
    if (cwd !== this.directory) return;
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
  }
}
