import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { timestamp } from '../domain/units.ts';
import { InjectedApi } from '../testing/injected-api.ts';

let api: InjectedApi;

beforeEach(async () => {
  api = await InjectedApi.open();
});

afterEach(() => api.close());

const acme = {
  id: 'tn_000000000001',
  name: 'acme',
  plan: 'free',
  tier: 'COLD',
  tierSince: '2030-01-01T00:00:00.000Z',
  ...{ customer: null, consent: null, expiresAt: null, allowedAddresses: [] },
  override: null,
  state: 'suspended',
  stateSince: '2030-01-01T00:00:00.000Z',
  home: 'none',
  level: 'L4',
  descent: null,
  dirtySince: null,
  createdAt: '2030-01-01T00:00:00.000Z',
  suspendAfterMs: null,
  sessionsMax: null,
  maxPinIdleMs: null,
  sessions: 0,
  sessionsBound: 0,
  heldBy: null,
  idleSince: null,
  suspendAt: null,
  lastSuspendRefusal: null,
  failure: null,
  connectionUri: 'postgresql://acme@localhost:6432/acme',
};

describe('tenants', () => {
  test('create answers 201 with the password', async () => {
    const { status, body } = await api.create('acme');
    expect({ status, body }).toEqual({
      status: 201,
      body: {
        ...acme,
        password: 'secret-1',
        connectionUri: 'postgresql://acme:secret-1@localhost:6432/acme',
      },
    });
  });

  test('create passes every setting to control', async () => {
    const payload = {
      ...{ name: 'acme', plan: 'starter', suspendAfterMs: 5000 },
      ...{ sessionsMax: 7, maxPinIdleMs: 0 },
    };
    const { body } = await api.ask('POST', '/v1/tenants', { payload });
    expect(body).toMatchObject(payload);
  });

  test('show finds a tenant by name and by id, and never tells its password', async () => {
    await api.create('acme');
    expect((await api.ask('GET', '/v1/tenants/acme')).body).toEqual(acme);
    expect((await api.ask('GET', '/v1/tenants/tn_000000000001')).body).toEqual(acme);
  });

  test('list goes page by page', async () => {
    for (const name of ['c', 'a', 'b']) await api.create(name);
    const first = (await api.ask('GET', '/v1/tenants?limit=2')).body;
    expect(first.tenants.map((t: { name: string }) => t.name)).toEqual(['a', 'b']);
    expect(first.next).toBe('b');
    const last = (await api.ask('GET', `/v1/tenants?limit=2&after=${first.next}`)).body;
    expect(last.tenants.map((t: { name: string }) => t.name)).toEqual(['c']);
    expect(last.next).toBeNull();
  });

  test('list can ask for one state', async () => {
    await api.create('a');
    await api.create('b');
    await api.ask('POST', '/v1/tenants/b/wake');
    const { body } = await api.ask('GET', '/v1/tenants?state=running');
    expect(body.tenants.map((t: { name: string }) => t.name)).toEqual(['b']);
  });

  test('a setting is changed, and taken back by null', async () => {
    await api.create('acme');
    const changed = await api.ask('PATCH', '/v1/tenants/acme', {
      payload: { suspendAfterMs: 60_000 },
    });
    expect(changed.body).toEqual({ ...acme, suspendAfterMs: 60_000 });
    const back = await api.ask('PATCH', '/v1/tenants/acme', { payload: { suspendAfterMs: null } });
    expect(back.body).toEqual(acme);
  });

  test('wake and suspend answer with the tenant as it is then', async () => {
    await api.create('acme');
    expect((await api.ask('POST', '/v1/tenants/acme/wake')).body).toEqual({
      ...acme,
      state: 'running',
      home: 'local',
      level: 'L1',
      idleSince: '2030-01-01T00:00:00.000Z',
      suspendAt: '2030-01-01T00:15:00.000Z',
    });
    const asleep = { ...acme, home: 'local', level: 'L3' };
    expect((await api.ask('POST', '/v1/tenants/acme/suspend')).body).toEqual(asleep);
  });

  test('a failed tenant says why, and when it is tried again', async () => {
    await api.create('acme');
    const retryAt = timestamp(Date.UTC(2030, 0, 2));
    api.control.put('acme', { kind: 'failed', attempt: 3, reason: 'the disk is full', retryAt });
    const failure = { reason: 'the disk is full', attempt: 3, retryAt: '2030-01-02T00:00:00.000Z' };
    expect((await api.ask('GET', '/v1/tenants/acme')).body).toEqual({
      ...acme,
      state: 'failed',
      failure,
    });
  });

  test('rotate answers with the new password', async () => {
    await api.create('acme');
    const { status, body } = await api.ask('POST', '/v1/tenants/acme/rotate-password');
    expect([status, body.password]).toEqual([200, 'secret-2']);
  });

  test('delete answers with nothing, and then the tenant is unknown', async () => {
    await api.create('acme');
    const { status, body } = await api.ask('DELETE', '/v1/tenants/acme');
    expect([status, body]).toEqual([204, null]);
    expect((await api.ask('GET', '/v1/tenants/acme')).status).toBe(404);
  });

  test('a ticket is a connection URI that expires', async () => {
    await api.create('acme');
    expect(await api.ask('POST', '/v1/tenants/acme/tickets')).toMatchObject({
      status: 201,
      body: {
        connectionUri: 'postgresql://ticket:once@localhost:6432/acme',
        expiresAt: '2030-01-01T00:01:00.000Z',
      },
    });
  });

  test('the connection string comes in parts too', async () => {
    await api.create('acme');
    expect((await api.ask('GET', '/v1/tenants/acme/connection-string')).body).toEqual({
      connectionUri: 'postgresql://acme@localhost:6432/acme',
      host: 'localhost',
      port: 6432,
      database: 'acme',
      user: 'acme',
    });
  });
});

describe('usage', () => {
  test('minutes are added up; a day is told if no span is given', async () => {
    const made = await api.create('acme');
    const minute = (at: number, queries: number) => ({
      tenant: made.body.id,
      minute: timestamp(at),
      sessions: 1,
      queries,
      byRobots: 1,
      transactions: queries,
      errors: { '42': 1 },
      bytesIn: 10,
      bytesOut: 20,
      latency: Array.from({ length: 37 }, (_, i) => (i === 0 ? queries : 0)),
      classes: [queries],
      latencySumUs: 50,
    });
    const end = Date.UTC(2030, 0, 1);
    api.control.usageMinutes.push(minute(end - 120_000, 2), minute(end - 60_000, 3));
    const { body } = await api.ask('GET', '/v1/tenants/acme/usage');
    expect(body).toMatchObject({
      tenant: made.body.id,
      from: '2029-12-31T00:00:00.000Z',
      to: '2030-01-01T00:00:00.000Z',
      next: null,
      total: {
        sessions: 2,
        queries: 5,
        byRobots: 2,
        transactions: 5,
        errors: { '42': 2 },
        bytesIn: 20,
        bytesOut: 40,
        latencySumUs: 100,
      },
    });
    expect(body.total.latency[0]).toBe(5);
    expect(body.steps).toHaveLength(2);
    expect(body.latencyBoundsUs).toHaveLength(body.total.latency.length - 1);
  });

  test('a span that ends before it begins is refused', async () => {
    await api.create('acme');
    const url = '/v1/tenants/acme/usage?from=2030-01-02T00:00:00Z&to=2030-01-01T00:00:00Z';
    expect((await api.ask('GET', url)).body).toMatchObject({
      code: 'BAD_REQUEST',
      detail: 'the span ends before it begins',
    });
  });
});

describe('repeats', () => {
  const headers = { 'idempotency-key': 'one' };

  test('the same key and request is done once and answered alike', async () => {
    const send = () => api.ask('POST', '/v1/tenants', { payload: { name: 'acme' }, headers });
    const [first, second] = await Promise.all([send(), send()]);
    const third = await send();
    expect(first.status).toBe(201);
    expect([second.body, third.body]).toEqual([first.body, first.body]);
    expect(api.control.calls).toEqual(['create acme']);
  });

  test('the same key with another request is refused', async () => {
    await api.ask('POST', '/v1/tenants', { payload: { name: 'acme' }, headers });
    const other = await api.ask('POST', '/v1/tenants', { payload: { name: 'other' }, headers });
    expect([other.status, other.body.code]).toEqual([422, 'IDEMPOTENCY_KEY_REUSED']);
  });

  test('what failed may be tried again', async () => {
    api.control.failNext('CATALOG_DOWN', {});
    const send = () => api.ask('POST', '/v1/tenants', { payload: { name: 'acme' }, headers });
    expect((await send()).status).toBe(503);
    expect((await send()).status).toBe(201);
  });
});

test('the log tells each request, and neither key nor password', async () => {
  await api.create('acme');
  expect(api.log.lines).toEqual([
    {
      level: 'info',
      message: 'request answered',
      fields: {
        requestId: expect.stringMatching(/^req_/),
        operation: 'createTenant',
        status: 201,
        ms: 0,
      },
    },
  ]);
});

test('a tenant may be made for some addresses only, which must be addresses', async () => {
  const payload = { name: 'guarded', allowedAddresses: ['10.0.0.0/8', '::1'] };
  const made = await api.ask('POST', '/v1/tenants', { payload });
  expect(made.status).toBe(201);
  const { body } = await api.ask('GET', '/v1/tenants/guarded');
  expect(body.allowedAddresses).toEqual(['10.0.0.0/8', '::1']);
  const wrong = { name: 'wrong', allowedAddresses: ['10.0.0.0/33'] };
  const refused = await api.ask('POST', '/v1/tenants', { payload: wrong });
  expect(refused).toMatchObject({ status: 400, body: { code: 'BAD_REQUEST' } });
  expect((await api.ask('GET', '/v1/tenants/wrong')).status).toBe(404);
});
