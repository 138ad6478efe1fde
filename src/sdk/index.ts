/** The package `dynabase/sdk`: a typed client of the API, on `fetch` alone. */

export type { Compute, ComputeEntry, PlanList, TierList } from '../contract/compute.ts';
export type { Event } from '../contract/events.ts';
export type {
  ConnectionStrings,
  Extension,
  ExtensionWish,
  TenantSetting,
  TenantSettingsChange,
} from '../contract/inside.ts';
export type { FleetLevels, LadderStep, RelationLevels, TenantLevels } from '../contract/levels.ts';
export type {
  Decision,
  FleetPolicy,
  Policy,
  PolicyChange,
  Prewarms,
  TenantPolicy,
} from '../contract/policy.ts';
export type { Problem } from '../contract/problem.ts';
export type { Query, QueryResult } from '../contract/query.ts';
export type { Recovery } from '../contract/recovery.ts';
export type { Database, NewRole, Role, RoleChange, RoleSecret } from '../contract/role.ts';
export type { Restart, Session } from '../contract/session.ts';
export type { Fork, NewSnapshot, Snapshot } from '../contract/snapshot.ts';
export type { Status } from '../contract/status.ts';
export type {
  ConnectionString,
  NewTenant,
  Tenant,
  TenantChange,
  TenantPage,
  TenantSecret,
  Ticket,
} from '../contract/tenant.ts';
export type { Usage, UsageMinute, UsageTotal } from '../contract/usage.ts';
export { DynaBase, type Policies, type Tenants } from './client.ts';
export { DynaBaseError, type Retry } from './error.ts';
export type { EventFeed, EventQuery } from './events.ts';
export type { Computes, Inside } from './inside.ts';
export type { CallOptions, ClientOptions, FileParts } from './transport.ts';
export type { Operations, ServerSettings, Webhooks, WorkName } from './work.ts';
