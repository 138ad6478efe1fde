/**
 * What a client has sent before its session is bound, read one packet at a time.
 *
 * Reading goes on while nobody asks, so that a client that leaves is noticed while its database
 * wakes. What it sends ahead is kept up to a limit; beyond that the socket is paused, and the rest
 * waits in the kernel.
 */
import type { Socket } from 'node:net';
import { assert } from '../domain/assert.ts';

/** Held for one session before it is bound. Startup packet and login together stay far below. */
export const INBOX_BYTES_MAX = 64 * 1024;

const NOTHING = Buffer.alloc(0);

/** The client closed its side. There is nobody left to tell anything. */
export class ClientGone extends Error {
  override readonly name = 'ClientGone';
}

type Waiter = { readonly tryRead: () => boolean; readonly reject: (error: Error) => void };

export class Inbox {
  readonly #socket: Socket;
  readonly #onGone: () => void;
  #bytes: Buffer = NOTHING;
  #waiter: Waiter | undefined;
  #gone = false;

  /** `onGone` is called once, when the client closes before `take`. */
  constructor(socket: Socket, onGone: () => void) {
    this.#socket = socket;
    this.#onGone = onGone;
    socket.on('data', this.#receive);
    socket.on('end', this.#leave);
    socket.on('close', this.#leave);
    socket.resume();
  }

  /**
   * What `read` makes of the bytes so far; it is asked again whenever more have come. The bytes of
   * its answer's `length` are taken off. Rejects with what `read` throws, or `ClientGone`.
   */
  next<T extends { readonly length: number }>(read: (bytes: Buffer) => T | undefined): Promise<T> {
    assert(this.#waiter === undefined, 'one reader at a time');
    return new Promise((resolve, reject) => {
      const tryRead = (): boolean => {
        const answer = read(this.#bytes);
        if (answer === undefined) return false;
        this.#bytes = this.#bytes.subarray(answer.length);
        resolve(answer);
        return true;
      };
      this.#waiter = { tryRead, reject };
      this.#serve();
    });
  }

  /** How many bytes wait to be read. */
  get waiting(): number {
    return this.#bytes.length;
  }

  /** Stops reading and gives away what was not read. The socket is left paused. */
  take(): Buffer {
    this.#socket.off('data', this.#receive);
    this.#socket.off('end', this.#leave);
    this.#socket.off('close', this.#leave);
    this.#socket.pause();
    const rest = this.#bytes;
    this.#bytes = NOTHING;
    // An empty slice would keep the chunk it was cut from.
    return rest.length === 0 ? NOTHING : rest;
  }

  readonly #receive = (chunk: Buffer): void => {
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk]);
    this.#serve();
    if (this.#bytes.length >= INBOX_BYTES_MAX) this.#socket.pause();
  };

  readonly #leave = (): void => {
    if (this.#gone) return;
    this.#gone = true;
    this.#serve();
    this.#onGone();
  };

  /** Gives the waiter what there is; tells it when no more can come. */
  #serve(): void {
    const waiter = this.#waiter;
    if (waiter === undefined) return;
    try {
      if (waiter.tryRead()) {
        this.#waiter = undefined;
        this.#socket.resume();
        return;
      }
    } catch (error) {
      this.#waiter = undefined;
      waiter.reject(error as Error);
      return;
    }
    if (!this.#gone) return;
    this.#waiter = undefined;
    waiter.reject(new ClientGone());
  }
}
