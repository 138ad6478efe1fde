/**
 * The pools of all tenants with sessions, and what is done for them now and then.
 *
 * One timer serves all: every `TICK` while anything is bound it looks which sessions have been idle,
 * and tells the control plane how each tenant is used, when that has changed. Parked sessions cost it
 * nothing but a look at those that have an idle timeout.
 */
import type { CancelTimer } from '../domain/clock.ts';
import type { Fault } from '../domain/faults.ts';
import type { Door, Parked, ParkRequest, SessionView, TenantUse } from '../domain/gate.ts';
import type { TenantId } from '../domain/ids.ts';
import { ms, seconds } from '../domain/units.ts';
import { TenantPool } from './pool.ts';
import type { PoolParts } from './pool-parts.ts';

const TICK = ms(250);

/** A tenant of which nothing was asked for this long is reported as idle, and since when. */
const QUIET_FOR = seconds(1);

export class Pools {
  readonly #parts: PoolParts;
  readonly #pools = new Map<TenantId, TenantPool>();
  /** What was last told of each. */
  readonly #told = new Map<TenantId, TenantUse>();
  #cancelTick: CancelTimer | null = null;

  constructor(parts: PoolParts) {
    this.#parts = parts;
  }

  /** The pool of a tenant, made for its first session. What the door says replaces what it said. */
  of(door: Door): TenantPool {
    const known = this.#pools.get(door.tenant);
    if (known !== undefined) {
      known.door = door;
      return known;
    }
    const pool = new TenantPool(door, this.#parts);
    this.#pools.set(door.tenant, pool);
    this.#cancelTick ??= this.#nextTick();
    return pool;
  }

  /** A session has come or gone: counts are told at once where they matter most. */
  changed(tenant: TenantId): void {
    const pool = this.#pools.get(tenant);
    if (pool === undefined) return;
    const use = pool.use(this.#parts.clock.now(), QUIET_FOR);
    const isNews = use.sessions === 0 || use.left !== undefined || use.waited !== undefined;
    if (isNews) this.#tell(tenant, use);
    if (pool.isEmpty) this.#forget(tenant);
  }

  end(tenant: TenantId, because: Fault): void {
    this.#pools.get(tenant)?.end(because);
  }

  park(tenant: TenantId, request: ParkRequest): Promise<Parked> {
    const pool = this.#pools.get(tenant);
    return pool?.park(request) ?? Promise.resolve({ kind: 'parked', sessions: 0 });
  }

  /** Whether sessions of the tenant have backends, or are about to. */
  isInUse(tenant: TenantId): boolean {
    return this.#pools.get(tenant)?.isAsleep === false;
  }

  list(tenant: TenantId): readonly SessionView[] {
    return this.#pools.get(tenant)?.list() ?? [];
  }

  close(): void {
    this.#cancelTick?.();
    this.#cancelTick = null;
    for (const pool of this.#pools.values()) pool.close();
    this.#pools.clear();
  }

  #nextTick(): CancelTimer {
    return this.#parts.clock.timer(TICK, () => {
      this.#cancelTick = null;
      this.#tick();
      if (this.#pools.size > 0) this.#cancelTick = this.#nextTick();
    });
  }

  #tick(): void {
    const now = this.#parts.clock.now();
    for (const [tenant, pool] of this.#pools) {
      if (pool.isAsleep && this.#isToldAsleep(tenant, pool)) {
        // Its last session may have gone while the compute was still waking.
        if (pool.isEmpty) this.#forget(tenant);
        continue;
      }
      pool.sweep(now);
      const use = pool.use(now, QUIET_FOR);
      if (this.#isNews(tenant, use)) this.#tell(tenant, use);
      if (pool.isEmpty) this.#forget(tenant);
    }
  }

  #isToldAsleep(tenant: TenantId, pool: TenantPool): boolean {
    const told = this.#told.get(tenant);
    if (told === undefined || told.heldBy !== null || told.bound > 0) return false;
    return told.sessions === pool.sessionCount;
  }

  /** How long it has been idle grows by itself, and is no news. */
  #isNews(tenant: TenantId, use: TenantUse): boolean {
    const told = this.#told.get(tenant);
    if (told === undefined) return true;
    return (
      (told.heldBy === null) !== (use.heldBy === null) ||
      told.sessions !== use.sessions ||
      told.bound !== use.bound ||
      told.isHeldByRobots !== use.isHeldByRobots ||
      told.holder?.pin !== use.holder?.pin ||
      use.left !== undefined ||
      use.waited !== undefined ||
      (use.heldBy === null && use.idleFor < told.idleFor)
    );
  }

  #tell(tenant: TenantId, use: TenantUse): void {
    this.#told.set(tenant, use);
    this.#parts.gate.use(tenant, this.#parts.proxyId, use);
  }

  #forget(tenant: TenantId): void {
    this.#pools.delete(tenant);
    this.#told.delete(tenant);
  }
}
