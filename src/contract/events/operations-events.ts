import type { Operation } from '../operations.ts';

export const EVENT_OPERATIONS = {
  listenEvents: { method: 'GET', path: '/v1/events', repeat: 'safe' },
  listenTenantEvents: { method: 'GET', path: '/v1/tenants/:ref/events', repeat: 'safe' },
} as const satisfies Record<string, Operation>;
