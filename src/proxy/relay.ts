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
 * Half closed: a client that has sent FIN may be reading, or dead. It gets `HALF_CLOSED_MAX` for the
 * answers to what it asked; the first failed write ends that earlier.
 * Closing: a backend at work is told to give up, since PostgreSQL notices a lost client only when it
 * writes; an idle one goes back to its pool. A session whose tenant sleeps may begin without any.
 * Measured, and what was tried: docs/decisions/0003-relay.md, bench/README.md.
 */
import { assert } from '../domain/assert.ts';
import { type Fault, fault } from '../domain/faults.ts';
import { REQUEST, STATUS } from '../wire/frames.ts';
import type { HiddenReplies } from '../wire/hidden-replies.ts';
import type { CancelTarget } from './cancel.ts';
import type { Cancellable } from './cancel-sender.ts';
import { ClientEnd, type ClientEndOwner } from './client-end.ts';
import { Evidence } from './evidence.ts';
import { forward } from './forward.ts';
import { HeldBack } from './held-back.ts';
import { Parking } from './parking.ts';
import { partFrom } from './part-from.ts';
import type { BackendOwner, PooledBackend } from './pooled-backend.ts';
import type { PooledSession } from './pooled-session.ts';
import {
  BUFFERED_MAX,
  type Exchange,
  fed,
  HALF_CLOSED_MAX,
  type KeptOptions,
  lastWords,
  OUTSTANDING_MAX,
  type RelayEnd,
  type RelayOptions,
  refusal,
  repliesTo,
  type State,
} from './relay-options.ts';
import { Traffic } from './traffic.ts';
import { TransactionParking } from './transaction-parking.ts';

/** Begins at once. The greeting must have been written to the client before. */
export class Relay implements CancelTarget, Cancellable, BackendOwner, ClientEndOwner {
  readonly parking: PooledSession;
  /** The same, if it is of that kind. */
  readonly #byTransaction: TransactionParking | null;
  readonly #client: ClientEnd;
  readonly #options: KeptOptions;
  readonly #evidence: Evidence;
  #state: State = 'relaying';
  #reason: RelayEnd | null = null;
  #server: PooledBackend | null = null;
  #traffic: Traffic | null = null;
  /** Whether what the client sends goes on at once. */
  #isFlowing = true;
  #held: HeldBack | null = null;
  #exchange: { readonly asked: Exchange; readonly replies: HiddenReplies } | null = null;
  #isServerPaused = false;
  #hasTerminated = false;
  /** Grows with every chunk from the client. */
  beat = 0;

  constructor(options: RelayOptions) {
    const { client, backend, head, id, identity, ...kept } = options;
    const { pool, clock, visitor, meter } = kept;
    this.#options = kept;
    this.#client = new ClientEnd(client, this);
    this.#evidence = new Evidence(pool);
    this.#isFlowing = backend !== null;
    if (backend !== null) this.attach(backend);
    const own = { id, identity, evidence: this.#evidence, relay: this };
    const parked = { ...own, visitor, pool, clock, meter };
    const isByTransaction = identity.poolMode === 'transaction';
    this.#byTransaction = isByTransaction ? new TransactionParking(parked) : null;
    this.parking = this.#byTransaction ?? new Parking(parked);
    if (backend !== null) this.fromBackend(backend.rest, backend.rest.length);
    this.#byTransaction?.idled();
    this.fromClient(head, head.length);
    this.#client.begin();
    // What happened before we listened is not told again.
    if (backend?.hasEnded) queueMicrotask(() => this.backendEnded());
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
    return (this.#traffic?.ledger.status ?? STATUS.idle) !== STATUS.idle;
  }

  /** Whether the client could be given another backend now and would not notice. */
  get isIdle(): boolean {
    const { cancels } = this.#options;
    return (
      this.#state === 'relaying' &&
      this.#exchange === null &&
      (this.#traffic?.isIdle ?? false) &&
      !cancels.isUnderWay(this)
    );
  }

  /** Gives up what the backend is doing for the client, or what the client waits for. */
  async cancel(): Promise<void> {
    if (this.#server === null) this.parking.cancel();
    else if (this.isBusy) await this.#options.cancels.send(this);
    this.#byTransaction?.idled();
  }

  /** Ends the session from our side; the client is told `because` if it can be. */
  end(because: Fault): void {
    this.#close({ kind: 'ended', fault: because });
  }

  /** Tells the client something between two answers. */
  say(bytes: Buffer): void {
    if (this.#state === 'relaying' || this.#state === 'halfClosed') this.#client.write(bytes);
  }

  /** Takes a backend. What the client sends is held back until `flow`. */
  attach(backend: PooledBackend, status = backend.status): void {
    const { clock, meter, visitor, processId, onRolesChanged } = this.#options;
    this.#server = backend;
    backend.owner = this;
    this.#traffic = new Traffic({
      ...{ clock, meter, visitor, status, onRolesChanged, evidence: this.#evidence },
      processIds: { told: processId, actual: backend.key.processId },
    });
  }

  /** Gives the backend away, which is then nobody's. */
  detach(): PooledBackend {
    const { backend } = this;
    this.holdBack();
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

  get heldBack(): readonly Buffer[] {
    return this.#held?.chunks.map(({ bytes }) => bytes) ?? [];
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
    this.#exchange = { asked, replies: repliesTo(asked, (bytes) => this.say(bytes)) };
    const held = asked.withHeldBack ? (this.#held?.send() ?? []) : [];
    const { socket } = this.backend;
    socket.write(held.length === 0 ? asked.bytes : Buffer.concat([asked.bytes, ...held]));
  }

  /** Whether something can be asked behind all that the client has sent, once that is answered. */
  get mayInsert(): boolean {
    return this.#traffic?.mayInsert ?? false;
  }

  flowSent(): void {
    for (const bytes of this.#held?.takeSent() ?? []) {
      if (this.#traffic?.fromClient(bytes, bytes.length) === false) this.violated();
    }
    if (this.#held?.length === 0) this.#held = null;
  }

  /** Lets what was held back go its way, as far as it has not gone, and all that follows. */
  flow(): void {
    this.flowSent();
    const held = this.#held;
    this.#held = null;
    this.#isFlowing = true;
    for (const { bytes } of held?.chunks ?? []) {
      if (this.#traffic?.fromClient(bytes, bytes.length) === false) this.violated();
      this.#server?.socket.write(bytes);
    }
    if (this.#state === 'halfClosed') this.#server?.socket.end();
    if (this.#client.isPaused) this.#resumeClient();
  }

  /**
   * Answers what the client waits for with an error after which the session goes on, if that can be
   * done: else the session is ended. `status` is what the client is told of its transaction.
   */
  refuse(because: Fault, status: number, owed = this.#owed()): void {
    if (owed === null) {
      this.end(because);
      return;
    }
    this.answer(refusal(because, status, owed));
  }

  /** Says this to all that was held back. */
  answer(bytes: Buffer): void {
    this.#held = null;
    if (bytes.length > 0) this.say(bytes);
    if (this.#client.isPaused) this.#resumeClient();
  }

  /** ReadyForQuery that the client waits for; null if that cannot be told. */
  #owed(): number | null {
    return this.#traffic === null ? (this.#held?.owed() ?? 0) : this.#traffic.owed;
  }

  clientDrained(): void {
    if (this.#server !== null) this.#resumeServer(this.#server);
  }

  fromClient(buffer: Buffer, end: number): boolean {
    if (this.#state !== 'relaying' || end === 0) return false;
    this.beat++;
    if (this.#byTransaction?.stops(buffer, end) === true) this.#isFlowing = false;
    const traffic = this.#traffic;
    const server = this.#server;
    if (!this.#isFlowing || traffic === null || server === null) return this.#hold(buffer, end);
    if (buffer[0] === REQUEST.terminate && traffic.isIdle) return this.#terminated();
    if (!traffic.fromClient(buffer, end)) {
      this.violated();
      return false;
    }
    const { socket } = server;
    const isKept = forward(socket, buffer, end);
    if (socket.writableLength > BUFFERED_MAX || traffic.ledger.outstanding > OUTSTANDING_MAX) {
      this.#client.pause();
    }
    return isKept;
  }

  /** Nobody can take it now. The first word of a client without a backend gets it one. */
  #hold(buffer: Buffer, end: number): boolean {
    if (this.#held === null && buffer[0] === REQUEST.terminate) return this.#terminated();
    this.#held ??= new HeldBack();
    this.#held.add(Buffer.from(buffer.subarray(0, end)));
    if (this.#held.length > BUFFERED_MAX) this.#client.pause();
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
    if (this.#state === 'closing' || this.#state === 'ended' || end === 0) return false;
    if (this.#exchange !== null) return this.#answered(buffer, end);
    const traffic = this.#traffic;
    if (traffic === null) return false;
    this.#byTransaction?.statements.fromBackend(buffer, end);
    if (!traffic.fromBackend(buffer, end)) {
      this.#close({ kind: 'backendGone', told: false });
      return false;
    }
    const isKept = this.#client.forward(buffer, end);
    if (this.#client.unsent > BUFFERED_MAX && this.#server !== null) {
      this.#isServerPaused = true;
      this.#server.socket.pause();
    }
    if (this.#client.isPaused) this.#resumeClient();
    if (this.#byTransaction !== null) this.#byTransaction.idled();
    else if (this.#options.pool.isHungry && traffic.isIdle) this.parking.idled();
    return isKept;
  }

  /** What comes behind the hidden answer is for the client. */
  #answered(buffer: Buffer, end: number): boolean {
    const exchange = this.#exchange;
    if (exchange === null) return false;
    const next = fed(exchange.replies, buffer, end);
    if (next === null) this.#close({ kind: 'backendGone', told: false });
    if (next === null || !exchange.replies.isDone) return false;
    this.#exchange = null;
    exchange.asked.onDone(exchange.replies);
    if (next < end) this.fromBackend(Buffer.from(buffer.subarray(next, end)), end - next);
    return false;
  }

  backendDrained(): void {
    if (this.#client.isPaused) this.#resumeClient();
  }

  #resumeClient(): void {
    if (this.#server !== null && this.#server.socket.writableLength > 0) return;
    if ((this.#traffic?.ledger.outstanding ?? 0) > OUTSTANDING_MAX / 2) return;
    if (this.#held !== null && this.#held.length > BUFFERED_MAX) return;
    this.#client.resume();
  }

  #resumeServer(server: PooledBackend): void {
    if (!this.#isServerPaused) return;
    this.#isServerPaused = false;
    server.socket.resume();
  }

  violated(): void {
    this.end(fault('PROTOCOL_VIOLATION', { found: 'a message of impossible length' }));
  }

  clientEnded(): void {
    if (this.#state !== 'relaying') return;
    this.#hasTerminated ||= this.#traffic?.hasTerminated ?? false;
    const waits = this.isBusy || this.#held !== null;
    if (this.#hasTerminated) this.#close({ kind: 'terminated' });
    else if (!this.#client.allowsHalfOpen || !waits) this.#close({ kind: 'clientGone' });
    else {
      this.#state = 'halfClosed';
      // PostgreSQL answers what it has read, then finds the end and leaves.
      if (this.#isFlowing) this.#server?.socket.end();
      const { clock } = this.#options;
      this.#client.within(HALF_CLOSED_MAX, clock, () => this.#close({ kind: 'clientGone' }));
    }
  }

  clientClosed(): void {
    const hasTerminated = this.#hasTerminated || (this.#traffic?.hasTerminated ?? false);
    this.#close({ kind: hasTerminated ? 'terminated' : 'clientGone' });
    if (this.#state !== 'closing') return;
    this.#state = 'ended';
    this.#client.rest();
    if (this.#reason !== null) this.#options.onEnd(this.#reason);
  }

  backendEnded(): void {
    const traffic = this.#traffic;
    if (this.#state === 'halfClosed') {
      this.#close({ kind: 'clientGone' });
      return;
    }
    if (this.#state !== 'relaying' || traffic === null) return;
    if (this.#exchange !== null) {
      const { asked, replies } = this.#exchange;
      this.#exchange = null;
      asked.onLost(replies);
    } else if (traffic.hasTerminated) this.#close({ kind: 'terminated' });
    else if (traffic.hasBackendFailed) this.#close({ kind: 'backendGone', told: true });
    else if (!this.parking.survives(this.#owed()))
      this.#close({ kind: 'backendGone', told: false });
  }

  /** The only way out of relaying. The first reason counts. */
  #close(reason: RelayEnd): void {
    if (this.#state === 'closing' || this.#state === 'ended') return;
    const words = lastWords(reason, this.#options.pool.door.name);
    const mayTell = this.#traffic?.isBetweenAnswers ?? true;
    this.#state = 'closing';
    this.#reason = reason;
    this.#held = null;
    this.#closeServer();
    this.parking.close();
    this.#client.finish(mayTell ? words : null, this.#options.clock);
  }

  #closeServer(): void {
    const [server, traffic] = [this.#server, this.#traffic];
    if (server === null || traffic === null) return;
    const isBeingCancelled = this.#options.cancels.isUnderWay(this);
    const asked = this.#exchange?.asked ?? null;
    const who = { evidence: this.#evidence, hasTerminated: this.#hasTerminated };
    partFrom(server, { traffic, asked, isBeingCancelled, ...who }, this.#options);
    this.#server = null;
    this.#traffic = null;
    this.#exchange = null;
  }
}
