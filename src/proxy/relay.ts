/**
 * One client, past its login: bytes between it and the backend it has at the moment, until it goes.
 *
 *   relaying ──client: FIN──▶ half closed ──answers done, or waited long enough──▶ closing ──▶ ended
 *      └──client: Terminate, RST · backend: gone · our side: end(fault)──────────────┘
 *
 * Relaying: every chunk is framed and counted (`Traffic`) and written on as it came, one write a
 * chunk. A side that does not read stops the other: above `BUFFERED_MAX` unsent bytes the source is
 * paused, and goes on when they are gone, so that a session holds at most that and one chunk in each
 * direction. A client that has sent `OUTSTANDING_MAX` requests ahead of its answers is paused too.
 * Whether there is a backend at all is the matter of `Parking`: while it holds the flow, what the
 * client sends waits here, and while something is asked behind the client's back, the answer goes to
 * whoever asked (`exchange`).
 *
 * Half closed: a client that has sent FIN may still be reading (a script at the end of a pipe), or
 * may be dead. It gets `HALF_CLOSED_MAX` for the answers to what it asked; the first failed write
 * ends that earlier.
 *
 * Closing: a backend that is at work is told to give up, since PostgreSQL notices a lost client
 * only when it writes, and an abandoned query would keep the compute awake; an idle one goes back
 * to its pool, which knows what to do with it. What the client still sends is read and thrown away,
 * because a socket closed with unread bytes is reset and the client would never see our last words.
 * `CLOSING_MAX` bounds all that.
 *
 * Measured, and what was tried: docs/decisions/0003-relay.md, bench/README.md.
 */
import type { Socket } from 'node:net';
import { assert } from '../domain/assert.ts';
import type { CancelTimer } from '../domain/clock.ts';
import { type Fault, fault } from '../domain/faults.ts';
import { type DurationMs, seconds } from '../domain/units.ts';
import { errorResponse, failureResponse } from '../wire/error-response.ts';
import { REQUEST, STATUS } from '../wire/frames.ts';
import { HiddenReplies } from '../wire/hidden-replies.ts';
import { readyForQuery } from '../wire/messages.ts';
import type { CancelTarget } from './cancel.ts';
import type { Cancellable, CancelSender } from './cancel-sender.ts';
import { Evidence } from './evidence.ts';
import { forward } from './forward.ts';
import { HeldBack } from './held-back.ts';
import { Parking, type ParkingOptions } from './parking.ts';
import type { BackendOwner, PooledBackend } from './pooled-backend.ts';
import { receive } from './receive.ts';
import type { TenantMeter } from './tenant-meter.ts';
import { Traffic } from './traffic.ts';

/** Unsent bytes towards one side above which the other is not read. */
export const BUFFERED_MAX = 256 * 1024;

/** Requests without an answer above which the client is not read. */
export const OUTSTANDING_MAX = 16_384;

const HALF_CLOSED_MAX = seconds(5);
const CLOSING_MAX = seconds(10);

/** Longest answer to a question of ours: the state of a session, its statements among it. */
const HIDDEN_BYTES_MAX = 16 * 1024 * 1024;

export type RelayEnd =
  /** The client said goodbye. */
  | { readonly kind: 'terminated' }
  /** The client went without a word. */
  | { readonly kind: 'clientGone' }
  /** `told`: PostgreSQL itself gave the client the reason. */
  | { readonly kind: 'backendGone'; readonly told: boolean }
  /** We ended it. */
  | { readonly kind: 'ended'; readonly fault: Fault };

export type RelayOptions = Omit<ParkingOptions, 'relay' | 'evidence'> & {
  /** Past its login. Half-open clients are served if it was made with `allowHalfOpen`. */
  readonly client: Socket;
  readonly backend: PooledBackend;
  /** Bytes that the client sent after its login and that were read already. */
  readonly head: Buffer;
  /** What the client takes for its backend's process id. */
  readonly processId: number;
  readonly meter: TenantMeter;
  readonly cancels: CancelSender;
  readonly onRolesChanged: () => void;
  /** Called once, when the client's socket is closed. */
  readonly onEnd: (reason: RelayEnd) => void;
};

type State =
  | { readonly kind: 'relaying' }
  | { readonly kind: 'halfClosed' }
  | { readonly kind: 'closing'; readonly reason: RelayEnd }
  | { readonly kind: 'ended' };

/** What is asked of the backend behind the client's back. */
export type Exchange = {
  readonly bytes: Buffer;
  readonly readyForQueries: number;
  /** Whether what the client has sent meanwhile goes out in the same write, behind it. */
  readonly withHeldBack: boolean;
  /** Whether the client hears notices that come with the answer. */
  readonly keepNotices: boolean;
  /** Called when all is answered. */
  readonly onDone: (replies: HiddenReplies) => void;
  /** Called instead if the backend ends before. */
  readonly onLost: (replies: HiddenReplies) => void;
};

/** Relays until one side goes. The greeting must have been written to the client before. */
export function relay(options: RelayOptions): Relay {
  return new Relay(options);
}

export class Relay implements CancelTarget, Cancellable, BackendOwner {
  readonly parking: Parking;
  readonly #client: Socket;
  readonly #options: RelayOptions;
  readonly #evidence: Evidence;
  #state: State = { kind: 'relaying' };
  /** Both null while there is no backend. */
  #server: PooledBackend | null = null;
  #traffic: Traffic | null = null;
  /** Whether what the client sends goes on at once. */
  #isFlowing = true;
  #held: HeldBack | null = null;
  #exchange: { readonly asked: Exchange; readonly replies: HiddenReplies } | null = null;
  #isClientPaused = false;
  #isServerPaused = false;
  #hasTerminated = false;
  #deadline: CancelTimer = () => {};
  /** Grows with every chunk from the client: who remembers it can tell whether the client spoke. */
  beat = 0;

  constructor(options: RelayOptions) {
    this.#options = options;
    this.#client = options.client;
    this.#evidence = new Evidence((name) => options.pool.learnName(name));
    this.attach(options.backend);
    this.parking = new Parking({ ...options, relay: this, evidence: this.#evidence });
    this.#listen();
    this.fromBackend(options.backend.rest, options.backend.rest.length);
    this.#fromClient(options.head, options.head.length);
    receive(this.#client, (buffer, end) => this.#fromClient(buffer, end));
    // What happened before we listened is not told again.
    if (this.#client.readableEnded) queueMicrotask(() => this.#clientEnded());
    if (this.#client.closed) queueMicrotask(() => this.#clientClosed());
    if (options.backend.hasEnded) queueMicrotask(() => this.backendEnded());
  }

  /** Throws if there is none. */
  get backend(): PooledBackend {
    assert(this.#server !== null, 'the session has a backend');
    return this.#server;
  }

  get isBound(): boolean {
    return this.#server !== null;
  }

  /** Whether the backend has work for the client. */
  get isBusy(): boolean {
    return this.#traffic?.ledger.isBusy ?? false;
  }

  get isInTransaction(): boolean {
    const { ledger } = this.#traffic ?? {};
    return ledger !== undefined && ledger.status !== STATUS.idle;
  }

  /** Whether the client could be given another backend now and would not notice. */
  get isIdle(): boolean {
    const { cancels } = this.#options;
    return (
      this.#state.kind === 'relaying' &&
      this.#exchange === null &&
      (this.#traffic?.isIdle ?? false) &&
      !cancels.isUnderWay(this)
    );
  }

  /** Gives up what the backend is doing for the client, or what the client waits for. */
  cancel(): void {
    if (this.#server === null) this.parking.cancel();
    else if (this.isBusy) this.#options.cancels.send(this);
  }

  /** Ends the session from our side; the client is told `because` if it can be. */
  end(because: Fault): void {
    this.#close({ kind: 'ended', fault: because });
  }

  /** Tells the client something between two answers. */
  say(bytes: Buffer): void {
    if (this.#isOpen) this.#client.write(bytes);
  }

  /** Takes a backend. What the client sends is held back until `flow`. */
  attach(backend: PooledBackend, status = backend.status): void {
    const { clock, meter, processId, onRolesChanged } = this.#options;
    this.#server = backend;
    backend.owner = this;
    this.#traffic = new Traffic({
      clock,
      meter,
      evidence: this.#evidence,
      processIds: { told: processId, actual: backend.key.processId },
      status,
      onRolesChanged,
    });
  }

  /** Gives the backend away, which is then nobody's. */
  detach(): PooledBackend {
    const { backend } = this;
    this.#isFlowing = false;
    this.#server = null;
    this.#traffic = null;
    this.#exchange = null;
    this.#resumeServer(backend);
    return backend;
  }

  /** Gives the backend away; what was sent to it of what was held back counts as not sent. */
  takeBack(): PooledBackend {
    this.#held?.unsend();
    return this.detach();
  }

  get hasHeldBack(): boolean {
    return this.#held !== null;
  }

  get isHoldingBack(): boolean {
    return !this.#isFlowing;
  }

  /** Keeps what the client sends from now on, until `flow`. */
  holdBack(): void {
    this.#isFlowing = false;
  }

  /** Asks the backend something of which the client hears nothing. */
  ask(asked: Exchange): void {
    const replies = new HiddenReplies({
      readyForQueries: asked.readyForQueries,
      onAsync: (message) => this.say(message),
      keepNotices: asked.keepNotices,
      bytesMax: HIDDEN_BYTES_MAX,
    });
    this.#exchange = { asked, replies };
    const held = asked.withHeldBack ? (this.#held?.send() ?? []) : [];
    const { socket } = this.backend;
    socket.write(held.length === 0 ? asked.bytes : Buffer.concat([asked.bytes, ...held]));
  }

  /** Lets what was held back go its way, as far as it has not gone, and all that follows. */
  flow(): void {
    const held = this.#held;
    this.#held = null;
    this.#isFlowing = true;
    for (const { bytes, isSent } of held?.chunks ?? []) {
      if (this.#traffic?.fromClient(bytes, bytes.length) === false) return this.#violated();
      if (!isSent) this.backend.socket.write(bytes);
    }
    if (this.#state.kind === 'halfClosed') this.#server?.socket.end();
    if (this.#isClientPaused) this.#resumeClient();
  }

  /**
   * Answers what the client waits for with an error after which the session goes on, if that can be
   * done: else the session is ended. `status` is what the client is told of its transaction.
   */
  refuse(because: Fault, status: number, owed = this.#owed()): void {
    if (owed === null || !this.#isOpen) return this.end(because);
    this.#held = null;
    const one = Buffer.concat([failureResponse(because), readyForQuery(status)]);
    this.say(Buffer.concat(Array.from({ length: owed }, () => one)));
    if (this.#isClientPaused) this.#resumeClient();
  }

  /** ReadyForQuery that the client waits for; null if that cannot be told. */
  #owed(): number | null {
    if (this.#traffic === null) return this.#held?.owed() ?? 0;
    const { ledger, isBetweenAnswers, isWithinRequest } = this.#traffic;
    return isBetweenAnswers && !isWithinRequest ? ledger.owed : null;
  }

  get #isOpen(): boolean {
    return this.#state.kind === 'relaying' || this.#state.kind === 'halfClosed';
  }

  #listen(): void {
    this.#client.on('end', () => this.#clientEnded());
    this.#client.on('close', () => this.#clientClosed());
    this.#client.on('drain', () => {
      if (this.#server !== null) this.#resumeServer(this.#server);
    });
    // A failing socket is closed right after, and what that means is decided there.
    this.#client.on('error', () => {});
  }

  #fromClient(buffer: Buffer, end: number): boolean {
    if (this.#state.kind !== 'relaying' || end === 0) return false;
    this.beat++;
    const traffic = this.#traffic;
    const server = this.#server;
    if (!this.#isFlowing || traffic === null || server === null) return this.#hold(buffer, end);
    if (buffer[0] === REQUEST.terminate && traffic.isIdle) return this.#terminated();
    if (!traffic.fromClient(buffer, end)) {
      this.#violated();
      return false;
    }
    const { socket } = server;
    const isKept = forward(socket, buffer, end);
    if (socket.writableLength > BUFFERED_MAX || traffic.ledger.outstanding > OUTSTANDING_MAX) {
      this.#isClientPaused = true;
      this.#client.pause();
    }
    return isKept;
  }

  /** Nobody can take it now. The first word of a client without a backend gets it one. */
  #hold(buffer: Buffer, end: number): boolean {
    if (this.#held === null && buffer[0] === REQUEST.terminate) {
      return this.#terminated();
    }
    this.#held ??= new HeldBack();
    this.#held.add(Buffer.from(buffer.subarray(0, end)));
    if (this.#held.length > BUFFERED_MAX) {
      this.#isClientPaused = true;
      this.#client.pause();
    }
    this.parking.spoken();
    return false;
  }

  /** The client is done: its backend, at rest, need not go with it. */
  #terminated(): boolean {
    this.#hasTerminated = true;
    this.#close({ kind: 'terminated' });
    return false;
  }

  fromBackend(buffer: Buffer, end: number): boolean {
    if (this.#state.kind === 'closing' || this.#state.kind === 'ended' || end === 0) return false;
    if (this.#exchange !== null) return this.#answered(buffer, end);
    const traffic = this.#traffic;
    if (traffic === null) return false;
    if (!traffic.fromBackend(buffer, end)) {
      this.#close({ kind: 'backendGone', told: false });
      return false;
    }
    const isKept = forward(this.#client, buffer, end);
    if (this.#client.writableLength > BUFFERED_MAX && this.#server !== null) {
      this.#isServerPaused = true;
      this.#server.socket.pause();
    }
    if (this.#isClientPaused) this.#resumeClient();
    if (this.#options.pool.isHungry && traffic.isIdle) this.parking.idled();
    return isKept;
  }

  /** What comes behind the hidden answer is for the client. */
  #answered(buffer: Buffer, end: number): boolean {
    const exchange = this.#exchange;
    if (exchange === null) return false;
    let next = end;
    try {
      next = exchange.replies.feed(buffer, 0, end);
    } catch {
      this.#close({ kind: 'backendGone', told: false });
      return false;
    }
    if (!exchange.replies.isDone) return false;
    this.#exchange = null;
    exchange.asked.onDone(exchange.replies);
    if (next < end) this.fromBackend(Buffer.from(buffer.subarray(next, end)), end - next);
    return false;
  }

  backendDrained(): void {
    if (this.#isClientPaused) this.#resumeClient();
  }

  #resumeClient(): void {
    if (this.#server !== null && this.#server.socket.writableLength > 0) return;
    if ((this.#traffic?.ledger.outstanding ?? 0) > OUTSTANDING_MAX / 2) return;
    if (this.#held !== null && this.#held.length > BUFFERED_MAX) return;
    this.#isClientPaused = false;
    this.#client.resume();
  }

  #resumeServer(server: PooledBackend): void {
    if (!this.#isServerPaused) return;
    this.#isServerPaused = false;
    server.socket.resume();
  }

  #violated(): void {
    this.end(fault('PROTOCOL_VIOLATION', { found: 'a message of impossible length' }));
  }

  #clientEnded(): void {
    if (this.#state.kind !== 'relaying') return;
    this.#hasTerminated ||= this.#traffic?.hasTerminated ?? false;
    const waits = this.isBusy || this.#held !== null;
    if (this.#hasTerminated) this.#close({ kind: 'terminated' });
    else if (!this.#client.allowHalfOpen || !waits) this.#close({ kind: 'clientGone' });
    else {
      this.#state = { kind: 'halfClosed' };
      // PostgreSQL answers what it has read, then finds the end and leaves.
      if (this.#isFlowing) this.#server?.socket.end();
      this.#within(HALF_CLOSED_MAX, () => this.#close({ kind: 'clientGone' }));
    }
  }

  #clientClosed(): void {
    const hasTerminated = this.#hasTerminated || (this.#traffic?.hasTerminated ?? false);
    this.#close({ kind: hasTerminated ? 'terminated' : 'clientGone' });
    if (this.#state.kind !== 'closing') return;
    const { reason } = this.#state;
    this.#state = { kind: 'ended' };
    this.#deadline();
    this.#options.onEnd(reason);
  }

  backendEnded(): void {
    const traffic = this.#traffic;
    if (this.#state.kind === 'halfClosed') return this.#close({ kind: 'clientGone' });
    if (this.#state.kind !== 'relaying' || traffic === null) return;
    if (this.#exchange !== null) {
      const { asked, replies } = this.#exchange;
      this.#exchange = null;
      return asked.onLost(replies);
    }
    if (traffic.hasTerminated) this.#close({ kind: 'terminated' });
    else if (traffic.hasBackendFailed) this.#close({ kind: 'backendGone', told: true });
    else if (!this.parking.survives(this.#owed())) this.#close({ kind: 'backendGone', told: false });
  }

  /** The only way out of relaying. The first reason counts. */
  #close(reason: RelayEnd): void {
    if (this.#state.kind === 'closing' || this.#state.kind === 'ended') return;
    const words = this.#lastWords(reason);
    const mayTell = this.#traffic?.isBetweenAnswers ?? true;
    this.#state = { kind: 'closing', reason };
    this.#held = null;
    this.#deadline();
    this.#closeServer();
    this.parking.close();
    if (this.#client.destroyed) return;
    this.#within(CLOSING_MAX, () => this.#client.destroy());
    if (words !== null && mayTell) this.#client.end(words);
    else this.#client.end();
    this.#client.resume();
  }

  #closeServer(): void {
    const [server, traffic] = [this.#server, this.#traffic];
    if (server === null || traffic === null) return;
    const { cancels, pool } = this.#options;
    const isFree = this.#exchange === null && traffic.isIdle && !cancels.isUnderWay(this);
    const hasOurs = this.#exchange?.asked.withHeldBack ?? false;
    const isAtWork = hasOurs || traffic.ledger.isBusy || traffic.isWithinRequest;
    // The client said goodbye, and PostgreSQL finishes what was asked before that.
    if (traffic.hasTerminated && !server.hasEnded) server.leave(this.#options.clock);
    else if (isAtWork && !server.hasEnded) {
      cancels.send({ backend: server, isBusy: true });
      server.destroy();
    } else if (isFree) pool.leftBy(server, this.#evidence);
    else server.leave(this.#options.clock);
    this.#server = null;
    this.#traffic = null;
    this.#exchange = null;
  }

  #lastWords(reason: RelayEnd): Buffer | null {
    if (reason.kind === 'ended') return errorResponse(reason.fault);
    if (reason.kind !== 'backendGone' || reason.told) return null;
    return errorResponse(fault('COMPUTE_LOST', { tenant: this.#options.pool.door.name }));
  }

  /** One deadline at a time; the last one set counts. */
  #within(wait: DurationMs, then: () => void): void {
    this.#deadline();
    this.#deadline = this.#options.clock.timer(wait, then);
  }
}
