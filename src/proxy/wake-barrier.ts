/**
 * Where a tenant's compute listens, and who goes in first.
 *
 *   no address ──wake, once for all──▶ address, barrier up ──all listeners have rejoined──▶ open
 *       ▲                                    │                                              │
 *       └──forgotten: to be stopped, or it does not answer──────────────────────────────────┘
 *
 * While the compute slept nobody could notify anybody. So if all who listen are back before anybody
 * else is let in, no notification is lost.
 */
import type { WakeCause } from '../domain/gate.ts';
import type { Address } from '../domain/host.ts';
import type { PooledSession } from './pooled-session.ts';

export type WakeBarrierOptions = {
  readonly wake: (cause: WakeCause) => Promise<Address>;
  /** Parked sessions that listen. */
  readonly listeners: () => readonly PooledSession[];
  readonly onOpen: () => void;
  readonly onFailed: (error: unknown) => void;
};

export class WakeBarrier {
  readonly #options: WakeBarrierOptions;
  /** Listeners that have not yet rejoined. */
  readonly #missing = new Set<PooledSession>();
  readonly #onOpen: (() => void)[] = [];
  #address: Address | null = null;
  #isWaking = false;

  constructor(options: WakeBarrierOptions) {
    this.#options = options;
  }

  get address(): Address | null {
    return this.#address;
  }

  get isWaking(): boolean {
    return this.#isWaking;
  }

  /** Whether only listeners may go in. */
  get isUp(): boolean {
    return this.#missing.size > 0;
  }

  wake(cause: WakeCause): void {
    if (this.#isWaking) return;
    this.#isWaking = true;
    this.#options.wake(cause).then(
      (address) => {
        this.#isWaking = false;
        this.#woken(address);
      },
      (error: unknown) => {
        this.#isWaking = false;
        this.#options.onFailed(error);
      },
    );
  }

  forget(): void {
    this.#address = null;
  }

  /** It has rejoined, or never will. */
  passed(session: PooledSession): void {
    this.#missing.delete(session);
    if (!this.isUp) for (const run of this.#onOpen.splice(0)) run();
  }

  /** Calls `run` when nobody is missing, who would not hear what is said: now, most often. */
  whenOpen(run: () => void): void {
    if (this.isUp) this.#onOpen.push(run);
    else run();
  }

  #woken(address: Address): void {
    this.#address = address;
    const listeners = this.#options.listeners();
    for (const session of listeners) this.#missing.add(session);
    for (const session of listeners) session.spoken();
    this.#options.onOpen();
  }
}
