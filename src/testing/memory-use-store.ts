/** What is counted of computes, in memory. */
import type { TenantId } from '../domain/ids.ts';
import type { PageReading, SamplePoint, UseBatch, UsePiece, UseStore } from '../domain/metering.ts';

export class MemoryUseStore implements UseStore {
  readonly used: UsePiece[] = [];
  readonly pages = new Map<string, PageReading>();
  readonly #points = new Map<TenantId, SamplePoint>();
  readonly #batches = new Set<string>();
  /** Thrown once by the next `count`, before or after its work is done. */
  failure: { readonly when: 'before' | 'after'; readonly error: Error } | null = null;

  async count({ name, seen, used }: UseBatch): Promise<void> {
    const { failure } = this;
    this.failure = null;
    if (failure?.when === 'before') throw failure.error;
    if (!this.#batches.has(name)) {
      this.#batches.add(name);
      this.used.push(...used);
      for (const point of seen) this.#points.set(point.tenant, point);
    }
    if (failure !== null) throw failure.error;
  }

  /** Keeps the last of each run. */
  countPages(readings: ReadonlyMap<TenantId, readonly PageReading[]>): Promise<void> {
    const { failure } = this;
    this.failure = null;
    if (failure?.when === 'before') throw failure.error;
    for (const [tenant, all] of readings)
      for (const one of all) this.pages.set(`${tenant} ${one.run}`, one);
    if (failure !== null) throw failure.error;
    return Promise.resolve();
  }

  points(): Promise<readonly SamplePoint[]> {
    return Promise.resolve([...this.#points.values()]);
  }

  forget(): Promise<boolean> {
    return Promise.resolve(false);
  }
}
