/**
 * One client connection, from accept to close.
 *
 *   greeting ─▶ authenticating ─▶ waking ⇄ binding ─▶ relaying
 *       └──────────────┴─────────────┴────────┴───────────┴──▶ closed
 *
 * Greeting: encryption is agreed on, and the startup message or a cancel request read. Whom the
 * connection is for is not known, and nothing of ours has been touched.
 * Authenticating: the tenant is looked for and the password checked. Both must be done within the
 * login timeout, so that silence costs a socket and no more.
 * Waking: the password is proven. The session counts for its tenant and holds it awake; its compute
 * is being started, if it sleeps. A client that leaves here gives up its wait, not the start.
 * Binding: the compute is logged in to. If it does not answer, it is waking again.
 * Relaying: the client has its first ReadyForQuery, and the bytes belong to the relay.
 * Closed: what was taken has been given back, once. The socket may still be carrying last words.
 *
 * Whatever ends a session is one of: the client left, a fault, the compute's own refusal, or `end`
 * from our side. All come through `#close`, but for a relay, which says itself when it is over.
 */
import type { Socket } from 'node:net';
import { assert } from '../domain/assert.ts';
import type { CancelTimer, Clock } from '../domain/clock.ts';
import { type Fault, fault, toFault } from '../domain/faults.ts';
import type { Door, Gate } from '../domain/gate.ts';
import type { ProxyId, SessionId } from '../domain/ids.ts';
import type { Log } from '../domain/log.ts';
import type { Network } from '../domain/network.ts';
import type { Random } from '../domain/random.ts';
import { errorResponse } from '../wire/error-response.ts';
import { backendKeyData, readyForQuery } from '../wire/messages.ts';
import { type CancelKey, type StartupMessage, spokenVersion } from '../wire/startup.ts';
import { type Backend, BackendRefused } from './backend.ts';
import { bind } from './bind.ts';
import type { CancelRegistry } from './cancel.ts';
import type { CancelSender } from './cancel-sender.ts';
import { ClientLine } from './client-line.ts';
import { greet } from './greeting.ts';
import { ClientGone } from './inbox.ts';
import { type Login, LoginRefused, login } from './login.ts';
import type { Meter } from './meter.ts';
import type { ProxyOptions } from './proxy-options.ts';
import { type Relay, relay } from './relay.ts';
import type { SessionTable, Tracked } from './session-table.ts';
import type { TenantMeter } from './tenant-meter.ts';
import type { LoginThrottle } from './throttle.ts';

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
  readonly table: SessionTable;
  readonly cancelKeys: CancelRegistry;
  readonly cancels: CancelSender;
  readonly meter: Meter;
};

export type SessionOptions = {
  readonly id: SessionId;
  /** As `addressKey` makes it. */
  readonly address: string;
  /** Not null: the client is told this once it can be, and goes no further. */
  readonly refusal: Fault | null;
};

type State =
  | { readonly kind: 'greeting' }
  | { readonly kind: 'authenticating' }
  | { readonly kind: 'waking' }
  | { readonly kind: 'binding' }
  | { readonly kind: 'relaying'; readonly relay: Relay }
  | { readonly kind: 'closed' };

const MOVES: Readonly<Record<State['kind'], readonly State['kind'][]>> = {
  greeting: ['authenticating', 'closed'],
  authenticating: ['waking', 'closed'],
  waking: ['binding', 'closed'],
  binding: ['waking', 'relaying', 'closed'],
  relaying: ['closed'],
  closed: [],
};

/** What a session with a proven password has taken, and gives back when it closes. */
type Taken = { readonly door: Door; readonly meter: TenantMeter; key: CancelKey | null };

/** A login that the compute refused although we had proven it: our verifier is out of date. */
const INVALID_PASSWORD = '28P01';

export class Session implements Tracked {
  readonly #options: SessionOptions;
  readonly #parts: SessionParts;
  readonly #socket: Socket;
  readonly #line: ClientLine;
  #state: State = { kind: 'greeting' };
  #taken: Taken | null = null;
  #deadline: CancelTimer = () => {};
  /** Gives up the wake and the login to the compute. Only there while they go on. */
  #binding: AbortController | null = null;

  constructor(socket: Socket, options: SessionOptions, parts: SessionParts) {
    this.#options = options;
    this.#parts = parts;
    this.#socket = socket;
    this.#line = new ClientLine(socket, { clock: parts.clock, onGone: () => this.#close() });
    parts.table.add(this, options.address);
    socket.once('close', () => parts.table.remove(this, options.address));
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
    else this.#close(errorResponse(because));
  }

  drop(): void {
    this.#socket.destroy();
  }

  async #story(): Promise<void> {
    const { network, cancelKeys } = this.#parts;
    const greeting = await greet(this.#line, network);
    if (greeting.kind === 'cancel') {
      cancelKeys.cancel(greeting.key);
      this.#close();
      return;
    }
    if (this.#options.refusal !== null) throw this.#options.refusal;
    this.#move({ kind: 'authenticating' });
    const from = { address: this.#options.address, parts: this.#parts };
    const proven = await login(this.#line, greeting.startup, from);
    this.#enter(proven.door);
    const backend = await this.#bind(proven);
    this.#begin(backend, greeting.startup, proven.door);
  }

  /** From here on the session counts for its tenant. */
  #enter(door: Door): void {
    const { table, meter, options } = this.#parts;
    const { bindTimeout } = options;
    table.enter(this, door);
    this.#taken = { door, meter: meter.sessionBegan(door.tenant), key: null };
    this.#within(bindTimeout, () =>
      fault('WAKE_TIMEOUT', {
        tenant: door.name,
        waited: bindTimeout,
        why: 'its compute does not answer',
      }),
    );
    this.#move({ kind: 'waking' });
  }

  #bind(proven: Login): Promise<Backend> {
    const { address } = this.#options;
    const applicationName = proven.parameters.get('application_name') ?? '';
    const cause = { kind: 'session', role: proven.role, applicationName, from: address } as const;
    const { proxyId } = this.#parts;
    const request = {
      ...proven,
      wake: { tenant: proven.door.tenant, proxy: proxyId, cause },
      onPhase: (phase: 'waking' | 'binding') => {
        if (this.#state.kind !== phase) this.#move({ kind: phase });
      },
    };
    this.#binding = new AbortController();
    return bind(request, this.#parts, this.#binding.signal);
  }

  /** Tells the client that it is in, and gives the line to the relay. */
  #begin(backend: Backend, startup: StartupMessage, door: Door): void {
    const { cancelKeys, cancels, clock, gate } = this.#parts;
    const taken = this.#taken;
    if (taken === null || this.#state.kind !== 'binding') {
      backend.socket.destroy();
      return;
    }
    this.#deadline();
    this.#binding = null;
    const key = cancelKeys.issue({
      protocol: spokenVersion(startup.asked),
      processId: backend.key.processId,
    });
    taken.key = key;
    const welcome = [
      backend.greeting,
      backendKeyData(key.processId, key.secret),
      readyForQuery(backend.status),
    ];
    this.#line.write(Buffer.concat(welcome));
    const { socket, head } = this.#line.handOver();
    const running = relay({
      client: socket,
      backend,
      head,
      tenant: door.name,
      meter: taken.meter,
      clock,
      cancels,
      onRolesChanged: () => gate.rolesChanged(door.tenant),
      onEnd: () => this.#close(),
    });
    cancelKeys.bind(key, running);
    this.#move({ kind: 'relaying', relay: running });
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
    if (told.code === 'INTERNAL') log.error('a session failed', { error: told.cause });
    else log.debug('a session was refused', { code: told.code, from: this.#options.address });
    this.#close(errorResponse(told, refused?.hint));
  }

  /** The only way out. Harmless when it has been taken. */
  #close(last?: Buffer): void {
    if (this.#state.kind === 'closed') return;
    this.#move({ kind: 'closed' });
    this.#deadline();
    this.#binding?.abort();
    this.#line.hangUp(last);
    this.#giveBack();
  }

  #giveBack(): void {
    const taken = this.#taken;
    if (taken === null) return;
    this.#taken = null;
    const { table, cancelKeys, gate } = this.#parts;
    const { door, meter, key } = taken;
    if (key !== null) cancelKeys.forget(key);
    meter.sessionEnded();
    table.leave(this, door.tenant);
    gate.use(door.tenant, this.#parts.proxyId, table.use(door.tenant));
  }

  /** One deadline at a time. */
  #within(wait: Parameters<Clock['timer']>[0], because: () => Fault): void {
    this.#deadline();
    this.#deadline = this.#parts.clock.timer(wait, () => this.end(because()));
  }

  #move(to: State): void {
    const from = this.#state.kind;
    assert(MOVES[from].includes(to.kind), `session: ${from} -> ${to.kind}`);
    this.#state = to;
  }
}
