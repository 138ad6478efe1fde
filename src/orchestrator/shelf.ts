/**
 * The page cache that sleeping tenants keep, within one budget: what they would find quickly if they
 * came back. When it is full, the tenant with the least value per byte gives its part up.
 *
 * The value of a tenant is how often it has come back of late: each wake counts one, halved with every
 * day. Known of tenants that keep something, and of them only since the server was started; what was
 * kept before is the kernel's to drop. About 100 bytes a tenant.
 */
import type { TenantId } from '../domain/ids.ts';
import { elapsed, hours, type Instant } from '../domain/units.ts';

/** In which time the value of a wake halves. */
const HALF_LIFE = hours(24);

/** Tenants remembered at most, whatever they keep. */
export const SHELF_TENANTS_MAX = 50_000;

type Place = { readonly bytes: number; readonly heat: number; readonly at: Instant };

export class Shelf {
  #bytesMax: number;
  readonly #places = new Map<TenantId, Place>();
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** So much may be kept from now on. Returns who has to give theirs up. */
  resize(bytesMax: number, now: Instant): readonly TenantId[] {
    this.#bytesMax = bytesMax;
    return this.#bytes <= bytesMax ? [] : this.#giveUp(now);
  }

  /** The tenant fell asleep and keeps `bytes`. Returns who has to give theirs up, itself perhaps. */
  put(tenant: TenantId, bytes: number, now: Instant): readonly TenantId[] {
    const heat = this.#heatOf(tenant, now) + 1;
    this.#drop(tenant);
    this.#places.set(tenant, { bytes, heat, at: now });
    this.#bytes += bytes;
    return this.#bytes <= this.#bytesMax && this.#places.size <= SHELF_TENANTS_MAX
      ? []
      : this.#giveUp(now);
  }

  /** The tenant woke, or its files are gone: what it keeps is no longer ours to count. */
  take(tenant: TenantId, now: Instant): void {
    const heat = this.#heatOf(tenant, now);
    this.#drop(tenant);
    if (heat > 0) this.#places.set(tenant, { bytes: 0, heat, at: now });
  }

  forget(tenant: TenantId): void {
    this.#drop(tenant);
  }

  /** Frees a tenth at once, so that a full shelf is not sorted for every tenant that falls asleep. */
  #giveUp(now: Instant): readonly TenantId[] {
    const goal = this.#bytesMax * 0.9;
    const countGoal = SHELF_TENANTS_MAX * 0.9;
    const worth = (tenant: TenantId, { bytes }: Place): number =>
      bytes === 0 ? Number.POSITIVE_INFINITY : this.#heatOf(tenant, now) / bytes;
    const byWorth = [...this.#places]
      .map(([tenant, place]) => ({ tenant, bytes: place.bytes, worth: worth(tenant, place) }))
      .sort((a, b) => a.worth - b.worth);
    const given: TenantId[] = [];
    for (const { tenant, bytes } of byWorth) {
      if (this.#bytes <= goal && this.#places.size <= countGoal) break;
      this.#drop(tenant);
      if (bytes > 0) given.push(tenant);
    }
    return given;
  }

  #drop(tenant: TenantId): void {
    this.#bytes -= this.#places.get(tenant)?.bytes ?? 0;
    this.#places.delete(tenant);
  }

  #heatOf(tenant: TenantId, now: Instant): number {
    const place = this.#places.get(tenant);
    return place === undefined ? 0 : place.heat * 0.5 ** (elapsed(place.at, now) / HALF_LIFE);
  }
}
