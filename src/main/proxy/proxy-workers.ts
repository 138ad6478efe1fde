/**
 * The other proxies of a data plane, started by the first and ended with it.
 *
 * One that dies is started anew; until then its clients are kept by the first. Which proxy a tenant
 * belongs to is a hash of its name.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { Clock } from '../../domain/clock.ts';
import type { Log } from '../../domain/log.ts';
import type { Random } from '../../domain/random.ts';
import { seconds } from '../../domain/units.ts';
import type { CancelKey } from '../../wire/startup.ts';
import type { Opening } from '../presented.ts';
import type { Others } from '../routed-network.ts';
import { newProxyId, type ProxySettings } from './proxy-settings.ts';

/** Until one that died is started anew. */
const PAUSE = seconds(1);

/** For a proxy to end its sessions; then it is ended the hard way. */
const STOP_MAX = seconds(12);

/** Clients on their way to one proxy; with more it is taken for stuck. */
const UNDER_WAY_MAX = 1_000;

/** What the first proxy says to another. A client's socket comes with `client`. */
export type ToWorker =
  | { readonly kind: 'settings'; readonly settings: ProxySettings }
  | {
      readonly kind: 'client';
      readonly id: number;
      readonly head: string;
      readonly hello: string | null;
    }
  | { readonly kind: 'cancel'; readonly processId: number; readonly secret: string }
  | { readonly kind: 'stop' };

/** What it hears. */
export type FromWorker =
  | { readonly kind: 'opened' }
  /** The client is served there, whatever becomes of it. */
  | { readonly kind: 'taken'; readonly id: number }
  | { readonly kind: 'sessions'; readonly count: number };

/** A client that was given to a worker, which has not said that it took it. */
type Given = { readonly socket: Socket; readonly keep: () => void };

type Worker = {
  readonly child: ChildProcess;
  readonly given: Map<number, Given>;
  isOpen: boolean;
  sessions: number;
};

export type WorkersParts = {
  readonly program: string;
  readonly settings: ProxySettings;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
};

export class ProxyWorkers implements Others {
  readonly #parts: WorkersParts;
  readonly #workers: (Worker | null)[];
  #port = 0;
  #lastId = 0;
  #isStopping = false;

  constructor(parts: WorkersParts) {
    this.#parts = parts;
    this.#workers = Array.from({ length: parts.settings.workers - 1 }, () => null);
  }

  /** Sessions of all of them, as last heard. */
  get sessions(): number {
    return this.#workers.reduce((sum, worker) => sum + (worker?.sessions ?? 0), 0);
  }

  /** Starts them. `port` is what clients connect to. */
  start(port: number): void {
    this.#port = port;
    for (const index of this.#workers.keys()) this.#start(index);
  }

  /** Should the worker die before it has taken the client, it is kept here after all. */
  give(name: string, socket: Socket, opening: Opening, keep: () => void): boolean {
    const worker = this.#workers[hashOf(name) % this.#parts.settings.workers];
    if (!worker?.isOpen || worker.given.size >= UNDER_WAY_MAX) return false;
    const id = ++this.#lastId;
    const { head, hello } = opening;
    const message: ToWorker = {
      ...{ kind: 'client', id },
      head: head.toString('base64'),
      hello: hello?.toString('base64') ?? null,
    };
    worker.given.set(id, { socket, keep });
    worker.child.send(message, socket, { keepOpen: true }, () => {});
    return true;
  }

  cancel({ processId, secret }: CancelKey): void {
    const message: ToWorker = { kind: 'cancel', processId, secret: secret.toString('base64') };
    for (const worker of this.#workers) this.#tell(worker, message);
  }

  /** Resolves when all of them have ended. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    const { clock } = this.#parts;
    const ends = this.#workers.flatMap((worker) => {
      if (worker === null) return [];
      const { child } = worker;
      this.#tell(worker, { kind: 'stop' });
      const cancel = clock.timer(STOP_MAX, () => child.kill('SIGKILL'));
      return [once(child, 'exit').finally(cancel)];
    });
    await Promise.all(ends);
  }

  #tell(worker: Worker | null, message: ToWorker): void {
    if (worker?.child.connected) worker.child.send(message, () => {});
  }

  #start(index: number): void {
    if (this.#isStopping) return;
    const { program, settings, random, log, clock } = this.#parts;
    const child = fork(program, [], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    const worker: Worker = { child, given: new Map(), isOpen: false, sessions: 0 };
    this.#workers[index] = worker;
    child.on('message', (heard: FromWorker) => hear(worker, heard));
    child.on('error', (error) => log.error('a proxy cannot be spoken to', { error }));
    child.once('exit', (code, signal) => {
      this.#workers[index] = null;
      for (const { keep } of worker.given.values()) keep();
      if (this.#isStopping) return;
      log.error('a proxy ended; another is started', { code, signal });
      clock.timer(PAUSE, () => this.#start(index));
    });
    const proxy = { ...settings.proxy, port: this.#port };
    this.#tell(worker, {
      kind: 'settings',
      settings: { ...settings, id: newProxyId(random), proxy },
    });
  }
}

function hear(worker: Worker, heard: FromWorker): void {
  switch (heard.kind) {
    case 'opened':
      worker.isOpen = true;
      return;
    case 'taken':
      // Closes our end only: the connection is the worker's.
      worker.given.get(heard.id)?.socket.destroy();
      worker.given.delete(heard.id);
      return;
    case 'sessions':
      worker.sessions = heard.count;
      return;
    default:
      heard satisfies never;
  }
}

/** FNV-1a: the same name leads to the same proxy, whoever asks. */
function hashOf(name: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < name.length; at++) {
    hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193);
  }
  return hash >>> 0;
}
