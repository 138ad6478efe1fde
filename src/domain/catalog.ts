/**
 * The port to our metadata. Every method is one statement or one transaction.
 *
 * All throw `CATALOG_DOWN` when the catalog cannot be reached.
 */
import type { CustomerId, TenantId, TenantName, VaultId } from './ids.ts';
import type { LadderStep, LevelTotals } from './levels.ts';
import type { Home, HomeKind, MoveChange, Tenant, TenantState, TenantStateKind } from './tenant.ts';
import type { Consent, Plan, Tier, TierOverride } from './tier.ts';
import type { DurationMs, Timestamp } from './units.ts';
import type { UsageMinute } from './usage.ts';
import type { RoleRecord, Verifier } from './verifier.ts';

export type TenantDraft = {
  readonly id: TenantId;
  readonly name: TenantName;
  readonly plan: Plan;
  readonly tier: Tier;
  readonly suspendAfter: DurationMs | null;
  readonly sessionsMax: number | null;
  readonly maxPinIdle: DurationMs | null;
  /** Of the owner role, which has the tenant's name. */
  readonly verifier: Verifier;
  /** None, if not given: clients may come from anywhere. */
  readonly allowedAddresses?: readonly string[];
  /** `none` for a new tenant; a fork or an import begins in the archive. */
  readonly home: Home;
  /** Its own id, but for a fork. */
  readonly vault: VaultId;
  /**
   * Of a tenant that this catalog has lost and the archive has: it goes on behind its latest snapshot,
   * and begins in state `suspended`, since all that it needs is there.
   */
  readonly generation?: number;
  /** Nobody's if not given. */
  readonly customer?: CustomerId | null;
  readonly expiresAt?: Timestamp | null;
};

/** What of a tenant may be changed without moving it; what is not given stays. */
export type TenantSettings = Partial<
  Pick<TenantDraft, 'suspendAfter' | 'sessionsMax' | 'maxPinIdle' | 'tier' | 'plan'> & {
    readonly override: TierOverride | null;
    readonly consent: Consent | null;
    readonly customer: CustomerId | null;
    readonly expiresAt: Timestamp | null;
    readonly allowedAddresses: readonly string[];
  }
>;

export type TenantPage = {
  readonly tenants: readonly Tenant[];
  /** Give it as `after` to get the next page; `null` at the end. */
  readonly next: TenantName | null;
  /** Where the page ends in an order that is not by name: give it as `afterValue` besides. */
  readonly nextValue: string | null;
};

/** What tenants can be sorted by; the name decides between equals. */
export const TENANT_SORTS = ['name', 'createdAt', 'tierSince', 'stateSince', 'state'] as const;

export type TenantSort = (typeof TENANT_SORTS)[number];

export type TenantQuery = {
  /** Sorted by name; begins behind this one. */
  readonly after: TenantName | null;
  /** 1 to 1,000. */
  readonly limit: number;
  readonly state: TenantStateKind | null;
  /** Only those of this customer; of all if not given. */
  readonly customer?: CustomerId | undefined;
  readonly tier?: Tier | undefined;
  readonly plan?: Plan | undefined;
  readonly home?: HomeKind | undefined;
  /** Only those whose name has this in it. */
  readonly search?: string | undefined;
  /** `name` if not given. */
  readonly sort?: TenantSort | undefined;
  readonly descending?: boolean | undefined;
  /** By what the tenant `after` is sorted: a state, or microseconds since 1970. Not looked at for names. */
  readonly afterValue?: string | undefined;
};

/** Which tenants at rest something is due for. At most `limit`, who waits longest first. */
export type DueQuery = {
  readonly limit: number;
  /** At rest with files here since before this; the database's clock says since when. */
  readonly restedBefore: Timestamp;
  /** Only of these tiers; the others keep their files at hand. */
  readonly tiers: readonly Tier[];
};

export interface Catalog {
  /** As `UsageSink.add`. Resolves with whether the batch was new: false if it had been counted before. */
  add(records: readonly UsageMinute[], batch: string): Promise<boolean>;

  /** Writes a tenant in state `creating`, but for one that was lost, with its owner's verifier. Throws `TENANT_EXISTS`. */
  insertTenant(draft: TenantDraft): Promise<Tenant>;

  tenantByName(name: TenantName): Promise<Tenant | undefined>;

  tenantById(id: TenantId): Promise<Tenant | undefined>;

  /**
   * By name it reads what it answers; by `createdAt` and `tierSince` as well. Filters other than `customer`, and the
   * other orders, may read all tenants for one page. Throws `BAD_REQUEST` if the limit is out of range.
   */
  listTenants(query: TenantQuery): Promise<TenantPage>;

  countTenants(): Promise<Readonly<Record<TenantStateKind, number>>>;

  /** Tenants by where their data is. */
  countHomes(): Promise<Readonly<Record<HomeKind, number>>>;

  countTiers(): Promise<Readonly<Record<Tier, number>>>;

  /** Tenants in any state but `suspended`: what a crash may have left half done. Sorted by id. */
  unrestedTenants(): Promise<readonly Tenant[]>;

  /**
   * Writes the move of `tenant` to `to`, with `change`, if the stored generation is still the tenant's.
   * A move to `waking` also begins `dirtySince`, if it is null.
   * Throws `STALE_GENERATION` if another writer came first, `TENANT_UNKNOWN` if it is gone.
   */
  move(tenant: Tenant, to: TenantState, change?: MoveChange): Promise<Tenant>;

  /** Writes `change` as `move` does, the state staying as it is. The generation grows. */
  note(tenant: Tenant, change: MoveChange): Promise<Tenant>;

  /** Suspended tenants whose files may leave this machine. */
  dueForArchive(query: DueQuery): Promise<readonly Tenant[]>;

  /** Tenants, awake or asleep, that have had changes which no snapshot has since before `before`. */
  dueForSnapshot(before: Timestamp, limit: number): Promise<readonly Tenant[]>;

  /** Since when the oldest change of all tenants is in no snapshot; null if all are. */
  unsavedSince(): Promise<Timestamp | null>;

  /** Adds to a tenant's totals, and replaces its bytes. No effect if it is gone. */
  noteLevels(id: TenantId, change: Partial<LevelTotals>): Promise<void>;

  /** `NO_TOTALS` if nothing is known. */
  levels(id: TenantId): Promise<LevelTotals>;

  /** The totals of all tenants together. */
  fleetLevels(): Promise<LevelTotals>;

  /** Records a step; the oldest are forgotten after 30 days. No effect if the tenant is gone. */
  recordStep(id: TenantId, step: LadderStep): Promise<void>;

  /** The latest first, at most `limit`. */
  steps(id: TenantId, limit: number): Promise<readonly LadderStep[]>;

  /** Changes settings of a tenant without moving it. Throws `TENANT_UNKNOWN`. */
  configure(id: TenantId, change: TenantSettings): Promise<Tenant>;

  /**
   * The compute now agrees with the owner's `verifier`. No effect if that has changed since.
   * Throws `TENANT_UNKNOWN`, as do `rotateOwner` and `saveRoles`.
   */
  markSettled(id: TenantId, verifier: Verifier): Promise<Tenant>;

  /** Removes a tenant in state `deleting`, with all that hangs on it. No effect if it is gone. */
  removeTenant(id: TenantId): Promise<void>;

  /** The verifier of a role that may log in; undefined for one that may not or does not exist. */
  verifier(tenant: TenantId, role: string): Promise<Verifier | undefined>;

  /** Gives the owner a new verifier and marks the tenant unsettled, in one transaction. */
  rotateOwner(tenant: TenantId, verifier: Verifier): Promise<Tenant>;

  /**
   * Replaces what is stored of the tenant's roles by `roles`, as its compute has them. While the
   * tenant is unsettled the owner's row is left alone: there the catalog is ahead.
   */
  saveRoles(tenant: TenantId, roles: readonly RoleRecord[]): Promise<void>;

  /** Minutes in [from, to), oldest first, at most 10,000. */
  usage(tenant: TenantId, from: Timestamp, to: Timestamp): Promise<readonly UsageMinute[]>;

  close(): Promise<void>;
}
