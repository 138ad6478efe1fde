/**
 * The line to a client, from accept until a relay takes it over.
 *
 *   clear ──encrypt()──▶ handshaking ──▶ encrypted
 *     └──────────────┬────────┴──────────────┘
 *               hangUp() / handOver()
 *
 * While handshaking nothing may be said in the clear, so a line that is hung up then just closes.
 * Otherwise the last words are followed by the end of the stream, and what the client still sends
 * is read and thrown away for a moment: closing on unread bytes would reset the connection and take
 * our last words with it.
 */
import type { Socket } from 'node:net';
import { assert } from '../domain/assert.ts';
import type { Clock } from '../domain/clock.ts';
import type { Network, SecureChannel } from '../domain/network.ts';
import { seconds } from '../domain/units.ts';
import { ClientGone, Inbox } from './inbox.ts';

/** For how long a client may take its last words. */
const LINGER = seconds(2);

type Phase = 'clear' | 'handshaking' | 'encrypted' | 'hungUp' | 'handedOver';

export type LineOptions = {
  readonly clock: Clock;
  /** The client closed the line. Not called once it is hung up or handed over. */
  readonly onGone: () => void;
};

/** A line as a relay takes it. */
export type HandedOver = {
  /** Paused. */
  readonly socket: Socket;
  /** What the client has already sent. */
  readonly head: Buffer;
};

export class ClientLine {
  readonly #options: LineOptions;
  #phase: Phase = 'clear';
  #socket: Socket;
  #inbox: Inbox;
  #channel: SecureChannel | null = null;

  constructor(socket: Socket, options: LineOptions) {
    this.#options = options;
    this.#socket = socket;
    // A reset is followed by `close`, which the inbox hears.
    socket.on('error', () => {});
    this.#inbox = new Inbox(socket, options.onGone);
  }

  /** Null while the line is not encrypted. */
  get channel(): SecureChannel | null {
    return this.#channel;
  }

  /** Bytes that the client has sent and nobody has read. */
  get waiting(): number {
    return this.#inbox.waiting;
  }

  /** The next packet, as `read` makes it of the bytes. Rejects with what it throws, or `ClientGone`. */
  next<T extends { readonly length: number }>(read: (bytes: Buffer) => T | undefined): Promise<T> {
    return this.#inbox.next(read);
  }

  /** Silent once the line is no longer ours. */
  write(bytes: Buffer): void {
    if (this.#phase === 'clear' || this.#phase === 'encrypted') this.#socket.write(bytes);
  }

  /** Has the TLS handshake done. The unread bytes are its beginning. Rejects with `ClientGone` if it fails. */
  async encrypt(network: Pick<Network, 'secure'>): Promise<SecureChannel> {
    assert(this.#phase === 'clear', 'a line is encrypted once');
    this.#phase = 'handshaking';
    const head = this.#inbox.take();
    if (head.length > 0) this.#socket.unshift(head);
    const channel = await network.secure(this.#socket).catch((cause: unknown) => {
      throw new ClientGone('the TLS handshake failed', { cause });
    });
    if (!this.#isHandshaking()) {
      channel.socket.destroy();
      return channel;
    }
    this.#phase = 'encrypted';
    this.#channel = channel;
    this.#socket = channel.socket;
    this.#socket.on('error', () => {});
    this.#inbox = new Inbox(this.#socket, this.#options.onGone);
    return channel;
  }

  /** Says `last`, if anything, and closes the line. Harmless if it is no longer ours. */
  hangUp(last?: Buffer): void {
    const phase = this.#phase;
    if (phase === 'hungUp' || phase === 'handedOver') return;
    this.#phase = 'hungUp';
    this.#inbox.take();
    const socket = this.#socket;
    if (phase === 'handshaking' || last === undefined) {
      socket.destroy();
      return;
    }
    const cancel = this.#options.clock.timer(LINGER, () => socket.destroy());
    socket.once('close', cancel);
    socket.end(last);
    socket.resume();
  }

  /** Gives the socket away. Its `error` events stay heard. */
  handOver(): HandedOver {
    assert(this.#phase === 'clear' || this.#phase === 'encrypted', 'the line is still ours');
    this.#phase = 'handedOver';
    return { head: this.#inbox.take(), socket: this.#socket };
  }

  /** A method, since the compiler does not see that a phase changes during an await. */
  #isHandshaking(): boolean {
    return this.#phase === 'handshaking';
  }
}
