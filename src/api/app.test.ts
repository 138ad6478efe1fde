import type { FastifyInstance, InjectOptions } from 'fastify';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FAULTS, type FaultCode, fault } from '../domain/faults.ts';
import { ms, timestamp } from '../domain/units.ts';
import { MemoryControl } from '../testing/memory-control.ts';
import { MemoryLog } from '../testing/memory-log.ts';
import { SeededRandom } from '../testing/seeded-random.ts';
import { VirtualClock } from '../testing/virtual-clock.ts';
import { BODY_BYTES_MAX, buildApp } from './app.ts';

const KEY = 'the-admin-key';

let clock: VirtualClock;
let control: MemoryControl;
let log: MemoryLog;
let stopping: AbortController;
let app: FastifyInstance;

beforeEach(async () => {
  clock = new VirtualClock();
  control = new MemoryControl(clock);
  log = new MemoryLog();
  stopping = new AbortController();
  const callers = { listenHost: '127.0.0.1', names: ['db.example'] };
  const random = new SeededRandom(7);
  app = await buildApp(
    { clock, random, log, control, key: KEY, callers, version: '1.2.3' },
    stopping.signal,
  );
});

afterEach(() => app.close());

async function ask(method: 'GET' | 'POST' | 'PATCH' | 'DELETE', url: string, more?: InjectOptions) {
  const headers = { authorization: `Bearer ${KEY}`, ...more?.headers };
  const response = await app.inject({ method, url, ...more, headers });
  const body = response.body === '' ? null : response.json();
  return { status: response.statusCode, headers: response.headers, body };
}

const acme = {
  id: 'tn_000000000001',
  name: 'acme',
  plan: 'free',
  tier: 'COLD',
  state: 'suspended',
  stateSince: '2030-01-01T00:00:00.000Z',
  createdAt: '2030-01-01T00:00:00.000Z',
  suspendAfterMs: null,
  sessionsMax: null,
  sessions: 0,
  idleSince: null,
  suspendAt: null,
  failure: null,
  connectionUri: 'postgresql://acme@localhost:6432/acme',
};

const create = (name = 'acme') => ask('POST', '/v1/tenants', { payload: { name } });

describe('tenants', () => {
  test('create answers 201 with the password', async () => {
    const { status, body } = await create();
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
    const payload = { name: 'acme', plan: 'starter', suspendAfterMs: 5000, sessionsMax: 7 };
    const { body } = await ask('POST', '/v1/tenants', { payload });
    expect(body).toMatchObject(payload);
  });

  test('show finds a tenant by name and by id, and never tells its password', async () => {
    await create();
    expect((await ask('GET', '/v1/tenants/acme')).body).toEqual(acme);
    expect((await ask('GET', '/v1/tenants/tn_000000000001')).body).toEqual(acme);
  });

  test('list goes page by page', async () => {
    for (const name of ['c', 'a', 'b']) await create(name);
    const first = (await ask('GET', '/v1/tenants?limit=2')).body;
    expect(first.tenants.map((t: { name: string }) => t.name)).toEqual(['a', 'b']);
    expect(first.next).toBe('b');
    const last = (await ask('GET', `/v1/tenants?limit=2&after=${first.next}`)).body;
    expect(last.tenants.map((t: { name: string }) => t.name)).toEqual(['c']);
    expect(last.next).toBeNull();
  });

  test('list can ask for one state', async () => {
    await create('a');
    await create('b');
    await ask('POST', '/v1/tenants/b/wake');
    const { body } = await ask('GET', '/v1/tenants?state=running');
    expect(body.tenants.map((t: { name: string }) => t.name)).toEqual(['b']);
  });

  test('a setting is changed, and taken back by null', async () => {
    await create();
    const changed = await ask('PATCH', '/v1/tenants/acme', { payload: { suspendAfterMs: 60_000 } });
    expect(changed.body).toEqual({ ...acme, suspendAfterMs: 60_000 });
    const back = await ask('PATCH', '/v1/tenants/acme', { payload: { suspendAfterMs: null } });
    expect(back.body).toEqual(acme);
  });

  test('wake and suspend answer with the tenant as it is then', async () => {
    await create();
    expect((await ask('POST', '/v1/tenants/acme/wake')).body).toEqual({
      ...acme,
      state: 'running',
      idleSince: '2030-01-01T00:00:00.000Z',
      suspendAt: '2030-01-01T00:15:00.000Z',
    });
    expect((await ask('POST', '/v1/tenants/acme/suspend')).body).toEqual(acme);
  });

  test('a failed tenant says why, and when it is tried again', async () => {
    await create();
    const retryAt = timestamp(Date.UTC(2030, 0, 2));
    control.put('acme', { kind: 'failed', attempt: 3, reason: 'the disk is full', retryAt });
    const failure = { reason: 'the disk is full', attempt: 3, retryAt: '2030-01-02T00:00:00.000Z' };
    expect((await ask('GET', '/v1/tenants/acme')).body).toEqual({
      ...acme,
      state: 'failed',
      failure,
    });
  });

  test('rotate answers with the new password', async () => {
    await create();
    const { status, body } = await ask('POST', '/v1/tenants/acme/rotate-password');
    expect([status, body.password]).toEqual([200, 'secret-2']);
  });

  test('delete answers with nothing, and then the tenant is unknown', async () => {
    await create();
    const { status, body } = await ask('DELETE', '/v1/tenants/acme');
    expect([status, body]).toEqual([204, null]);
    expect((await ask('GET', '/v1/tenants/acme')).status).toBe(404);
  });

  test('a ticket is a connection URI that expires', async () => {
    await create();
    expect(await ask('POST', '/v1/tenants/acme/tickets')).toMatchObject({
      status: 201,
      body: {
        connectionUri: 'postgresql://ticket:once@localhost:6432/acme',
        expiresAt: '2030-01-01T00:01:00.000Z',
      },
    });
  });

  test('the connection string comes in parts too', async () => {
    await create();
    expect((await ask('GET', '/v1/tenants/acme/connection-string')).body).toEqual({
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
    const made = await create();
    const minute = (at: number, queries: number) => ({
      tenant: made.body.id,
      minute: timestamp(at),
      sessions: 1,
      queries,
      transactions: queries,
      errors: { '42': 1 },
      bytesIn: 10,
      bytesOut: 20,
      latency: Array.from({ length: 17 }, (_, i) => (i === 0 ? queries : 0)),
      latencySumUs: 50,
    });
    const end = Date.UTC(2030, 0, 1);
    control.usageMinutes.push(minute(end - 120_000, 2), minute(end - 60_000, 3));
    const { body } = await ask('GET', '/v1/tenants/acme/usage');
    expect(body).toMatchObject({
      tenant: made.body.id,
      from: '2029-12-31T00:00:00.000Z',
      to: '2030-01-01T00:00:00.000Z',
      next: null,
      total: {
        sessions: 2,
        queries: 5,
        transactions: 5,
        errors: { '42': 2 },
        bytesIn: 20,
        bytesOut: 40,
        latencySumUs: 100,
      },
    });
    expect(body.total.latency[0]).toBe(5);
    expect(body.minutes).toHaveLength(2);
    expect(body.latencyBoundsUs).toHaveLength(body.total.latency.length - 1);
  });

  test('a span that ends before it begins is refused', async () => {
    await create();
    const url = '/v1/tenants/acme/usage?from=2030-01-02T00:00:00Z&to=2030-01-01T00:00:00Z';
    expect((await ask('GET', url)).body).toMatchObject({
      code: 'BAD_REQUEST',
      detail: 'the span ends before it begins',
    });
  });
});

describe('failures', () => {
  test.each(Object.keys(FAULTS) as FaultCode[])('%s is told as a problem', async (code) => {
    const params = { tenant: 'acme', why: 'x', name: 'n', wait: ms(1), waited: ms(1), max: 1 };
    const expected = fault(code, { ...params, of: 'o', what: 'w' } as never);
    control.breakNext(expected);
    const { status, headers, body } = await ask('GET', '/v1/tenants/acme');
    const { http, sqlstate, retry } = FAULTS[code];
    expect(status).toBe(http);
    expect(headers['content-type']).toBe('application/problem+json; charset=utf-8');
    expect(headers['retry-after']).toBe(retry === 'soon' ? '1' : undefined);
    expect(body).toMatchObject({
      type: `urn:dynabase:fault:${code}`,
      status: http,
      code,
      sqlstate,
      retry,
      detail: expected.message,
      requestId: headers['x-request-id'],
    });
  });

  test('what is no fault is told as INTERNAL, and its cause is only in the log', async () => {
    control.breakNext(new Error('password of 10.0.0.7 is hunter2'));
    const { status, body } = await ask('GET', '/v1/tenants/acme');
    expect(status).toBe(500);
    expect(body.code).toBe('INTERNAL');
    expect(JSON.stringify(body)).not.toContain('hunter2');
    expect(log.alarming).toEqual(['request failed']);
  });

  test.each([
    [{}, 'the body lacks the field "name"'],
    [undefined, 'a JSON body is needed'],
    [[], 'the body must be a JSON object'],
    [{ name: 'a', nmae: 'b' }, 'the body has a field that is not known: "nmae"'],
    [{ name: 7 }, '"name" in the body must be text'],
    [
      { name: 'a', plan: 'gold' },
      '"plan" in the body must be one of free, starter, professional, enterprise',
    ],
    [
      { name: 'a', suspendAfterMs: '5m' },
      '"suspendAfterMs" in the body must be a whole number or null',
    ],
    [
      { name: 'a', suspendAfterMs: 10 },
      '"suspendAfterMs" in the body must be at least 1000 or null',
    ],
  ])('a body of %j is refused in a plain sentence', async (payload, detail) => {
    const { status, body } = await ask('POST', '/v1/tenants', payload ? { payload } : {});
    expect([status, body.code, body.detail]).toEqual([400, 'BAD_REQUEST', detail]);
    expect(control.calls).toEqual([]);
  });

  test.each([
    ['/v1/tenants?limit=many', '"limit" in the query must be a whole number'],
    ['/v1/tenants?limit=0', '"limit" in the query must be at least 1'],
    ['/v1/tenants?page=2', 'the query has a field that is not known: "page"'],
    [
      '/v1/tenants/a/usage?from=now',
      '"from" in the query must be a time like 2026-05-04T09:30:00Z',
    ],
    [`/v1/tenants/${'a'.repeat(64)}`, '"ref" in the path must have at most 63 characters'],
    [`/v1/tenants/${'a'.repeat(300)}`, 'a part of the path is too long'],
    ['/v1/tenants/%E0%A4', 'the path of the URL is not well formed'],
  ])('%s is refused in a plain sentence', async (url, detail) => {
    const { status, body } = await ask('GET', url);
    expect([status, body.code, body.detail]).toEqual([400, 'BAD_REQUEST', detail]);
  });

  test('a body that is not JSON, too long or of another type is refused', async () => {
    const post = async (payload: string, type = 'application/json') =>
      (await ask('POST', '/v1/tenants', { payload, headers: { 'content-type': type } })).body;
    expect(await post('{"name"')).toMatchObject({
      code: 'BAD_REQUEST',
      detail: 'the body is not valid JSON',
    });
    expect(await post('name=a', 'application/x-www-form-urlencoded')).toMatchObject({
      code: 'BODY_NOT_JSON',
    });
    expect(await post(' '.repeat(BODY_BYTES_MAX + 1))).toMatchObject({ code: 'BODY_TOO_LARGE' });
  });

  test('JSON that is announced but empty is no body', async () => {
    await create();
    const headers = { 'content-type': 'application/json' };
    expect((await ask('POST', '/v1/tenants/acme/wake', { headers })).status).toBe(200);
    expect((await ask('DELETE', '/v1/tenants/acme', { headers })).status).toBe(204);
  });

  test('an unknown route is named', async () => {
    const { status, body } = await ask('GET', '/v1/nothing?x=1');
    expect([status, body.code, body.detail]).toEqual([
      404,
      'NOT_FOUND',
      'there is no route GET /v1/nothing',
    ]);
  });
});

describe('who may call', () => {
  test('no key, a wrong key and a broken header are refused before anything is read', async () => {
    const without = await app.inject({ url: '/v1/status' });
    expect([without.statusCode, without.json().code]).toEqual([401, 'KEY_MISSING']);
    expect(without.headers['www-authenticate']).toBe('Bearer');
    const codeFor = async (authorization: string) =>
      (await ask('POST', '/v1/tenants', { payload: '{', headers: { authorization } })).body.code;
    expect(await codeFor('Bearer wrong')).toBe('KEY_WRONG');
    expect(await codeFor(`Bearer ${KEY}x`)).toBe('KEY_WRONG');
    expect(await codeFor(`Basic ${KEY}`)).toBe('KEY_MISSING');
    expect(control.calls).toEqual([]);
  });

  test('the scheme may be written in any case', async () => {
    const headers = { authorization: `bearer ${KEY}` };
    expect((await ask('GET', '/v1/status', { headers })).status).toBe(200);
  });

  test('health needs no key; readiness asks the catalog', async () => {
    expect((await app.inject({ url: '/healthz' })).json()).toEqual({ status: 'ok' });
    expect(control.calls).toEqual([]);
    expect((await app.inject({ url: '/readyz' })).json()).toEqual({ status: 'ok' });
    control.failNext('CATALOG_DOWN', {});
    const down = await app.inject({ url: '/readyz' });
    expect([down.statusCode, down.json().code]).toEqual([503, 'CATALOG_DOWN']);
  });

  test.each([
    ['localhost:6480', 200],
    ['127.0.0.1:6480', 200],
    ['[::1]:6480', 200],
    ['10.1.2.3', 200],
    ['db.example', 200],
    ['attacker.example', 421],
    ['localhost.attacker.example', 421],
  ])('on loopback a call to host %s is answered with %i', async (host, status) => {
    expect((await app.inject({ url: '/healthz', headers: { host } })).statusCode).toBe(status);
  });

  test('a page of another origin is refused, one of our own is not', async () => {
    const from = async (origin: string) =>
      (await app.inject({ url: '/healthz', headers: { host: 'localhost:6480', origin } }))
        .statusCode;
    expect(await from('http://localhost:6480')).toBe(200);
    expect(await from('http://localhost:3000')).toBe(403);
    expect(await from('https://attacker.example')).toBe(403);
    expect(await from('null')).toBe(403);
  });

  test('a stopping server takes no new request', async () => {
    stopping.abort();
    const { status, body } = await ask('GET', '/v1/status');
    expect([status, body.code]).toEqual([503, 'SERVER_STOPPING']);
  });
});

describe('repeats', () => {
  const headers = { 'idempotency-key': 'one' };

  test('the same key and request is done once and answered alike', async () => {
    const send = () => ask('POST', '/v1/tenants', { payload: { name: 'acme' }, headers });
    const [first, second] = await Promise.all([send(), send()]);
    const third = await send();
    expect(first.status).toBe(201);
    expect([second.body, third.body]).toEqual([first.body, first.body]);
    expect(control.calls).toEqual(['create acme']);
  });

  test('the same key with another request is refused', async () => {
    await ask('POST', '/v1/tenants', { payload: { name: 'acme' }, headers });
    const other = await ask('POST', '/v1/tenants', { payload: { name: 'other' }, headers });
    expect([other.status, other.body.code]).toEqual([422, 'IDEMPOTENCY_KEY_REUSED']);
  });

  test('what failed may be tried again', async () => {
    control.failNext('CATALOG_DOWN', {});
    const send = () => ask('POST', '/v1/tenants', { payload: { name: 'acme' }, headers });
    expect((await send()).status).toBe(503);
    expect((await send()).status).toBe(201);
  });
});

test('the log tells each request, and neither key nor password', async () => {
  await create();
  expect(log.lines).toEqual([
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
