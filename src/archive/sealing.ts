/**
 * AES-256-GCM, as everything in the store is sealed.
 *
 * Every object has a key of its own, derived from the vault's and from a part that is drawn for the
 * object; inside an object a nonce is the place of what it seals. So no pair of key and nonce is ever
 * used for two texts. The name of the object goes in as additional data: nothing opens elsewhere.
 */
import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  hash,
  type KeyObject,
} from 'node:crypto';
import { Damage } from './damage.ts';
import { release } from './release.ts';

export const KEY_BYTES = 32;
export const TAG_BYTES = 16;

const NONCE_BYTES = 12;
const ALGORITHM = 'aes-256-gcm';

/** A key for one purpose, from which nobody learns `key` or another purpose's. */
export const subkey = (key: Uint8Array, purpose: string): Buffer =>
  createHmac('sha256', key).update(purpose).digest();

/** In hexadecimal. */
export const sha256 = (bytes: Uint8Array | string): string => hash('sha256', bytes, 'hex');

/** A key that seals many pieces: Node takes 5 µs less for each than with the bytes. */
export const keyForMany = (key: Uint8Array): KeyObject => createSecretKey(key);

export type Seal = {
  readonly key: Uint8Array | KeyObject;
  /** Never the same for two texts under one key. */
  readonly nonce: number;
  /** What must be the same when it is opened. */
  readonly context: string;
};

const nonceOf = ({ nonce }: Seal): Buffer => {
  const bytes = Buffer.alloc(NONCE_BYTES);
  bytes.writeBigUInt64BE(BigInt(nonce), 4);
  return bytes;
};

/** `TAG_BYTES` longer than `plain`. */
export function sealed(seal: Seal, plain: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafeSlow(plain.length + TAG_BYTES);
  sealInto(bytes, seal, plain);
  return bytes;
}

/** Puts at the beginning of `into` what `sealed` gives; returns the length of that. */
export function sealInto(into: Buffer, seal: Seal, plain: Uint8Array): number {
  const cipher = createCipheriv(ALGORITHM, seal.key, nonceOf(seal), { authTagLength: TAG_BYTES });
  cipher.setAAD(Buffer.from(seal.context));
  const body = cipher.update(plain);
  // In this mode nothing is held back for the end.
  cipher.final();
  into.set(body, 0);
  into.set(cipher.getAuthTag(), plain.length);
  release(body);
  return plain.length + TAG_BYTES;
}

/** Throws `Damage` if it is not what was sealed. */
export function opened(seal: Seal, bytes: Uint8Array): Buffer {
  if (bytes.length < TAG_BYTES) throw new Damage(`${seal.context} is cut short`);
  const end = bytes.length - TAG_BYTES;
  const decipher = createDecipheriv(ALGORITHM, seal.key, nonceOf(seal), {
    authTagLength: TAG_BYTES,
  });
  decipher.setAAD(Buffer.from(seal.context));
  decipher.setAuthTag(bytes.subarray(end));
  const plain = decipher.update(bytes.subarray(0, end));
  try {
    decipher.final();
  } catch {
    throw new Damage(`${seal.context} has been altered`);
  }
  return plain;
}
