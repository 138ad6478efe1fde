/** What a tenant's compute is made of, and how it is started and stopped. */
import type { AwakeCause, AwakeEndKind } from '../domain/awake.ts';
import type { Tenant } from '../domain/tenant.ts';
import type { Tier } from '../domain/tier.ts';
import type { IdleWatch } from './idle-watch.ts';
import type { Suspension } from './moves.ts';
import type { TenantPolicy } from './tenant-policy.ts';
import type { TenantRecord } from './tenant-record.ts';
import type { TenantUses } from './tenant-uses.ts';
import type { UpkeepWatch } from './upkeep-watch.ts';
import type { LifeWorld } from './world.ts';

export type ComputeParts = {
  readonly world: LifeWorld;
  readonly record: TenantRecord;
  readonly uses: TenantUses;
  readonly idle: IdleWatch;
  readonly upkeep: UpkeepWatch;
  readonly policy: TenantPolicy;
};

/** What a tenant's life is made of. */
export type LifeParts = {
  readonly record: TenantRecord;
  readonly uses: TenantUses;
  /** Nothing is going on with the tenant any more. */
  readonly onRest: () => void;
  readonly onTier: (tenant: Tenant) => void;
};

/** Who is started for, and how a place for the start is waited for. */
export type Start = {
  readonly event: 'query' | 'prewarm';
  readonly cause: AwakeCause;
  /** Drops the start while it waits for its turn. */
  readonly signal: AbortSignal;
  /** Called when the start has its turn, with what is done. */
  readonly begun: (doing: string) => void;
};

/** In whose size a compute was started, what its tier was then, and by how much its cache was grown. */
export type Standing = { readonly tier: Tier; readonly rung: Tier; readonly moreMb: number };

/** How a compute is stopped; without an `end` its being awake goes on with the next one. */
export type Stopping = Omit<Suspension, 'heldAtRest'> & { readonly end: AwakeEndKind | null };

export type Restarting = {
  /** The size of which tier it gets; its own if not given. */
  readonly rung?: Tier | undefined;
  /** Of somebody who wanted it, and did not only change something that needs it. */
  readonly cause?: AwakeCause;
};
