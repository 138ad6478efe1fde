/** The package `dynabase/sdk`: a typed client of the API, on `fetch` alone. */
export type { Problem } from '../contract/problem.ts';
export type { Restart, Session } from '../contract/session.ts';
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
export { DynaBase, type Tenants } from './client.ts';
export { DynaBaseError, type Retry } from './error.ts';
export type { CallOptions, ClientOptions } from './transport.ts';
