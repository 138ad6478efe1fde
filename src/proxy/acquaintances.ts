/**
 * Who has been let in before, and so may begin a wake with the startup packet, before the password
 * is checked: authentication and start then overlap.
 *
 * An acquaintance is an address and a tenant for which a password has been proven in this proxy not
 * long ago. A stranger is none, whatever it sends. What a known address can cause is bounded too,
 * since it may be shared by many, and any of them may knock and say no more: a hope that no proof
 * has followed makes the next one of the same tenant wait, each twice as long as the one before;
 * and so it is with the address, after a few that are free. A proof takes back what it came of. So a
 * tenant is kept awake by nobody who does not come in, and a hundred clients at once are one hope.
 *
 * Memory is bounded: what is longest untouched is forgotten first.
 */
import type { Clock } from '../domain/clock.ts';
import type { TenantId } from '../domain/ids.ts';
import {
  type DurationMs,
  elapsed,
  hours,
  type Instant,
  minutes,
  ms,
  seconds,
} from '../domain/units.ts';

export type AcquaintanceLimits = {
  /** Acquaintances kept at once, as many tenants hoped for and as many addresses. About 150 bytes each. */
  readonly countMax: number;
  /** An acquaintance not renewed for so long is a stranger again. */
  readonly forgetAfter: DurationMs;
  /** After a hope without a proof; doubled with each further one. */
  readonly firstWait: DurationMs;
  readonly longestWait: DurationMs;
  /** Hopes of one address without a proof that cost it nothing. */
  readonly freeOfAddress: number;
};

const DAY = hours(24);

const ACQUAINTANCE_LIMITS: AcquaintanceLimits = {
  countMax: 20_000,
  forgetAfter: ms(3 * DAY),
  // A compute that was started in vain is suspended sooner.
  firstWait: seconds(30),
  longestWait: minutes(60),
  freeOfAddress: 8,
};

/** Hopes that no proof has followed. */
type Vain = { readonly count: number; readonly lastAt: Instant };

export class Acquaintances {
  readonly #clock: Clock;
  readonly #limits: AcquaintanceLimits;
  /** When each was last proven. This map and the others are in the order of the last touch. */
  readonly #proven = new Map<string, Instant>();
  readonly #ofTenant = new Map<TenantId, Vain>();
  readonly #ofAddress = new Map<string, Vain>();

  constructor(clock: Clock, limits: AcquaintanceLimits = ACQUAINTANCE_LIMITS) {
    this.#clock = clock;
    this.#limits = limits;
  }

  /** Somebody at `address` has proven a password of the tenant. */
  proven(address: string, tenant: TenantId): void {
    this.#keep(this.#proven, keyOf(address, tenant), this.#clock.now());
    this.#ofTenant.delete(tenant);
    const { count, lastAt } = this.#ofAddress.get(address) ?? NONE;
    if (count <= 1) this.#ofAddress.delete(address);
    else this.#ofAddress.set(address, { count: count - 1, lastAt });
  }

  /** Whether to hope that who knocks will be let in. A hope counts until a proof follows. */
  mayHope(address: string, tenant: TenantId): boolean {
    if (!this.#isKnown(keyOf(address, tenant))) return false;
    const ofTenant = this.#ofTenant.get(tenant) ?? NONE;
    const ofAddress = this.#ofAddress.get(address) ?? NONE;
    const { freeOfAddress } = this.#limits;
    if (this.#mustWait(ofTenant, 0) || this.#mustWait(ofAddress, freeOfAddress)) return false;
    const lastAt = this.#clock.now();
    this.#keep(this.#ofTenant, tenant, { count: ofTenant.count + 1, lastAt });
    this.#keep(this.#ofAddress, address, { count: ofAddress.count + 1, lastAt });
    return true;
  }

  /** Whether a password of the tenant was proven from there not long ago. */
  isAcquainted(address: string, tenant: TenantId): boolean {
    return this.#isKnown(keyOf(address, tenant));
  }

  #isKnown(key: string): boolean {
    const provenAt = this.#proven.get(key);
    if (provenAt === undefined) return false;
    if (elapsed(provenAt, this.#clock.now()) < this.#limits.forgetAfter) return true;
    this.#proven.delete(key);
    return false;
  }

  #mustWait({ count, lastAt }: Vain, free: number): boolean {
    if (count <= free) return false;
    const { firstWait, longestWait } = this.#limits;
    const wait = Math.min(longestWait, firstWait * 2 ** (count - free - 1));
    return elapsed(lastAt, this.#clock.now()) < wait;
  }

  #keep<K, V>(map: Map<K, V>, key: K, value: V): void {
    map.delete(key);
    map.set(key, value);
    if (map.size <= this.#limits.countMax) return;
    const [oldest] = map.keys();
    if (oldest !== undefined) map.delete(oldest);
  }
}

const NONE: Vain = { count: 0, lastAt: 0 as Instant };

const keyOf = (address: string, tenant: TenantId): string => `${tenant} ${address}`;
