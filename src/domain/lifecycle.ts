/** What the orchestrator does for `control`: the moves of a tenant that a person may ask for. */
import type { Snapshot } from './archive.ts';
import type { DecisionKind } from './decision.ts';
import type { Address, Husks } from './host.ts';
import type { SnapshotId, TenantId } from './ids.ts';
import type { LevelReading } from './levels.ts';
import type { PolicyView, PrewarmRecord } from './policy-view.ts';
import type { Tenant } from './tenant.ts';
import type { Plan } from './tier.ts';
import type { DurationMs, Timestamp } from './units.ts';

/** Why and when a compute could not be suspended. */
export type SuspendRefusal = { readonly why: string; readonly at: Timestamp };

/** What is known of a tenant beyond its catalog row, from memory. */
export type TenantLive = {
  /** As the proxies last reported them, parked ones too. */
  readonly sessions: number;
  /** Of these, how many have a backend. */
  readonly bound: number;
  /** What keeps the compute awake; `null` if nothing does, and while it sleeps. */
  readonly heldBy: string | null;
  /** Since when no session has asked anything; `null` while one does and while it sleeps. */
  readonly idleSince: Timestamp | null;
  /** When it will be suspended if nobody asks anything; `null` if nothing is planned. */
  readonly suspendAt: Timestamp | null;
  /** The last one since the compute woke; `null` if there was none. */
  readonly lastSuspendRefusal: SuspendRefusal | null;
  /** Where it stands on the way down, in a few words; null while it is where its tier has it. */
  readonly descent: string | null;
};

/** All that the proxies have reported, together. */
export type FleetUse = {
  readonly sessions: number;
  readonly bound: number;
  /** Tenants that have sessions with a backend. */
  readonly inUse: readonly TenantId[];
};

export type RestartRequest = {
  /** How long what is under way may take to end. */
  readonly within: DurationMs;
  /** Ends whoever is not done by then; else that refuses the restart. */
  readonly force: boolean;
};

/** Empty databases made ahead of new tenants. */
export type HuskView = Husks & {
  /** Tenants that got their first files in the last whole hour; null if that is not known. */
  readonly wantedLastHour: number | null;
  /** Whether a person has said how many to keep. */
  readonly isFixed: boolean;
};

/** How things go by the rules, for all tenants together. */
export type FleetPolicy = {
  /** Whether the rules say how long an idle tenant is kept awake, or its own habit does. */
  readonly residency: 'fixed' | 'adaptive';
  /** What a second of somebody's waiting is worth now, in money; null while residency is fixed. */
  readonly valueOfSecond: number | null;
  /** What is spent, as a part of what always being awake would cost, from 0 to 1; null if unknown. */
  readonly costShare: number | null;
  readonly husks: HuskView;
  /** Of all tenants, since the server started. */
  readonly prewarms: PrewarmRecord;
  /** Decisions since the server started, whether they could be recorded or not. */
  readonly decisions: Readonly<Record<DecisionKind, number>>;
};

/** What the policy has to say for itself. */
export interface PolicyInsight {
  /** Throws `TENANT_UNKNOWN`. Asleep or awake, it changes nothing. */
  policyView(id: TenantId): Promise<PolicyView>;

  fleetPolicy(): FleetPolicy;

  /** Resolves when what was decided until now is in the store, or could not be put there. */
  recorded(): Promise<void>;
}

export interface Lifecycle extends PolicyInsight {
  /** Takes a tenant from `creating` to `suspended`. Throws what `Host.create` throws. */
  create(tenant: Tenant): Promise<Tenant>;

  /** Resolves with the running tenant. Throws as `Gate.wake` does. */
  wakeTenant(id: TenantId): Promise<Tenant>;

  /** Resolves with the suspended tenant. Throws `TENANT_BUSY` while somebody is at work. */
  suspend(id: TenantId): Promise<Tenant>;

  /** Stops the compute as `restart` does, and leaves it so. Throws `TENANT_BUSY`. */
  halt(id: TenantId, request: RestartRequest, because: string): Promise<void>;

  /**
   * Stops the compute and starts it anew; sessions at rest are parked meanwhile. One that sleeps
   * sleeps on, since its next start is a fresh one; one that has failed is started at once.
   * Throws `TENANT_BUSY`, and as `Gate.wake` does.
   */
  restart(id: TenantId, request: RestartRequest): Promise<Tenant>;

  /** Takes a sleeping tenant's files to the archive. Throws `TENANT_BUSY` while it is awake or somebody comes. */
  archive(id: TenantId): Promise<Tenant>;

  /** Writes a snapshot, awake or asleep; one that has slept since the last unnamed one gets that again. */
  snapshot(id: TenantId, name: string | null): Promise<Snapshot>;

  /**
   * Makes a snapshot the tenant's data. What there was is kept as a snapshot of its own if it can be
   * read. Sessions are parked and see the new data; throws `TENANT_BUSY` if one cannot be.
   */
  restore(id: TenantId, snapshot: SnapshotId): Promise<Tenant>;

  /**
   * Wakes the tenant, and does `work` in its compute, which is not stopped before that is done; sessions go on
   * meanwhile. By the end the catalog has its roles as they are then. Throws as `Gate.wake` does, and what
   * `work` throws.
   */
  inside<T>(id: TenantId, work: (address: Address) => Promise<T>): Promise<T>;

  /** What of it is at which level, measured now. */
  measure(id: TenantId): Promise<LevelReading>;

  /** Ends its sessions, stops it, removes its data and its row. Finishes after a crash. */
  remove(id: TenantId): Promise<void>;

  /**
   * The catalog has a new verifier or setting for the tenant: act on it now if it runs. `planBefore` is the plan that it
   * had before the change, since a higher one gives it HOT at once.
   */
  changed(id: TenantId, planBefore?: Plan): Promise<Tenant>;

  live(id: TenantId): TenantLive;

  fleetUse(): FleetUse;
}
