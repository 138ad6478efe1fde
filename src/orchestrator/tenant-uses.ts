/**
 * How the proxies use one tenant: the last report of each, kept also while the tenant sleeps, since
 * parked sessions of a sleeping tenant are sessions too.
 *
 * A proxy that has asked for the compute holds it until its next report, whatever comes of that
 * wake; so does one that says what holds it.
 */
import type { KeptAwake } from '../domain/awake.ts';
import type { Clock } from '../domain/clock.ts';
import type { Holder, TenantUse } from '../domain/gate.ts';
import type { ProxyId } from '../domain/ids.ts';
import { after, type Instant, ms } from '../domain/units.ts';

/** Why a proxy holds the compute that has asked for it and not reported since. */
const COMING = 'a session needs it now';

type Entry = {
  readonly sessions: number;
  readonly bound: number;
  readonly heldBy: string | null;
  /** Held for robots alone: it is not to be stopped now, and its idleness goes on. */
  readonly isHeldByRobots: boolean;
  /** When a session last asked something. */
  readonly usedAt: Instant;
  /** Whose session holds it, where that is told. */
  readonly holder: Holder | null;
};

export class TenantUses {
  readonly #clock: Clock;
  readonly #entries = new Map<ProxyId, Entry>();
  /** Wakes that have no answer yet. */
  readonly #waiting = new Map<ProxyId, number>();
  /** The latest use through proxies that have nothing to say any more. */
  #usedBefore: Instant | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get isEmpty(): boolean {
    return this.#entries.size === 0 && this.#waiting.size === 0;
  }

  /** Whether a proxy waits for the compute, and still wants it. */
  get isAwaited(): boolean {
    return [...this.#waiting.keys()].some((proxy) => this.#isHolding(proxy));
  }

  get sessions(): number {
    return this.#sum('sessions');
  }

  get bound(): number {
    return this.#sum('bound');
  }

  /** What keeps the compute awake, or null. */
  get heldBy(): string | null {
    let first: string | null = null;
    let more = 0;
    for (const { heldBy } of this.#entries.values()) {
      if (heldBy === null) continue;
      if (first === null) first = heldBy;
      else more += 1;
    }
    return more === 0 ? first : `${first}, and ${more} more`;
  }

  /** What holds it, and who. */
  get kept(): KeptAwake {
    let who: KeptAwake | null = null;
    for (const { heldBy, holder } of this.#entries.values()) {
      if (heldBy === null) continue;
      // Who is at work goes before who is only pinned.
      if (holder?.pin == null) return { kind: 'work', who: holder?.who ?? null };
      who ??= { kind: 'pin', pin: holder.pin, who: holder.who };
    }
    return who ?? { kind: 'work', who: null };
  }

  /** Whether a person is at work, or something that may keep it awake. */
  get isAtWork(): boolean {
    for (const { heldBy, isHeldByRobots } of this.#entries.values()) {
      if (heldBy !== null && !isHeldByRobots) return true;
    }
    return false;
  }

  /** When a session last asked something, as far as is known. */
  get usedAt(): Instant | null {
    let latest = this.#usedBefore;
    for (const { usedAt } of this.#entries.values()) latest = later(usedAt, latest);
    return latest;
  }

  /**
   * The proxy asks for the compute, for a person or for a robot, and holds it from now on. Returns what to
   * call at the answer.
   */
  woke(proxy: ProxyId, isRobot = false): () => void {
    // Nobody asks for a session that is not there, also where it has not been reported yet.
    const known = this.#entries.get(proxy);
    const { sessions, bound } = known ?? { sessions: 1, bound: 0 };
    const now = this.#clock.now();
    const usedAt = isRobot ? (known?.usedAt ?? this.#usedBefore ?? now) : now;
    const isHeldByRobots =
      isRobot && (known === undefined || known.heldBy === null || known.isHeldByRobots);
    const entry = { sessions, bound, heldBy: COMING, isHeldByRobots, usedAt, holder: null };
    this.#entries.set(proxy, entry);
    this.#waiting.set(proxy, (this.#waiting.get(proxy) ?? 0) + 1);
    return () => {
      const left = (this.#waiting.get(proxy) ?? 1) - 1;
      if (left > 0) this.#waiting.set(proxy, left);
      else this.#waiting.delete(proxy);
    };
  }

  report(proxy: ProxyId, use: TenantUse): void {
    const { sessions, bound, heldBy, isHeldByRobots = false, holder = null } = use;
    const idleFor = heldBy === null || isHeldByRobots ? use.idleFor : 0;
    const usedAt = after(this.#clock.now(), ms(-idleFor));
    if (sessions > 0 || heldBy !== null) {
      this.#entries.set(proxy, { sessions, bound, heldBy, isHeldByRobots, usedAt, holder });
      return;
    }
    this.#entries.delete(proxy);
    this.#usedBefore = later(usedAt, this.#usedBefore);
  }

  /** Every proxy has parked the tenant: whatever they reported before, only who waits holds it. */
  parked(): void {
    for (const [proxy, entry] of this.#entries) {
      if (this.#waiting.has(proxy) && entry.heldBy !== null) continue;
      if (entry.sessions === 0) {
        this.#entries.delete(proxy);
        this.#usedBefore = later(entry.usedAt, this.#usedBefore);
      } else this.#entries.set(proxy, { ...entry, bound: 0, heldBy: null, holder: null });
    }
  }

  #isHolding(proxy: ProxyId): boolean {
    return (this.#entries.get(proxy)?.heldBy ?? null) !== null;
  }

  #sum(what: 'sessions' | 'bound'): number {
    let sum = 0;
    for (const entry of this.#entries.values()) sum += entry[what];
    return sum;
  }
}

const later = (one: Instant, other: Instant | null): Instant =>
  other === null || one > other ? one : other;
