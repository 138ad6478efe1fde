/**
 * Series of their own for the tenants that are used most, and one for all others together.
 *
 * Each count goes where its tenant belongs when it is counted, and stays there: so no series ever falls but by ending, and
 * rates of them all add up to the rate of the fleet. Who belongs to the top is looked at once a minute, by what was asked
 * of late; a tenant that is as often asked as another does not take its place back and forth.
 */
import type { TenantId } from '../../domain/ids.ts';
import { LATENCY_BOUNDS_US, type UsageMinute } from '../../domain/usage.ts';
import type { Family } from './metrics-family.ts';

/** What is left of a score after a minute: half of it after an hour. */
const KEPT_A_MINUTE = 0.5 ** (1 / 60);

/** Below this a tenant has not been asked for hours. */
const FORGOTTEN_BELOW = 0.5;

/** By how much more a tenant must be asked than one of the top to take its place. */
const LEAD = 1.25;

type Counts = {
  readonly name: string;
  queries: number;
  errors: number;
  bytesOut: number;
  seconds: number;
};

const US_OF_SECOND = 1_000_000;

const FAMILIES = [
  ['dynabase_tenant_queries', 'Queries of the tenants used most, and of the others.', 'queries'],
  ['dynabase_tenant_errors', 'Errors of the tenants used most, and of the others.', 'errors'],
  [
    'dynabase_tenant_sent_bytes',
    'Bytes sent to the clients of the tenants used most, and of the others.',
    'bytesOut',
  ],
  [
    'dynabase_tenant_query_seconds',
    'Time in which queries of the tenants used most were answered, and of the others.',
    'seconds',
  ],
] as const;

export class TopTenants {
  readonly #max: number;
  readonly #scores = new Map<TenantId, number>();
  readonly #top = new Map<TenantId, Counts>();
  /** No tenant's name begins so. */
  readonly #others = nothing('_other');

  constructor(max: number) {
    this.#max = max;
  }

  used(record: UsageMinute, name: string): void {
    const { tenant, queries } = record;
    this.#scores.set(tenant, (this.#scores.get(tenant) ?? 0) + queries);
    let counts = this.#top.get(tenant);
    if (counts === undefined && this.#top.size < this.#max) {
      counts = nothing(name);
      this.#top.set(tenant, counts);
    }
    counts ??= this.#others;
    counts.queries += queries;
    counts.errors += Object.values(record.errors).reduce((sum, count) => sum + count, 0);
    counts.bytesOut += record.bytesOut;
    counts.seconds += record.latencySumUs / US_OF_SECOND;
  }

  /** To be called once a minute. `nameOf` answers undefined for a tenant that is not known any more. */
  settle(nameOf: (tenant: TenantId) => string | undefined): void {
    for (const [tenant, score] of this.#scores) {
      const left = score * KEPT_A_MINUTE;
      if (left >= FORGOTTEN_BELOW) this.#scores.set(tenant, left);
      else {
        this.#scores.delete(tenant);
        this.#top.delete(tenant);
      }
    }
    const outside = [...this.#scores]
      .filter(([tenant]) => !this.#top.has(tenant))
      .toSorted(([, one], [, other]) => other - one);
    for (const [tenant, score] of outside.slice(0, this.#max)) {
      const name = nameOf(tenant);
      if (name === undefined) continue;
      if (this.#top.size >= this.#max && !this.#gaveWay(score)) return;
      this.#top.set(tenant, nothing(name));
    }
  }

  families(): readonly Family[] {
    const rows = [...this.#top.values(), this.#others];
    return FAMILIES.map(([name, help, what]) => ({
      ...({ kind: 'counter', name, help } as const),
      samples: rows.map((counts) => ({ labels: { tenant: counts.name }, value: counts[what] })),
    }));
  }

  forget(tenant: TenantId): void {
    this.#scores.delete(tenant);
    this.#top.delete(tenant);
  }

  /** The least used of the top goes, if `score` is clearly above it. */
  #gaveWay(score: number): boolean {
    let least: TenantId | null = null;
    for (const tenant of this.#top.keys()) {
      if (least === null || this.#scoreOf(tenant) < this.#scoreOf(least)) least = tenant;
    }
    if (least === null || score < this.#scoreOf(least) * LEAD) return false;
    return this.#top.delete(least);
  }

  #scoreOf(tenant: TenantId): number {
    return this.#scores.get(tenant) ?? 0;
  }
}

const nothing = (name: string): Counts => ({
  name,
  queries: 0,
  errors: 0,
  bytesOut: 0,
  seconds: 0,
});

/** Of the latency histogram, in seconds. */
export const LATENCY_BOUNDS_S = LATENCY_BOUNDS_US.map((bound) => bound / US_OF_SECOND);
