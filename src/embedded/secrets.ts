/**
 * The secrets by which we, and nobody else, log in to computes.
 *
 * All come from one master key, so that none is stored beside a tenant's data and a stolen data
 * directory opens only itself. They are 256 random bits each, so SCRAM's stretching, made for what
 * people can remember, is left out: one iteration. Source: RFC 5802 section 3.
 */
import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Random } from '../domain/random.ts';
import type { Verifier } from '../domain/verifier.ts';
import { isErrno, writeDurably } from './machine/durable.ts';

const KEY_BYTES = 32;
const SALT_BYTES = 16;
const ITERATIONS = 1;

export class Secrets {
  readonly #master: Buffer;

  constructor(master: Buffer) {
    this.#master = master;
  }

  /** Tells secrets apart, and nothing of them; 16 bytes, base64url. */
  get fingerprint(): string {
    return this.#derive('fingerprint').subarray(0, SALT_BYTES).toString('base64url');
  }

  /** The password of one of our roles in one compute. */
  password(compute: string, role: string): string {
    return this.#derive('password', compute, role).toString('base64url');
  }

  verifier(compute: string, role: string): Verifier {
    return verifierText(this.#keys(compute, role));
  }

  /** What proves the role's password to a compute without saying it; 32 bytes, base64. */
  clientKey(compute: string, role: string): string {
    return this.#keys(compute, role).clientKey.toString('base64');
  }

  #keys(compute: string, role: string): ScramKeys {
    const salt = this.#derive('salt', compute, role).subarray(0, SALT_BYTES);
    return scramKeys(this.password(compute, role), salt);
  }

  #derive(...of: readonly string[]): Buffer {
    return hmac(this.#master, of.join('\0'));
  }
}

/** Reads the master key, or makes it at the first start. */
export async function openSecrets(path: string, random: Random): Promise<Secrets> {
  try {
    return new Secrets(await readFile(path));
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
  }
  const master = Buffer.from(random.bytes(KEY_BYTES));
  await writeDurably(path, master);
  return new Secrets(master);
}

/** A password nobody has to remember. */
export const newPassword = (random: Random): string =>
  Buffer.from(random.bytes(KEY_BYTES)).toString('base64url');

type ScramKeys = {
  readonly salt: Buffer;
  readonly clientKey: Buffer;
  readonly storedKey: Buffer;
  readonly serverKey: Buffer;
};

function scramKeys(password: string, salt: Buffer): ScramKeys {
  const salted = pbkdf2Sync(password, salt, ITERATIONS, KEY_BYTES, 'sha256');
  const clientKey = hmac(salted, 'Client Key');
  const storedKey = createHash('sha256').update(clientKey).digest();
  return { salt, clientKey, storedKey, serverKey: hmac(salted, 'Server Key') };
}

function verifierText({ salt, storedKey, serverKey }: ScramKeys): Verifier {
  const [s, stored, server] = [salt, storedKey, serverKey].map((b) => b.toString('base64'));
  return `SCRAM-SHA-256$${ITERATIONS}:${s}$${stored}:${server}`;
}

const hmac = (key: Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
