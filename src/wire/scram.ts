/**
 * The arithmetic of SCRAM-SHA-256 that client and server share.
 *
 *   SaltedPassword  = PBKDF2(password, salt, iterations)
 *   ClientKey       = HMAC(SaltedPassword, "Client Key")     proves the client
 *   StoredKey       = SHA-256(ClientKey)                     checks the proof
 *   ServerKey       = HMAC(SaltedPassword, "Server Key")     proves the server
 *   AuthMessage     = client-first-bare , server-first , client-final-without-proof
 *   ClientProof     = ClientKey XOR HMAC(StoredKey, AuthMessage)
 *   ServerSignature = HMAC(ServerKey, AuthMessage)
 *
 * A server that knows StoredKey recovers ClientKey from the proof. The compute has the same
 * verifier, so that ClientKey logs in there too, and no password is ever held.
 *
 * Source: RFC 5802 §3, RFC 7677; PostgreSQL `src/common/scram-common.c`.
 */
import { createHash, createHmac } from 'node:crypto';

export const SCRAM_SHA_256 = 'SCRAM-SHA-256';
export const SCRAM_SHA_256_PLUS = 'SCRAM-SHA-256-PLUS';

/** Bytes of every key, proof and signature. */
export const KEY_BYTES = 32;

export function hmac(key: Uint8Array, text: Uint8Array | string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

export function sha256(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}

/** Both of one length. */
export function xor(one: Uint8Array, other: Uint8Array): Buffer {
  const out = Buffer.alloc(one.length);
  for (let i = 0; i < one.length; i++) out[i] = (one[i] ?? 0) ^ (other[i] ?? 0);
  return out;
}

/** The value of `text` if it is attribute `name` (`r=...`); undefined if it is another. */
export function attribute(name: string, text: string | undefined): string | undefined {
  return text?.startsWith(`${name}=`) ? text.slice(2) : undefined;
}

/** The bytes of canonical base64, undefined for anything else. */
export function fromBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
}
