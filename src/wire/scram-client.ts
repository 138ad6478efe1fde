/**
 * SCRAM-SHA-256 from the client's side, with a ClientKey where others have a password.
 *
 *   first() ──▶ server-first ──▶ final(it) ──▶ server-final ──▶ verify(it)
 *
 * The proxy logs in to a compute with the ClientKey that its own client has just proven, or with
 * the one of a ticket. No channel binding: the way there is a Unix socket.
 */
import { timingSafeEqual } from 'node:crypto';
import { attribute, fromBase64, hmac, KEY_BYTES, sha256, xor } from './scram.ts';

/** Header of a client that binds to no channel, and its base64. Source: RFC 5802 §7. */
const GS2_HEADER = 'n,,';
const GS2_HEADER_BASE64 = 'biws';

export type ScramClientOptions = {
  readonly clientKey: Uint8Array;
  /** Given, the server must prove that it knows it. */
  readonly serverKey?: Uint8Array;
  /** Fresh for each login; printable ASCII without a comma. */
  readonly nonce: string;
};

export class ScramClient {
  readonly #clientKey: Uint8Array;
  readonly #serverKey: Uint8Array | undefined;
  readonly #nonce: string;
  #authMessage = '';

  constructor(options: ScramClientOptions) {
    this.#clientKey = options.clientKey;
    this.#serverKey = options.serverKey;
    this.#nonce = options.nonce;
  }

  /** The client-first-message. PostgreSQL takes the user from the startup message, so none here. */
  first(): Buffer {
    return Buffer.from(GS2_HEADER + this.#firstBare());
  }

  /** The client-final-message. Throws `Error` if `serverFirst` is no answer to our nonce. */
  final(serverFirst: Uint8Array): Buffer {
    const text = Buffer.from(serverFirst).toString('latin1');
    const nonce = attribute('r', text.split(',')[0]);
    if (!nonce?.startsWith(this.#nonce) || nonce.length === this.#nonce.length) {
      throw new Error('SCRAM: the server did not answer with our nonce');
    }
    const withoutProof = `c=${GS2_HEADER_BASE64},r=${nonce}`;
    this.#authMessage = `${this.#firstBare()},${text},${withoutProof}`;
    const signature = hmac(sha256(this.#clientKey), this.#authMessage);
    const proof = xor(this.#clientKey, signature).toString('base64');
    return Buffer.from(`${withoutProof},p=${proof}`);
  }

  /** Throws `Error` unless `serverFinal` ends the exchange well. */
  verify(serverFinal: Uint8Array): void {
    const text = Buffer.from(serverFinal).toString('latin1');
    const signature = attribute('v', text.split(',')[0]);
    const given = signature === undefined ? undefined : fromBase64(signature);
    if (given?.length !== KEY_BYTES) throw new Error('SCRAM: the server sent no signature');
    if (this.#serverKey === undefined) return;
    const expected = hmac(this.#serverKey, this.#authMessage);
    if (!timingSafeEqual(given, expected)) throw new Error('SCRAM: the server signed wrongly');
  }

  #firstBare(): string {
    return `n=,r=${this.#nonce}`;
  }
}
