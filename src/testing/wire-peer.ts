/** Either side of a PostgreSQL connection, spoken message by message. */
import type { Socket } from 'node:net';
import { Inbox } from '../proxy/inbox.ts';
import { message } from '../wire/messages.ts';
import { ScramClient } from '../wire/scram-client.ts';
import { keysOf } from '../wire/verifier.ts';

const HEADER_BYTES = 5;

export type WireMessage = { readonly type: string; readonly body: Buffer };

/** The fields of an ErrorResponse by their letters. */
export function errorFields(found: WireMessage): Readonly<Record<string, string>> {
  const fields = found.body.toString('utf8').split('\0').filter(Boolean);
  return Object.fromEntries(fields.map((field) => [field.slice(0, 1), field.slice(1)]));
}

/** `error CODE: message` for an error, else the type and, of a login step, its number. */
export function described(found: WireMessage): string {
  if (found.type === 'E') {
    const { C, M } = errorFields(found);
    return `error ${C}: ${M}`;
  }
  return found.type === 'R' ? `R${found.body.readInt32BE(0)}` : found.type;
}

export const int32Bytes = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};

/** A packet of the start-up, from its code and body. */
export function startupPacket(code: number, body: Uint8Array = Buffer.alloc(0)): Buffer {
  return Buffer.concat([int32Bytes(8 + body.length), int32Bytes(code), body]);
}

export const SSL_REQUEST = startupPacket(80_877_103);
export const GSSENC_REQUEST = startupPacket(80_877_104);

export function startupMessageOf(
  parameters: Readonly<Record<string, string>>,
  protocol = 0x0003_0000,
): Buffer {
  const pairs = Object.entries(parameters).map(([name, value]) => `${name}\0${value}\0`);
  return startupPacket(protocol, Buffer.from(`${pairs.join('')}\0`));
}

export class WirePeer {
  readonly socket: Socket;
  readonly #inbox: Inbox;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('error', () => {});
    this.#inbox = new Inbox(socket, () => {});
  }

  send(...bytes: readonly Uint8Array[]): void {
    this.socket.write(Buffer.concat(bytes));
  }

  /** The answer to SSLRequest or GSSENCRequest. */
  async byte(): Promise<string> {
    const { text } = await this.#inbox.next((bytes) =>
      bytes.length === 0 ? undefined : { text: bytes.toString('latin1', 0, 1), length: 1 },
    );
    return text;
  }

  /** What `read` makes of the bytes, as in `Inbox`. */
  packet<T extends { readonly length: number }>(read: (bytes: Buffer) => T | undefined) {
    return this.#inbox.next(read);
  }

  /** The next message; rejects when the other side has closed. */
  async message(): Promise<WireMessage> {
    const { found } = await this.#inbox.next((bytes) => {
      if (bytes.length < HEADER_BYTES) return undefined;
      const length = 1 + bytes.readUInt32BE(1);
      if (bytes.length < length) return undefined;
      const body = Buffer.from(bytes.subarray(HEADER_BYTES, length));
      return { found: { type: bytes.toString('latin1', 0, 1), body }, length };
    });
    return found;
  }

  /** Messages up to and with the first of a type in `last`, or to the end. */
  async messagesTo(last: string): Promise<WireMessage[]> {
    const found: WireMessage[] = [];
    try {
      while (!last.includes(found.at(-1)?.type ?? '-')) found.push(await this.message());
    } catch {
      // The other side has closed.
    }
    return found;
  }

  /** All there is to come, until the other side closes; each described. */
  async toEnd(): Promise<string[]> {
    return (await this.messagesTo('')).map(described);
  }

  /** Logs in by SCRAM-SHA-256; resolves with every message up to ReadyForQuery or the end. */
  async logIn(login: {
    readonly password: string;
    readonly parameters: Readonly<Record<string, string>>;
    readonly protocol?: number;
    /** Sent together with the proof. */
    readonly ahead?: Uint8Array;
  }): Promise<WireMessage[]> {
    this.send(startupMessageOf(login.parameters, login.protocol));
    const asked = await this.messagesTo('RE');
    if (asked.at(-1)?.type !== 'R') return asked;
    const nonce = 'a-client-nonce';
    const unproven = new ScramClient({ clientKey: Buffer.alloc(32), nonce });
    const first = unproven.first();
    const mechanism = Buffer.from('SCRAM-SHA-256\0');
    this.send(message('p', mechanism, int32Bytes(first.length), first));
    const challenged = await this.messagesTo('RE');
    const challenge = challenged.at(-1);
    if (challenge?.type !== 'R') return [...asked, ...challenged];
    const serverFirst = challenge.body.subarray(4);
    const client = new ScramClient({ ...(await keys(login.password, serverFirst)), nonce });
    this.send(message('p', client.final(serverFirst)), login.ahead ?? Buffer.alloc(0));
    const rest = await this.messagesTo('ZE');
    return [...asked, ...challenged, ...rest];
  }
}

function keys(password: string, serverFirst: Buffer) {
  const [, salt = '', iterations = ''] = serverFirst.toString().split(',');
  return keysOf(password, {
    salt: Buffer.from(salt.slice(2), 'base64'),
    iterations: Number(iterations.slice(2)),
  });
}
