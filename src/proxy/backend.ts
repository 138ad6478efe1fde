/**
 * Opens a session with a compute: dials its Unix socket and logs in as SCRAM client.
 *
 * Every attempt ends within `giveUpAfter`. What the compute refuses by itself (a database that does
 * not exist, a bad parameter) is `BackendRefused` and meant for the client as it is; whatever keeps
 * us from being answered at all is `BackendUnreachable`, and whoever called may wake and try again.
 */
import type { Socket } from 'node:net';
import type { CancelTimer, Clock } from '../domain/clock.ts';
import type { Address } from '../domain/host.ts';
import type { DurationMs } from '../domain/units.ts';
import { type Accepted, BackendLogin, startupMessage, withUser } from '../wire/backend-login.ts';
import { ScramClient } from '../wire/scram-client.ts';
import type { CancelKey } from '../wire/startup.ts';
import { receive } from './receive.ts';

/** The proxy's side of one session in a compute. */
export type Backend = {
  /** Paused; nothing reads from it. */
  readonly socket: Socket;
  readonly address: Address;
  /** What the compute itself wants to see in a CancelRequest. */
  readonly key: CancelKey;
  /** Messages for the client that came before ReadyForQuery, in order. */
  readonly greeting: Buffer;
  /** Bytes that came after ReadyForQuery; they belong to the client too. */
  readonly rest: Buffer;
  /** Transaction status in ReadyForQuery. */
  readonly status: number;
};

export type BackendOptions = {
  readonly dial: (path: string) => Socket;
  readonly clock: Clock;
  readonly address: Address;
  /** The startup parameters without the user. */
  readonly parameters: ReadonlyMap<string, string>;
  readonly role: string;
  readonly clientKey: Uint8Array;
  /** Given, the compute must prove that it knows it. */
  readonly serverKey?: Uint8Array;
  /** Fresh for each login; printable ASCII without a comma. */
  readonly nonce: string;
  readonly giveUpAfter: DurationMs;
};

/** The compute answered, with an error. */
export class BackendRefused extends Error {
  override readonly name = 'BackendRefused';
  /** The ErrorResponse as it came. */
  readonly response: Buffer;
  readonly sqlstate: string;

  constructor(response: Buffer, sqlstate: string) {
    super(`the compute refused the session with SQLSTATE ${sqlstate}`);
    this.response = response;
    this.sqlstate = sqlstate;
  }
}

/** The compute did not answer, or what answered was no PostgreSQL of ours. */
export class BackendUnreachable extends Error {
  override readonly name = 'BackendUnreachable';
}

/**
 * Throws `BackendRefused` or `BackendUnreachable`, or the signal's reason. Nothing is left open then.
 */
export function openBackend(options: BackendOptions, signal?: AbortSignal): Promise<Backend> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const opening = new Opening(options, { resolve, reject });
    const abort = (): void => opening.fail(signal?.reason);
    signal?.addEventListener('abort', abort, { once: true });
    opening.onSettled = () => signal?.removeEventListener('abort', abort);
  });
}

type Settle = {
  readonly resolve: (backend: Backend) => void;
  readonly reject: (reason: unknown) => void;
};

class Opening {
  readonly #options: BackendOptions;
  readonly #settle: Settle;
  readonly #socket: Socket;
  readonly #login: BackendLogin;
  readonly #stopReceiving: () => void;
  readonly #cancelTimer: CancelTimer;
  #isSettled = false;
  onSettled: () => void = () => {};

  constructor(options: BackendOptions, settle: Settle) {
    this.#options = options;
    this.#settle = settle;
    this.#login = new BackendLogin(new ScramClient(options));
    this.#socket = options.dial(options.address.socketPath);
    this.#cancelTimer = options.clock.timer(options.giveUpAfter, () =>
      this.#unreachable(`no login within ${options.giveUpAfter} ms`),
    );
    // Stays for good: between the login and the relay nobody else listens.
    this.#socket.on('error', () => {});
    this.#socket.on('error', this.#onError);
    this.#socket.on('end', this.#onEnd);
    this.#socket.on('close', this.#onEnd);
    this.#stopReceiving = receive(this.#socket, (buffer, end) => {
      // The buffer is read into again, and a part of it may have to wait for the rest.
      this.#received(Buffer.from(buffer.subarray(0, end)));
      return false;
    });
    this.#socket.write(startupMessage(withUser(options.parameters, options.role)));
  }

  fail(reason: unknown): void {
    if (this.#isSettled) return;
    this.#finish();
    this.#socket.destroy();
    this.#settle.reject(reason);
  }

  readonly #onError = (error: Error): void => this.#unreachable(error.message, error);
  readonly #onEnd = (): void => this.#unreachable('the compute hung up during login');

  #received(chunk: Buffer): void {
    if (this.#isSettled) return;
    try {
      let step = this.#login.feed(chunk);
      while (step.kind === 'send') {
        this.#socket.write(step.bytes);
        step = this.#login.feed(Buffer.alloc(0));
      }
      if (step.kind === 'accepted') this.#accepted(step.accepted);
      if (step.kind === 'refused') this.fail(new BackendRefused(step.response, step.sqlstate));
    } catch (error) {
      this.#unreachable('the login failed', error);
    }
  }

  #accepted(accepted: Accepted): void {
    this.#finish();
    const socket = this.#socket;
    this.#settle.resolve({ socket, address: this.#options.address, ...accepted });
  }

  #unreachable(why: string, cause?: unknown): void {
    this.fail(new BackendUnreachable(why, { cause }));
  }

  #finish(): void {
    this.#isSettled = true;
    this.#cancelTimer();
    this.#stopReceiving();
    this.#socket.off('error', this.#onError);
    this.#socket.off('end', this.#onEnd);
    this.#socket.off('close', this.#onEnd);
    this.onSettled();
  }
}
