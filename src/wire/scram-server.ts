/**
 * SCRAM-SHA-256 and -PLUS from the server's side.
 *
 *   challenge(client-first) ──▶ server-first ──▶ finish(client-final) ──▶ proven, or not
 *
 * Every exchange takes these steps, also for a role that does not exist: `mockSecret` stands in for
 * its verifier, with the same salt each time, so that a stranger cannot tell the difference.
 * A client that says it would have bound to the channel had we offered it, although we did (`y`),
 * has been lied to by someone in between, and is refused.
 *
 * Source: RFC 5802, RFC 5929, RFC 7677; PostgreSQL `auth-scram.c`.
 */
import { timingSafeEqual } from 'node:crypto';
import { type Fault, fault } from '../domain/faults.ts';
import {
  attribute,
  fromBase64,
  hmac,
  KEY_BYTES,
  SCRAM_SHA_256,
  SCRAM_SHA_256_PLUS,
  sha256,
  xor,
} from './scram.ts';
import { ITERATIONS, SALT_BYTES, type ScramSecret } from './verifier.ts';

const BINDING_TYPE = 'tls-server-end-point';

/** RFC 5802 `printable`: ASCII without space and comma. */
const NONCE = /^[\x21-\x2b\x2d-\x7e]+$/;

export type ScramServerOptions = {
  /** What the proof is checked against. */
  readonly secret: ScramSecret;
  /** Our part of the nonce; fresh, printable, no comma. */
  readonly nonce: string;
  /** The `tls-server-end-point` of the connection; null without TLS. */
  readonly channelBinding: Uint8Array | null;
};

/** What a client proves when it knows the password. */
export type Proven = {
  readonly clientKey: Buffer;
  /** Proves to the client that we knew the verifier. */
  readonly serverFinal: Buffer;
};

type ClientFirst = {
  /** Base64 of the GS2 header and, if it binds, of the channel: what client-final must repeat. */
  readonly binding: string;
  readonly bare: string;
  readonly nonce: string;
};

/** The mechanisms to offer, best first. */
export const mechanismsFor = (channelBinding: Uint8Array | null): readonly string[] =>
  channelBinding === null ? [SCRAM_SHA_256] : [SCRAM_SHA_256_PLUS, SCRAM_SHA_256];

export class ScramServer {
  readonly #options: ScramServerOptions;
  #first: ClientFirst | undefined;
  #serverFirst = '';
  #nonce = '';

  constructor(options: ScramServerOptions) {
    this.#options = options;
  }

  /** The server-first-message. Throws `PROTOCOL_VIOLATION` or `FEATURE_UNSUPPORTED`. */
  challenge(mechanism: string, clientFirst: Uint8Array): Buffer {
    const { secret, nonce, channelBinding } = this.#options;
    if (!mechanismsFor(channelBinding).includes(mechanism)) {
      throw violation('the client chose a SASL mechanism that was not offered');
    }
    const text = Buffer.from(clientFirst).toString('utf8');
    this.#first = readClientFirst(text, mechanism, channelBinding);
    this.#nonce = this.#first.nonce + nonce;
    const salt = secret.salt.toString('base64');
    this.#serverFirst = `r=${this.#nonce},s=${salt},i=${secret.iterations}`;
    return Buffer.from(this.#serverFirst);
  }

  /**
   * What the client proved; undefined if its proof is wrong.
   * Throws `PROTOCOL_VIOLATION` if the message is malformed or was made for another connection.
   */
  finish(clientFinal: Uint8Array): Proven | undefined {
    const first = this.#first;
    if (first === undefined) throw violation('a proof came before the challenge');
    const text = Buffer.from(clientFinal).toString('utf8');
    const { withoutProof, proof } = readClientFinal(text, first.binding, this.#nonce);
    const authMessage = `${first.bare},${this.#serverFirst},${withoutProof}`;

    const { storedKey, serverKey } = this.#options.secret;
    const clientKey = xor(proof, hmac(storedKey, authMessage));
    const signature = hmac(serverKey, authMessage).toString('base64');
    if (!timingSafeEqual(sha256(clientKey), storedKey)) return undefined;
    return { clientKey, serverFinal: Buffer.from(`v=${signature}`) };
  }
}

/**
 * A secret for `whom`, who has none: always the same for the same `key`, and proven by nobody,
 * since the stored key is no hash of a known key.
 */
export function mockSecret(key: Uint8Array, whom: string): ScramSecret {
  return {
    iterations: ITERATIONS,
    salt: hmac(key, `salt:${whom}`).subarray(0, SALT_BYTES),
    storedKey: hmac(key, `stored:${whom}`),
    serverKey: hmac(key, `server:${whom}`),
  };
}

function readClientFirst(
  text: string,
  mechanism: string,
  channelBinding: Uint8Array | null,
): ClientFirst {
  const [flag = '', authzid, ...bareParts] = text.split(',');
  const bound = checkBindingFlag(flag, mechanism, channelBinding);
  if (authzid?.startsWith('a=')) {
    throw fault('FEATURE_UNSUPPORTED', { feature: 'a SCRAM authorization identity' });
  }
  const [user, nonceAttribute] = bareParts;
  if (user?.startsWith('m=')) {
    throw fault('FEATURE_UNSUPPORTED', { feature: 'a mandatory SCRAM extension' });
  }
  // The user is the startup packet's; what stands here is ignored, as in PostgreSQL.
  const nonce = attribute('r', nonceAttribute);
  if (authzid !== '' || attribute('n', user) === undefined || nonce === undefined) {
    throw violation('malformed SCRAM client-first-message');
  }
  if (!NONCE.test(nonce)) throw violation('a SCRAM nonce has only printable characters');
  const header = Buffer.from(`${flag},,`);
  return {
    binding: Buffer.concat([header, bound]).toString('base64'),
    bare: bareParts.join(','),
    nonce,
  };
}

/** The bytes of the channel to bind to; none if the client does not bind. */
function checkBindingFlag(
  flag: string,
  mechanism: string,
  channelBinding: Uint8Array | null,
): Uint8Array {
  const plus = mechanism === SCRAM_SHA_256_PLUS;
  if (flag === 'n' && !plus) return Buffer.alloc(0);
  if (flag === 'y' && !plus) {
    if (channelBinding !== null) {
      throw violation('SCRAM channel binding was offered, and the client did not see the offer');
    }
    return Buffer.alloc(0);
  }
  if (flag.startsWith('p=') && plus && channelBinding !== null) {
    if (flag !== `p=${BINDING_TYPE}`) throw violation('unknown SCRAM channel binding type');
    return channelBinding;
  }
  throw violation('the SCRAM channel binding flag does not fit the mechanism');
}

function readClientFinal(
  text: string,
  binding: string,
  nonce: string,
): { readonly withoutProof: string; readonly proof: Buffer } {
  const attributes = text.split(',');
  const encoded = attribute('p', attributes.at(-1));
  const proof = encoded === undefined ? undefined : fromBase64(encoded);
  if (attributes.length < 3 || proof?.length !== KEY_BYTES) {
    throw violation('malformed SCRAM client-final-message');
  }
  if (attribute('c', attributes[0]) !== binding) {
    throw violation('the SCRAM channel binding check failed');
  }
  if (attribute('r', attributes[1]) !== nonce) throw violation('the SCRAM nonce is another one');
  return { withoutProof: attributes.slice(0, -1).join(','), proof };
}

const violation = (found: string): Fault => fault('PROTOCOL_VIOLATION', { found });
