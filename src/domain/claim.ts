/** Databases without an account, which somebody claims, or which go; and all others that end by themselves. */
import type { CustomerId, TenantId } from './ids.ts';
import type { QuotaBook } from './quota.ts';
import type { Tenant } from './tenant.ts';
import type { Plan } from './tier.ts';
import type { Timestamp } from './units.ts';

/** A tenant that nobody has claimed yet. */
export type Claim = Pick<Tenant, 'id' | 'name'> & { readonly expiresAt: Timestamp };

export interface ClaimStore {
  /** Of those that have not expired. */
  count(): Promise<number>;
  /** Keeps the hash of what proves the right to the tenant, and bounds it. No effect if it is gone. */
  insert(tenant: TenantId, hash: Uint8Array, quota: QuotaBook): Promise<void>;
  /** Undefined once it is claimed, or its time is over. */
  find(hash: Uint8Array): Promise<Claim | undefined>;
  /**
   * Makes the tenant the customer's, with its plan and without its end and its bounds, once. Undefined as `find`. Throws
   * `TENANTS_FULL`, `CUSTOMER_UNKNOWN`.
   */
  claim(
    hash: Uint8Array,
    by: { readonly customer: CustomerId; readonly plan: Plan },
  ): Promise<Claim | undefined>;
}

/** A tenant that will end, or has. */
export type Ending = Claim & { readonly customer: CustomerId | null };

export interface EndingStore {
  /** Tenants whose time is over, the longest ago first. */
  over(now: Timestamp, limit: number): Promise<readonly Ending[]>;
  /**
   * Tenants that end before `before`, and have had fewer than `warnings` warnings of that; they have as many then. At
   * most `limit`.
   */
  warn(
    span: { readonly now: Timestamp; readonly before: Timestamp },
    warnings: number,
    limit: number,
  ): Promise<readonly Ending[]>;
}
