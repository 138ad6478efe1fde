/** A relay between two real sockets: a client's and a scripted compute's. Time does not pass. */
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ProxyId, SessionId, TenantId, TenantName } from '../domain/ids.ts';
import type { Backend } from '../proxy/backend.ts';
import { CancelSender } from '../proxy/cancel-sender.ts';
import { TenantPool } from '../proxy/pool.ts';
import { PooledBackend } from '../proxy/pooled-backend.ts';
import { PROXY_DEFAULTS } from '../proxy/proxy-options.ts';
import { Relay } from '../proxy/relay.ts';
import type { RelayEnd } from '../proxy/relay-options.ts';
import { TenantMeter } from '../proxy/tenant-meter.ts';
import { Visitors } from '../proxy/visitors.ts';
import { SeededRandom } from '../sim/seeded-random.ts';
import { VirtualClock } from '../sim/virtual-clock.ts';
import { dialDirect, directly } from '../system/direct-socket.ts';
import { STATUS } from '../wire/frames.ts';
import { FakeGate } from './fake-gate.ts';
import { MemoryNetwork } from './memory-network.ts';

/** How the relay's two sockets read: out of their buffers, or as streams. */
export type Reading = 'direct' | 'ordinary';

export type RelayWorldOptions = {
  readonly reading?: Reading;
  readonly allowHalfOpen?: boolean;
  readonly head?: Buffer;
  readonly rest?: Buffer;
};

/** One end of a connection as a test holds it, with all that it was sent. */
export class Peer {
  readonly socket: Socket;
  #bytes: Buffer[] = [];
  #length = 0;
  #isEnded = false;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => {
      this.#bytes.push(chunk);
      this.#length += chunk.length;
    });
    socket.on('end', () => {
      this.#isEnded = true;
    });
    socket.on('close', () => {
      this.#isEnded = true;
    });
  }

  get received(): Buffer {
    this.#bytes = [Buffer.concat(this.#bytes)];
    return this.#bytes[0] ?? Buffer.alloc(0);
  }

  /** How many bytes `received` has. */
  get length(): number {
    return this.#length;
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  send(...messages: readonly Buffer[]): void {
    this.socket.write(Buffer.concat(messages));
  }
}

export class RelayWorld implements AsyncDisposable {
  readonly clock = new VirtualClock();
  readonly meter = new TenantMeter('tn_0123456789ab' as TenantId);
  readonly client: Peer;
  readonly compute: Peer;
  readonly relay: Relay;
  /** The relay's own ends. */
  readonly sides: { readonly client: Socket; readonly server: Socket };
  /** Connections made to cancel something, the compute's ends. */
  readonly cancels: Peer[] = [];
  readonly ends: RelayEnd[] = [];
  rolesChanged = 0;
  readonly #close: () => Promise<void>;

  private constructor(made: Made, options: RelayWorldOptions) {
    this.client = new Peer(made.client);
    this.compute = new Peer(made.compute);
    this.sides = { client: made.accepted, server: made.dialled };
    this.#close = made.close;
    made.onConnection((socket) => void this.cancels.push(new Peer(socket)));
    const pool = poolOf(this.clock, made.path);
    const identity = pool.memory.identity({
      ...{ role: 'acme', parameters: new Map(), poolMode: 'session' },
      clientKey: Buffer.alloc(32),
    });
    const opened: Backend = {
      socket: made.dialled,
      address: { socketPath: made.path },
      key: { processId: 7, secret: Buffer.from([1, 2, 3, 4]) },
      greeting: Buffer.alloc(0),
      rest: options.rest ?? Buffer.alloc(0),
      status: STATUS.idle,
    };
    this.relay = new Relay({
      client: made.accepted,
      backend: new PooledBackend(opened, identity, () => {}),
      head: options.head ?? Buffer.alloc(0),
      id: 1 as SessionId,
      visitor: new Visitors().come(CLIENT, this.clock.now()),
      processId: 7,
      pool,
      identity,
      meter: this.meter,
      clock: this.clock,
      cancels: new CancelSender({ dial: dialDirect, clock: this.clock }),
      onRolesChanged: () => this.rolesChanged++,
      onEnd: (reason) => void this.ends.push(reason),
    });
  }

  static async of(options: RelayWorldOptions = {}): Promise<RelayWorld> {
    return new RelayWorld(await makeSockets(options), options);
  }

  /** Waits for what needs no time but that of the sockets. The test's own deadline ends it. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise((resolve) => setImmediate(resolve));
  }

  /** Lets what is under way arrive, to see that something does not come. */
  async turns(count = 50): Promise<void> {
    for (let turn = 0; turn < count; turn++) await new Promise((next) => setImmediate(next));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { socket } of [this.client, this.compute, ...this.cancels]) socket.destroy();
    this.sides.client.destroy();
    this.sides.server.destroy();
    await this.#close();
  }
}

const CLIENT = {
  tenant: 'tn_0123456789ab' as TenantId,
  role: 'acme',
  applicationName: '',
  from: '127.0.0.1',
};

/** A pool that is asked for nothing. */
function poolOf(clock: VirtualClock, path: string): TenantPool {
  const tenant = 'tn_0123456789ab' as TenantId;
  const door = { tenant, name: 'acme' as TenantName, sessionsMax: 9, backendsMax: 9 };
  return new TenantPool(
    { ...door, maxPinIdle: null },
    {
      proxyId: 'proxy' as ProxyId,
      gate: new FakeGate(path),
      network: new MemoryNetwork(() => {}),
      clock,
      random: new SeededRandom(1),
      options: PROXY_DEFAULTS,
    },
  );
}

type Made = {
  readonly path: string;
  readonly client: Socket;
  readonly accepted: Socket;
  readonly dialled: Socket;
  readonly compute: Socket;
  readonly onConnection: (listener: (socket: Socket) => void) => void;
  readonly close: () => Promise<void>;
};

async function makeSockets(options: RelayWorldOptions): Promise<Made> {
  const { reading = 'direct', allowHalfOpen = true } = options;
  const directory = await mkdtemp(join(tmpdir(), 'relay-'));
  const path = join(directory, 'compute');
  const computes = createServer({ allowHalfOpen: true }).listen(path);
  const clients = createServer({ allowHalfOpen, pauseOnConnect: true, noDelay: true });
  clients.listen(0, '127.0.0.1');
  await Promise.all([once(computes, 'listening'), once(clients, 'listening')]);
  const dialled = reading === 'direct' ? dialDirect(path) : connect(path);
  const [compute]: Socket[] = await once(computes, 'connection');
  const client = connect({ ...addressOf(clients), allowHalfOpen: true });
  const [paused]: Socket[] = await once(clients, 'connection');
  if (compute === undefined || paused === undefined) throw new Error('no connection');
  const accepted = reading === 'direct' ? directly(paused) : paused;
  for (const socket of [dialled, accepted]) {
    socket.on('error', () => {});
    socket.pause();
  }
  return {
    path,
    client,
    accepted,
    dialled,
    compute,
    onConnection: (listener) => computes.on('connection', listener),
    close: async () => {
      const closing = [computes, clients].map((s) => new Promise((done) => s.close(done)));
      await Promise.all(closing);
      await rm(directory, { recursive: true });
    },
  };
}

function addressOf(server: Server): { readonly host: string; readonly port: number } {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { host: '127.0.0.1', port: address.port };
}
