/**
 * Makes and reads the SCRAM-SHA-256 verifiers of `domain/verifier.ts`.
 *
 * Source: PostgreSQL `scram_build_secret` and `parse_scram_secret`.
 */
import { pbkdf2 } from 'node:crypto';
import type { Verifier } from '../domain/verifier.ts';
import { isVerifier } from '../domain/verifier.ts';
import { preparedPassword } from './saslprep.ts';
import { hmac, KEY_BYTES, SCRAM_SHA_256, sha256 } from './scram.ts';

/** As PostgreSQL's `scram_iterations`, and RFC 7677's least. */
export const ITERATIONS = 4_096;

/** As PostgreSQL's `SCRAM_DEFAULT_SALT_LEN`. */
export const SALT_BYTES = 16;

/** A verifier taken apart. */
export type ScramSecret = {
  readonly iterations: number;
  readonly salt: Buffer;
  readonly storedKey: Buffer;
  readonly serverKey: Buffer;
};

/** The keys that a password gives under a salt. */
export type ScramKeys = { readonly clientKey: Buffer; readonly serverKey: Buffer };

/** The verifier of `password`. The salt is 16 fresh random bytes. */
export async function verifierOf(password: string, salt: Uint8Array): Promise<Verifier> {
  const keys = await keysOf(password, { salt, iterations: ITERATIONS });
  return verifierText({
    iterations: ITERATIONS,
    salt: Buffer.from(salt),
    storedKey: sha256(keys.clientKey),
    serverKey: keys.serverKey,
  });
}

/** Takes a few milliseconds of a pool thread, never of the event loop. */
export function keysOf(
  password: string,
  cost: { readonly salt: Uint8Array; readonly iterations: number },
): Promise<ScramKeys> {
  const prepared = preparedPassword(Buffer.from(password));
  return new Promise((resolve, reject) => {
    pbkdf2(prepared, cost.salt, cost.iterations, KEY_BYTES, 'sha256', (error, salted) => {
      if (error) reject(error);
      else {
        resolve({
          clientKey: hmac(salted, 'Client Key'),
          serverKey: hmac(salted, 'Server Key'),
        });
      }
    });
  });
}

export function verifierText(secret: ScramSecret): Verifier {
  const { iterations, salt, storedKey, serverKey } = secret;
  const keys = `${storedKey.toString('base64')}:${serverKey.toString('base64')}`;
  return `${SCRAM_SHA_256}$${iterations}:${salt.toString('base64')}$${keys}` as Verifier;
}

/** Undefined if `text` is no SCRAM-SHA-256 verifier. */
export function parseVerifier(text: string): ScramSecret | undefined {
  if (!isVerifier(text)) return undefined;
  const [, cost = '', keys = ''] = text.split('$');
  const [iterations = '', salt = ''] = cost.split(':');
  const [storedKey = '', serverKey = ''] = keys.split(':');
  return {
    iterations: Number(iterations),
    salt: Buffer.from(salt, 'base64'),
    storedKey: Buffer.from(storedKey, 'base64'),
    serverKey: Buffer.from(serverKey, 'base64'),
  };
}
