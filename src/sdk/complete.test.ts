import { expect, test } from 'vitest';
import { OPERATIONS, type OperationName } from '../contract/operations.ts';
import { sampleServer } from '../testing/sample-server.ts';
import { DynaBase } from './client.ts';

/** What of a list comes first, so that it is asked for. */
const first = async (rows: AsyncIterable<unknown>): Promise<unknown> => {
  for await (const row of rows) return row;
  return undefined;
};

async function* file() {
  yield Buffer.from('part');
}

/** By which method each operation is reached: one without a method is no TypeScript. */
const CALLS: Readonly<Record<OperationName, (client: DynaBase) => Promise<unknown>>> = {
  getStatus: (c) => c.status(),
  createTenant: (c) => c.tenants.create({ name: 'acme' }),
  listTenants: (c) => first(c.tenants.list()),
  getTenant: (c) => c.tenants.get('acme'),
  changeTenant: (c) => c.tenants.change('acme', { plan: 'starter' }),
  deleteTenant: (c) => c.tenants.delete('acme'),
  wakeTenant: (c) => c.tenants.wake('acme'),
  suspendTenant: (c) => c.tenants.suspend('acme'),
  restartTenant: (c) => c.tenants.restart('acme'),
  archiveTenant: (c) => c.tenants.archive('acme'),
  listSnapshots: (c) => c.tenants.snapshots('acme'),
  createSnapshot: (c) => c.tenants.snapshot('acme'),
  deleteSnapshot: (c) => c.tenants.deleteSnapshot('acme', 'sn_1'),
  restoreSnapshot: (c) => c.tenants.restore('acme', 'sn_1'),
  forkTenant: (c) => c.tenants.fork('acme', { name: 'beta' }),
  exportTenant: async (c) => await first(await c.tenants.export('acme')),
  importTenant: (c) => c.tenants.import({ name: 'beta' }, file()),
  recoverTenants: (c) => c.recover(),
  getLevels: (c) => c.tenants.levels('acme'),
  explainTenant: (c) => c.tenants.explain('acme'),
  listDecisions: (c) => first(c.tenants.decisions('acme')),
  getPolicy: (c) => c.policy.get(),
  setPolicy: (c) => c.policy.set({ preset: 'vision' }),
  listSessions: (c) => c.tenants.sessions('acme'),
  rotatePassword: (c) => c.tenants.rotatePassword('acme'),
  issueTicket: (c) => c.tenants.ticket('acme'),
  getUsage: (c) => c.tenants.usage('acme'),
  getConnectionString: (c) => c.tenants.connectionString('acme'),
  whoAmI: (c) => c.access.whoAmI(),
  createCustomer: (c) => c.customers.create({ name: 'Acme' }),
  listCustomers: (c) => first(c.customers.list()),
  getCustomer: (c) => c.customers.get('me'),
  changeCustomer: (c) => c.customers.change('cu_1', { plan: 'free' }),
  deleteCustomer: (c) => c.customers.delete('cu_1'),
  createKey: (c) => c.keys.create({ name: 'k' }),
  listKeys: (c) => first(c.keys.list()),
  getKey: (c) => c.keys.get('key_1'),
  rotateKey: (c) => c.keys.rotate('key_1'),
  revokeKey: (c) => c.keys.revoke('key_1'),
  listPeople: (c) => first(c.people.list()),
  putPerson: (c) => c.people.put('a@b.example', { role: 'viewer' }),
  removePerson: (c) => c.people.remove('a@b.example'),
  listCustomerPeople: (c) => first(c.people.list('cu_1')),
  putCustomerPerson: (c) => c.people.put('a@b.example', { role: 'viewer', customer: 'cu_1' }),
  removeCustomerPerson: (c) => c.people.remove('a@b.example', 'cu_1'),
  createTokenIssuer: (c) => c.tokenIssuers.create({ name: 'a', issuer: 'b', audience: 'c' }),
  listTokenIssuers: (c) => c.tokenIssuers.list(),
  getTokenIssuer: (c) => c.tokenIssuers.get('iss_1'),
  changeTokenIssuer: (c) => c.tokenIssuers.change('iss_1', { role: 'viewer' }),
  deleteTokenIssuer: (c) => c.tokenIssuers.delete('iss_1'),
  listAudit: (c) => first(c.access.audit()),
  exchangeLogin: (c) => c.access.exchangeLogin({ code: 'c', verifier: 'v' }),
  query: (c) => c.inside.query('acme', { sql: 'select 1' }),
  listRoles: (c) => c.inside.roles('acme'),
  createRole: (c) => c.inside.createRole('acme', { name: 'r' }),
  getRole: (c) => c.inside.role('acme', 'r'),
  changeRole: (c) => c.inside.changeRole('acme', 'r', { login: false }),
  deleteRole: (c) => c.inside.deleteRole('acme', 'r'),
  rotateRolePassword: (c) => c.inside.rotateRolePassword('acme', 'r'),
  listDatabases: (c) => c.inside.databases('acme'),
  createDatabase: (c) => c.inside.createDatabase('acme', 'acme.x'),
  deleteDatabase: (c) => c.inside.deleteDatabase('acme', 'acme.x'),
  listExtensions: (c) => c.inside.extensions('acme'),
  putExtension: (c) => c.inside.putExtension('acme', 'pg_trgm'),
  deleteExtension: (c) => c.inside.deleteExtension('acme', 'pg_trgm'),
  listTenantSettings: (c) => c.inside.settings('acme'),
  changeTenantSettings: (c) => c.inside.changeSettings('acme', { jit: null }),
  listConnectionStrings: (c) => c.inside.connectionStrings('acme'),
  getCompute: (c) => c.computes.get('acme'),
  listComputes: (c) => first(c.computes.list()),
  listPlans: (c) => c.computes.plans(),
  listTiers: (c) => c.computes.tiers(),
  getConsumption: (c) => c.limits.consumption('acme'),
  getQuota: (c) => c.limits.quota('acme'),
  setQuota: (c) => c.limits.setQuota('acme', {}),
  getCustomerConsumption: (c) => c.limits.customerConsumption('me'),
  getCustomerQuota: (c) => c.limits.customerQuota('me'),
  setCustomerQuota: (c) => c.limits.setCustomerQuota('me', {}),
  getCustomerAddresses: (c) => c.limits.customerAddresses('me'),
  setCustomerAddresses: (c) => c.limits.setCustomerAddresses('me', []),
  getPlanQuota: (c) => c.limits.planQuota('free'),
  setPlanQuota: (c) => c.limits.setPlanQuota('free', {}),
  createClaimable: (c) => c.claims.create(),
  getClaim: (c) => c.claims.get('token'),
  claim: (c) => c.claims.claim('token'),
  getSettings: (c) => c.settings.get(),
  changeSettings: (c) => c.settings.change({ defaultPlan: 'free' }),
  listenEvents: (c) => first(c.events.listen()),
  listenTenantEvents: (c) => first(c.events.listenTenant('acme')),
  listOperations: (c) => first(c.operations.list()),
  getOperation: (c) => c.operations.get('op_1'),
  cancelOperation: (c) => c.operations.cancel('op_1'),
  createWebhook: (c) => c.webhooks.create({ url: 'https://a.example' }),
  listWebhooks: (c) => first(c.webhooks.list()),
  getWebhook: (c) => c.webhooks.get('wh_1'),
  changeWebhook: (c) => c.webhooks.change('wh_1', { isActive: false }),
  deleteWebhook: (c) => c.webhooks.delete('wh_1'),
  testWebhook: (c) => c.webhooks.test('wh_1'),
  rotateWebhookSecret: (c) => c.webhooks.rotateSecret('wh_1'),
  listDeliveries: (c) => first(c.webhooks.deliveries('wh_1')),
  redeliver: (c) => c.webhooks.redeliver('wh_1', 'dl_1'),
  getHealth: (c) => c.healthy(),
  getReadiness: (c) => c.ready(),
};

test('the table names the operations there are', () => {
  expect(Object.keys(CALLS).sort()).toEqual(Object.keys(OPERATIONS).sort());
});

test.each(Object.entries(CALLS))(
  '%s has a method that asks for it and nothing else',
  async (name, call) => {
    const { fetch, asked } = sampleServer('full');
    await call(new DynaBase({ apiUrl: 'http://server', apiKey: 'key', fetch }));
    expect(asked).toEqual([name]);
  },
);
