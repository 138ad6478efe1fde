/**
 * Whether a password in the clear is the one of a verifier, and the key that it proves.
 *
 * PBKDF2 takes milliseconds, which is its purpose, and a client over HTTP would pay them with every
 * request. `proofName` names a password and a verifier together so that the outcome can be remembered
 * without either of them: by a keyed hash, under a key that lives no longer than the process.
 */
import { hash, timingSafeEqual } from 'node:crypto';
import { sha256 } from './scram.ts';
import { keysOf, type ScramSecret } from './verifier.ts';

/** The ClientKey of `password`; undefined if it is the wrong one. */
export async function provenKey(
  password: string,
  secret: ScramSecret,
): Promise<Buffer | undefined> {
  const { clientKey } = await keysOf(password, secret);
  return timingSafeEqual(sha256(clientKey), secret.storedKey) ? clientKey : undefined;
}

/** The parts may hold anything: their lengths keep them apart. `key` says 32 bytes that nobody knows, in as many characters as ever. */
export function proofName(key: string, parts: readonly string[]): string {
  let text = key;
  for (const part of parts) text += `${part.length}:${part}`;
  // Each request pays for this: an object that hashes in steps costs several times as much.
  return hash('sha256', text, 'base64');
}
