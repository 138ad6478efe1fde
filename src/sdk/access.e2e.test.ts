import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Api, openApi } from '../api/listen.ts';
import { VirtualClock } from '../sim/virtual-clock.ts';
import { memoryApiParts } from '../testing/memory-api.ts';
import { MemoryControl } from '../testing/memory-control.ts';
import { DynaBase } from './client.ts';

let api: Api;
let client: DynaBase;

beforeAll(async () => {
  const clock = new VirtualClock();
  const control = new MemoryControl(clock);
  api = await openApi({
    ...(await memoryApiParts({ clock, control })),
    host: '127.0.0.1',
    port: 0,
  });
  client = new DynaBase({ apiUrl: `http://127.0.0.1:${api.port}`, apiKey: 'key' });
});

afterAll(() => api.close());

async function all<T>(rows: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const row of rows) found.push(row);
  return found;
}

test('customers, keys and people are made, listed page by page, changed and taken back', async () => {
  for (const name of ['b', 'a', 'c']) await client.customers.create({ name });
  const [first] = await all(client.customers.list({ limit: 2 }));
  const customer = first?.id ?? '';
  expect(await all(client.customers.list({ limit: 2 }))).toHaveLength(3);
  expect((await client.customers.change(customer, { plan: 'starter' })).plan).toBe('starter');
  const made = await client.keys.create({
    name: 'k',
    scope: { kind: 'customer', customer },
    role: 'admin',
  });
  const own = new DynaBase({ apiUrl: `http://127.0.0.1:${api.port}`, apiKey: made.secret });
  expect((await own.access.whoAmI()).scope).toEqual({ kind: 'customer', customer });
  expect((await own.customers.get('me')).name).toBe('a');
  const next = await client.keys.rotate(made.id);
  await expect(own.access.whoAmI()).rejects.toMatchObject({ code: 'KEY_WRONG' });
  expect(next.id).toBe(made.id);
  expect(await all(client.keys.list())).toHaveLength(1);
  await client.keys.revoke(made.id);
  await client.people.put('Ann@x.example', { role: 'viewer', customer });
  expect((await all(client.people.list(customer))).map(({ email }) => email)).toEqual([
    'ann@x.example',
  ]);
  expect(await all(client.people.list())).toEqual([]);
  await client.people.remove('ann@x.example', customer);
  await client.customers.delete(customer);
  const told = await all(client.access.audit({ limit: 3 }));
  expect(told[0]).toMatchObject({ operation: 'deleteCustomer', outcome: 'done', customer });
  expect(told.length).toBeGreaterThan(6);
});

test('issuers are kept with their keys or where they are', async () => {
  const keysUrl = 'https://app.example/keys';
  const draft = { name: 'app', issuer: 'https://app.example', audience: 'db', keysUrl };
  const { id } = await client.tokenIssuers.create(draft);
  expect((await client.tokenIssuers.change(id, { role: 'admin' })).role).toBe('admin');
  expect(await client.tokenIssuers.get(id)).toMatchObject({ keysUrl, customerClaim: 'customer' });
  await client.tokenIssuers.delete(id);
  expect(await client.tokenIssuers.list()).toEqual([]);
  const login = { code: 'none', verifier: 'x'.repeat(43) };
  await expect(client.access.exchangeLogin(login)).rejects.toMatchObject({ code: 'LOGIN_REFUSED' });
});
