/**
 * The operations of the API by name: method and path, and nothing that needs a package.
 *
 * `routes.ts` adds the shapes. `repeat` says whether a client may send the request again when it
 * does not know what became of it: `safe` for itself, `keyed` only with an `Idempotency-Key`.
 */
export type Operation = {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** A `:name` stands for one path segment. */
  readonly path: string;
  readonly repeat: 'safe' | 'keyed';
};

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
  listSessions: { method: 'GET', path: '/v1/tenants/:ref/sessions', repeat: 'safe' },
  rotatePassword: { method: 'POST', path: '/v1/tenants/:ref/rotate-password', repeat: 'keyed' },
  issueTicket: { method: 'POST', path: '/v1/tenants/:ref/tickets', repeat: 'safe' },
  getUsage: { method: 'GET', path: '/v1/tenants/:ref/usage', repeat: 'safe' },
  getConnectionString: {
    method: 'GET',
    path: '/v1/tenants/:ref/connection-string',
    repeat: 'safe',
  },
  getHealth: { method: 'GET', path: '/healthz', repeat: 'safe' },
  getReadiness: { method: 'GET', path: '/readyz', repeat: 'safe' },
} as const satisfies Record<string, Operation>;

export type OperationName = keyof typeof OPERATIONS;
