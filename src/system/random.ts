import { randomBytes } from 'node:crypto';
import type { Random } from '../domain/random.ts';

const TWO_TO_48 = 2 ** 48;

/** The machine's cryptographic source; a fork is the same source, since draws are independent. */
export class SystemRandom implements Random {
  bytes(length: number): Uint8Array {
    return randomBytes(length);
  }

  next(): number {
    return randomBytes(6).readUIntBE(0, 6) / TWO_TO_48;
  }

  fork(_name: string): Random {
    return this;
  }
}
