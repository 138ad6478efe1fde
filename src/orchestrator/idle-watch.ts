/**
 * Watches one awake compute for idleness: since when nobody has used it, what was planned and what
 * was refused, and the one timer after which the policy is asked again.
 */
import type { CancelTimer, Clock } from '../domain/clock.ts';
import type { SuspendRefusal, TenantLive } from '../domain/lifecycle.ts';
import type { Tier } from '../domain/tier.ts';
import { after, type DurationMs, elapsed, type Instant, timestamp } from '../domain/units.ts';
import {
  decideIdle,
  heldAwakeBy,
  type IdleFacts,
  refusedWait,
  suspendDue,
} from '../policy/idle.ts';
import type { TenantUses } from './tenant-uses.ts';

/** What of the tenant the policy looks at. */
export type IdleTerms = { readonly tier: Tier; readonly suspendAfter: DurationMs };

export class IdleWatch {
  readonly #clock: Clock;
  readonly #uses: TenantUses;
  readonly #onDue: (because: string) => void;
  /** Idleness counts from here at the earliest. */
  #from: Instant;
  #isExpecting = false;
  #refusals = 0;
  #notBefore: Instant | null = null;
  #lastRefusal: SuspendRefusal | null = null;
  #cancelTimer: CancelTimer | null = null;

  /** `onDue` is called when the compute should be suspended. */
  constructor(clock: Clock, uses: TenantUses, onDue: (because: string) => void) {
    this.#clock = clock;
    this.#uses = uses;
    this.#onDue = onDue;
    this.#from = clock.now();
  }

  /** A compute runs: for somebody who is only expected if `isExpecting`. Idleness counts from now. */
  began(isExpecting: boolean): void {
    this.came();
    this.restart();
    this.#isExpecting = isExpecting;
    this.#lastRefusal = null;
  }

  /** Idleness counts from now on. */
  restart(): void {
    this.#from = this.#clock.now();
  }

  /** Somebody came. */
  came(): void {
    this.#isExpecting = false;
    this.#refusals = 0;
    this.#notBefore = null;
  }

  /** A suspend was not possible. Idleness begins anew, and is looked at more and more seldom. */
  refused(why: string, suspendAfter: DurationMs): void {
    this.restart();
    this.#isExpecting = false;
    this.#refusals += 1;
    this.#notBefore = after(this.#from, refusedWait(this.#refusals, suspendAfter));
    this.#lastRefusal = { why, at: this.#clock.wall() };
  }

  /** Asks the policy about the running compute, and again when it says so. */
  ask(terms: IdleTerms): void {
    this.stop();
    const now = this.#clock.now();
    const action = decideIdle(this.#facts(terms), now);
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
    const { sessions, bound, heldBy } = this.#uses;
    const known = { sessions, bound, lastSuspendRefusal: this.#lastRefusal };
    if (!awake) return { ...known, heldBy: null, idleSince: null, suspendAt: null };
    const facts = this.#facts(terms);
    const held = heldAwakeBy(facts);
    return {
      ...known,
      heldBy: held,
      idleSince: heldBy === null ? this.#wallTime(facts.idleSince) : null,
      suspendAt: held === null ? this.#wallTime(suspendDue(facts)) : null,
    };
  }

  #facts(terms: IdleTerms): IdleFacts {
    const usedAt = this.#uses.usedAt ?? this.#from;
    return {
      ...terms,
      heldBy: this.#uses.heldBy,
      idleSince: Math.max(usedAt, this.#from) as Instant,
      isExpecting: this.#isExpecting,
      notBefore: this.#notBefore,
    };
  }

  #wallTime(at: Instant): ReturnType<Clock['wall']> {
    return timestamp(this.#clock.wall() + elapsed(this.#clock.now(), at));
  }
}
