/**
 * Cancel keys: which session a CancelRequest means.
 *
 * The keys that clients get are ours, not the backends': a session may change its backend, and a
 * stranger who learns one key must not reach past the session it names. The process id is the
 * backend's own where it can be, since people compare it with `pg_stat_activity`.
 *
 * Silent in every case: PostgreSQL answers no cancel request, and an answer would tell which keys
 * exist. Source: PostgreSQL docs, "Canceling Requests in Progress".
 */
import type { Random } from '../domain/random.ts';
import { isSameSecret } from '../wire/cancel-request.ts';
import { type CancelKey, PROTOCOL_3_2, type ProtocolVersion } from '../wire/startup.ts';

const SECRET_BYTES = 4;
/** From protocol 3.2 on. */
const LONG_SECRET_BYTES = 32;

const PROCESS_ID_MAX = 0x7fffffff;

/** Draws of a process id before the last is taken as it is. With 2^31 of them one draw does. */
const DRAWS_MAX = 16;

/** A session whose running query can be given up. */
export interface CancelTarget {
  /**
   * Passes the cancel on to the backend of this moment, if it has anything to cancel. Resolves when
   * the compute has it: what is asked after that is not meant any more.
   */
  cancel(): Promise<void>;
}

type Entry = { readonly key: CancelKey; target: CancelTarget | null };

export class CancelRegistry {
  readonly #random: Random;
  readonly #entries = new Map<number, Entry>();

  constructor(random: Random) {
    this.#random = random;
  }

  /** A key for a client that speaks `protocol`. It cancels nothing until it is bound. */
  issue(options: {
    readonly protocol: ProtocolVersion;
    /** The backend's own; used if no other session has it. */
    readonly processId: number;
  }): CancelKey {
    const isLong = options.protocol.minor >= PROTOCOL_3_2.minor;
    const length = isLong ? LONG_SECRET_BYTES : SECRET_BYTES;
    // Not out of Node's pool: a few bytes would keep 64 kB of it from being freed.
    const secret = Buffer.allocUnsafeSlow(length);
    secret.set(this.#random.bytes(length));
    const key = { processId: this.#freeProcessId(options.processId), secret };
    this.#entries.set(key.processId, { key, target: null });
    return key;
  }

  bind(key: CancelKey, target: CancelTarget): void {
    const entry = this.#entries.get(key.processId);
    if (entry?.key === key) entry.target = target;
  }

  /** Harmless if it was forgotten before. */
  forget(key: CancelKey): void {
    if (this.#entries.get(key.processId)?.key === key) this.#entries.delete(key.processId);
  }

  /** Keys in use. */
  get size(): number {
    return this.#entries.size;
  }

  /** Resolves when it has reached whom it is for, at once if that is nobody. */
  async cancel(asked: CancelKey): Promise<void> {
    const entry = this.#entries.get(asked.processId);
    if (entry === undefined || !isSameSecret(entry.key.secret, asked.secret)) return;
    await entry.target?.cancel();
  }

  #freeProcessId(wanted: number): number {
    let processId = wanted;
    for (let draw = 0; draw < DRAWS_MAX; draw++) {
      if (processId > 0 && !this.#entries.has(processId)) return processId;
      processId = 1 + Math.floor(this.#random.next() * PROCESS_ID_MAX);
    }
    return processId;
  }
}
