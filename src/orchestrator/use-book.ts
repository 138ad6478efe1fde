/**
 * The uses of all tenants. It outlives a tenant's life: a proxy with parked sessions may report a
 * tenant that has been asleep since long before this control plane was started.
 *
 * Costs about half a kilobyte a tenant that has sessions, asleep or awake, however many they are;
 * a tenant without costs nothing. So it is bounded by the sessions that the proxies admit.
 */
import type { Clock } from '../domain/clock.ts';
import type { TenantId } from '../domain/ids.ts';
import type { FleetUse } from '../domain/lifecycle.ts';
import { TenantUses } from './tenant-uses.ts';

export class UseBook {
  readonly #clock: Clock;
  readonly #uses = new Map<TenantId, TenantUses>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  of(tenant: TenantId): TenantUses {
    const known = this.#uses.get(tenant);
    if (known !== undefined) return known;
    const uses = new TenantUses(this.#clock);
    this.#uses.set(tenant, uses);
    return uses;
  }

  /** Forgets a tenant of which there is nothing to remember. Only for one without a life. */
  tidy(tenant: TenantId): void {
    if (this.#uses.get(tenant)?.isEmpty === true) this.#uses.delete(tenant);
  }

  counts(tenant: TenantId): { readonly sessions: number; readonly bound: number } {
    const uses = this.#uses.get(tenant);
    return { sessions: uses?.sessions ?? 0, bound: uses?.bound ?? 0 };
  }

  fleet(): FleetUse {
    let sessions = 0;
    let bound = 0;
    const inUse: TenantId[] = [];
    for (const [tenant, uses] of this.#uses) {
      sessions += uses.sessions;
      if (uses.bound === 0) continue;
      bound += uses.bound;
      inUse.push(tenant);
    }
    return { sessions, bound, inUse };
  }
}
