/**
 * A session at the least cost to the client: one socket, and keys that are made once a password.
 *
 * So that what is measured is the server's, and ten thousand of them fit into one process.
 */
import { connect, type NetConnectOpts, type Socket } from 'node:net';
import { startupMessageOf } from '../src/testing/wire-peer.ts';
import { int32, message, zeroTerminated } from '../src/wire/messages.ts';
import { SCRAM_SHA_256 } from '../src/wire/scram.ts';
import { ScramClient } from '../src/wire/scram-client.ts';
import { keysOf, type ScramKeys } from '../src/wire/verifier.ts';

export type Login = {
  readonly place: NetConnectOpts;
  readonly role: string;
  readonly password: string;
};

/** Source: PostgreSQL docs, "Message Formats". */
const ASKED = { ok: 0, sasl: 10, saslContinue: 11 } as const;
const HEADER_BYTES = 5;
const CODE_BYTES = 4;
const [ERROR, AUTHENTICATION, READY] = [0x45, 0x52, 0x5a];

const keys = new Map<string, Promise<ScramKeys>>();
const nonce = 'the-nonce-of-a-benchmark';

export class RawSession {
  readonly #socket: Socket;
  readonly #login: Login;
  readonly #scram: ScramClient;
  #rest: Buffer = Buffer.alloc(0);
  #wait: PromiseWithResolvers<void> | null = null;
  #readyForQueries = 0;

  private constructor(login: Login) {
    this.#login = login;
    this.#scram = new ScramClient({ clientKey: Buffer.alloc(32), nonce });
    this.#socket = connect(login.place);
    this.#socket.setNoDelay(true);
    this.#socket.on('data', (chunk) => this.#take(chunk));
    this.#socket.on('error', (error) => this.#wait?.reject(error));
    this.#socket.on('close', () => this.#wait?.reject(new Error('the server has hung up')));
  }

  /** Resolves at the first ReadyForQuery, a role's database being named after it. */
  static async open(login: Login): Promise<RawSession> {
    const session = new RawSession(login);
    await session.ask(startupMessageOf({ user: login.role, database: login.role }));
    return session;
  }

  /** Sends, and resolves when so many ReadyForQuery have come. Rejects with the first error. */
  ask(bytes: Uint8Array, readyForQueries = 1): Promise<void> {
    const wait = Promise.withResolvers<void>();
    this.#wait = wait;
    this.#readyForQueries = readyForQueries;
    this.#socket.write(bytes);
    return wait.promise;
  }

  close(): void {
    this.#wait = null;
    this.#socket.end(message('X'));
  }

  #take(chunk: Buffer): void {
    let bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    while (bytes.length >= HEADER_BYTES && bytes.length > bytes.readUInt32BE(1)) {
      const end = 1 + bytes.readUInt32BE(1);
      this.#heard(bytes[0] ?? 0, bytes.subarray(HEADER_BYTES, end));
      bytes = bytes.subarray(end);
    }
    this.#rest = Buffer.from(bytes);
  }

  #heard(type: number, body: Buffer): void {
    if (type === ERROR) this.#wait?.reject(new Error(body.toString().replaceAll('\0', ' ')));
    if (type === READY && --this.#readyForQueries === 0) this.#wait?.resolve();
    if (type !== AUTHENTICATION) return;
    const asked = body.readInt32BE(0);
    const said = Buffer.from(body.subarray(CODE_BYTES));
    if (asked === ASKED.sasl) {
      const first = this.#scram.first();
      const mechanism = zeroTerminated(SCRAM_SHA_256);
      this.#socket.write(message('p', mechanism, int32(first.length), first));
    } else if (asked === ASKED.saslContinue) void this.#prove(said);
  }

  async #prove(serverFirst: Buffer): Promise<void> {
    const { clientKey } = await this.#keys(serverFirst);
    const client = new ScramClient({ clientKey, nonce });
    this.#socket.write(message('p', client.final(serverFirst)));
  }

  #keys(serverFirst: Buffer): Promise<ScramKeys> {
    const [, salt = '', iterations = ''] = serverFirst.toString().split(',');
    const known = keys.get(this.#login.password + salt);
    if (known !== undefined) return known;
    const made = keysOf(this.#login.password, {
      salt: Buffer.from(salt.slice(2), 'base64'),
      iterations: Number(iterations.slice(2)),
    });
    keys.set(this.#login.password + salt, made);
    return made;
  }
}
