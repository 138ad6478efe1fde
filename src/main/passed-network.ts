/** The network of a proxy that has no port: its clients were accepted by the first proxy. */
import type { Socket } from 'node:net';
import { duplexPair } from 'node:stream';
import type { Listening, ListenOptions, Network, SecureChannel } from '../domain/network.ts';
import { directly } from '../system/direct-socket.ts';
import { cancelRequest } from '../wire/cancel-request.ts';
import type { CancelKey } from '../wire/startup.ts';
import { type Opening, present, secure } from './presented.ts';

export class PassedNetwork implements Network {
  readonly #inner: Network;
  #onSocket: ((socket: Socket) => void) | null = null;

  constructor(inner: Network) {
    this.#inner = inner;
  }

  get offersTls(): boolean {
    return this.#inner.offersTls;
  }

  /** Says the port that clients know. */
  listen({ port }: ListenOptions, onSocket: (socket: Socket) => void): Promise<Listening> {
    this.#onSocket = onSocket;
    const close = (): Promise<void> => {
      this.#onSocket = null;
      return Promise.resolve();
    };
    return Promise.resolve({ port, close });
  }

  dial(path: string): Socket {
    return this.#inner.dial(path);
  }

  secure(socket: Socket): Promise<SecureChannel> {
    return secure(socket, this.#inner);
  }

  /** A client that was passed on. Call it in the same breath in which `passed` came. */
  take(passed: Socket, opening: Opening): void {
    if (this.#onSocket === null) {
      passed.destroy();
      return;
    }
    passed.pause();
    // As an accepted socket of ours is; see `system/network.ts`.
    passed.allowHalfOpen = true;
    this.#onSocket(present(directly(passed), opening));
  }

  /** A cancel request that came to the first proxy and may be for a session of this one. */
  cancel(key: CancelKey): void {
    const [ours, theirs] = duplexPair();
    ours.resume();
    ours.on('error', () => {});
    this.#onSocket?.(theirs as unknown as Socket);
    ours.end(cancelRequest(key));
  }
}
