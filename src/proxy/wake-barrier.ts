/**
 * Where a tenant's compute listens, and who goes in first.
 *
 *   no address ──wake, once for all──▶ address, barrier up ──all listeners have rejoined──▶ open
 *       ▲                                    │                                              │
 *       └──forgotten: to be stopped, or it does not answer──────────────────────────────────┘
 *
 * Where all who seek are such as wake nobody it is only asked whether the compute runs; should somebody
 * come meanwhile who does, the wake begins at once, and they wait for it as well.
 *
 * While the compute slept nobody could notify anybody. So if all who listen are back before anybody
 * else is let in, no notification is lost.
 */
import type { WakeCause, WakeRequest } from '../domain/gate.ts';
import type { Address } from '../domain/host.ts';
import type { PooledSession } from './pooled-session.ts';
import type { SeekerQueue } from './seeker-queue.ts';

export type WakeBarrierOptions = {
  readonly wake: (request: Omit<WakeRequest, 'tenant' | 'proxy'>) => Promise<Address>;
  /** Parked sessions that listen. */
  readonly listeners: () => readonly PooledSession[];
  readonly onOpen: () => void;
  /** `guests`: those only for whom nothing is started. */
  readonly onFailed: (error: unknown, whom: 'all' | 'guests') => void;
};

export class WakeBarrier {
  readonly #options: WakeBarrierOptions;
  /** Listeners that have not yet rejoined. */
  readonly #missing = new Set<PooledSession>();
  readonly #onOpen: (() => void)[] = [];
  #address: Address | null = null;
  #isWaking = false;
  #isLooking = false;

  constructor(options: WakeBarrierOptions) {
    this.#options = options;
  }

  get address(): Address | null {
    return this.#address;
  }

  get isWaking(): boolean {
    return this.#isWaking || this.#isLooking;
  }

  /** Whether only listeners may go in. */
  get isUp(): boolean {
    return this.#missing.size > 0;
  }

  /** Somebody seeks the compute. */
  wanted({ waker, first }: Pick<SeekerQueue, 'waker' | 'first'>): void {
    if (this.#isWaking) return;
    if (waker !== undefined) this.#wake(waker.cause);
    else if (first !== undefined && !this.#isLooking) this.#look(first.cause);
  }

  #look(cause: WakeCause): void {
    this.#isLooking = true;
    this.#options.wake({ cause, onlyIfAwake: true }).then(
      (address) => {
        this.#isLooking = false;
        // Else the wake says where it is.
        if (!this.#isWaking) this.#woken(address);
      },
      (error: unknown) => {
        this.#isLooking = false;
        if (!this.#isWaking) this.#options.onFailed(error, 'guests');
      },
    );
  }

  #wake(cause: WakeCause): void {
    this.#isWaking = true;
    this.#options.wake({ cause }).then(
      (address) => {
        this.#isWaking = false;
        this.#woken(address);
      },
      (error: unknown) => {
        this.#isWaking = false;
        this.#options.onFailed(error, 'all');
      },
    );
  }

  forget(): void {
    this.#address = null;
  }

  /** It has rejoined, or never will. */
  passed(session: PooledSession): void {
    this.#missing.delete(session);
    if (this.#onOpen.length === 0) return;
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
