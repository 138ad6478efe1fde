/**
 * The port to what the policy keeps: what it has learned of each tenant and of the fleet, what it has
 * decided, and the rules that a person has set while the server ran.
 *
 * What is learned is bytes here: only the policy reads them. All of it may be lost without harm but
 * time to learn it again. All methods throw `CATALOG_DOWN` when the catalog cannot be reached.
 */
import type { Decision } from './decision.ts';
import type { TenantId } from './ids.ts';
import type { Timestamp } from './units.ts';

/** Learned of one tenant. */
export type Learned = {
  readonly tenant: TenantId;
  /** At most 2,048. */
  readonly bytes: Uint8Array;
  /** When the policy wants to be asked about the tenant if it sleeps then; null for never. */
  readonly askAt: Timestamp | null;
};

export type TenantDecision = { readonly tenant: TenantId; readonly decision: Decision };

/**
 * Of all tenants together: the population, the price of a second, the demand for husks, and the rules and settings
 * that were set.
 */
export type FleetKey = 'population' | 'steering' | 'husks' | 'rules' | 'settings';

export interface PolicyStore {
  /** Undefined if nothing has been learned. */
  learned(tenant: TenantId): Promise<Uint8Array | undefined>;

  /** Replaces what was learned. Tenants that are gone are left out. At most 1,000. */
  saveLearned(all: readonly Learned[]): Promise<void>;

  /** Tenants whose `askAt` is before `before`, at most `limit`, who is due longest first. */
  dueToAsk(before: Timestamp, limit: number): Promise<readonly TenantDue[]>;

  fleet(key: FleetKey): Promise<Uint8Array | undefined>;

  /** Null removes it. */
  saveFleet(key: FleetKey, value: Uint8Array | null): Promise<void>;

  /** Keeps decisions, in this order. Those of 90 days ago are forgotten. At most 1,000. */
  recordDecisions(all: readonly TenantDecision[]): Promise<void>;

  /** The latest first, at most `limit`, older than `before` if that is given. */
  decisions(
    tenant: TenantId,
    query: { readonly before: Timestamp | null; readonly limit: number },
  ): Promise<readonly Decision[]>;
}

export type TenantDue = { readonly tenant: TenantId; readonly askAt: Timestamp };
