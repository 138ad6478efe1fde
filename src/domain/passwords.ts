import type { Verifier } from './verifier.ts';

/** Makes secrets for people, and what is kept of them. */
export interface Passwords {
  /** A new password with at least 120 bits, of characters that need no escaping in a URI. */
  generate(): string;
  /** The SCRAM-SHA-256 verifier of `password` under a fresh salt. */
  verifierOf(password: string): Promise<Verifier>;
}
