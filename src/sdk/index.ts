/** The package `dynabase/sdk`: a typed client of the API, on `fetch` alone. */

export type {
  Caller,
  Key,
  KeyRotation,
  KeySecret,
  LoginCode,
  NewKey,
  NewTokenIssuer,
  Person,
  PersonChange,
  TokenIssuer,
  TokenIssuerChange,
} from '../contract/access/access.ts';
export type { AuditEntry } from '../contract/access/audit.ts';
export type {
  Customer,
  CustomerChange,
  CustomerPage,
  NewCustomer,
} from '../contract/access/customer.ts';
export type {
  BillingProfile,
  BillingProfileChange,
  BillingSettings,
  BillingSettingsChange,
  Credit,
  Invoice,
  InvoiceDraft,
  InvoiceHead,
  InvoiceRendering,
  InvoiceVerdict,
  InvoiceVerdicts,
  MonthClosed,
  NewCredit,
  PaymentPortal,
  Reconciliation,
} from '../contract/billing/billing.ts';
export type {
  Budget,
  BudgetWish,
  CostLine,
  CostReport,
  OwnCost,
  PriceBook,
  Tariffs,
  WhatIf,
  WhatIfWish,
} from '../contract/economics/economics.ts';
export type { Event } from '../contract/events/events.ts';
export type {
  Delivery,
  NewWebhook,
  Webhook,
  WebhookChange,
  WebhookSecret,
} from '../contract/events/webhook.ts';
export type {
  ConnectionStrings,
  Extension,
  ExtensionWish,
  TenantSetting,
  TenantSettingsChange,
} from '../contract/inside/inside.ts';
export type { Query, QueryResult } from '../contract/inside/query.ts';
export type { Database, NewRole, Role, RoleChange, RoleSecret } from '../contract/inside/role.ts';
export type { CountedStatement, StatementList } from '../contract/inside/statements.ts';
export type {
  FleetMetrics,
  TenantMetrics,
  Usage,
  UsageTotal,
  UseAmounts,
} from '../contract/metering/usage.ts';
export type { OperationName } from '../contract/operations.ts';
export type {
  Decision,
  FleetPolicy,
  Policy,
  PolicyChange,
  Prewarms,
  TenantPolicy,
} from '../contract/policy/policy.ts';
export type { Problem } from '../contract/problem.ts';
export type { Consumption, Quota, QuotaState } from '../contract/quotas/quota.ts';
export type { AnswerOf, BodyOf, FaultsOf, ParamsOf, QueryOf } from '../contract/routes.ts';
export type { Fleet, Kpi, KpiReport, StatusLink, TierFlows } from '../contract/service/health.ts';
export type { Branding, Settings, SettingsChange } from '../contract/service/settings.ts';
export type { Status } from '../contract/service/status.ts';
export type { Claim, Claimable } from '../contract/tenants/claim.ts';
export type { Compute, ComputeEntry, PlanList, TierList } from '../contract/tenants/compute.ts';
export type {
  FleetLevels,
  LadderStep,
  RelationLevels,
  TenantLevels,
} from '../contract/tenants/levels.ts';
export type { Recovery } from '../contract/tenants/recovery.ts';
export type { Restart, Session } from '../contract/tenants/session.ts';
export type { Fork, NewSnapshot, Snapshot } from '../contract/tenants/snapshot.ts';
export type {
  ConnectionString,
  NewTenant,
  Tenant,
  TenantChange,
  TenantPage,
  TenantSecret,
  Ticket,
} from '../contract/tenants/tenant.ts';
export type { WorkName } from '../contract/work/operations-work.ts';
export type { WorkOperation } from '../contract/work/work.ts';
export type { Access, Customers, Keys, People, TokenIssuers } from './access.ts';
export { DynaBase, type Policies, type ServerSettings } from './client.ts';
export { DynaBaseError, type FaultCode, type Retry } from './error.ts';
export type { EventFeed, EventQuery } from './events.ts';
export type { Health } from './health.ts';
export type { Computes, Inside } from './inside.ts';
export type { Claims, Limits } from './limits.ts';
export type { Tenants } from './tenants.ts';
export {
  type CallOptions,
  type ClientOptions,
  etagOf,
  type FileParts,
  type Input,
} from './transport.ts';
export type { UsageReports } from './usage.ts';
export type { Webhooks } from './webhooks.ts';
export type { Operations, WaitOptions, WorkInput } from './work.ts';
