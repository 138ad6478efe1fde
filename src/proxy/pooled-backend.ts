/**
 * A backend that sessions share, one after the other.
 *
 * Its socket is listened to once, for as long as it lives; what it says goes to whoever owns it at
 * that moment. So a session that changes its backend leaves nothing behind on a socket.
 *
 *   opened ─▶ owned by a session ⇄ being reset ⇄ at rest in its pool ─▶ leaving ─▶ closed
 */
import type { Socket } from 'node:net';
import type { Clock } from '../domain/clock.ts';
import type { Address } from '../domain/host.ts';
import type { Instant } from '../domain/units.ts';
import { seconds } from '../domain/units.ts';
import { ByteReader } from '../wire/bytes.ts';
import { ANSWER, HEADER_BYTES } from '../wire/frames.ts';
import { message, zeroTerminated } from '../wire/messages.ts';
import type { CancelKey } from '../wire/startup.ts';
import type { Backend } from './backend.ts';
import { receive } from './receive.ts';
import type { PoolMode } from './startup-options.ts';

/** For a backend to take its leave. */
const LEAVING_MAX = seconds(10);

const TERMINATE = message('X');

/**
 * As whom sessions log in to the compute. Sessions with the same one may use each other's backends,
 * one after the other, and share this object.
 */
export type Identity = {
  readonly role: string;
  readonly parameters: ReadonlyMap<string, string>;
  readonly poolMode: PoolMode;
  /** The key that was proven last: a password may change while its sessions live on. */
  clientKey: Uint8Array;
  /** What a backend of this identity reported when it first greeted; null before. */
  baseline: ReadonlyMap<string, string> | null;
};

/** Two sessions with the same name of identity may share backends. */
export const identityName = ({
  role,
  parameters,
  poolMode,
}: Pick<Identity, 'role' | 'parameters' | 'poolMode'>): string =>
  JSON.stringify([role, poolMode, [...parameters].sort(([a], [b]) => (a < b ? -1 : 1))]);

/** Hears what a backend says. */
export interface BackendOwner {
  /** As a `Receiver`. */
  fromBackend(buffer: Buffer, end: number): boolean;
  /** All that was written has gone out. */
  backendDrained(): void;
  /** It says no more. Called once. */
  backendEnded(): void;
}

/** Takes the last words of a backend that nobody needs any more. */
export const NOBODY: BackendOwner = {
  fromBackend: () => false,
  backendDrained: () => {},
  backendEnded: () => {},
};

export class PooledBackend {
  readonly identity: Identity;
  readonly socket: Socket;
  readonly address: Address;
  readonly key: CancelKey;
  /** Transaction status with which it began. */
  readonly status: number;
  /** What came behind its greeting. */
  readonly rest: Buffer;
  owner: BackendOwner = NOBODY;
  /** Set where something was left in it that no reset removes. */
  isTainted = false;
  /** Who has left its state in it, and may have it back; null once it is cleared. */
  lastUser: object | null = null;
  /** Since when it is at rest in its pool. */
  restsSince = 0 as Instant;
  #greeting: Buffer | null;
  #parameters: Map<string, string>;
  #hasEnded = false;

  /** `onClosed` is called once, when its socket is closed. */
  constructor(backend: Backend, identity: Identity, onClosed: (self: PooledBackend) => void) {
    this.identity = identity;
    this.socket = backend.socket;
    this.address = backend.address;
    this.key = backend.key;
    this.status = backend.status;
    this.rest = backend.rest;
    this.#greeting = backend.greeting;
    this.#parameters = reportedIn(backend.greeting);
    identity.baseline ??= new Map(this.#parameters);
    const { socket } = this;
    socket.on('end', () => this.#ended());
    socket.on('close', () => {
      this.#ended();
      onClosed(this);
    });
    socket.on('drain', () => this.owner.backendDrained());
    receive(socket, (buffer, end) => {
      // The socket closes right after. What that means for a session, its owner knows better.
      if (isPostmasterGone(buffer, end)) return false;
      return this.owner.fromBackend(buffer, end);
    });
    // What happened before we listened is not told again.
    if (socket.readableEnded || socket.destroyed) queueMicrotask(() => this.#ended());
    if (socket.closed) queueMicrotask(() => onClosed(this));
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** The settings it reports, as it last reported them. */
  get parameters(): ReadonlyMap<string, string> {
    return this.#parameters;
  }

  /** Its reports, as a new client is to hear them. What it said at its own beginning is said once. */
  greeting(): Buffer {
    const greeting = this.#greeting;
    this.#greeting = null;
    return greeting ?? Buffer.concat([...this.#parameters].map(([n, v]) => parameterStatus(n, v)));
  }

  /** It has reported these. */
  reported(parameters: ReadonlyMap<string, string>): void {
    for (const [name, value] of parameters) this.#parameters.set(name, value);
  }

  /** Says goodbye to it; it closes by itself, or is closed. */
  leave(clock: Clock): void {
    this.owner = NOBODY;
    if (this.socket.destroyed) return;
    const giveUp = clock.timer(LEAVING_MAX, () => this.socket.destroy());
    this.socket.once('close', giveUp);
    if (this.#hasEnded || !this.socket.writable) this.socket.destroy();
    else this.socket.end(TERMINATE);
    this.socket.resume();
  }

  /** Cuts it off. */
  destroy(): void {
    this.owner = NOBODY;
    this.socket.destroy();
  }

  #ended(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.owner.backendEnded();
  }
}

/** What a new client, or one that has changed its backend, is told of a setting. */
export const parameterStatus = (name: string, value: string): Buffer =>
  message('S', zeroTerminated(name), zeroTerminated(value));

/** The settings that a greeting reports. */
function reportedIn(greeting: Buffer): Map<string, string> {
  const found = new Map<string, string>();
  for (let at = 0; at + HEADER_BYTES <= greeting.length; ) {
    const next = at + 1 + greeting.readUInt32BE(at + 1);
    if (greeting[at] === ANSWER.parameterStatus) {
      const reader = new ByteReader(greeting.subarray(at + HEADER_BYTES, next));
      const [name, value] = [reader.text(), reader.text()];
      if (name !== undefined && value !== undefined) found.set(name, value);
    }
    at = next;
  }
  return found;
}

/** With its fields, an error without a statement is shorter. */
const LAST_WORDS_BYTES = 256;

/**
 * What a backend says that finds its postmaster dead: to a client it would mean that somebody ended
 * its connection on purpose. Source: PostgreSQL `be-secure.c`, `secure_read`.
 */
function isPostmasterGone(buffer: Buffer, end: number): boolean {
  if (buffer[0] !== ANSWER.error || end > LAST_WORDS_BYTES || end < HEADER_BYTES) return false;
  if (buffer.readUInt32BE(1) + 1 !== end) return false;
  const text = buffer.toString('latin1', HEADER_BYTES, end);
  return text.includes('C57P01\0') && text.includes('unexpected postmaster exit');
}
