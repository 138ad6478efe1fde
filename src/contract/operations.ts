/**
 * The operations of the API by name: method and path, and nothing that needs a package.
 *
 * `routes.ts` adds the shapes. `repeat` says whether a client may send the request again when it
 * does not know what became of it: `safe` for itself, `keyed` only with an `Idempotency-Key`,
 * `never` not at all.
 */

import { ACCESS_OPERATIONS } from './access/operations-access.ts';
import { AWAKE_OPERATIONS } from './awake/operations-awake.ts';
import { BILLING_OPERATIONS } from './billing/operations-billing.ts';
import { ECONOMICS_OPERATIONS } from './economics/operations-economics.ts';
import { EVENT_OPERATIONS } from './events/operations-events.ts';
import { WEBHOOK_OPERATIONS } from './events/operations-webhooks.ts';
import { INSIDE_OPERATIONS } from './inside/operations-inside.ts';
import { USAGE_OPERATIONS } from './metering/operations-usage.ts';
import { QUOTA_OPERATIONS } from './quotas/operations-quota.ts';
import { HEALTH_OPERATIONS } from './service/operations-health.ts';
import { SETTINGS_OPERATIONS } from './service/operations-settings.ts';
import { WORK_OPERATIONS } from './work/operations-work.ts';

export type Operation = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** A `:name` stands for one path segment. */
  readonly path: string;
  readonly repeat: 'safe' | 'keyed' | 'never';
  /** May take as long as there is data: the server says every so often that it is still at it. */
  readonly long?: true;
};

/** Operations whose body or answer is a file of any size, sent as it comes. */
export const STREAMED = [
  'exportTenant',
  'importTenant',
  'listenEvents',
  'listenTenantEvents',
] as const;

export type StreamedName = (typeof STREAMED)[number];

export const OPERATIONS = {
  getStatus: { method: 'GET', path: '/v1/status', repeat: 'safe' },
  createTenant: { method: 'POST', path: '/v1/tenants', repeat: 'keyed' },
  listTenants: { method: 'GET', path: '/v1/tenants', repeat: 'safe' },
  getTenant: { method: 'GET', path: '/v1/tenants/:ref', repeat: 'safe' },
  changeTenant: { method: 'PATCH', path: '/v1/tenants/:ref', repeat: 'safe' },
  deleteTenant: { method: 'DELETE', path: '/v1/tenants/:ref', repeat: 'safe' },
  wakeTenant: { method: 'POST', path: '/v1/tenants/:ref/wake', repeat: 'safe' },
  suspendTenant: { method: 'POST', path: '/v1/tenants/:ref/suspend', repeat: 'safe' },
  restartTenant: { method: 'POST', path: '/v1/tenants/:ref/restart', repeat: 'keyed' },
  archiveTenant: { method: 'POST', path: '/v1/tenants/:ref/archive', repeat: 'safe', long: true },
  listSnapshots: { method: 'GET', path: '/v1/tenants/:ref/snapshots', repeat: 'safe' },
  createSnapshot: {
    method: 'POST',
    path: '/v1/tenants/:ref/snapshots',
    repeat: 'keyed',
    long: true,
  },
  deleteSnapshot: {
    method: 'DELETE',
    path: '/v1/tenants/:ref/snapshots/:snapshot',
    repeat: 'safe',
    long: true,
  },
  restoreSnapshot: {
    method: 'POST',
    path: '/v1/tenants/:ref/snapshots/:snapshot/restore',
    repeat: 'keyed',
    long: true,
  },
  forkTenant: { method: 'POST', path: '/v1/tenants/:ref/fork', repeat: 'keyed', long: true },
  exportTenant: { method: 'GET', path: '/v1/tenants/:ref/export', repeat: 'safe', long: true },
  importTenant: { method: 'POST', path: '/v1/tenants/import', repeat: 'never', long: true },
  recoverTenants: { method: 'POST', path: '/v1/recover', repeat: 'safe', long: true },
  getLevels: { method: 'GET', path: '/v1/tenants/:ref/levels', repeat: 'safe' },
  explainTenant: { method: 'GET', path: '/v1/tenants/:ref/policy', repeat: 'safe' },
  listDecisions: { method: 'GET', path: '/v1/tenants/:ref/decisions', repeat: 'safe' },
  getPolicy: { method: 'GET', path: '/v1/policy', repeat: 'safe' },
  setPolicy: { method: 'PUT', path: '/v1/policy', repeat: 'safe' },
  listSessions: { method: 'GET', path: '/v1/tenants/:ref/sessions', repeat: 'safe' },
  rotatePassword: { method: 'POST', path: '/v1/tenants/:ref/rotate-password', repeat: 'keyed' },
  issueTicket: { method: 'POST', path: '/v1/tenants/:ref/tickets', repeat: 'safe' },
  getConnectionString: {
    method: 'GET',
    path: '/v1/tenants/:ref/connection-string',
    repeat: 'safe',
  },
  ...ACCESS_OPERATIONS,
  ...INSIDE_OPERATIONS,
  ...QUOTA_OPERATIONS,
  ...AWAKE_OPERATIONS,
  ...SETTINGS_OPERATIONS,
  ...ECONOMICS_OPERATIONS,
  ...EVENT_OPERATIONS,
  ...WORK_OPERATIONS,
  ...WEBHOOK_OPERATIONS,
  ...USAGE_OPERATIONS,
  ...BILLING_OPERATIONS,
  ...HEALTH_OPERATIONS,
  getHealth: { method: 'GET', path: '/healthz', repeat: 'safe' },
  getReadiness: { method: 'GET', path: '/readyz', repeat: 'safe' },
} as const satisfies Record<string, Operation>;

export type OperationName = keyof typeof OPERATIONS;
