import type { Operation } from '../operations.ts';

/** What was used, and what follows from it. */
export const USAGE_OPERATIONS = {
  getUsage: { method: 'GET', path: '/v1/tenants/:ref/usage', repeat: 'safe' },
  getCustomerUsage: { method: 'GET', path: '/v1/customers/:customer/usage', repeat: 'safe' },
  getFleetUsage: { method: 'GET', path: '/v1/usage', repeat: 'safe' },
  getMetrics: { method: 'GET', path: '/v1/tenants/:ref/metrics', repeat: 'safe' },
  getFleetMetrics: { method: 'GET', path: '/v1/metrics', repeat: 'safe' },
} as const satisfies Record<string, Operation>;
