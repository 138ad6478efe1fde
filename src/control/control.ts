/**
 * What the product can do. Every door (REST, and through it CLI and SDK) calls these and adds
 * nothing.
 */

import type { Snapshot } from '../domain/archive.ts';
import type { TenantQuery, TenantSettings } from '../domain/catalog.ts';
import type { Decision, DecisionKind } from '../domain/decision.ts';
import type { PinReason, SessionView } from '../domain/gate.ts';
import type { Husks } from '../domain/host.ts';
import type { CustomerId } from '../domain/ids.ts';
import type { LadderStep, LevelReading, LevelTotals } from '../domain/levels.ts';
import type { FleetPolicy, RestartRequest, TenantLive } from '../domain/lifecycle.ts';
import type { RulesInForce } from '../domain/policy-desk.ts';
import type { PolicyView, PrewarmRecord } from '../domain/policy-view.ts';
import type { HomeKind, Tenant, TenantStateKind } from '../domain/tenant.ts';
import type { Plan, Tier, TierSetter } from '../domain/tier.ts';
import type { Timestamp } from '../domain/units.ts';
import type { DecisionQuery } from './decisions.ts';
import type { Recovered } from './recovery.ts';
import type { Replay } from './replay.ts';
import type { TierChoice } from './tier-choice.ts';

/** A tenant as a person asks for it: by id or by name. */
export type TenantRef = string;

/** What may be left to the server; what is not given is left, or stays. */
type Settings = Pick<TenantSettings, 'suspendAfter' | 'sessionsMax' | 'maxPinIdle'>;

export type TenantChange = Settings & {
  readonly plan?: Plan;
  readonly tier?: TierChoice;
  readonly consent?: TierSetter | null;
  readonly expiresAt?: Timestamp | null;
  readonly allowedAddresses?: readonly string[];
  /** Whose it is from now on; keys that reach this tenant alone are revoked where that is another. */
  readonly customer?: CustomerId | null;
};

export type NewTenant = Settings & {
  readonly name: string;
  /** The customer's if not given, and `free` where there is none. */
  readonly plan?: Plan;
  /** Whose it is; the operator's own if not given. */
  readonly customer?: CustomerId | null;
  /** When it is deleted by itself. */
  readonly expiresAt?: Timestamp | null;
  /** Where its clients may come from; anywhere if not given. */
  readonly allowedAddresses?: readonly string[];
};

/** A tenant made of another one's data. */
export type NewFork = {
  readonly name: string;
  /** The origin's if not given. */
  readonly plan?: Plan;
};

/** A tenant made of a file. */
export type NewImport = Pick<NewTenant, 'name' | 'plan' | 'customer'> & {
  /** What `exportTenant` gave. */
  readonly file: AsyncIterable<Uint8Array>;
  /** Gives up; the tenant is not there then. */
  readonly signal: AbortSignal;
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

/** A snapshot on its way out, once. Who stops reading early must say so by the iterator's `return`. */
export type TenantExport = {
  readonly tenant: Tenant;
  readonly content: AsyncIterable<Uint8Array>;
};

/** Where a tenant's data is, now and over its life. */
export type TenantLevels = {
  readonly view: TenantView;
  /** Measured now. */
  readonly reading: LevelReading;
  /** Over all its wakes, the present one too. */
  readonly totals: LevelTotals;
  /** The latest first. */
  readonly steps: readonly LadderStep[];
};

/** A tenant, and what the policy has to say of it. */
export type TenantExplained = { readonly view: TenantView; readonly policy: PolicyView };

/** With what the rules of now make of it; null if nobody asked, or nobody can say. */
export type DecisionView = { readonly decision: Decision; readonly replay: Replay | null };

export type DecisionListing = {
  /** The latest first. */
  readonly decisions: readonly DecisionView[];
  readonly next: Timestamp | null;
};

/** The rules, and how things go by them. */
export type PolicyInForce = RulesInForce & FleetPolicy;

export type NewPolicy = {
  /** A policy file. */
  readonly text: string;
  /** Only says whether it could be set. */
  readonly dryRun: boolean;
};

export type TenantListing = {
  readonly tenants: readonly TenantView[];
  readonly next: string | null;
  readonly nextValue: string | null;
};

/** As the catalog takes it, of whatever name. */
export type TenantListQuery = Omit<TenantQuery, 'after'> & { readonly after: string | null };

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
  readonly homes: Readonly<Record<HomeKind, number>>;
  readonly tiers: Readonly<Record<Tier, number>>;
  readonly policy: PolicyInForce;
  /** Of all tenants, as each was last measured. */
  readonly levels: LevelTotals;
  /** Since when the oldest change is in no snapshot; null if all are in one. */
  readonly unsavedSince: Timestamp | null;
  readonly sessions: number;
  readonly proxy: { readonly host: string; readonly port: number };
};

export type SessionState = SessionView['state'];

/** What a monitoring system asks for again and again: counts, and no names. */
export type Metrics = {
  readonly tenants: Readonly<Record<TenantStateKind, number>>;
  readonly homes: Readonly<Record<HomeKind, number>>;
  readonly tiers: Readonly<Record<Tier, number>>;
  readonly prewarms: PrewarmRecord;
  readonly husks: Husks;
  /** Since the server started. */
  readonly decisions: Readonly<Record<DecisionKind, number>>;
  readonly levels: LevelTotals;
  readonly unsavedSince: Timestamp | null;
  readonly sessions: Readonly<Record<SessionState, number>>;
  readonly pinned: Readonly<Record<PinReason, number>>;
};

export interface Control {
  status(): Promise<ServerStatus>;
  /** The tenant alone, as the catalog has it: what tells whether a caller's scope covers it. */
  findTenant(ref: TenantRef): Promise<Tenant>;
  /** Throws `BAD_NAME`, `TENANT_EXISTS`, `DISK_FULL`, `NO_UIDS`. */
  createTenant(request: NewTenant): Promise<TenantSecret>;
  /** Throws `TENANT_UNKNOWN`, as all that take a `TenantRef` do. */
  showTenant(ref: TenantRef): Promise<TenantView>;
  /** Throws `BAD_NAME` if `after` is no name. */
  listTenants(query: TenantListQuery): Promise<TenantListing>;
  /** A tier that is given holds at once. Throws `BAD_REQUEST` for one whose end is past. */
  configureTenant(ref: TenantRef, change: TenantChange): Promise<TenantView>;
  deleteTenant(ref: TenantRef): Promise<void>;
  rotatePassword(ref: TenantRef): Promise<TenantSecret>;
  wakeTenant(ref: TenantRef): Promise<TenantView>;
  /** Parks its sessions. Throws `TENANT_BUSY` while somebody is at work or cannot be parked. */
  suspendTenant(ref: TenantRef): Promise<TenantView>;
  /** Throws `TENANT_BUSY` if somebody is not done in time and must not be ended. */
  restartTenant(ref: TenantRef, request: RestartRequest): Promise<TenantView>;
  /**
   * Takes a tenant's files off this machine, and suspends it before if need be. Throws `TENANT_BUSY` while
   * somebody is at work, and `ARCHIVE_DOWN` and `NOT_ARCHIVED`, as all that write to the archive do.
   */
  archiveTenant(ref: TenantRef): Promise<TenantView>;
  /** All that are kept, the latest first, damaged ones too. */
  listSnapshots(ref: TenantRef): Promise<readonly Snapshot[]>;
  /** With a name it is kept until a person deletes it. Names need not differ. Throws `BAD_NAME`. */
  createSnapshot(ref: TenantRef, name: string | null): Promise<Snapshot>;
  /**
   * Deletes a snapshot that has a name; the others come and go by themselves. Throws `BAD_ID`,
   * `SNAPSHOT_UNKNOWN`, `BAD_REQUEST` for one without a name.
   */
  deleteSnapshot(ref: TenantRef, snapshot: string): Promise<void>;
  /** Makes a snapshot the tenant's data. Throws `BAD_ID`, `SNAPSHOT_UNKNOWN`, `ARCHIVE_CORRUPT`, `TENANT_BUSY`. */
  restoreSnapshot(ref: TenantRef, snapshot: string): Promise<TenantView>;
  /** A new tenant with the data that this one has now. Throws as `createTenant` does. */
  forkTenant(ref: TenantRef, request: NewFork): Promise<TenantSecret>;
  /** The tenant as it is now, as one portable file. */
  exportTenant(ref: TenantRef): Promise<TenantExport>;
  /** Throws `BAD_IMPORT`, and as `createTenant` does; there is no tenant then. */
  importTenant(request: NewImport): Promise<TenantSecret>;
  levels(ref: TenantRef): Promise<TenantLevels>;
  explainTenant(ref: TenantRef): Promise<TenantExplained>;
  listDecisions(ref: TenantRef, query: DecisionQuery): Promise<DecisionListing>;
  policy(): PolicyInForce;
  /** Resolves with what is in force then. Throws `BAD_POLICY`. */
  setPolicy(policy: NewPolicy): Promise<PolicyInForce>;
  /** Enters what the archive has and the catalog has lost. Throws `ARCHIVE_DOWN`. */
  recoverTenants(): Promise<Recovered>;
  /** The tenant's sessions, the oldest first. */
  listSessions(ref: TenantRef): Promise<readonly SessionView[]>;
  issueTicket(ref: TenantRef): Promise<Ticket>;
  metrics(): Promise<Metrics>;
}
