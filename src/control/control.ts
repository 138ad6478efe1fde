/**
 * What the product can do. Every door (REST, and through it CLI and SDK) calls these and adds
 * nothing.
 */

import type { TenantSettings } from '../domain/catalog.ts';
import type { PinReason, SessionView } from '../domain/gate.ts';
import type { RestartRequest, TenantLive } from '../domain/lifecycle.ts';
import type { Tenant, TenantStateKind } from '../domain/tenant.ts';
import type { Plan } from '../domain/tier.ts';
import type { Timestamp } from '../domain/units.ts';
import type { UsageMinute } from '../domain/usage.ts';

/** A tenant as a person asks for it: by id or by name. */
export type TenantRef = string;

export type NewTenant = TenantSettings & {
  readonly name: string;
  /** `free` if not given. */
  readonly plan?: Plan;
};

/** A tenant with what is known of it now. */
export type TenantView = {
  readonly tenant: Tenant;
  readonly live: TenantLive;
  /** `postgresql://NAME@HOST:PORT/NAME`; with a password only where that is new. */
  readonly connectionUri: string;
};

/** A password that is shown once. */
export type TenantSecret = TenantView & { readonly password: string };

export type TenantListing = {
  readonly tenants: readonly TenantView[];
  readonly next: string | null;
};

/** A short-lived login as the tenant's owner, for the holder of an operator key. */
export type Ticket = { readonly connectionUri: string; readonly expiresAt: Timestamp };

/** What the server says of itself. */
export type ServerStatus = {
  readonly version: string;
  readonly startedAt: Timestamp;
  readonly engine: { readonly kind: 'embedded'; readonly version: string };
  /** `uid per tenant`, or why not. */
  readonly isolation: string;
  readonly warnings: readonly string[];
  readonly tenants: Readonly<Record<TenantStateKind, number>>;
  readonly sessions: number;
  readonly proxy: { readonly host: string; readonly port: number };
};

export type SessionState = SessionView['state'];

/** What a monitoring system asks for again and again: counts, and no names. */
export type Metrics = {
  readonly tenants: Readonly<Record<TenantStateKind, number>>;
  readonly sessions: Readonly<Record<SessionState, number>>;
  readonly pinned: Readonly<Record<PinReason, number>>;
};

export interface Control {
  status(): Promise<ServerStatus>;
  /** Throws `BAD_NAME`, `TENANT_EXISTS`, `DISK_FULL`, `NO_UIDS`. */
  createTenant(request: NewTenant): Promise<TenantSecret>;
  /** Throws `TENANT_UNKNOWN`, as all that take a `TenantRef` do. */
  showTenant(ref: TenantRef): Promise<TenantView>;
  listTenants(query: {
    readonly after: string | null;
    readonly limit: number;
    readonly state: TenantStateKind | null;
  }): Promise<TenantListing>;
  configureTenant(ref: TenantRef, change: TenantSettings): Promise<TenantView>;
  deleteTenant(ref: TenantRef): Promise<void>;
  rotatePassword(ref: TenantRef): Promise<TenantSecret>;
  wakeTenant(ref: TenantRef): Promise<TenantView>;
  /** Parks its sessions. Throws `TENANT_BUSY` while somebody is at work or cannot be parked. */
  suspendTenant(ref: TenantRef): Promise<TenantView>;
  /** Throws `TENANT_BUSY` if somebody is not done in time and must not be ended. */
  restartTenant(ref: TenantRef, request: RestartRequest): Promise<TenantView>;
  /** The tenant's sessions, the oldest first. */
  listSessions(ref: TenantRef): Promise<readonly SessionView[]>;
  issueTicket(ref: TenantRef): Promise<Ticket>;
  usage(ref: TenantRef, from: Timestamp, to: Timestamp): Promise<readonly UsageMinute[]>;
  metrics(): Promise<Metrics>;
}
