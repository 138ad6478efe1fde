/**
 * The port to our metadata. Every method is one statement or one transaction.
 *
 * All throw `CATALOG_DOWN` when the catalog cannot be reached.
 */
import type { TenantId, TenantName } from './ids.ts';
import type { Tenant, TenantState, TenantStateKind } from './tenant.ts';
import type { Plan, Tier } from './tier.ts';
import type { DurationMs, Timestamp } from './units.ts';
import type { UsageMinute, UsageSink } from './usage.ts';
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
};

/** What of a tenant may be changed without moving it; what is not given stays. */
export type TenantSettings = Partial<
  Pick<TenantDraft, 'suspendAfter' | 'sessionsMax' | 'maxPinIdle'>
>;

export type TenantPage = {
  readonly tenants: readonly Tenant[];
  /** Give it as `after` to get the next page; `null` at the end. */
  readonly next: TenantName | null;
};

export type TenantQuery = {
  /** Sorted by name; begins behind this one. */
  readonly after: TenantName | null;
  /** 1 to 1,000. */
  readonly limit: number;
  readonly state: TenantStateKind | null;
};

export interface Catalog extends UsageSink {
  /** Writes a tenant in state `creating`, with its owner's verifier. Throws `TENANT_EXISTS`. */
  insertTenant(draft: TenantDraft): Promise<Tenant>;

  tenantByName(name: TenantName): Promise<Tenant | undefined>;

  tenantById(id: TenantId): Promise<Tenant | undefined>;

  /** Throws `BAD_REQUEST` if the limit is out of range. */
  listTenants(query: TenantQuery): Promise<TenantPage>;

  countTenants(): Promise<Readonly<Record<TenantStateKind, number>>>;

  /** Tenants in any state but `suspended`: what a crash may have left half done. Sorted by id. */
  unrestedTenants(): Promise<readonly Tenant[]>;

  /**
   * Writes the move of `tenant` to `to`, if the stored generation is still the tenant's.
   * Throws `STALE_GENERATION` if another writer came first, `TENANT_UNKNOWN` if it is gone.
   */
  move(tenant: Tenant, to: TenantState): Promise<Tenant>;

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
