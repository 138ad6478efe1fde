/**
 * One session and its backend: bytes from each to the other until one of them goes.
 *
 *   relaying ──client: FIN──▶ half closed ──answers done, or waited long enough──▶ closing
 *      │                                                                             │
 *      └──client: Terminate, RST · backend: gone · our side: end(fault)──────────────┤
 *                                                                                    ▼
 *                                                    both sockets closed ──▶ ended, onEnd once
 *
 * Relaying: every chunk is framed and counted (`Traffic`) and written on as it came, one write a
 * chunk. A side that does not read stops the other: above `BUFFERED_MAX` unsent bytes the source is
 * paused, and goes on when they are gone, so that a session holds at most that and one chunk in each
 * direction. A client that has sent `OUTSTANDING_MAX` requests ahead of its answers is paused too.
 *
 * Half closed: a client that has sent FIN may still be reading (a script at the end of a pipe), or
 * may be dead. It gets `HALF_CLOSED_MAX` for the answers to what it asked; the first failed write
 * ends that earlier.
 *
 * Closing: a backend that is at work is told to give up, since PostgreSQL notices a lost client
 * only when it writes, and an abandoned query would keep the compute awake; an idle one is sent
 * Terminate. A client that loses its backend between two messages is told COMPUTE_LOST, unless
 * PostgreSQL itself has said why; within a message nothing can be said, and the connection just
 * ends. What the client still sends is read and thrown away, because a socket closed with unread
 * bytes is reset and the client would never see our last words. `CLOSING_MAX` bounds all that.
 *
 * Neither side knows the other but by `write` and `pause`: everything that belongs to the backend
 * alone stands in `Backend`, and `isIdle` says when the two may be parted.
 *
 * Measured, and what was tried: docs/decisions/0003-relay.md, bench/README.md.
 */
import type { Socket } from 'node:net';
import type { CancelTimer, Clock } from '../domain/clock.ts';
import { type Fault, fault } from '../domain/faults.ts';
import type { TenantName } from '../domain/ids.ts';
import { type DurationMs, seconds } from '../domain/units.ts';
import { errorResponse } from '../wire/error-response.ts';
import { message } from '../wire/messages.ts';
import type { Backend } from './backend.ts';
import type { CancelTarget } from './cancel.ts';
import type { Cancellable, CancelSender } from './cancel-sender.ts';
import { forward } from './forward.ts';
import { receive } from './receive.ts';
import type { TenantMeter } from './tenant-meter.ts';
import { Traffic } from './traffic.ts';

/** Unsent bytes towards one side above which the other is not read. */
export const BUFFERED_MAX = 256 * 1024;

/** Requests without an answer above which the client is not read. */
export const OUTSTANDING_MAX = 16_384;

const HALF_CLOSED_MAX = seconds(5);
const CLOSING_MAX = seconds(10);

const TERMINATE = message('X');

export type RelayEnd =
  /** The client said goodbye. */
  | { readonly kind: 'terminated' }
  /** The client went without a word. */
  | { readonly kind: 'clientGone' }
  /** `told`: PostgreSQL itself gave the client the reason. */
  | { readonly kind: 'backendGone'; readonly told: boolean }
  /** We ended it. */
  | { readonly kind: 'ended'; readonly fault: Fault };

export type RelayOptions = {
  /** Past its login. Half-open clients are served if it was made with `allowHalfOpen`. */
  readonly client: Socket;
  readonly backend: Backend;
  /** Bytes that the client sent after its login and that were read already. */
  readonly head: Buffer;
  readonly tenant: TenantName;
  readonly meter: TenantMeter;
  readonly clock: Clock;
  readonly cancels: CancelSender;
  readonly onRolesChanged: () => void;
  /** Called once, when both sockets are closed. */
  readonly onEnd: (reason: RelayEnd) => void;
};

type State =
  | { readonly kind: 'relaying' }
  | { readonly kind: 'halfClosed' }
  | { readonly kind: 'closing'; readonly reason: RelayEnd }
  | { readonly kind: 'ended' };

/** Relays until one side goes. The greeting must have been written to the client before. */
export function relay(options: RelayOptions): Relay {
  return new Relay(options);
}

export class Relay implements CancelTarget, Cancellable {
  readonly #client: Socket;
  readonly #server: Socket;
  readonly #traffic: Traffic;
  readonly #options: RelayOptions;
  #state: State = { kind: 'relaying' };
  #isClientPaused = false;
  #isServerPaused = false;
  #socketsOpen = 2;
  #deadline: CancelTimer = () => {};

  constructor(options: RelayOptions) {
    this.#options = options;
    this.#client = options.client;
    this.#server = options.backend.socket;
    this.#traffic = new Traffic({
      clock: options.clock,
      meter: options.meter,
      status: options.backend.status,
      onRolesChanged: options.onRolesChanged,
    });
    this.#listen();
    this.#fromBackend(options.backend.rest, options.backend.rest.length);
    this.#fromClient(options.head, options.head.length);
    receive(this.#server, (buffer, end) => this.#fromBackend(buffer, end));
    receive(this.#client, (buffer, end) => this.#fromClient(buffer, end));
    // What happened before we listened is not told again.
    if (this.#server.readableEnded) queueMicrotask(() => this.#serverEnded());
    if (this.#client.readableEnded) queueMicrotask(() => this.#clientEnded());
    if (this.#server.closed) queueMicrotask(() => this.#serverClosed());
    if (this.#client.closed) queueMicrotask(() => this.#clientClosed());
  }

  get backend(): Backend {
    return this.#options.backend;
  }

  /** Whether the backend has work for the client. */
  get isBusy(): boolean {
    return this.#traffic.ledger.isBusy;
  }

  /** Whether the client could be given another backend now and would not notice. */
  get isIdle(): boolean {
    const { cancels } = this.#options;
    return this.#state.kind === 'relaying' && this.#traffic.isIdle && !cancels.isUnderWay(this);
  }

  /** Gives up what the backend is doing for the client. */
  cancel(): void {
    if (this.isBusy) this.#options.cancels.send(this);
  }

  /** Ends the session from our side; the client is told `because` if it can be. */
  end(because: Fault): void {
    this.#close({ kind: 'ended', fault: because });
  }

  #listen(): void {
    this.#client.on('end', () => this.#clientEnded());
    this.#client.on('close', () => this.#clientClosed());
    this.#client.on('drain', () => this.#resumeServer());
    // A failing socket is closed right after, and what that means is decided there.
    this.#client.on('error', () => {});
    this.#server.on('end', () => this.#serverEnded());
    this.#server.on('close', () => this.#serverClosed());
    this.#server.on('drain', () => this.#resumeClient());
    this.#server.on('error', () => {});
  }

  #fromClient(buffer: Buffer, end: number): boolean {
    if (this.#state.kind !== 'relaying' || end === 0) return false;
    const traffic = this.#traffic;
    if (!traffic.fromClient(buffer, end)) {
      this.end(fault('PROTOCOL_VIOLATION', { found: 'a message of impossible length' }));
      return false;
    }
    const isKept = forward(this.#server, buffer, end);
    if (
      this.#server.writableLength > BUFFERED_MAX ||
      traffic.ledger.outstanding > OUTSTANDING_MAX
    ) {
      this.#isClientPaused = true;
      this.#client.pause();
    }
    return isKept;
  }

  #fromBackend(buffer: Buffer, end: number): boolean {
    if (this.#state.kind === 'closing' || this.#state.kind === 'ended' || end === 0) return false;
    if (!this.#traffic.fromBackend(buffer, end)) {
      this.#close({ kind: 'backendGone', told: false });
      return false;
    }
    const isKept = forward(this.#client, buffer, end);
    if (this.#client.writableLength > BUFFERED_MAX) {
      this.#isServerPaused = true;
      this.#server.pause();
    }
    if (this.#isClientPaused) this.#resumeClient();
    return isKept;
  }

  #resumeClient(): void {
    if (!this.#isClientPaused || this.#server.writableLength > 0) return;
    if (this.#traffic.ledger.outstanding > OUTSTANDING_MAX / 2) return;
    this.#isClientPaused = false;
    this.#client.resume();
  }

  #resumeServer(): void {
    if (!this.#isServerPaused) return;
    this.#isServerPaused = false;
    this.#server.resume();
  }

  #clientEnded(): void {
    if (this.#state.kind !== 'relaying') return;
    if (this.#traffic.hasTerminated) this.#close({ kind: 'terminated' });
    else if (!this.#client.allowHalfOpen || !this.isBusy) this.#close({ kind: 'clientGone' });
    else {
      this.#state = { kind: 'halfClosed' };
      // PostgreSQL answers what it has read, then finds the end and leaves.
      this.#server.end();
      this.#within(HALF_CLOSED_MAX, () => this.#close({ kind: 'clientGone' }));
    }
  }

  #clientClosed(): void {
    this.#close({ kind: this.#traffic.hasTerminated ? 'terminated' : 'clientGone' });
    this.#socketClosed();
  }

  #serverEnded(): void {
    if (this.#state.kind === 'halfClosed') this.#close({ kind: 'clientGone' });
    else if (this.#traffic.hasTerminated) this.#close({ kind: 'terminated' });
    else this.#close({ kind: 'backendGone', told: this.#traffic.hasBackendFailed });
  }

  #serverClosed(): void {
    this.#serverEnded();
    this.#socketClosed();
  }

  #socketClosed(): void {
    this.#socketsOpen--;
    if (this.#socketsOpen > 0 || this.#state.kind !== 'closing') return;
    const { reason } = this.#state;
    this.#state = { kind: 'ended' };
    this.#deadline();
    this.#options.onEnd(reason);
  }

  /** The only way out of relaying. The first reason counts. */
  #close(reason: RelayEnd): void {
    if (this.#state.kind === 'closing' || this.#state.kind === 'ended') return;
    this.#state = { kind: 'closing', reason };
    this.#within(CLOSING_MAX, () => {
      if (!this.#server.destroyed) this.cancel();
      this.#client.destroy();
      this.#server.destroy();
    });
    this.#closeServer();
    this.#closeClient(reason);
  }

  #closeServer(): void {
    if (this.#server.destroyed) return;
    // The client said it already, and PostgreSQL finishes what was asked before that.
    if (this.#traffic.hasTerminated) this.#server.end();
    else if (this.#server.readableEnded) this.#server.destroy();
    else if (this.isBusy || this.#traffic.isWithinRequest) {
      this.#options.cancels.send(this);
      this.#server.destroy();
    } else if (this.#server.writable) this.#server.end(TERMINATE);
    this.#server.resume();
  }

  #closeClient(reason: RelayEnd): void {
    if (this.#client.destroyed) return;
    const words = this.#lastWords(reason);
    if (words !== null && this.#traffic.isBetweenAnswers) this.#client.end(words);
    else this.#client.end();
    this.#client.resume();
  }

  #lastWords(reason: RelayEnd): Buffer | null {
    if (reason.kind === 'ended') return errorResponse(reason.fault);
    if (reason.kind !== 'backendGone' || reason.told) return null;
    return errorResponse(fault('COMPUTE_LOST', { tenant: this.#options.tenant }));
  }

  /** One deadline at a time; the last one set counts. */
  #within(wait: DurationMs, then: () => void): void {
    this.#deadline();
    this.#deadline = this.#options.clock.timer(wait, then);
  }
}
