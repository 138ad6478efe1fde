import type { Passwords } from '../domain/passwords.ts';
import type { Random } from '../domain/random.ts';
import type { Verifier } from '../domain/verifier.ts';
import { SALT_BYTES, verifierOf } from '../wire/verifier.ts';

/** 144 bits in 24 characters of A-Z, a-z, 0-9, `-` and `_`. */
const PASSWORD_BYTES = 18;

export class ScramPasswords implements Passwords {
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  generate(): string {
    return Buffer.from(this.#random.bytes(PASSWORD_BYTES)).toString('base64url');
  }

  verifierOf(password: string): Promise<Verifier> {
    return verifierOf(password, this.#random.bytes(SALT_BYTES));
  }
}
