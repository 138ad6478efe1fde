import type { Operation } from '../operations.ts';

const TENANT = '/v1/tenants/:ref';

/** What is inside a tenant, and where it runs. */
export const INSIDE_OPERATIONS = {
  query: { method: 'POST', path: `${TENANT}/query`, repeat: 'never', long: true },
  listRoles: { method: 'GET', path: `${TENANT}/roles`, repeat: 'safe' },
  createRole: { method: 'POST', path: `${TENANT}/roles`, repeat: 'keyed' },
  getRole: { method: 'GET', path: `${TENANT}/roles/:role`, repeat: 'safe' },
  changeRole: { method: 'PATCH', path: `${TENANT}/roles/:role`, repeat: 'safe' },
  deleteRole: { method: 'DELETE', path: `${TENANT}/roles/:role`, repeat: 'safe' },
  rotateRolePassword: {
    method: 'POST',
    path: `${TENANT}/roles/:role/rotate-password`,
    repeat: 'keyed',
  },
  listDatabases: { method: 'GET', path: `${TENANT}/databases`, repeat: 'safe' },
  createDatabase: { method: 'POST', path: `${TENANT}/databases`, repeat: 'keyed' },
  deleteDatabase: { method: 'DELETE', path: `${TENANT}/databases/:database`, repeat: 'safe' },
  listExtensions: { method: 'GET', path: `${TENANT}/extensions`, repeat: 'safe' },
  putExtension: { method: 'PUT', path: `${TENANT}/extensions/:extension`, repeat: 'safe' },
  deleteExtension: { method: 'DELETE', path: `${TENANT}/extensions/:extension`, repeat: 'safe' },
  listTenantSettings: { method: 'GET', path: `${TENANT}/settings`, repeat: 'safe' },
  changeTenantSettings: { method: 'PATCH', path: `${TENANT}/settings`, repeat: 'safe' },
  listStatements: { method: 'GET', path: `${TENANT}/statements`, repeat: 'safe' },
  forgetStatements: { method: 'DELETE', path: `${TENANT}/statements`, repeat: 'safe' },
  listConnectionStrings: { method: 'GET', path: `${TENANT}/connection-strings`, repeat: 'safe' },
  getCompute: { method: 'GET', path: `${TENANT}/compute`, repeat: 'safe' },
  listComputes: { method: 'GET', path: '/v1/computes', repeat: 'safe' },
  listPlans: { method: 'GET', path: '/v1/plans', repeat: 'safe' },
  listTiers: { method: 'GET', path: '/v1/tiers', repeat: 'safe' },
} as const satisfies Record<string, Operation>;
