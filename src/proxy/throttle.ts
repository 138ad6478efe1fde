/**
 * Failed logins cost time: more of them, more time.
 *
 * Failures are counted for an address, for a tenant's role, and for the pair of both. Some are
 * free; each one beyond doubles the wait before the next try, up to a limit. A quiet time forgets
 * them. Those who have proven the role's password from their address before are held only to the
 * count of the pair: a stranger who guesses cannot lock the owner out, and neither can a neighbour
 * behind the same router.
 *
 * A try is checked before the password is asked for and again before a proof is believed, so that
 * a thousand tries begun at once gain nothing.
 *
 * Memory is bounded: the counts longest untouched are forgotten first.
 */
import type { Clock } from '../domain/clock.ts';
import {
  after,
  type DurationMs,
  elapsed,
  type Instant,
  minutes,
  ms,
  seconds,
} from '../domain/units.ts';

export type ThrottleLimits = {
  readonly freeFailuresOfAddress: number;
  readonly freeFailuresOfRole: number;
  readonly freeFailuresOfPair: number;
  readonly firstWait: DurationMs;
  readonly longestWait: DurationMs;
  /** Counts untouched for so long are forgotten. */
  readonly forgetAfter: DurationMs;
  /** Counts kept at once. One takes about 200 bytes. */
  readonly countsMax: number;
};

export const THROTTLE_LIMITS: ThrottleLimits = {
  freeFailuresOfAddress: 50,
  freeFailuresOfRole: 20,
  freeFailuresOfPair: 10,
  firstWait: seconds(1),
  longestWait: seconds(60),
  forgetAfter: minutes(15),
  countsMax: 50_000,
};

/** Who tries: an address key, and a tenant's role as one string. */
export type LoginAttempt = { readonly address: string; readonly role: string };

type Count = { readonly failures: number; readonly lastAt: Instant; readonly proven: boolean };

export class LoginThrottle {
  readonly #clock: Clock;
  readonly #limits: ThrottleLimits;
  /** In the order of the last touch. */
  readonly #counts = new Map<string, Count>();

  constructor(clock: Clock, limits: ThrottleLimits = THROTTLE_LIMITS) {
    this.#clock = clock;
    this.#limits = limits;
  }

  /** How long this attempt must still wait; 0 if it may go on. */
  wait(attempt: LoginAttempt): DurationMs {
    const { freeFailuresOfAddress, freeFailuresOfRole, freeFailuresOfPair } = this.#limits;
    const pair = this.#wait(pairKey(attempt), freeFailuresOfPair);
    if (this.#isTrusted(attempt)) return pair;
    const address = this.#wait(addressKey(attempt.address), freeFailuresOfAddress);
    const role = this.#wait(roleKey(attempt.role), freeFailuresOfRole);
    return ms(Math.max(pair, address, role));
  }

  /** How long the address must still wait, whichever role it names. */
  waitOfAddress(address: string): DurationMs {
    return this.#wait(addressKey(address), this.#limits.freeFailuresOfAddress);
  }

  /** Whether the role's password was proven from this address not long ago. */
  #isTrusted(attempt: LoginAttempt): boolean {
    return this.#read(pairKey(attempt))?.proven ?? false;
  }

  failed(attempt: LoginAttempt): void {
    for (const key of [pairKey(attempt), roleKey(attempt.role)]) this.#addFailure(key);
    this.failedOfAddress(attempt.address);
  }

  /** A failure that names no role. */
  failedOfAddress(address: string): void {
    this.#addFailure(addressKey(address));
  }

  /** The password was proven: the pair is trusted, and its failures were slips. */
  succeeded(attempt: LoginAttempt): void {
    this.#write(pairKey(attempt), { failures: 0, lastAt: this.#clock.now(), proven: true });
  }

  #wait(key: string, free: number): DurationMs {
    const count = this.#read(key);
    if (count === undefined || count.failures < free) return ms(0);
    const { firstWait, longestWait } = this.#limits;
    const penalty = Math.min(longestWait, firstWait * 2 ** (count.failures - free));
    const until = after(count.lastAt, ms(penalty));
    return ms(Math.max(0, elapsed(this.#clock.now(), until)));
  }

  #addFailure(key: string): void {
    const count = this.#read(key);
    this.#write(key, {
      failures: (count?.failures ?? 0) + 1,
      lastAt: this.#clock.now(),
      proven: count?.proven ?? false,
    });
  }

  #read(key: string): Count | undefined {
    const count = this.#counts.get(key);
    if (count === undefined) return undefined;
    if (elapsed(count.lastAt, this.#clock.now()) < this.#limits.forgetAfter) return count;
    this.#counts.delete(key);
    return undefined;
  }

  #write(key: string, count: Count): void {
    this.#counts.delete(key);
    this.#counts.set(key, count);
    if (this.#counts.size <= this.#limits.countsMax) return;
    const [oldest] = this.#counts.keys();
    if (oldest !== undefined) this.#counts.delete(oldest);
  }
}

const addressKey = (address: string): string => `address ${address}`;
const roleKey = (role: string): string => `role ${role}`;
const pairKey = (attempt: LoginAttempt): string => `pair ${attempt.address} ${attempt.role}`;
