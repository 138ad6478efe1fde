/**
 * New backends on their way: dials the compute and logs in, for one who seeks each.
 *
 * A compute may stop between its wake and the login; the client need not know. It is told only what
 * the compute says for good, word for word. What passes by itself (no answer, starting up, shutting
 * down) is told to the pool at once, which asks for a new address, and is tried again after a pause.
 */
import type { Clock } from '../domain/clock.ts';
import type { Address } from '../domain/host.ts';
import type { Network } from '../domain/network.ts';
import type { Random } from '../domain/random.ts';
import { ms, seconds } from '../domain/units.ts';
import { type Backend, BackendRefused, BackendUnreachable, openBackend } from './backend.ts';
import { newNonce } from './login.ts';
import { PooledBackend } from './pooled-backend.ts';
import type { Seeker } from './seeker-queue.ts';

/** What PostgreSQL says of itself while it starts, stops, or has just been killed. */
const PASSING: ReadonlySet<string> = new Set([
  '57P03', // cannot_connect_now
  '57P01', // admin_shutdown
  '57P02', // crash_shutdown
]);

/** Waits between tries; then the longest. */
const PAUSES = [ms(5), ms(20), ms(50), ms(100), ms(250)] as const;
const LONGEST_PAUSE = ms(500);

/** For one login to the compute; then it is asked for anew. */
const LOGIN_MAX = seconds(10);

export type OpeningParts = {
  readonly network: Network;
  readonly clock: Clock;
  readonly random: Random;
};

export type OpeningsOptions = {
  readonly onOpen: (backend: PooledBackend) => void;
  readonly onClosed: (backend: PooledBackend) => void;
};

/** One of these is called, unless it is given up. */
export type Outcomes = {
  readonly onBackend: (backend: PooledBackend) => void;
  readonly onFailed: (error: unknown) => void;
  /** The compute does not answer. After a pause `onAgain` follows. */
  readonly onUnanswered: () => void;
  readonly onAgain: () => void;
};

export class Openings {
  readonly #parts: OpeningParts;
  readonly #options: OpeningsOptions;
  readonly #underWay = new Map<Seeker, AbortController>();
  /** How often in a row it had to be tried again, by seeker. */
  readonly #tries = new WeakMap<Seeker, number>();

  constructor(parts: OpeningParts, options: OpeningsOptions) {
    this.#parts = parts;
    this.#options = options;
  }

  get count(): number {
    return this.#underWay.size;
  }

  open(seeker: Seeker, address: Address, outcomes: Outcomes): void {
    const giveUp = new AbortController();
    this.#underWay.set(seeker, giveUp);
    this.#dial(seeker, address, giveUp.signal).then(
      (backend) => {
        if (!this.#underWay.delete(seeker)) {
          backend.socket.destroy();
          return;
        }
        const pooled = new PooledBackend(backend, seeker.identity, this.#options.onClosed);
        this.#options.onOpen(pooled);
        outcomes.onBackend(pooled);
      },
      (error: unknown) => {
        if (!giveUp.signal.aborted) void this.#failed(seeker, error, outcomes, giveUp.signal);
      },
    );
  }

  /** Harmless if nothing is on its way. */
  giveUp(seeker: Seeker): void {
    const underWay = this.#underWay.get(seeker);
    this.#underWay.delete(seeker);
    underWay?.abort(new Error('nobody waits for it any more'));
  }

  #dial(seeker: Seeker, address: Address, signal: AbortSignal): Promise<Backend> {
    const { network, clock, random } = this.#parts;
    const { role, parameters, clientKey } = seeker.identity;
    const dial = (path: string) => network.dial(path);
    const nonce = newNonce(random);
    const login = { dial, clock, address, parameters, role, clientKey, nonce };
    return openBackend({ ...login, giveUpAfter: LOGIN_MAX }, signal);
  }

  async #failed(
    seeker: Seeker,
    error: unknown,
    outcomes: Outcomes,
    signal: AbortSignal,
  ): Promise<void> {
    if (!isPassing(error)) {
      this.#underWay.delete(seeker);
      outcomes.onFailed(error);
      return;
    }
    const tries = this.#tries.get(seeker) ?? 0;
    this.#tries.set(seeker, tries + 1);
    outcomes.onUnanswered();
    try {
      await this.#parts.clock.sleep(PAUSES[tries] ?? LONGEST_PAUSE, signal);
    } catch {
      // Given up meanwhile.
      return;
    }
    this.#underWay.delete(seeker);
    outcomes.onAgain();
  }
}

const isPassing = (error: unknown): boolean =>
  error instanceof BackendUnreachable ||
  (error instanceof BackendRefused && PASSING.has(error.sqlstate));
