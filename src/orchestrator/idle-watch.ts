/**
 * Watches one awake compute for idleness: knows who holds it, since when nobody does, and keeps the
 * one timer after which the policy is asked again.
 */
import type { CancelTimer, Clock } from '../domain/clock.ts';
import type { ProxyId } from '../domain/ids.ts';
import type { TenantLive } from '../domain/lifecycle.ts';
import type { Tier } from '../domain/tier.ts';
import { type DurationMs, elapsed, type Instant, later, timestamp } from '../domain/units.ts';
import { decideIdle, heldAwakeBy } from '../policy/idle.ts';

/** What of the tenant the policy looks at. */
export type IdleTerms = { readonly tier: Tier; readonly suspendAfter: DurationMs };

export class IdleWatch {
  readonly #clock: Clock;
  readonly #onDue: (because: string) => void;
  readonly #holds = new Set<ProxyId>();
  #idleSince: Instant;
  #cancelTimer: CancelTimer | null = null;

  /** `onDue` is called when the compute should be suspended. */
  constructor(clock: Clock, onDue: (because: string) => void) {
    this.#clock = clock;
    this.#onDue = onDue;
    this.#idleSince = clock.now();
  }

  get sessions(): number {
    return this.#holds.size;
  }

  hold(proxy: ProxyId): void {
    this.#holds.add(proxy);
    this.stop();
  }

  /** Returns whether it was the last. */
  release(proxy: ProxyId): boolean {
    if (!this.#holds.delete(proxy) || this.#holds.size > 0) return false;
    this.restart();
    return true;
  }

  /** Idleness counts from now on. */
  restart(): void {
    this.#idleSince = this.#clock.now();
  }

  /** Asks the policy about the running compute, and again when it says so. */
  ask(terms: IdleTerms): void {
    this.stop();
    const now = this.#clock.now();
    const facts = { ...terms, sessions: this.#holds.size, idleSince: this.#idleSince };
    const action = decideIdle(facts, now);
    switch (action.kind) {
      case 'stay':
        return;
      case 'askAt':
        this.#cancelTimer = this.#clock.timer(elapsed(now, action.at), () => this.ask(terms));
        return;
      case 'suspend':
        this.#onDue(action.because);
        return;
      default:
        action satisfies never;
    }
  }

  stop(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
  }

  /** What to say of it; `awake` tells whether there is a compute to be idle. */
  live(awake: boolean, terms: IdleTerms): TenantLive {
    const sessions = this.#holds.size;
    if (!awake || sessions > 0) return { sessions, idleSince: null, suspendAt: null };
    const idleFor = elapsed(this.#idleSince, this.#clock.now());
    const idleSince = timestamp(this.#clock.wall() - idleFor);
    const stays = heldAwakeBy({ tier: terms.tier, sessions }) !== null;
    return { sessions, idleSince, suspendAt: stays ? null : later(idleSince, terms.suspendAfter) };
  }
}
