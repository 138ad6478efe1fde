/**
 * One client connection, from accept to close.
 *
 *   greeting ─▶ authenticating ─▶ binding ─▶ relaying
 *       ├──────────────┴─────────────┴───────────┴──▶ closed
 *       └──▶ http ──────────────────────────────────────▲
 *
 * Greeting: encryption is agreed on, and the startup message or a cancel request read. Whom the
 * connection is for is not known, and nothing of ours has been touched.
 * Authenticating: the tenant is looked for and the password checked. Both must be done within the
 * login timeout, so that silence costs a socket and no more.
 * Binding: the password is proven. The session counts for its tenant, whose pool finds it a backend,
 * after a wake if it sleeps; for one who wakes nobody it goes on without a backend. A client that leaves here gives up its wait, not the wake.
 * HTTP: the client turned out to speak that, and its connection is the HTTP door's (`http/http-door.ts`);
 * here it is only counted, and ended.
 * Relaying: the client has its first ReadyForQuery, and the bytes belong to the relay. What becomes of
 * its backend from then on is told in `parking.ts`.
 * Closed: what was taken has been given back, once. The socket may still be carrying last words.
 *
 * Whatever ends a session is one of: the client left, a fault, the compute's own refusal, or `end`
 * from our side. All come through `#close`, but for a relay, which says itself when it is over.
 */
import type { Socket } from 'node:net';
import { assert } from '../domain/assert.ts';
import type { CancelTimer, Clock } from '../domain/clock.ts';
import { type Fault, fault, isFault, toFault } from '../domain/faults.ts';
import type { Door, Gate } from '../domain/gate.ts';
import type { ProxyId, SessionId } from '../domain/ids.ts';
import type { Log } from '../domain/log.ts';
import type { Network } from '../domain/network.ts';
import type { Random } from '../domain/random.ts';
import { errorResponse } from '../wire/error-response.ts';
import { STATUS } from '../wire/frames.ts';
import { backendKeyData, readyForQuery } from '../wire/messages.ts';
import { type CancelKey, type StartupMessage, spokenVersion } from '../wire/startup.ts';
import type { Acquaintances } from './acquaintances.ts';
import { BackendRefused } from './backend.ts';
import type { CancelRegistry } from './cancel.ts';
import type { CancelSender } from './cancel-sender.ts';
import { ClientLine } from './client-line.ts';
import { type Greeter, greet } from './greeting.ts';
import type { Greetings } from './greetings.ts';
import type { HttpOrigin } from './http/http-door.ts';
import { ClientGone } from './inbox.ts';
import { type Login, login } from './login.ts';
import { LoginRefused } from './login-lookup.ts';
import type { Meter } from './meter.ts';
import type { PasswordProofs } from './password-proofs.ts';
import type { TenantPool } from './pool.ts';
import { type Identity, type PooledBackend, parameterStatus } from './pooled-backend.ts';
import type { Pools } from './pools.ts';
import type { ProxyOptions } from './proxy-options.ts';
import { Relay } from './relay.ts';
import type { Seeker } from './seeker-queue.ts';
import type { SessionTable, Tracked } from './session-table.ts';
import type { TenantMeter } from './tenant-meter.ts';
import type { LoginThrottle } from './throttle.ts';
import type { Visitor, Visitors } from './visitors.ts';

/** What every session of a proxy shares. */
export type SessionParts = {
  readonly proxyId: ProxyId;
  readonly network: Network;
  readonly gate: Gate;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly options: ProxyOptions;
  readonly throttle: LoginThrottle;
  readonly acquaintances: Acquaintances;
  readonly table: SessionTable;
  readonly cancelKeys: CancelRegistry;
  readonly cancels: CancelSender;
  readonly meter: Meter;
  readonly pools: Pools;
  readonly visitors: Visitors;
  readonly greetings: Greetings;
  readonly proofs: PasswordProofs;
  /** Takes clients that speak HTTP; null where nobody does. */
  readonly takeHttp: ((socket: Socket, head: Buffer, origin: HttpOrigin) => { end(): void }) | null;
};

export type SessionOptions = {
  readonly id: SessionId;
  /** As `addressKey` makes it. */
  readonly address: string;
  /** As its socket reported it. */
  readonly clientAddress: string;
  /** Not null: the client is told this once it can be, and goes no further. */
  readonly refusal: Fault | null;
  /** Nobody on the way can read along even without TLS. */
  readonly isLocal: boolean;
  /** Not null for what came in WebSocket frames: the server that was asked for there. */
  readonly within: { readonly serverName: string | null; readonly trust: () => void } | null;
};

type State =
  | { readonly kind: 'greeting' }
  | { readonly kind: 'authenticating' }
  | { readonly kind: 'binding' }
  | { readonly kind: 'relaying'; readonly relay: Relay }
  | { readonly kind: 'http'; readonly connection: { end(): void } }
  | { readonly kind: 'closed' };

const MOVES: Readonly<Record<State['kind'], readonly State['kind'][]>> = {
  greeting: ['authenticating', 'http', 'closed'],
  authenticating: ['binding', 'closed'],
  binding: ['relaying', 'closed'],
  relaying: ['closed'],
  http: ['closed'],
  closed: [],
};

/** What a session with a proven password has taken, and gives back when it closes. */
type Taken = {
  readonly door: Door;
  readonly meter: TenantMeter;
  readonly pool: TenantPool;
  readonly identity: Identity;
  readonly visitor: Visitor;
  key: CancelKey | null;
};

/** What a session begins to relay with. */
type Begin = {
  readonly taken: Taken;
  /** Null where the tenant sleeps, and this client wakes it not. */
  readonly backend: PooledBackend | null;
  readonly startup: StartupMessage;
};

/** There is no backend whose it could be: any that is free will do. */
const ANY_PROCESS_ID = 0;

/** A login that the compute refused although we had proven it: our verifier is out of date. */
const INVALID_PASSWORD = '28P01';

const UNENCRYPTED: Greeter['network'] = {
  offersTls: false,
  secure: () => Promise.reject(new Error('there is no TLS within WebSocket frames')),
};

export class Session implements Tracked {
  readonly #options: SessionOptions;
  readonly #parts: SessionParts;
  readonly #socket: Socket;
  /** Null once it is handed over: a session that relays holds nothing of its login. */
  #line: ClientLine | null;
  #state: State = { kind: 'greeting' };
  #taken: Taken | null = null;
  #deadline: CancelTimer | null = null;
  /** What stands in the pool's queue. Only there while the session is binding. */
  #seeker: Seeker | null = null;

  constructor(socket: Socket, options: SessionOptions, parts: SessionParts) {
    this.#options = options;
    this.#parts = parts;
    this.#socket = socket;
    this.#line = new ClientLine(socket, { clock: parts.clock, onGone: () => this.#close() });
    parts.table.add(this, options.address);
    // Not `once`, whose wrapping would stay for as long as the session.
    socket.on('close', () => parts.table.remove(this, options.address));
  }

  get clientAddress(): string {
    return this.#options.clientAddress;
  }

  /** Takes the session through its story. Resolves when it is relaying or closed; never rejects. */
  async run(): Promise<void> {
    const { loginTimeout } = this.#parts.options;
    this.#within(loginTimeout, () => fault('LOGIN_TIMEOUT', { waited: loginTimeout }));
    try {
      await this.#story();
    } catch (error) {
      this.#failed(error);
    }
  }

  /** Ends the session from our side; the client is told `because` if it can be. */
  end(because: Fault): void {
    if (this.#state.kind === 'relaying') this.#state.relay.end(because);
    else if (this.#state.kind === 'http') this.#state.connection.end();
    else this.#close(errorResponse(because));
  }

  drop(): void {
    this.#socket.destroy();
  }

  async #story(): Promise<void> {
    const { cancelKeys, options } = this.#parts;
    const { within, address, clientAddress } = this.#options;
    const line = this.#ownLine;
    const greeting = await greet(line, this.#greeter);
    if (greeting.kind === 'cancel') {
      // As PostgreSQL: who waits for the end of this connection knows that the cancel is not under way.
      await cancelKeys.cancel(greeting.key);
      this.#close();
      return;
    }
    if (greeting.kind === 'http') {
      this.#takeHttp();
      return;
    }
    if (this.#options.refusal !== null) throw this.#options.refusal;
    this.#move({ kind: 'authenticating' });
    const isClear = line.channel === null && within === null;
    if (options.requireTls && isClear) throw fault('TLS_REQUIRED', {});
    const serverName = (within ?? line.channel)?.serverName ?? null;
    const from = { address, clientAddress, serverName, parts: this.#parts };
    const proofBy = within === null ? 'scram' : 'password';
    const proven = await login(line, greeting.startup, { ...from, proofBy });
    const taken = this.#enter(proven);
    const backend = await this.#seek(taken);
    this.#begin({ taken, backend, startup: greeting.startup });
  }

  /** What carries a session over WebSocket is encrypted already, or need not be. */
  get #greeter(): Greeter {
    const { network, takeHttp } = this.#parts;
    const isWithin = this.#options.within !== null;
    return { network: isWithin ? UNENCRYPTED : network, takesHttp: !isWithin && takeHttp !== null };
  }

  #takeHttp(): void {
    const { takeHttp, options, table } = this.#parts;
    const { address, clientAddress, refusal, isLocal } = this.#options;
    assert(takeHttp !== null, 'somebody takes HTTP');
    const mayBeClear = (isLocal && !options.requireTls) || options.httpInsecure;
    const isPrivate = this.#ownLine.channel !== null || mayBeClear;
    const { socket, head } = this.#ownLine.handOver();
    this.#line = null;
    this.#endDeadline();
    const becomes = (): void => table.remove(this, address);
    const connection = takeHttp(socket, head, {
      ...{ address, clientAddress, isPrivate, refusal, becomes },
    });
    this.#move({ kind: 'http', connection });
  }

  /** From here on the session counts for its tenant. */
  #enter(proven: Login): Taken {
    const { door, backendRole: role, parameters, clientKey, poolMode } = proven;
    const { table, meter, pools, visitors, clock } = this.#parts;
    table.enter(this, door);
    const pool = pools.of(door);
    const identity = pool.memory.identity({ role, parameters, poolMode, clientKey });
    const applicationName = parameters.get('application_name') ?? '';
    const who = { tenant: door.tenant, role: proven.role, applicationName };
    const visitor = visitors.come({ ...who, from: this.#options.address }, clock.now());
    const counted = meter.sessionBegan(door.tenant);
    const taken = { door, meter: counted, pool, identity, visitor, key: null };
    this.#taken = taken;
    this.#options.within?.trust();
    this.#endDeadline();
    this.#move({ kind: 'binding' });
    return taken;
  }

  /** Null if the tenant sleeps, and is not woken for this one: it is let in all the same. */
  #seek({ pool, identity, visitor }: Taken): Promise<PooledBackend | null> {
    const { clock } = this.#parts;
    return new Promise((resolve, reject) => {
      this.#seeker = {
        ...{ identity, ...visitor.arriving, isListening: false, since: clock.now() },
        onBackend: resolve,
        onFailed: (error) => (isFault(error, 'TENANT_ASLEEP') ? resolve(null) : reject(error)),
        onSlow: (notice) => this.#line?.write(notice),
      };
      pool.seek(this.#seeker);
    });
  }

  /** Tells the client that it is in, and gives the line to the relay. */
  #begin(begin: Begin): void {
    const { cancelKeys, cancels, clock, gate } = this.#parts;
    const { taken, backend } = begin;
    if (this.#state.kind !== 'binding') {
      backend?.leave(clock);
      return;
    }
    this.#seeker = null;
    const processId = backend?.key.processId ?? ANY_PROCESS_ID;
    const key = cancelKeys.issue({ protocol: spokenVersion(begin.startup.asked), processId });
    taken.key = key;
    const welcome = [
      this.#greeting(taken, backend),
      backendKeyData(key.processId, key.secret),
      readyForQuery(backend?.status ?? STATUS.idle),
    ];
    this.#ownLine.write(Buffer.concat(welcome));
    const { socket, head } = this.#ownLine.handOver();
    this.#line = null;
    const { door, pool, identity, visitor, meter } = taken;
    const running = new Relay({
      ...{ client: socket, backend, head, pool, identity, visitor, meter, clock, cancels },
      id: this.#options.id,
      processId: key.processId,
      onRolesChanged: () => {
        // A backend at rest knows its role as it was.
        pool.onDatabase();
        gate.rolesChanged(door.tenant);
      },
      onEnd: () => this.#close(),
    });
    cancelKeys.bind(key, running);
    this.#move({ kind: 'relaying', relay: running });
  }

  /** The settings that a client is told of at its login. */
  #greeting({ door, identity }: Taken, backend: PooledBackend | null): Buffer {
    const { greetings } = this.#parts;
    if (backend !== null) {
      greetings.note(door.tenant, backend.parameters);
      return backend.greeting();
    }
    const told = greetings.of(door.tenant, identity);
    identity.baseline ??= told;
    return Buffer.concat([...told].map(([name, value]) => parameterStatus(name, value)));
  }

  /** What went wrong on the way is told to the client, in our words or in the compute's. */
  #failed(error: unknown): void {
    const { log, gate } = this.#parts;
    if (this.#state.kind === 'closed') return;
    if (error instanceof ClientGone) {
      this.#close();
      return;
    }
    if (error instanceof BackendRefused) {
      const tenant = this.#taken?.door.tenant;
      if (error.sqlstate === INVALID_PASSWORD && tenant !== undefined) gate.rolesChanged(tenant);
      this.#close(error.response);
      return;
    }
    const refused = error instanceof LoginRefused ? error : null;
    const told = toFault(refused === null ? error : refused.because);
    gate.refused?.({ [told.code]: 1 });
    if (told.code === 'INTERNAL') log.error('a session failed', { error: told.cause });
    else log.debug('a session was refused', { code: told.code, from: this.#options.address });
    this.#close(errorResponse(told, refused?.hint));
  }

  /** The only way out. Harmless when it has been taken. */
  #close(last?: Buffer): void {
    if (this.#state.kind === 'closed') return;
    this.#move({ kind: 'closed' });
    this.#endDeadline();
    if (this.#seeker !== null) this.#taken?.pool.unseek(this.#seeker);
    this.#line?.hangUp(last);
    this.#giveBack();
  }

  #giveBack(): void {
    const taken = this.#taken;
    if (taken === null) return;
    this.#taken = null;
    const { table, cancelKeys, pools } = this.#parts;
    const { door, meter, key } = taken;
    if (key !== null) cancelKeys.forget(key);
    meter.sessionEnded();
    table.leave(this, door.tenant);
    pools.changed(door.tenant);
  }

  /** One deadline at a time. */
  #within(wait: Parameters<Clock['timer']>[0], because: () => Fault): void {
    this.#endDeadline();
    this.#deadline = this.#parts.clock.timer(wait, () => this.end(because()));
  }

  #endDeadline(): void {
    this.#deadline?.();
    this.#deadline = null;
  }

  get #ownLine(): ClientLine {
    assert(this.#line !== null, 'the line is not handed over');
    return this.#line;
  }

  #move(to: State): void {
    const from = this.#state.kind;
    assert(MOVES[from].includes(to.kind), `session: ${from} -> ${to.kind}`);
    this.#state = to;
  }
}
