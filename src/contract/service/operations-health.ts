import type { Operation } from '../operations.ts';

export const HEALTH_OPERATIONS = {
  getKpis: { method: 'GET', path: '/v1/kpis', repeat: 'safe' },
  getFleet: { method: 'GET', path: '/v1/fleet', repeat: 'safe' },
  getTierFlows: { method: 'GET', path: '/v1/tier-flows', repeat: 'safe' },
  getStatusLink: { method: 'GET', path: '/v1/tenants/:ref/status-link', repeat: 'safe' },
} as const satisfies Record<string, Operation>;
