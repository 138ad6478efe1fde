import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from '../testing/eventually.ts';
import { type RealServer, realServer } from '../testing/real-server.ts';

let server: RealServer;

beforeAll(async () => {
  server = await realServer({ env: { DYNABASE_COUNT_EVERY_MS: '2000' } });
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

// biome-ignore lint/suspicious/noExplicitAny: the answers of many routes
type Body = any;

type Answer = { readonly status: number; readonly body: Body };

async function api(
  method: string,
  path: string,
  body?: unknown,
  key = server.apiKey,
): Promise<Answer> {
  const json = body === undefined ? {} : { 'content-type': 'application/json' };
  const response = await fetch(`${server.apiUrl}${path}`, {
    ...{ method, headers: { authorization: `Bearer ${key}`, ...json } },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Answer['body'] };
}

/** What becomes of a login and a query. */
async function tried(uri: string, sql = 'select 1'): Promise<unknown> {
  const client = new pg.Client(uri);
  client.on('error', () => {});
  try {
    await client.connect();
    return (await client.query(sql)).rows;
  } catch (error) {
    return error;
  } finally {
    await client.end().catch(() => {});
  }
}

const uriOf = ({ name, password }: { readonly name: string; readonly password: string }): string =>
  server.uri({ role: name, password });

test('a limit that is used up stops the tenant, says so to who has the password, and lets go when it is raised', async () => {
  const acme = await server.client.tenants.create({ name: 'acme' });
  const uri = uriOf(acme);
  const session = new pg.Client(uri);
  session.on('error', () => {});
  await session.connect();
  await session.query('create table notes (body text)');
  await eventually(
    'active time is counted',
    async () => {
      const { body } = await api('GET', '/v1/tenants/acme/consumption');
      return body.activeTimeSeconds > 0 && body.logicalSizeBytes > 1_000_000;
    },
    { withinMs: 120_000 },
  );
  const set = await api('PUT', '/v1/tenants/acme/quota', {
    activeTimeSeconds: { soft: null, hard: 1 },
  });
  expect(set.status).toBe(200);
  expect(set.body).toMatchObject({ passed: [{ quota: 'activeTimeSeconds', grade: 'hard' }] });
  expect((await server.client.tenants.get('acme')).state).toBe('suspended');
  expect(await tried(uri)).toMatchObject({
    code: '53400',
    message: expect.stringMatching(
      /activeTimeSeconds of "acme" is used up \(1s of active time\); it begins anew on \d{4}-\d\d-01T00/,
    ),
  });
  expect(await tried(server.uri({ role: 'acme', password: 'wrong' }))).toMatchObject({
    code: '28P01',
  });
  await expect(session.query('select 1')).rejects.toMatchObject({ code: '53400' });
  await session.end();
  expect((await api('POST', '/v1/tenants/acme/wake')).body).toMatchObject({
    code: 'QUOTA_EXCEEDED',
  });
  await api('PUT', '/v1/tenants/acme/quota', {});
  expect(await tried(uri)).toEqual([{ '?column?': 1 }]);
}, 240_000);

test('a tenant that is too large is read-only, and a session may make room', async () => {
  const big = await server.client.tenants.create({ name: 'big' });
  const session = new pg.Client(uriOf(big));
  session.on('error', () => {});
  await session.connect();
  await session.query(
    `create table filler as select repeat('x', 1000) as body from generate_series(1, 2000)`,
  );
  await eventually(
    'its size is known',
    async () => {
      const { body } = await api('GET', '/v1/tenants/big/consumption');
      return body.logicalSizeBytes > 9_000_000 && body.writtenDataBytes >= 0;
    },
    { withinMs: 120_000 },
  );
  const { body: used } = await api('GET', '/v1/tenants/big/consumption');
  await api('PUT', '/v1/tenants/big/quota', {
    logicalSizeBytes: { soft: null, hard: used.logicalSizeBytes - 100_000 },
  });
  await eventually('an open session is read-only', async () => {
    const { rows } = await session.query('show default_transaction_read_only');
    return rows[0]?.default_transaction_read_only === 'on';
  });
  await expect(session.query(`insert into filler values ('y')`)).rejects.toMatchObject({
    code: '25006',
  });
  expect(await tried(uriOf(big), `insert into filler values ('y')`)).toMatchObject({
    code: '25006',
  });
  await session.query('begin read write; drop table filler; commit');
  // It is measured anew when its limits are looked at, and within two minutes by itself.
  await api('PUT', '/v1/tenants/big/quota', {
    logicalSizeBytes: { soft: null, hard: used.logicalSizeBytes - 100_000 },
  });
  await eventually(
    'it is writable again',
    async () => {
      const { rows } = await session.query('show default_transaction_read_only');
      return rows[0]?.default_transaction_read_only === 'off';
    },
    { withinMs: 120_000 },
  );
  await session.end();
}, 240_000);

test('clients from elsewhere are answered as where there is no such tenant, and open sessions end', async () => {
  const walled = await server.client.tenants.create({ name: 'walled' });
  const uri = uriOf(walled);
  const session = new pg.Client(uri);
  const ended = new Promise<Error>((resolve) => session.on('error', (error) => resolve(error)));
  await session.connect();
  await session.query('select 1');
  const changed = await api('PATCH', '/v1/tenants/walled', {
    allowedAddresses: ['203.0.113.0/24'],
  });
  expect(changed.body).toMatchObject({ allowedAddresses: ['203.0.113.0/24'] });
  expect(await ended).toMatchObject({ code: '28000' });
  // It has been let in from here before, so it is told why.
  expect(await tried(uri)).toMatchObject({ code: '28000' });
  expect(
    (await api('PATCH', '/v1/tenants/walled', { allowedAddresses: ['10.0.0.0/33'] })).status,
  ).toBe(400);
  await api('PATCH', '/v1/tenants/walled', { allowedAddresses: ['127.0.0.0/8', '::1'] });
  expect(await tried(uri)).toEqual([{ '?column?': 1 }]);

  const fresh = await server.client.tenants.create({ name: 'fresh' });
  await api('PATCH', '/v1/tenants/fresh', { allowedAddresses: ['203.0.113.1-203.0.113.9'] });
  const known = await tried(uriOf(fresh));
  const unknown = await tried(server.uri({ role: 'other', password: 'x' }));
  const words = (error: unknown) => JSON.stringify(error).replaceAll(/fresh|other/g, 'NAME');
  expect(known).toMatchObject({
    code: '28P01',
    hint: expect.stringContaining('may not allow your address'),
  });
  expect(words(known)).toBe(words(unknown));
});

test('a database without an account works, is claimed once, and is then as any other', async () => {
  const { body: key } = await api('POST', '/v1/keys', {
    name: 'page',
    role: 'claimer',
    scope: { kind: 'operator' },
  });
  const { body: customer } = await api('POST', '/v1/customers', { name: 'Acme', plan: 'starter' });
  const theirs = {
    name: 'theirs',
    role: 'admin',
    scope: { kind: 'customer', customer: customer.id },
  };
  const { body: owner } = await api('POST', '/v1/keys', theirs);
  const [claimer, secret] = [String(key.secret), String(owner.secret)];
  expect((await api('POST', '/v1/claimable', undefined, claimer)).body).toMatchObject({
    code: 'CLAIMS_OFF',
  });
  await api('PATCH', '/v1/settings', { claimable: { enabled: true } });
  const made = await api('POST', '/v1/claimable', undefined, claimer);
  expect(made.status).toBe(201);
  const { connectionUri, token, claimPath, name } = made.body;
  expect(await tried(connectionUri)).toEqual([{ '?column?': 1 }]);
  expect((await api('GET', claimPath)).body).toMatchObject({ name });
  expect((await api('GET', '/v1/tenants', undefined, claimer)).status).toBe(403);
  const claimed = await api('POST', '/v1/claims', { token }, secret);
  expect(claimed.body).toMatchObject({
    name,
    customer: customer.id,
    expiresAt: null,
    plan: 'starter',
    sessionsMax: null,
  });
  expect((await api('POST', '/v1/claims', { token }, secret)).status).toBe(404);
  expect((await api('GET', claimPath)).status).toBe(404);
  expect(await tried(connectionUri)).toEqual([{ '?column?': 1 }]);
});

test('a tenant whose time is over is deleted', async () => {
  const expiresAt = new Date(Date.now() + 2_000).toISOString();
  const made = await api('POST', '/v1/tenants', { name: 'brief', expiresAt });
  expect(made.body).toMatchObject({ expiresAt });
  await eventually(
    'it is gone',
    async () => (await api('GET', '/v1/tenants/brief')).status === 404,
    {
      withinMs: 150_000,
    },
  );
}, 240_000);
