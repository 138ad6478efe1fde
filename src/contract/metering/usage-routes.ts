/** The routes of what was used. */
import { CustomerParam } from '../access/customer-routes.ts';
import type { OperationName } from '../operations.ts';
import { ok, Ref, type Route } from '../route.ts';
import { FleetMetrics, TenantMetrics, Usage, UsageQuery } from './usage.ts';

const MEANING =
  'Queries are counted as they pass the proxy, use as it is measured once a minute: the last minute may be missing. By the minute only use awake is told; minutes are kept for 14 days, hours for 400, days for ever.';

export const USAGE_ROUTES = {
  getUsage: {
    tag: 'tenants',
    summary: 'What a tenant used and was asked, by minute, hour or day',
    description: MEANING,
    access: { scope: 'tenant', right: 'read' },
    params: Ref,
    query: UsageQuery,
    success: ok(Usage),
    faults: ['TENANT_UNKNOWN', 'CATALOG_DOWN'],
  },
  getCustomerUsage: {
    tag: 'customers',
    summary: 'What all tenants of a customer used and were asked',
    description: `Those count that were the customer's at the time, deleted ones too. ${MEANING}`,
    access: { scope: 'customer', right: 'read' },
    params: CustomerParam,
    query: UsageQuery,
    success: ok(Usage),
    faults: ['CUSTOMER_UNKNOWN', 'CATALOG_DOWN'],
  },
  getFleetUsage: {
    tag: 'server',
    summary: 'What all tenants used and were asked',
    description: MEANING,
    access: { scope: 'operator', right: 'read' },
    query: UsageQuery,
    success: ok(Usage),
    faults: ['CATALOG_DOWN'],
  },
  getMetrics: {
    tag: 'tenants',
    summary: 'How a tenant is used, in a few figures',
    access: { scope: 'tenant', right: 'read' },
    params: Ref,
    success: ok(TenantMetrics),
    faults: ['TENANT_UNKNOWN', 'CATALOG_DOWN'],
  },
  getFleetMetrics: {
    tag: 'server',
    summary: 'How all tenants are used together, in a few figures',
    access: { scope: 'operator', right: 'read' },
    success: ok(FleetMetrics),
    faults: ['CATALOG_DOWN'],
  },
} as const satisfies Partial<Record<OperationName, Route>>;
