import type { OperationName } from '../operations.ts';
import { ok, Ref, type Route } from '../route.ts';
import { Fleet, KpiReport, StatusLink, TierFlowQuery, TierFlows } from './health.ts';

export const HEALTH_ROUTES = {
  getKpis: {
    tag: 'server',
    summary: 'Show what the product is measured by, against its targets',
    description:
      'Figures of the last 30 days, or since the server was first started. They may be a minute old.',
    access: { scope: 'operator', right: 'read' },
    success: ok(KpiReport),
    faults: ['CATALOG_DOWN'],
  },
  getFleet: {
    tag: 'server',
    summary: 'Show how tenants have woken in the last hour',
    description:
      'How often, by the minute, and how long it took by where the data was. Since the server started, if that is less.',
    access: { scope: 'operator', right: 'read' },
    success: ok(Fleet),
    faults: [],
  },
  getTierFlows: {
    tag: 'server',
    summary: 'Show how often tenants went from one tier to another',
    description: 'By day of UTC, for 90 days at most: decisions are not kept for longer.',
    access: { scope: 'operator', right: 'read' },
    query: TierFlowQuery,
    success: ok(TierFlows),
    faults: ['CATALOG_DOWN', 'BAD_REQUEST'],
  },
  getStatusLink: {
    tag: 'tenants',
    summary: 'Show where the public status page of a tenant is',
    description: 'It says whether the tenant is up, asleep or down, and nothing else of it.',
    access: { scope: 'tenant', right: 'read' },
    params: Ref,
    success: ok(StatusLink),
    faults: ['TENANT_UNKNOWN', 'CATALOG_DOWN'],
  },
} as const satisfies Partial<Record<OperationName, Route>>;
