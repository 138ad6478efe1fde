/** Whatever the API is asked to do, what is done for it knows who asked. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { TicketBook } from '../../control/tickets.ts';
import type { Asking } from '../../domain/awake.ts';
import { parseTenantId } from '../../domain/ids.ts';
import { hours } from '../../domain/units.ts';
import { SeededRandom } from '../../sim/seeded-random.ts';
import { verifierNumber } from '../../testing/drafts.ts';
import { InjectedApi } from '../../testing/injected-api.ts';
import { KnownThings } from '../../testing/known-things.ts';
import { sampleRequests } from '../../testing/sample-request.ts';

let api: InjectedApi;
/** Who was known to ask, at each wake. */
let woken: (Asking | null)[];

beforeEach(async () => {
  api = await InjectedApi.open();
  woken = [];
  const { control } = api;
  for (const method of WAKING) {
    const real = control[method].bind(control) as (...given: unknown[]) => Promise<unknown>;
    Object.assign(control, {
      [method]: async (...given: unknown[]) => {
        // What is done later for a request is done for it, too.
        await new Promise((resolve) => setImmediate(resolve));
        woken.push(api.asked.asking);
        return await real(...given);
      },
    });
  }
});

afterEach(() => api.close());

/** What of a control in memory stands for the ways to a compute. Work inside a tenant wakes it there. */
const WAKING = [
  ...(['wakeTenant', 'restartTenant', 'createSnapshot', 'restoreSnapshot'] as const),
  ...(['forkTenant', 'exportTenant', 'issueTicket'] as const),
];

/** Operations that wake, and what they are to be asked with where a sample does not do. */
const OPERATIONS_THAT_WAKE: Readonly<Record<string, object | undefined>> = {
  ...{ wakeTenant: undefined, restartTenant: undefined, issueTicket: undefined },
  ...{ createSnapshot: undefined, restoreSnapshot: undefined, exportTenant: undefined },
  forkTenant: { name: 'gamma' },
  ...{ listRoles: undefined, getRole: undefined, createRole: undefined, changeRole: undefined },
  ...{ deleteRole: undefined, rotateRolePassword: undefined },
  ...{ listDatabases: undefined, deleteDatabase: undefined },
  ...{ listExtensions: undefined, putExtension: undefined, deleteExtension: undefined },
  ...{ listTenantSettings: undefined },
  changeTenantSettings: { settings: { work_mem: '16MB' } },
  createDatabase: { name: 'acme.more' },
};

test('every way to a compute is told of who asked, and by which operation', async () => {
  const { body: made } = await api.ask('POST', '/v1/keys', {
    payload: { name: 'ci', role: 'admin' },
  });
  const asked = Object.entries(OPERATIONS_THAT_WAKE);
  for (const [name, given] of asked) {
    const params = ['role', 'database', 'snapshot'];
    const things = await new KnownThings(api).of(params);
    const sample = sampleRequests(things).find((one) => one.name === name);
    if (sample === undefined) throw new Error(`there is no ${name}`);
    woken = [];
    const payload = given ?? sample.payload;
    const { statusCode } = await api.app.inject({
      method: sample.operation.method,
      url: sample.url.split('?', 1)[0] ?? '',
      headers: { authorization: `Bearer ${made.secret}` },
      ...(payload === undefined ? {} : { payload: payload as object }),
    });
    expect([name, statusCode < 300]).toEqual([name, true]);
    const by = { kind: 'key', name: 'ci', isOperator: true };
    expect(woken.length, name).toBeGreaterThan(0);
    for (const asking of woken) expect(asking).toEqual({ by, operation: name });
  }
  expect(api.asked.asking).toBeNull();
});

test('of a customer it is told that it is no operator', async () => {
  await api.create('acme');
  const { body: customer } = await api.ask('POST', '/v1/customers', { payload: { name: 'Acme' } });
  await api.ask('PATCH', '/v1/tenants/acme', { payload: { customer: customer.id } });
  const { body: made } = await api.ask('POST', '/v1/keys', {
    payload: { name: 'own', role: 'operator', scope: { kind: 'customer', customer: customer.id } },
  });
  const { statusCode } = await api.app.inject({
    ...{ method: 'POST', url: '/v1/tenants/acme/wake' },
    headers: { authorization: `Bearer ${made.secret}` },
  });
  expect(statusCode).toBe(200);
  expect(woken).toEqual([
    { by: { kind: 'key', name: 'own', isOperator: false }, operation: 'wakeTenant' },
  ]);
});

test('a ticket is known to be of who asked for it, when it has long expired, and no other is', async () => {
  const { asked } = api;
  const passwords = { generate: () => 'p', verifierOf: async () => verifierNumber(1) };
  const tickets = new TicketBook({
    ...{ clock: api.clock, random: new SeededRandom(1), passwords, asked },
  });
  const by = { kind: 'person', name: 'Ann', isOperator: false } as const;
  const asking = { by, operation: 'issueTicket' };
  const tenant = parseTenantId('tn_000000000001');
  const own = await asked.within(asking, () => tickets.issue(tenant, 'owner'));
  const ours = await tickets.issue(tenant, 'owner');
  await api.clock.advance(hours(1));
  expect(tickets.find(tenant, own.user)).toBeUndefined();
  expect(tickets.askedBy(own.user)).toEqual(asking);
  expect([tickets.askedBy(ours.user), tickets.askedBy('app')]).toEqual([null, null]);
});
