/** Sockets that never leave the process: what one side writes, the other reads. */
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import type { Listening, Network, SecureChannel } from '../domain/network.ts';

/** One end of a connection. Ends and closes as a TCP socket with `allowHalfOpen` does. */
class MemorySocket extends Duplex {
  readonly remoteAddress: string;
  #other: MemorySocket | undefined;
  #onRead: () => void = () => {};

  constructor(remoteAddress: string) {
    super({ allowHalfOpen: true });
    this.remoteAddress = remoteAddress;
  }

  join(other: MemorySocket): void {
    this.#other = other;
  }

  override _read(): void {
    this.#onRead();
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error) => void): void {
    const other = this.#other;
    if (other === undefined || other.destroyed) done(new Error('EPIPE'));
    else if (other.push(Buffer.from(chunk))) done();
    else other.#onRead = once(done);
  }

  override _final(done: () => void): void {
    this.#other?.push(null);
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    if (this.#other !== undefined && !this.#other.destroyed && !this.writableEnded) {
      this.#other.push(null);
    }
    done(error);
  }
}

function once(call: () => void): () => void {
  let isCalled = false;
  return () => {
    if (!isCalled) call();
    isCalled = true;
  };
}

/** Two ends; the first sees the second as coming from `from`. */
function socketPair(from: string): readonly [Socket, Socket] {
  const one = new MemorySocket(from);
  const other = new MemorySocket('192.0.2.254');
  one.join(other);
  other.join(one);
  return [one as unknown as Socket, other as unknown as Socket];
}

/** A network of one listener, and of whoever `onDial` lets answer. */
export class MemoryNetwork implements Network {
  readonly offersTls = false;
  #onSocket: ((socket: Socket) => void) | undefined;
  readonly #onDial: (path: string, socket: Socket) => void;
  /** Paths dialled, in order. */
  readonly dialled: string[] = [];

  constructor(onDial: (path: string, socket: Socket) => void) {
    this.#onDial = onDial;
  }

  async listen(
    options: { readonly port: number },
    onSocket: (socket: Socket) => void,
  ): Promise<Listening> {
    this.#onSocket = onSocket;
    const close = async (): Promise<void> => {
      this.#onSocket = undefined;
    };
    return { port: options.port, close };
  }

  /** Connects to the listener, and returns the client's end. */
  connect(from = '192.0.2.1'): Socket {
    const [accepted, client] = socketPair(from);
    if (this.#onSocket === undefined) client.destroy();
    else this.#onSocket(accepted);
    return client;
  }

  dial(path: string): Socket {
    this.dialled.push(path);
    const [compute, dialled] = socketPair('');
    this.#onDial(path, compute);
    return dialled;
  }

  secure(_socket: Socket): Promise<SecureChannel> {
    return Promise.reject(new Error('a memory network has no TLS'));
  }
}
