/**
 * Remembers the outcome of requests that must not be done twice.
 *
 * A client that lost an answer sends the request again with the same `Idempotency-Key` and gets
 * the same answer, or waits for the one that is under way. Failures are forgotten, so that they
 * can be tried again. Held in memory: a restart forgets, and a repeated create then meets
 * `TENANT_EXISTS`. Source: IETF draft "The Idempotency-Key HTTP Header Field".
 */
import { createHash } from 'node:crypto';
import { Begun } from '../control/operations.ts';
import type { Clock } from '../domain/clock.ts';
import { fault } from '../domain/faults.ts';
import { type DurationMs, elapsed, hours, type Instant } from '../domain/units.ts';

/** How long an outcome is remembered. */
export const REMEMBERED_FOR: DurationMs = hours(24);

/** Outcomes remembered at most; the oldest is forgotten first. */
export const REMEMBERED_MAX = 1_000;

type Memory = {
  readonly since: Instant;
  readonly request: string;
  readonly outcome: Promise<unknown>;
};

export class Idempotency {
  readonly #clock: Clock;
  readonly #memories = new Map<string, Memory>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * The outcome of `run`, or of the earlier run of the same request under the same key.
   * Throws `IDEMPOTENCY_KEY_REUSED` if the key belongs to another request.
   */
  once<T>(key: string, request: unknown, run: () => Promise<T>): Promise<T> {
    this.#forgetOld();
    const digest = createHash('sha256').update(JSON.stringify(request)).digest('base64');
    const known = this.#memories.get(key);
    if (known) {
      if (known.request !== digest) throw fault('IDEMPOTENCY_KEY_REUSED', {});
      return known.outcome as Promise<T>;
    }
    const outcome = run();
    const memory: Memory = { since: this.#clock.now(), request: digest, outcome };
    this.#memories.set(key, memory);
    // Work that has begun may still fail.
    const ended = outcome.then((value) => (value instanceof Begun ? value.outcome : value));
    ended.catch(() => {
      if (this.#memories.get(key) === memory) this.#memories.delete(key);
    });
    return outcome;
  }

  /** Memories are in order of age, so the first that is young enough ends the search. */
  #forgetOld(): void {
    const now = this.#clock.now();
    for (const [key, memory] of this.#memories) {
      const young = elapsed(memory.since, now) < REMEMBERED_FOR;
      if (young && this.#memories.size < REMEMBERED_MAX) return;
      this.#memories.delete(key);
    }
  }
}
