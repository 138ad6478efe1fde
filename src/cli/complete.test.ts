import { expect, test } from 'vitest';
import { OPERATIONS, type OperationName } from '../contract/operations.ts';
import { fakeWorld } from '../testing/fake-world.ts';
import type { Filling } from '../testing/sample-answer.ts';
import { sampleServer } from '../testing/sample-server.ts';
import { buildProgram, runProgram } from './program.ts';

/** By which command each operation is reached: one without a command is no TypeScript. */
const COMMANDS: Readonly<Record<Exclude<OperationName, 'exchangeLogin'>, string>> = {
  getStatus: 'status',
  createTenant: 'tenants create acme --plan free --customer cu_1 --expires 7d',
  listTenants: 'tenants list',
  getTenant: 'tenants show acme',
  changeTenant: 'tenants configure acme --suspend-after 30s',
  deleteTenant: 'tenants delete acme --yes',
  wakeTenant: 'wake acme',
  suspendTenant: 'suspend acme',
  restartTenant: 'restart acme',
  archiveTenant: 'archive acme',
  listSnapshots: 'snapshots list acme',
  createSnapshot: 'snapshots create acme --called x',
  deleteSnapshot: 'snapshots delete acme sn_1 --yes',
  restoreSnapshot: 'snapshots restore acme sn_1 --yes',
  forkTenant: 'fork acme beta',
  exportTenant: 'export acme /work/acme.file',
  importTenant: 'import acme /work/there.file',
  recoverTenants: 'recover',
  getLevels: 'levels acme',
  explainTenant: 'show acme',
  listDecisions: 'decisions acme',
  getPolicy: 'policy show',
  setPolicy: 'policy set vision',
  listSessions: 'sessions acme',
  rotatePassword: 'tenants rotate-password acme',
  issueTicket: 'connection-string acme --ticket',
  getUsage: 'usage acme --from 2h',
  getCustomerUsage: 'usage me --of customer',
  getFleetUsage: 'usage --step day --from 7d',
  getMetrics: 'metrics acme',
  getFleetMetrics: 'metrics',
  getConnectionString: 'connection-string acme',
  whoAmI: 'whoami',
  createCustomer: 'customers create Acme --plan free --tenants-max none',
  listCustomers: 'customers list --plan free',
  getCustomer: 'customers show',
  changeCustomer: 'customers change cu_1 --name Acme',
  deleteCustomer: 'customers delete cu_1',
  createKey: 'keys create k --role viewer --customer cu_1 --expires 1h',
  listKeys: 'keys list',
  getKey: 'keys show key_1',
  rotateKey: 'keys rotate key_1 --grace 1h',
  revokeKey: 'keys revoke key_1',
  listPeople: 'people list',
  putPerson: 'people add a@b.example viewer',
  removePerson: 'people remove a@b.example',
  listCustomerPeople: 'people list --customer cu_1',
  putCustomerPerson: 'people add a@b.example viewer --customer cu_1',
  removeCustomerPerson: 'people remove a@b.example --customer cu_1',
  createTokenIssuer: 'token-issuers add app --issuer https://a --audience b --keys-url https://c',
  listTokenIssuers: 'token-issuers list',
  getTokenIssuer: 'token-issuers show iss_1',
  changeTokenIssuer: 'token-issuers change iss_1 --role viewer',
  deleteTokenIssuer: 'token-issuers remove iss_1',
  listAudit: 'audit --from 2d --outcome failed',
  query: 'query acme select --read-only --param 1',
  listRoles: 'roles list acme',
  createRole: 'roles create acme r --access read-only --valid-until never',
  getRole: 'roles list acme r',
  changeRole: 'roles change acme r --no-login',
  deleteRole: 'roles delete acme r',
  rotateRolePassword: 'roles rotate-password acme r',
  listDatabases: 'databases list acme',
  createDatabase: 'databases create acme acme.x',
  deleteDatabase: 'databases delete acme acme.x --yes',
  listStatements: 'statements list acme --sort mean --limit 5',
  forgetStatements: 'statements forget acme',
  listExtensions: 'extensions list acme --all',
  putExtension: 'extensions add acme pg_trgm --schema x',
  deleteExtension: 'extensions remove acme pg_trgm',
  listTenantSettings: 'settings list acme --all',
  changeTenantSettings: 'settings set acme work_mem=16MB',
  listConnectionStrings: 'connect acme',
  getCompute: 'computes show acme',
  listComputes: 'computes list --sort memory',
  listPlans: 'plans',
  listTiers: 'tiers',
  listAwakeTimes: 'why acme --since 2d',
  whyAwake: 'why acme --limit 5',
  listAwake: 'awake --limit 10',
  getConsumption: 'consumption acme --month 2030-01',
  getQuota: 'quota show acme',
  setQuota: 'quota set acme --hard activeTimeSeconds=100h --soft logicalSizeBytes=1.5GB',
  getCustomerConsumption: 'consumption me --of customer',
  getCustomerQuota: 'quota show me --of customer',
  setCustomerQuota: 'quota set me --of customer --hard sessions=none',
  getCustomerAddresses: 'allow me --of customer',
  setCustomerAddresses: 'allow me 10.0.0.0/8 --of customer',
  getCosts: 'cost --by tenant',
  getTenantCost: 'cost acme --from 2026-11-01',
  getCustomerCost: 'cost cu_1 --of customer',
  listPriceBooks: 'price-book list',
  getPriceBook: 'price-book show railway',
  putPriceBook: 'price-book set ours /work/prices.json',
  usePriceBook: 'price-book use railway',
  getTariffs: 'tariffs show',
  setTariffs: 'tariffs set /work/prices.json',
  listBudgets: 'budget list',
  setBudget: 'budget set 25 --email ops@example.com',
  setTenantBudget: 'budget set 25 acme --hard-cap',
  setCustomerBudget: 'budget set none cu_1 --of customer',
  listCostAlerts: 'budget list',
  whatIf: 'what-if acme --idle 60s',
  getPlanQuota: 'quota show free --of plan',
  setPlanQuota: 'quota set free --of plan --hard sessions=7',
  createClaimable: 'claimable',
  getClaim: 'claim token --show',
  claim: 'claim token',
  getSettings: 'server-settings show',
  getBranding: 'server-settings branding',
  changeSettings: 'server-settings set defaultPlan=starter rates.perCaller.burst=7',
  listenEvents: 'events --limit 1',
  listenTenantEvents: 'events --tenant acme --limit 1',
  listOperations: 'operations list --status done',
  getOperation: 'operations show op_1',
  cancelOperation: 'operations cancel op_1',
  createWebhook: 'webhooks create https://a.example --events tenant.*',
  listWebhooks: 'webhooks list',
  getWebhook: 'webhooks show wh_1',
  changeWebhook: 'webhooks change wh_1 --off',
  deleteWebhook: 'webhooks delete wh_1',
  testWebhook: 'webhooks test wh_1',
  rotateWebhookSecret: 'webhooks rotate-secret wh_1',
  listDeliveries: 'webhooks deliveries wh_1',
  redeliver: 'webhooks redeliver wh_1 dl_1',
  listInvoices: 'invoices list',
  getInvoice: 'invoices show 000001',
  renderInvoice: 'invoices export 000001 - --format csv',
  draftInvoice: 'invoices draft',
  closeMonth: 'invoices close 2026-11',
  verifyInvoices: 'invoices verify',
  getBillingSettings: 'billing configure',
  changeBillingSettings: 'billing configure --seller Ogel --meter egress=sent:1000',
  reconcilePayments: 'billing reconcile 2026-11 --mend',
  getBillingProfile: 'billing profile',
  changeBillingProfile: 'billing profile cu_1 --tax VAT=19',
  listCredits: 'credits list',
  addCredit: 'credits add cu_1 12.50 --says Welcome',
  openPaymentPortal: 'billing portal',
  getKpis: 'kpis',
  getFleet: 'fleet',
  getTierFlows: 'tier-flows --from 2026-11-01',
  getStatusLink: 'status-link acme',
  getHealth: 'health',
  getReadiness: 'health',
};

async function dynabase(line: string, filling: Filling, more: readonly string[] = []) {
  const server = sampleServer(filling);
  const world = fakeWorld({
    fetch: server.fetch,
    env: { DYNABASE_API_URL: 'http://server', DYNABASE_API_KEY: 'key' },
    files: { '/work/there.file': 'bytes', '/work/prices.json': '{}' },
  });
  const program = buildProgram({ world, version: '1.2.3', up: () => Promise.resolve() });
  const status = await runProgram(program, [...line.split(' '), ...more], world);
  return { status, out: world.stdout.text(), err: world.stderr.text(), asked: server.asked };
}

/** What is said beside an answer, of an answer in which everything is filled in. */
const SAID_BESIDE: Readonly<Record<string, string>> = {
  query: 'warning: there is no transaction in progress\ndetail: sample\nhint: sample\n',
};

/** What a person must never read. */
const NONSENSE = /undefined|NaN|\[object|Invalid Date/;

test('the table names the operations there are, but for the one that a browser begins', () => {
  expect([...Object.keys(COMMANDS), 'exchangeLogin'].sort()).toEqual(
    Object.keys(OPERATIONS).sort(),
  );
});

test.each(Object.entries(COMMANDS))('%s is reached by: dynabase %s', async (name, line) => {
  for (const filling of ['full', 'bare'] as const) {
    const { status, out, err, asked } = await dynabase(line, filling);
    const beside = filling === 'full' ? (SAID_BESIDE[name] ?? '') : '';
    expect({ status, err }, filling).toEqual({ status: 0, err: beside });
    expect(asked, filling).toContain(name);
    expect(out, filling).not.toMatch(NONSENSE);
    expect(out.trim(), filling).not.toBe('');
    const { out: json } = await dynabase(line, filling, ['--json']);
    expect(() => JSON.parse(json), filling).not.toThrow();
  }
});

test.each([
  'tenants create acme --allow 10.0.0.0/8 ::1',
  'tenants delete acme --yes',
  'wake acme',
  'suspend acme',
  'restart acme --within 1s',
  'archive acme',
  'snapshots create acme',
  'snapshots restore acme sn_1 --yes',
  'fork acme beta',
  'recover',
])('dynabase %s --no-wait only begins it', async (line) => {
  const { status, out } = await dynabase(line, 'full', ['--no-wait']);
  expect({ status, out }).toEqual({
    status: 0,
    out: 'began op_4f9k2m0q7x1z; dynabase operations wait op_4f9k2m0q7x1z\n',
  });
});
