/**
 * Every route with its shapes: the one source from which the API registers, validates, serialises
 * and documents, and from which the SDK takes its types.
 */
import type { Static, TSchema } from 'typebox';
import { ACCESS_ROUTES } from './access/access-routes.ts';
import { CUSTOMER_ROUTES } from './access/customer-routes.ts';
import { AWAKE_ROUTES } from './awake/awake-routes.ts';
import { BILLING_ROUTES } from './billing/billing-routes.ts';
import { ECONOMICS_ROUTES } from './economics/economics-routes.ts';
import { EVENT_ROUTES } from './events/event-routes.ts';
import { WEBHOOK_ROUTES } from './events/webhook-routes.ts';
import { INSIDE_ROUTES } from './inside/inside-routes.ts';
import { USAGE_ROUTES } from './metering/usage-routes.ts';
import type { OperationName } from './operations.ts';
import { POLICY_ROUTES } from './policy/policy-routes.ts';
import { QUOTA_ROUTES } from './quotas/quota-routes.ts';
import { ARCHIVE_FAULTS, KeyHeader, ok, Ref, type Route } from './route.ts';
import { HEALTH_ROUTES } from './service/health-routes.ts';
import { SETTINGS_ROUTES } from './service/settings-routes.ts';
import { Health, Status } from './service/status.ts';
import { LADDER_ROUTES } from './tenants/ladder-routes.ts';
import { Restart, SessionList } from './tenants/session.ts';
import {
  ConnectionString,
  NewTenant,
  Tenant,
  TenantChange,
  TenantPage,
  TenantSecret,
  Ticket,
} from './tenants/tenant.ts';
import { TenantListQuery } from './tenants/tenant-list.ts';
import { WaitQuery } from './work/work.ts';
import { WORK_ROUTES } from './work/work-routes.ts';

export const ROUTES = {
  ...LADDER_ROUTES,
  ...USAGE_ROUTES,
  ...POLICY_ROUTES,
  ...ACCESS_ROUTES,
  ...CUSTOMER_ROUTES,
  ...INSIDE_ROUTES,
  ...QUOTA_ROUTES,
  ...AWAKE_ROUTES,
  ...SETTINGS_ROUTES,
  ...ECONOMICS_ROUTES,
  ...EVENT_ROUTES,
  ...WORK_ROUTES,
  ...WEBHOOK_ROUTES,
  ...BILLING_ROUTES,
  ...HEALTH_ROUTES,
  getStatus: {
    tag: 'server',
    summary: 'What the server says of itself',
    access: { scope: 'operator', right: 'read' },
    success: ok(Status),
    faults: ['CATALOG_DOWN'],
  },
  createTenant: {
    tag: 'tenants',
    summary: 'Create a tenant',
    description: 'Answers with the password of its owner role, which is shown only here.',
    access: { scope: 'customer', right: 'change' },
    query: WaitQuery,
    body: NewTenant,
    headers: KeyHeader,
    success: { status: 201, shape: TenantSecret },
    faults: [
      'BAD_NAME',
      'TENANT_EXISTS',
      'CUSTOMER_UNKNOWN',
      'TENANTS_FULL',
      'PLAN_NOT_ALLOWED',
      'IDEMPOTENCY_KEY_REUSED',
      'DISK_FULL',
      'NO_UIDS',
      'SERVER_STOPPING',
      'CATALOG_DOWN',
    ],
  },
  listTenants: {
    tag: 'tenants',
    summary: 'List tenants',
    description:
      'Sorted by name unless `sort` says otherwise. A page by name, `createdAt` or `tierSince`, of all tenants or of one customer, costs what it shows; other filters and orders may look at every tenant.',
    access: { scope: 'customer', right: 'read' },
    query: TenantListQuery,
    success: ok(TenantPage),
    faults: ['CATALOG_DOWN'],
  },
  getTenant: {
    tag: 'tenants',
    summary: 'Show a tenant',
    access: { scope: 'tenant', right: 'read' },
    params: Ref,
    success: ok(Tenant),
    faults: ['TENANT_UNKNOWN', 'CATALOG_DOWN'],
  },
  changeTenant: {
    tag: 'tenants',
    summary: 'Change the settings of a tenant',
    access: { scope: 'tenant', right: 'change', orRight: 'billing' },
    params: Ref,
    body: TenantChange,
    success: ok(Tenant),
    faults: [
      'TENANT_UNKNOWN',
      'CUSTOMER_UNKNOWN',
      'TENANTS_FULL',
      'PLAN_NOT_ALLOWED',
      'STALE_GENERATION',
      'CATALOG_DOWN',
    ],
  },
  deleteTenant: {
    tag: 'tenants',
    summary: 'Delete a tenant and all its data',
    description: 'Open sessions are ended. There is no way back.',
    access: { scope: 'tenant', right: 'change' },
    params: Ref,
    query: WaitQuery,
    success: { status: 204, shape: null },
    faults: ['TENANT_UNKNOWN', 'STALE_GENERATION', 'SERVER_STOPPING', 'CATALOG_DOWN'],
  },
  wakeTenant: {
    tag: 'tenants',
    summary: 'Start the compute of a tenant',
    description: 'Answers when it accepts sessions. Clients need not ask: connecting wakes.',
    access: { scope: 'tenant', right: 'change' },
    params: Ref,
    query: WaitQuery,
    success: ok(Tenant),
    faults: [
      'TENANT_UNKNOWN',
      'WAKE_TIMEOUT',
      'WAKE_FAILED',
      'WAKES_FULL',
      ...ARCHIVE_FAULTS,
      'SERVER_STOPPING',
      'CATALOG_DOWN',
    ],
  },
  suspendTenant: {
    tag: 'tenants',
    summary: 'Stop the compute of a tenant; the data stays',
    description:
      'Sessions at rest are parked: they stay open, and their next query wakes the tenant. `TENANT_BUSY` says who is at work or cannot be parked, and why.',
    access: { scope: 'tenant', right: 'change' },
    params: Ref,
    query: WaitQuery,
    success: ok(Tenant),
    faults: ['TENANT_UNKNOWN', 'TENANT_BUSY', 'SERVER_STOPPING', 'CATALOG_DOWN'],
  },
  restartTenant: {
    tag: 'tenants',
    summary: 'Stop the compute of a tenant and start it anew',
    description:
      'Sessions at rest stay open and see a pause. A tenant that sleeps sleeps on, since its next start is a fresh one; one whose start has failed is started at once.',
    access: { scope: 'tenant', right: 'change' },
    params: Ref,
    query: WaitQuery,
    body: Restart,
    headers: KeyHeader,
    success: ok(Tenant),
    faults: [
      'TENANT_UNKNOWN',
      'TENANT_BUSY',
      'IDEMPOTENCY_KEY_REUSED',
      'WAKE_FAILED',
      'WAKES_FULL',
      'SERVER_STOPPING',
      'CATALOG_DOWN',
    ],
  },
  listSessions: {
    tag: 'tenants',
    summary: 'List the sessions of a tenant, and what pins them',
    access: { scope: 'tenant', right: 'read' },
    params: Ref,
    success: ok(SessionList),
    faults: ['TENANT_UNKNOWN', 'CATALOG_DOWN'],
  },
  rotatePassword: {
    tag: 'tenants',
    summary: 'Give the owner role a new password',
    description: 'The old one is refused from then on; open sessions live on.',
    access: { scope: 'tenant', right: 'change' },
    params: Ref,
    headers: KeyHeader,
    success: ok(TenantSecret),
    faults: ['TENANT_UNKNOWN', 'IDEMPOTENCY_KEY_REUSED', 'STALE_GENERATION', 'CATALOG_DOWN'],
  },
  issueTicket: {
    tag: 'tenants',
    summary: 'Get a short-lived login as the owner',
    access: { scope: 'tenant', right: 'change' },
    params: Ref,
    success: { status: 201, shape: Ticket },
    faults: ['TENANT_UNKNOWN', 'CATALOG_DOWN'],
  },
  getConnectionString: {
    tag: 'tenants',
    summary: 'Where clients of a tenant connect, without a password',
    access: { scope: 'tenant', right: 'read' },
    params: Ref,
    success: ok(ConnectionString),
    faults: ['TENANT_UNKNOWN', 'CATALOG_DOWN'],
  },
  getHealth: {
    tag: 'server',
    summary: 'Whether the process lives',
    access: null,
    success: ok(Health),
    faults: [],
  },
  getReadiness: {
    tag: 'server',
    summary: 'Whether the server can do its work',
    access: null,
    success: ok(Health),
    faults: ['CATALOG_DOWN', 'SERVER_STOPPING'],
  },
} as const satisfies Record<OperationName, Route>;

type Routes = typeof ROUTES;
type StaticOf<R, K extends string> =
  R extends Record<K, infer S> ? (S extends TSchema ? Static<S> : undefined) : undefined;

export type ParamsOf<N extends OperationName> = StaticOf<Routes[N], 'params'>;
export type QueryOf<N extends OperationName> = StaticOf<Routes[N], 'query'>;
export type BodyOf<N extends OperationName> = StaticOf<Routes[N], 'body'>;
export type AnswerOf<N extends OperationName> = Routes[N]['success']['shape'] extends infer S
  ? S extends TSchema
    ? Static<S>
    : undefined
  : never;
/** Codes that an operation names as those that it may fail with. */
export type FaultsOf<N extends OperationName> = Routes[N]['faults'][number];
