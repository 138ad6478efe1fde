/**
 * A larger cache for the peak that is near, as the habit of a tenant foretells it.
 *
 * It comes with the next start where there is one (a wake ahead), else with a restart under parked sessions, which
 * the idle rule makes at a moment at which nobody is at work, as it climbs back to a tier's size. When the peak is over it
 * goes the same way, or with the compute. Never more than the highest tier of the tenant's plan has, nor than half of what
 * its processes may take; and all tenants together share one bound.
 */
import type { TenantId } from '../domain/ids.ts';
import { isSmall, type SizeClass } from '../domain/tier.ts';
import { hours, type Timestamp, timestamp } from '../domain/units.ts';
import { sizeWish } from '../policy/forecast-window.ts';
import { sizeAt } from '../policy/way-down.ts';
import type { TenantLearning } from './tenant-learning.ts';
import type { TenantRecord } from './tenant-record.ts';
import type { LifeWorld } from './world.ts';

const HOUR = hours(1);

/** A restart is worth it from this factor on; a cache that has grown stays down to the other. */
const GROWS_FROM = 1.5;
const STAYS_FROM = 1.2;

/** Part of what a compute may take that its cache may take. */
const MEMORY_PART = 0.5;

/** What all caches have grown by, in MB. */
export class GrowthBudget {
  readonly #mbMax: number;
  readonly #grown = new Map<TenantId, number>();
  #mb = 0;

  constructor(mbMax: number) {
    this.#mbMax = mbMax;
  }

  /** Whether the tenant may have so much more. */
  allows(tenant: TenantId, mb: number): boolean {
    return this.#mb - this.of(tenant) + mb <= this.#mbMax;
  }

  of(tenant: TenantId): number {
    return this.#grown.get(tenant) ?? 0;
  }

  set(tenant: TenantId, mb: number): void {
    this.#mb += mb - this.of(tenant);
    if (mb === 0) this.#grown.delete(tenant);
    else this.#grown.set(tenant, mb);
  }
}

export type CacheGrowthParts = {
  readonly world: Pick<LifeWorld, 'clock' | 'growth' | 'learner' | 'rulesOf'>;
  readonly record: Pick<TenantRecord, 'tenant'>;
  readonly learning: TenantLearning;
};

export class CacheGrowth {
  readonly #parts: CacheGrowthParts;
  /** The factor that was wished for in this hour. */
  #seen: { readonly hour: number; readonly factor: number } | null = null;

  constructor(parts: CacheGrowthParts) {
    this.#parts = parts;
  }

  /** Why a compute in the size of its tier is to be restarted with another cache; null if it is not. */
  get wants(): string | null {
    const has = this.#has > 0;
    if (this.#target() > 0 === has) return null;
    return has ? 'its peak is over, and its cache is larger than usual' : PEAK_IS_NEAR;
  }

  /** A compute is started, in the size of its tier or on its way down. Returns by how many MB its cache grows. */
  begin(isWhole: boolean): number {
    const { world, record } = this.#parts;
    const had = this.#has;
    const mb = isWhole ? this.#target() : 0;
    world.growth.set(record.tenant.id, mb);
    if (isWhole && mb > 0 !== had > 0) this.#record(had, mb);
    return mb;
  }

  /** There is no compute any more. */
  ended(): void {
    this.#parts.world.growth.set(this.#parts.record.tenant.id, 0);
  }

  /** When another size may be wished for; null for a tenant whose tier never has one. */
  askAt(): Timestamp | null {
    const { world } = this.#parts;
    if (this.#room() === 0) return null;
    return timestamp((Math.floor(world.clock.wall() / HOUR) + 1) * HOUR);
  }

  get #has(): number {
    return this.#parts.world.growth.of(this.#parts.record.tenant.id);
  }

  /** By how many MB it is to grow now. */
  #target(): number {
    const { world, record } = this.#parts;
    const has = this.#has;
    const factor = this.#factor();
    if (factor < (has > 0 ? STAYS_FROM : GROWS_FROM)) return 0;
    if (has > 0) return has;
    const { sharedBuffersMb } = this.#size();
    const mb = Math.min(this.#room(), Math.round(sharedBuffersMb * (factor - 1)));
    return mb > 0 && world.growth.allows(record.tenant.id, mb) ? mb : 0;
  }

  /** How much plan and tier allow; nothing for a small size, which is cheap by being so and fills by itself. */
  #room(): number {
    const { tenant } = this.#parts.record;
    const rules = this.#parts.world.rulesOf(tenant);
    const size = this.#size();
    const highest = rules.tiers[rules.plans[tenant.plan].ceiling].size.sharedBuffersMb;
    const { memoryMb } = rules.tiers[tenant.tier].limits;
    const most = Math.floor(
      Math.min(highest, (memoryMb ?? Number.POSITIVE_INFINITY) * MEMORY_PART),
    );
    if (isSmall(size)) return 0;
    return Math.max(0, most - size.sharedBuffersMb);
  }

  #size(): SizeClass {
    const { tenant } = this.#parts.record;
    return sizeAt(tenant.tier, tenant.tier, this.#parts.world.rulesOf(tenant));
  }

  #factor(): number {
    const { learning, world } = this.#parts;
    if (learning.isLoading || this.#room() === 0) return 1;
    const now = world.clock.wall();
    const hour = Math.floor(now / HOUR);
    if (this.#seen?.hour !== hour) {
      this.#seen = { hour, factor: sizeWish(learning.learned.pattern, now) };
    }
    return this.#seen.factor;
  }

  #record(had: number, mb: number): void {
    const { world, record } = this.#parts;
    const { sharedBuffersMb } = this.#size();
    const factor = Math.round(this.#factor() * 10) / 10;
    world.learner.decided(record.tenant.id, {
      at: world.clock.wall(),
      kind: 'size',
      from: `${sharedBuffersMb + had} MB`,
      to: `${sharedBuffersMb + mb} MB`,
      because: mb > 0 ? `${PEAK_IS_NEAR}: ${factor} times its usual use` : 'its peak is over',
      inputs: { sharedBuffersMb, factor, roomMb: this.#room() },
    });
  }
}

const PEAK_IS_NEAR = 'a peak is near at which it asks for a larger cache';
