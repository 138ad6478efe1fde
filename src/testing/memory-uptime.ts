import type { Timestamp } from '../domain/units.ts';
import type { Gap, ServiceDay, ServiceLife, TierFlow, UptimeStore } from '../domain/uptime.ts';

/** How a server has served, in memory; survives a "restart". Fails when told to. */
export class MemoryUptime implements UptimeStore {
  readonly #days = new Map<Timestamp, ServiceDay>();
  readonly #gaps: Gap[] = [];
  #life: ServiceLife | null = null;
  #failure: Error | null = null;
  tenantsRisen = 0;
  customersNow = 0;
  flows: readonly TierFlow[] = [];

  /** What is written from now on fails so; null for no more. */
  fail(failure: Error | null): void {
    this.#failure = failure;
  }

  async life(): Promise<ServiceLife | null> {
    return this.#life;
  }

  async beat(at: Timestamp, today: ServiceDay, isClosed: boolean): Promise<void> {
    if (this.#failure !== null) throw this.#failure;
    this.#life = { bornAt: this.#life?.bornAt ?? at, beatAt: at, isClosed };
    this.#days.set(today.day, structuredClone(today));
  }

  async addGap(gap: Gap): Promise<void> {
    this.#gaps.push(gap);
  }

  async gaps(since: Timestamp): Promise<readonly Gap[]> {
    return this.#gaps.filter(({ to }) => to > since);
  }

  async days(since: Timestamp): Promise<readonly ServiceDay[]> {
    const days = [...this.#days.values()].filter(({ day }) => day >= since);
    return days.toSorted((one, other) => one.day - other.day);
  }

  async risen(): Promise<number> {
    return this.tenantsRisen;
  }

  async tierFlows(from: Timestamp, to: Timestamp): Promise<readonly TierFlow[]> {
    return this.flows.filter(({ day }) => day >= from && day < to);
  }

  async customers(): Promise<number> {
    return this.customersNow;
  }
}
