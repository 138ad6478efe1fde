import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { BUCKETS_MAX, RateLimits } from '../../control/access/rate-limits.ts';
import { seconds } from '../../domain/units.ts';
import { VirtualClock } from '../../sim/virtual-clock.ts';
import { InjectedApi } from '../../testing/injected-api.ts';

let api: InjectedApi;

beforeEach(async () => {
  api = await InjectedApi.open();
  await api.create('acme');
});

afterEach(() => api.close());

const STRANGER = { remoteAddress: '203.0.113.7' };

describe('an answer', () => {
  test('has a tag, and is not sent again to who has it', async () => {
    const first = await api.ask('GET', '/v1/tenants/acme');
    const tag = String(first.headers.etag);
    expect(tag).toMatch(/^W\/"[\w-]{22}"$/);
    const again = async (none: string) => {
      const headers = { 'if-none-match': none };
      return await api.app.inject({
        ...{ url: '/v1/tenants/acme' },
        headers: { authorization: 'Bearer the-admin-key', ...headers },
      });
    };
    const known = await again(`"x", ${tag}`);
    expect([known.statusCode, known.body, known.headers.etag]).toEqual([304, '', tag]);
    await api.ask('POST', '/v1/tenants/acme/wake');
    expect((await again(tag)).statusCode).toBe(200);
  });

  test('is changed only by who has seen it, where that is asked for', async () => {
    const tag = String((await api.ask('GET', '/v1/tenants/acme')).headers.etag);
    const change = async (sessionsMax: number) =>
      await api.ask('PATCH', '/v1/tenants/acme', {
        payload: { sessionsMax },
        headers: { 'if-match': tag },
      });
    expect((await change(5)).status).toBe(200);
    const late = await change(6);
    expect([late.status, late.body.code]).toEqual([412, 'CHANGED_SINCE']);
    const headers = { 'if-match': tag };
    expect((await api.ask('DELETE', '/v1/tenants/acme', { headers })).status).toBe(412);
    expect((await api.ask('GET', '/v1/tenants/acme')).body.sessionsMax).toBe(5);
    const any = { 'if-match': '*' };
    expect((await api.ask('DELETE', '/v1/tenants/acme', { headers: any })).status).toBe(204);
    expect((await api.ask('DELETE', '/v1/tenants/acme', { headers: any })).status).toBe(404);
  });

  test('is changed by one of those who have seen the same', async () => {
    const { body, headers } = await api.ask('GET', '/v1/tenants/acme');
    const tag = String(headers.etag);
    const all = [11, 12, 13, 14].map((sessionsMax) =>
      api.ask('PATCH', `/v1/tenants/${sessionsMax % 2 === 0 ? 'acme' : body.id}`, {
        payload: { sessionsMax },
        headers: { 'if-match': tag },
      }),
    );
    const told = (await Promise.all(all)).map(({ status }) => status);
    expect(told.toSorted()).toEqual([200, 412, 412, 412]);
  });
});

describe('a request', () => {
  test('keeps the id that its sender gave it, if that is one', async () => {
    const idOf = async (id: string) =>
      (await api.ask('GET', '/v1/status', { headers: { 'x-request-id': id } })).headers[
        'x-request-id'
      ];
    expect(await idOf('trace-0123456789')).toBe('trace-0123456789');
    expect(await idOf('short')).toMatch(/^req_/);
    expect(await idOf('a b c d e f g <script>')).toMatch(/^req_/);
  });

  test('of a method that is not taken is told which are', async () => {
    const { status, headers, body } = await api.ask('PUT', '/v1/tenants/acme');
    expect([status, body.code]).toEqual([405, 'METHOD_UNKNOWN']);
    expect(headers.allow).toBe('GET, HEAD, PATCH, DELETE, OPTIONS');
    expect(body.detail).toContain('it takes GET, HEAD, PATCH, DELETE');
    const options = await api.app.inject({ method: 'OPTIONS', url: '/v1/tenants' });
    expect([options.statusCode, options.headers.allow]).toEqual([204, 'POST, GET, HEAD, OPTIONS']);
    const head = await api.app.inject({
      ...{ method: 'HEAD', url: '/v1/tenants/acme' },
      headers: { authorization: 'Bearer the-admin-key' },
    });
    expect([head.statusCode, head.body]).toEqual([200, '']);
  });

  test('to the root is told what there is', async () => {
    const { body } = await api.ask('GET', '/v1');
    expect(body.operations).toContainEqual(
      expect.objectContaining({ name: 'listTenants', method: 'GET', path: '/v1/tenants' }),
    );
  });
});

describe('rates', () => {
  const rate = { perMinute: 60, burst: 3 };
  const change = (rates: object) => api.ask('PATCH', '/v1/settings', { payload: { rates } });

  test('bound a caller, say so in every answer, and come back', async () => {
    await change({ perCaller: rate });
    const ask = () => api.ask('GET', '/v1/tenants/acme');
    const first = await ask();
    expect(first.headers['ratelimit-policy']).toBe('"caller";q=3;w=3');
    expect(first.headers.ratelimit).toBe('"caller";r=2;t=1');
    await ask();
    await ask();
    const refused = await ask();
    expect([refused.status, refused.body.code]).toEqual([429, 'RATE_LIMITED']);
    expect(refused.headers['retry-after']).toBe('1');
    await api.clock.advance(seconds(1));
    expect((await ask()).status).toBe(200);
  });

  test('bound who guesses keys, and not this machine itself', async () => {
    await change({ failedLogins: { perMinute: 6, burst: 3 } });
    const guess = async (from: object) => {
      const headers = { authorization: 'Bearer wrong', host: 'db.example' };
      return (await api.app.inject({ url: '/v1/status', headers, ...from })).statusCode;
    };
    const statuses = [];
    for (let i = 0; i < 5; i++) statuses.push(await guess(STRANGER));
    expect(statuses).toEqual([401, 401, 401, 429, 429]);
    for (let i = 0; i < 5; i++) expect(await guess({})).toBe(401);
    await api.clock.advance(seconds(10));
    expect(await guess(STRANGER)).toBe(401);
  });

  test('know a stranger who takes another address of the same network for each guess', async () => {
    await change({ failedLogins: { perMinute: 6, burst: 3 } });
    const headers = { authorization: 'Bearer wrong', host: 'db.example' };
    const guess = async (remoteAddress: string) =>
      (await api.app.inject({ url: '/v1/status', headers, remoteAddress })).statusCode;
    for (let i = 0; i < 3; i++) expect(await guess(`2001:db8:0:1::${i + 1}`)).toBe(401);
    expect(await guess('2001:db8:0:1::ffff')).toBe(429);
    expect(await guess('2001:db8:0:2::1')).toBe(401);
  });

  test('are kept of a bounded number', () => {
    const limits = new RateLimits(new VirtualClock());
    for (let i = 0; i < BUCKETS_MAX + 10; i++) limits.take(`key ${i}`, rate);
    expect(limits.size).toBe(BUCKETS_MAX);
  });
});
