import type { Decision } from '../domain/decision.ts';
import type { TenantId } from '../domain/ids.ts';
import type {
  FleetKey,
  Learned,
  PolicyStore,
  TenantDecision,
  TenantDue,
} from '../domain/policy-store.ts';
import type { Timestamp } from '../domain/units.ts';

/** What the policy keeps, in memory; survives a "restart". It knows every tenant. */
export class MemoryPolicyStore implements PolicyStore {
  /** Calls that have written something. */
  writes = 0;
  readonly #learned = new Map<TenantId, Learned>();
  readonly #fleet = new Map<FleetKey, Uint8Array>();
  readonly #decisions = new Map<TenantId, Decision[]>();
  readonly #failures: Error[] = [];
  /** Nobody is due before this. */
  #earliest = Number.POSITIVE_INFINITY;

  /** The next call throws `error`, and does nothing. */
  failNext(error: Error): void {
    this.#failures.push(error);
  }

  async learned(tenant: TenantId): Promise<Uint8Array | undefined> {
    this.#enter();
    return this.#learned.get(tenant)?.bytes;
  }

  async saveLearned(all: readonly Learned[]): Promise<void> {
    this.#enter();
    this.writes += 1;
    for (const one of all) {
      this.#learned.set(one.tenant, one);
      this.#earliest = Math.min(this.#earliest, one.askAt ?? Number.POSITIVE_INFINITY);
    }
  }

  async dueToAsk(before: Timestamp, limit: number): Promise<readonly TenantDue[]> {
    this.#enter();
    if (this.#earliest >= before) return [];
    this.#earliest = Number.POSITIVE_INFINITY;
    const due: TenantDue[] = [];
    for (const { tenant, askAt } of this.#learned.values()) {
      if (askAt === null) continue;
      this.#earliest = Math.min(this.#earliest, askAt);
      if (askAt < before) due.push({ tenant, askAt });
    }
    return due.sort((a, b) => a.askAt - b.askAt).slice(0, limit);
  }

  async fleet(key: FleetKey): Promise<Uint8Array | undefined> {
    this.#enter();
    return this.#fleet.get(key);
  }

  async saveFleet(key: FleetKey, value: Uint8Array | null): Promise<void> {
    this.#enter();
    this.writes += 1;
    if (value === null) this.#fleet.delete(key);
    else this.#fleet.set(key, value.slice());
  }

  async recordDecisions(all: readonly TenantDecision[]): Promise<void> {
    this.#enter();
    this.writes += 1;
    for (const { tenant, decision } of all) {
      const kept = this.#decisions.get(tenant);
      if (kept === undefined) this.#decisions.set(tenant, [decision]);
      else kept.push(decision);
    }
  }

  async decisions(
    tenant: TenantId,
    { before, limit }: { readonly before: Timestamp | null; readonly limit: number },
  ): Promise<readonly Decision[]> {
    this.#enter();
    return (this.#decisions.get(tenant) ?? [])
      .filter(({ at }) => before === null || at < before)
      .toReversed()
      .toSorted((a, b) => b.at - a.at)
      .slice(0, limit);
  }

  #enter(): void {
    const failure = this.#failures.shift();
    if (failure !== undefined) throw failure;
  }
}
