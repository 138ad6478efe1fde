/**
 * Token buckets, in memory: each holds an allowance that comes back at a steady pace.
 *
 * A bucket that is full again is the same as none, so only those in use are kept, and of them a bounded number.
 */
import type { Clock } from '../../domain/clock.ts';
import type { Rate } from '../../domain/settings.ts';
import { elapsed, type Instant } from '../../domain/units.ts';

/** Beyond these the one that was used longest ago is forgotten, which gives it a full allowance. */
export const BUCKETS_MAX = 20_000;

const MINUTE_MS = 60_000;

type Bucket = { left: number; at: Instant };

/** What is left of an allowance. */
export type Allowance = {
  readonly isLeft: boolean;
  /** Whole requests. */
  readonly left: number;
  /** Until one more is allowed, if none is left; until all are back otherwise. */
  readonly waitSeconds: number;
};

export class RateLimits {
  readonly #clock: Clock;
  readonly #buckets = new Map<string, Bucket>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Takes one of the allowance of `key`, if there is one. */
  take(key: string, rate: Rate): Allowance {
    const bucket = this.#filled(key, rate);
    const isLeft = bucket.left >= 1;
    if (isLeft) bucket.left -= 1;
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    if (this.#buckets.size > BUCKETS_MAX) this.#forgetOldest();
    return allowanceOf(bucket, rate, isLeft);
  }

  /** The same without taking it. */
  look(key: string, rate: Rate): Allowance {
    const bucket = this.#filled(key, rate);
    return allowanceOf(bucket, rate, bucket.left >= 1);
  }

  get size(): number {
    return this.#buckets.size;
  }

  #filled(key: string, { perMinute, burst }: Rate): Bucket {
    const now = this.#clock.now();
    const known = this.#buckets.get(key);
    if (known === undefined) return { left: burst, at: now };
    const back = (elapsed(known.at, now) * perMinute) / MINUTE_MS;
    return { left: Math.min(burst, known.left + back), at: now };
  }

  #forgetOldest(): void {
    const [oldest] = this.#buckets.keys();
    if (oldest !== undefined) this.#buckets.delete(oldest);
  }
}

function allowanceOf(bucket: Bucket, { perMinute, burst }: Rate, isLeft: boolean): Allowance {
  const missing = isLeft ? burst - bucket.left : 1 - bucket.left;
  const waitSeconds = Math.ceil((missing * 60) / perMinute);
  return { isLeft, left: Math.floor(bucket.left), waitSeconds };
}
