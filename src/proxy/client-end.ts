/**
 * The client's end of a relay: its socket, whose reading is stopped while nobody can take more, and
 * which is closed so that last words arrive.
 */
import type { Socket } from 'node:net';
import type { CancelTimer, Clock } from '../domain/clock.ts';
import { type DurationMs, seconds } from '../domain/units.ts';
import { forward } from './forward.ts';
import { receive } from './receive.ts';

/** For a client to take its last words. */
const CLOSING_MAX = seconds(10);

export interface ClientEndOwner {
  /** As a `Receiver`. */
  fromClient(buffer: Buffer, end: number): boolean;
  /** All that was written has gone out. */
  clientDrained(): void;
  /** It sends no more. */
  clientEnded(): void;
  clientClosed(): void;
}

/** A failing socket is closed right after, and what that means is decided there. */
const closesNext = (): void => {};

export class ClientEnd {
  readonly #socket: Socket;
  readonly #owner: ClientEndOwner;
  #isPaused = false;
  #deadline: CancelTimer | null = null;

  constructor(socket: Socket, owner: ClientEndOwner) {
    this.#socket = socket;
    this.#owner = owner;
    socket.on('end', () => owner.clientEnded());
    socket.on('close', () => owner.clientClosed());
    socket.on('drain', () => owner.clientDrained());
    socket.on('error', closesNext);
  }

  /** Begins to read. What happened before is told once more. */
  begin(): void {
    const [socket, owner] = [this.#socket, this.#owner];
    receive(socket, (buffer, end) => owner.fromClient(buffer, end));
    if (socket.readableEnded) queueMicrotask(() => owner.clientEnded());
    if (socket.closed) queueMicrotask(() => owner.clientClosed());
  }

  /** Unsent bytes. */
  get unsent(): number {
    return this.#socket.writableLength;
  }

  get allowsHalfOpen(): boolean {
    return this.#socket.allowHalfOpen;
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** As `forward`. */
  forward(buffer: Buffer, end: number): boolean {
    return forward(this.#socket, buffer, end);
  }

  write(bytes: Buffer): void {
    this.#socket.write(bytes);
  }

  pause(): void {
    this.#isPaused = true;
    this.#socket.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#socket.resume();
  }

  /** One deadline at a time; the last one set counts. */
  within(wait: DurationMs, clock: Clock, then: () => void): void {
    this.#deadline?.();
    this.#deadline = clock.timer(wait, then);
  }

  /** No more deadline. */
  rest(): void {
    this.#deadline?.();
    this.#deadline = null;
  }

  /**
   * Says `words`, if any, and closes. What the client still sends is read and thrown away, for a
   * socket closed with unread bytes is reset and the client would never see what it was told.
   */
  finish(words: Buffer | null, clock: Clock): void {
    this.rest();
    if (this.#socket.destroyed) return;
    this.within(CLOSING_MAX, clock, () => this.#socket.destroy());
    if (words !== null) this.#socket.end(words);
    else this.#socket.end();
    this.#socket.resume();
  }
}
