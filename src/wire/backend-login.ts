/**
 * The login to a compute, from the client's side.
 *
 *   startup ──▶ SASL offered ──▶ challenged ──▶ proven ──▶ signed ──▶ accepted ──▶ ready
 *      └───────────────┴────────────── ErrorResponse ────────────────────▶ refused
 *
 * Fed with what the compute sends, it says what to send next. Only SCRAM-SHA-256 is accepted: a
 * compute that asks for less is not the one we started. Protocol 3.0 is spoken, since all that 3.2
 * adds is a longer cancel key, and this one never leaves the machine.
 *
 * Source: PostgreSQL docs, "Start-up", "SASL Authentication".
 */
import { errorField } from './error-fields.ts';
import { ANSWER, HEADER_BYTES } from './frames.ts';
import { int32, message, zeroTerminated } from './messages.ts';
import { SCRAM_SHA_256 } from './scram.ts';
import type { ScramClient } from './scram-client.ts';
import type { CancelKey } from './startup.ts';

const PROTOCOL = 3 << 16;

/** What follows an `R`. */
const REQUEST = { ok: 0, sasl: 10, saslContinue: 11, saslFinal: 12 } as const;

/** Most bytes of a login: parameters, notices and notifications of login triggers included. */
export const LOGIN_ANSWER_BYTES_MAX = 256 * 1024;

const TYPE_BYTES = 1;
const LENGTH_BYTES = 4;

/** A session that the compute has accepted. */
export type Accepted = {
  readonly key: CancelKey;
  /** ParameterStatus and other messages for the client as they came, up to ReadyForQuery. */
  readonly greeting: Buffer;
  /** What came after ReadyForQuery. */
  readonly rest: Buffer;
  /** Transaction status: the byte `I`. */
  readonly status: number;
};

export type LoginStep =
  | { readonly kind: 'wait' }
  | { readonly kind: 'send'; readonly bytes: Buffer }
  | { readonly kind: 'accepted'; readonly accepted: Accepted }
  /** `response` is the compute's ErrorResponse as it came. */
  | { readonly kind: 'refused'; readonly response: Buffer; readonly sqlstate: string };

/** The packet that opens a session. `parameters` has the user. */
export function startupMessage(parameters: ReadonlyMap<string, string>): Buffer {
  const pairs = [...parameters].flatMap(([name, value]) => [
    zeroTerminated(name),
    zeroTerminated(value),
  ]);
  const body = Buffer.concat([int32(PROTOCOL), ...pairs, Buffer.from([0])]);
  return Buffer.concat([int32(LENGTH_BYTES + body.length), body]);
}

export const withUser = (
  parameters: ReadonlyMap<string, string>,
  user: string,
): ReadonlyMap<string, string> => new Map([...parameters, ['user', user]]);

export class BackendLogin {
  readonly #scram: ScramClient;
  #unread: Buffer = Buffer.alloc(0);
  #isProven = false;
  #isAccepted = false;
  #key: CancelKey | null = null;
  readonly #greeting: Buffer[] = [];
  #greetingBytes = 0;

  constructor(scram: ScramClient) {
    this.#scram = scram;
  }

  /**
   * Takes what the compute sent. Call with an empty chunk after a `send`: more may have come with it.
   * Throws `Error` if the compute says what it may not.
   */
  feed(chunk: Buffer): LoginStep {
    this.#unread = Buffer.concat([this.#unread, chunk]);
    if (this.#greetingBytes + this.#unread.length > LOGIN_ANSWER_BYTES_MAX) {
      throw new Error('the compute sends too much during login');
    }
    for (let found = this.#take(); found !== undefined; found = this.#take()) {
      const step = this.#answer(found);
      if (step.kind !== 'wait') return step;
    }
    return { kind: 'wait' };
  }

  /** The next whole message, header included. */
  #take(): Buffer | undefined {
    if (this.#unread.length < HEADER_BYTES) return undefined;
    const length = this.#unread.readUInt32BE(TYPE_BYTES);
    if (length < LENGTH_BYTES || length > LOGIN_ANSWER_BYTES_MAX) {
      throw new Error(`the compute sent a message of ${length} bytes during login`);
    }
    const end = TYPE_BYTES + length;
    if (this.#unread.length < end) return undefined;
    const found = this.#unread.subarray(0, end);
    this.#unread = this.#unread.subarray(end);
    return found;
  }

  #answer(found: Buffer): LoginStep {
    const body = found.subarray(HEADER_BYTES);
    switch (found[0]) {
      case ANSWER.authentication:
        return this.#authenticate(body);
      case ANSWER.error:
        return { kind: 'refused', response: Buffer.from(found), sqlstate: errorField(body, 'C') };
      case ANSWER.backendKey:
        this.#key = { processId: body.readInt32BE(0), secret: Buffer.from(body.subarray(4)) };
        return { kind: 'wait' };
      case ANSWER.readyForQuery:
        return this.#accept(body);
      default:
        this.#greeting.push(found);
        this.#greetingBytes += found.length;
        return { kind: 'wait' };
    }
  }

  #authenticate(body: Buffer): LoginStep {
    const data = body.subarray(4);
    switch (body.readInt32BE(0)) {
      case REQUEST.sasl: {
        const offered = data.toString('latin1').split('\0');
        if (!offered.includes(SCRAM_SHA_256)) throw new Error('the compute offers no SCRAM');
        const first = this.#scram.first();
        const mechanism = zeroTerminated(SCRAM_SHA_256);
        return { kind: 'send', bytes: message('p', mechanism, int32(first.length), first) };
      }
      case REQUEST.saslContinue:
        return { kind: 'send', bytes: message('p', this.#scram.final(data)) };
      case REQUEST.saslFinal:
        this.#scram.verify(data);
        this.#isProven = true;
        return { kind: 'wait' };
      case REQUEST.ok:
        if (!this.#isProven) throw new Error('the compute lets us in without a proof');
        this.#isAccepted = true;
        return { kind: 'wait' };
      default:
        throw new Error('the compute asks for a way of authentication other than SCRAM');
    }
  }

  #accept(body: Buffer): LoginStep {
    const key = this.#key;
    if (!this.#isAccepted || key === null) throw new Error('the compute is ready before its time');
    const greeting = Buffer.concat(this.#greeting);
    const status = body.readUInt8(0);
    return { kind: 'accepted', accepted: { key, greeting, rest: this.#unread, status } };
  }
}
