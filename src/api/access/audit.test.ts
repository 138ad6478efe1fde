import { afterEach, beforeEach, expect, test } from 'vitest';
import { sampleRequests } from '../../testing/sample-request.ts';
import { TwoCustomers } from '../../testing/two-customers.ts';

let world: TwoCustomers;

beforeEach(async () => {
  world = await TwoCustomers.open();
});

afterEach(() => world.close());

const log = async (query = '') =>
  (await world.api.ask('GET', `/v1/audit?limit=1000${query}`)).body.entries;

const as = (secret: string) => ({ headers: { authorization: `Bearer ${secret}` } });

test('a change is told of with who, what, whose, and only what became different', async () => {
  const { tenant, customer } = world.ours;
  const admin = await world.key({ kind: 'customer', customer }, 'admin');
  const answer = await world.api.ask('PATCH', `/v1/tenants/${world.ours.tenantName}`, {
    ...as(admin),
    payload: { sessionsMax: 7 },
  });
  expect((await log('&operation=changeTenant'))[0]).toMatchObject({
    requestId: answer.headers['x-request-id'],
    caller: { kind: 'key', name: 'admin key', address: '127.0.0.1' },
    ...{ customer, tenant, target: null, outcome: 'done', fault: null },
    before: { sessionsMax: null },
    after: { sessionsMax: 7 },
  });
});

test('what fails is told of with its fault, reading is not, and a refusal of somebody known is', async () => {
  const { customer } = world.ours;
  const viewer = await world.key({ kind: 'customer', customer }, 'viewer');
  const before = (await log()).length;
  await world.api.ask('GET', `/v1/tenants/${world.ours.tenant}`);
  await world.api.ask('DELETE', '/v1/tenants/nobody-there');
  await world.api.ask('DELETE', `/v1/tenants/${world.ours.tenant}`, as(viewer));
  const entries = (await log()).slice(0, -before);
  expect(entries).toMatchObject([
    { operation: 'deleteTenant', outcome: 'failed', fault: 'FORBIDDEN', customer },
    { outcome: 'failed', fault: 'TENANT_UNKNOWN', target: 'nobody-there' },
  ]);
  expect(world.api.control.tenants()).toHaveLength(2);
});

test('what cannot be told of is not done', async () => {
  const { audit } = world.api.stores;
  audit.failure = Object.assign(new Error('the catalog is gone'));
  const { status } = await world.api.ask('DELETE', `/v1/tenants/${world.ours.tenant}`);
  expect(status).toBe(500);
  expect(world.api.control.tenants()).toHaveLength(2);
});

test('customers see what was done about them, and the operator only as that', async () => {
  const { customer, tenant } = world.ours;
  const admin = await world.key({ kind: 'customer', customer }, 'admin');
  await world.api.ask('POST', `/v1/tenants/${tenant}/wake`);
  await world.api.ask('POST', `/v1/tenants/${world.theirs.tenant}/wake`);
  await world.api.ask('POST', `/v1/tenants/${tenant}/suspend`, as(admin));
  const { body } = await world.api.ask('GET', '/v1/audit?limit=2', as(admin));
  expect(body.entries).toMatchObject([
    { operation: 'suspendTenant', caller: { name: 'admin key', address: '127.0.0.1' } },
    { operation: 'wakeTenant', caller: { id: null, name: 'operator', address: null } },
  ]);
  const rest = await world.api.ask('GET', `/v1/audit?after=${body.next}`, as(admin));
  const all = [...body.entries, ...rest.body.entries];
  expect(all.every((entry: { customer: string }) => entry.customer === customer)).toBe(true);
  const foreign = `/v1/audit?customer=${world.theirs.customer}`;
  expect((await world.api.ask('GET', foreign, as(admin))).body.entries).toEqual([]);
});

/** Values of fields that hold secrets in one request or another, and one that looks like one anywhere. */
const HUNTED = 'hunter2-is-secret';
const SECRETS = {
  ...{ password: HUNTED, secret: HUNTED, token: HUNTED, code: HUNTED, sql: `select '${HUNTED}'` },
  verifier: HUNTED.padEnd(43, 'x'),
  url: `https://user:${HUNTED}@hooks.example/${HUNTED}`,
  keysUrl: `https://keys.example/${HUNTED}`,
};

test('no secret is told of, on whatever route it comes or is made', async () => {
  const { customer, tenant, key, email } = world.ours;
  const named = { ref: tenant, customer, tenant, key, email, ...SECRETS };
  const made: string[] = [];
  for (const { operation, url, payload, route } of sampleRequests(named)) {
    if (operation.method === 'GET' || operation.method === 'DELETE') continue;
    const isFile = route.file?.in === 'body';
    const { body } = await world.api.ask(operation.method, url, {
      ...(isFile
        ? { payload: HUNTED, headers: { 'content-type': 'application/octet-stream' } }
        : payload === undefined
          ? {}
          : { payload: payload as object }),
    });
    for (const name of ['password', 'secret', 'token', 'claimToken']) {
      if (typeof body?.[name] === 'string') made.push(body[name]);
    }
  }
  const told = JSON.stringify(world.api.stores.audit.entries);
  expect(made.length).toBeGreaterThan(3);
  for (const secret of [HUNTED, ...made])
    expect([secret, told.includes(secret)]).toEqual([secret, false]);
});
