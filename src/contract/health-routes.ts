import { KpiReport, StatusLink } from './health.ts';
import type { OperationName } from './operations.ts';
import { ok, Ref, type Route } from './route.ts';

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
