/** A client that sends bytes as it is told and keeps every message that comes, in order. */
import { connect, type NetConnectOpts, type Socket } from 'node:net';
import { cancelRequest } from '../wire/cancel-request.ts';
import { message } from '../wire/messages.ts';
import { ScramClient } from '../wire/scram-client.ts';
import type { CancelKey } from '../wire/startup.ts';
import { keysOf } from '../wire/verifier.ts';
import { terminate } from './requests.ts';
import { int32Bytes, startupMessageOf, type WireMessage } from './wire-peer.ts';

const HEADER_BYTES = 5;
const NONCE = 'a-client-nonce';

/** What an R message asks for. */
const OK = 0;
const SASL = 10;
const SASL_CONTINUE = 11;

/** How long an answer that must come may take. */
const ANSWER_WITHIN_MS = 20_000;

/** As libpq has it: a host that is a directory holds the server's socket. */
export type Place = { readonly host: string; readonly port: number };

export type FrameLogin = {
  readonly place: Place;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  /** More parameters of the start-up. */
  readonly parameters?: Readonly<Record<string, string>>;
  readonly protocol?: number;
};

export class FrameClient implements AsyncDisposable {
  /** Everything up to the first ReadyForQuery, the login included. */
  greeting: readonly WireMessage[] = [];
  readonly #login: FrameLogin;
  readonly #socket: Socket;
  #chunks: Buffer[] = [];
  #size = 0;
  #wanted = HEADER_BYTES;
  #frames: WireMessage[] = [];
  #closed = false;
  #news: (() => void) | undefined;

  private constructor(login: FrameLogin) {
    this.#login = login;
    this.#socket = connect(addressOf(login.place));
    this.#socket.setNoDelay(true);
    this.#socket.on('error', () => {});
    this.#socket.on('data', (chunk) => this.#receive(chunk));
    this.#socket.on('close', () => {
      this.#closed = true;
      this.#news?.();
    });
  }

  /** Logs in by SCRAM-SHA-256. Throws with the server's error if it refuses. */
  static async open(login: FrameLogin): Promise<FrameClient> {
    const client = new FrameClient(login);
    const { user, database, parameters, protocol } = login;
    client.send(startupMessageOf({ user, database, ...parameters }, protocol));
    client.greeting = await client.#logIn();
    return client;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** From BackendKeyData. */
  get key(): CancelKey {
    const found = this.greeting.find(({ type }) => type === 'K');
    if (found === undefined) throw new Error('no key was given');
    return { processId: found.body.readInt32BE(0), secret: found.body.subarray(4) };
  }

  send(...bytes: readonly Uint8Array[]): void {
    this.#socket.write(Buffer.concat(bytes));
  }

  /** Each part as a write of its own, far enough apart to arrive alone. */
  async sendApart(parts: readonly Uint8Array[]): Promise<void> {
    for (const part of parts) {
      await new Promise<void>((written) => this.#socket.write(part, () => written()));
      await new Promise<void>((next) => setImmediate(next));
    }
  }

  /** Takes all up to and with the `count`th message of `types`, or to the end of the connection. */
  async until(types: string, count = 1): Promise<WireMessage[]> {
    let seen = 0;
    let at = 0;
    const deadline = performance.now() + ANSWER_WITHIN_MS;
    for (;;) {
      for (; at < this.#frames.length && seen < count; at++) {
        if (types.includes(this.#frames[at]?.type ?? '-')) seen++;
      }
      if (seen >= count || this.#closed) return this.#frames.splice(0, at);
      await this.#more(deadline, `${seen} of ${count} "${types}"`);
    }
  }

  /** Sends, and takes the answers up to the `count`th ReadyForQuery. */
  ask(bytes: Uint8Array, count = 1): Promise<WireMessage[]> {
    this.send(bytes);
    return this.until('Z', count);
  }

  /** Asks for the session's query to be given up; resolves when the server has closed. */
  cancel(key: CancelKey = this.key): Promise<void> {
    return sendCancel(this.#login.place, cancelRequest(key));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    const closed = new Promise<void>((done) => this.#socket.once('close', () => done()));
    this.#socket.end(terminate());
    await closed;
  }

  async #logIn(): Promise<WireMessage[]> {
    const greeting: WireMessage[] = [];
    let scram = new ScramClient({ clientKey: Buffer.alloc(32), nonce: NONCE });
    for (;;) {
      const [found] = await this.#next();
      if (found === undefined) throw new Error('closed during the login');
      greeting.push(found);
      if (found.type === 'E') throw new Error(found.body.toString('utf8'));
      if (found.type === 'Z') return greeting;
      if (found.type !== 'R') continue;
      const asked = found.body.readInt32BE(0);
      const rest = found.body.subarray(4);
      if (asked === SASL) {
        const first = scram.first();
        this.send(message('p', Buffer.from('SCRAM-SHA-256\0'), int32Bytes(first.length), first));
      } else if (asked === SASL_CONTINUE) {
        scram = new ScramClient({ ...(await this.#keys(rest)), nonce: NONCE });
        this.send(message('p', scram.final(rest)));
      } else if (asked !== OK && asked !== SASL_CONTINUE + 1) {
        throw new Error(`asked for authentication ${asked}`);
      }
    }
  }

  #keys(serverFirst: Buffer) {
    const [, salt = '', iterations = ''] = serverFirst.toString().split(',');
    return keysOf(this.#login.password, {
      salt: Buffer.from(salt.slice(2), 'base64'),
      iterations: Number(iterations.slice(2)),
    });
  }

  /** The next message; nothing if the connection has ended. */
  async #next(): Promise<WireMessage[]> {
    const deadline = performance.now() + ANSWER_WITHIN_MS;
    while (this.#frames.length === 0 && !this.#closed) await this.#more(deadline, 'login');
    return this.#frames.splice(0, 1);
  }

  async #more(deadline: number, awaited: string): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((done, fail) => {
      this.#news = done;
      const late = (): void => {
        const got = this.#frames.map(({ type }) => type).join('');
        fail(new Error(`no answer in time: awaited ${awaited}, got "${got.slice(-200)}"`));
      };
      timer = setTimeout(late, deadline - performance.now());
    }).finally(() => clearTimeout(timer));
  }

  #receive(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    if (this.#size < this.#wanted) return;
    let bytes = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks);
    this.#wanted = HEADER_BYTES;
    while (bytes.length >= HEADER_BYTES) {
      const length = 1 + bytes.readUInt32BE(1);
      this.#wanted = length;
      if (bytes.length < length) break;
      const body = Buffer.from(bytes.subarray(HEADER_BYTES, length));
      this.#frames.push({ type: bytes.toString('latin1', 0, 1), body });
      bytes = bytes.subarray(length);
      this.#wanted = HEADER_BYTES;
    }
    this.#chunks = bytes.length === 0 ? [] : [bytes];
    this.#size = bytes.length;
    this.#news?.();
  }
}

const addressOf = ({ host, port }: Place): NetConnectOpts =>
  host.startsWith('/') ? { path: `${host}/.s.PGSQL.${port}` } : { host, port };

/** Sends a packet on a connection of its own; resolves when the server has closed that. */
export function sendCancel(place: Place, packet: Uint8Array): Promise<void> {
  return new Promise((done) => {
    const socket = connect(addressOf(place));
    socket.on('error', () => {});
    socket.on('close', () => done());
    socket.resume();
    socket.write(packet);
  });
}
