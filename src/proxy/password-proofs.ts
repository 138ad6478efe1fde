/**
 * Passwords that were proven lately, so that a client over HTTP does not pay for PBKDF2 with every request.
 *
 * An entry is named after password and verifier together, by a hash under a key of this process: another
 * verifier is another name, so that a changed password is forgotten by itself, and what is kept
 * logs in to nothing but computes that have that verifier. What is proven wrong is not remembered:
 * who guesses pays each time.
 *
 * Memory is bounded: of the proofs that were used least lately, about 300 bytes each, the first goes.
 */
import type { Random } from '../domain/random.ts';
import { proofName, provenKey } from '../wire/password-proof.ts';
import type { ScramSecret } from '../wire/verifier.ts';

const PROOFS_MAX = 10_000;

const KEY_BYTES = 32;

export class PasswordProofs {
  /** As text, since it is hashed with text. */
  readonly #key: string;
  /** In the order of the last use. */
  readonly #proofs = new Map<string, Promise<Buffer | undefined>>();

  constructor(random: Random) {
    this.#key = Buffer.from(random.bytes(KEY_BYTES)).toString('hex');
  }

  /** A name for these words that nobody else could make. */
  nameOf(...words: readonly string[]): string {
    return proofName(this.#key, words);
  }

  /** The ClientKey of `password`; undefined if `secret` is another's. */
  async prove(password: string, secret: ScramSecret): Promise<Buffer | undefined> {
    const { storedKey, salt, iterations } = secret;
    const verifier = `${iterations}:${salt.toString('hex')}:${storedKey.toString('hex')}`;
    const name = this.nameOf(verifier, password);
    const known = this.#proofs.get(name);
    this.#proofs.delete(name);
    const proof = known ?? provenKey(password, secret);
    this.#proofs.set(name, proof);
    this.#forgetOldest();
    try {
      const clientKey = await proof;
      if (clientKey === undefined) this.#proofs.delete(name);
      return clientKey;
    } catch (error) {
      this.#proofs.delete(name);
      throw error;
    }
  }

  #forgetOldest(): void {
    if (this.#proofs.size <= PROOFS_MAX) return;
    const [oldest] = this.#proofs.keys();
    if (oldest !== undefined) this.#proofs.delete(oldest);
  }
}
