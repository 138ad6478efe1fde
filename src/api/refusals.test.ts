import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { QUERY_BODY_BYTES_MAX } from '../contract/limits.ts';
import { FAULTS, type FaultCode, fault } from '../domain/faults.ts';
import { ms } from '../domain/units.ts';
import { InjectedApi, KEY } from '../testing/injected-api.ts';
import { BODY_BYTES_MAX } from './access/large-bodies.ts';

let api: InjectedApi;

beforeEach(async () => {
  api = await InjectedApi.open();
});

afterEach(() => api.close());

describe('failures', () => {
  test.each(Object.keys(FAULTS) as FaultCode[])('%s is told as a problem', async (code) => {
    const params = { tenant: 'acme', why: 'x', name: 'n', wait: ms(1), waited: ms(1), max: 1 };
    const expected = fault(code, { ...params, of: 'o', what: 'w' } as never);
    api.control.breakNext(expected);
    const { status, headers, body } = await api.ask('GET', '/v1/tenants/acme');
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
    api.control.breakNext(new Error('password of 10.0.0.7 is hunter2'));
    const { status, body } = await api.ask('GET', '/v1/tenants/acme');
    expect(status).toBe(500);
    expect(body.code).toBe('INTERNAL');
    expect(JSON.stringify(body)).not.toContain('hunter2');
    expect(api.log.alarming).toEqual(['request failed']);
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
    const { status, body } = await api.ask('POST', '/v1/tenants', payload ? { payload } : {});
    expect([status, body.code, body.detail]).toEqual([400, 'BAD_REQUEST', detail]);
    expect(api.control.calls).toEqual([]);
  });

  test.each([
    [{ kind: 'customer' }, 'the body lacks the field "scope.customer"'],
    [
      { kind: 'tenant', tenant: 'acme', more: 1 },
      'the body has a field that is not known: "scope.more"',
    ],
    [{ kind: 'galaxy' }, '"scope.kind" in the body must be one of operator, customer, tenant'],
  ])('what is wrong with a scope of %j is told by what was meant', async (scope, detail) => {
    const { body } = await api.ask('POST', '/v1/keys', { payload: { name: 'one', scope } });
    expect([body.code, body.detail]).toEqual(['BAD_REQUEST', detail]);
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
    ['/v1/operations/op_000000000001?wait=long', '"wait" in the query must be of a form like 30s'],
    ['/v1/tenants/%E0%A4', 'the path of the URL is not well formed'],
    ['/v1/keys?after=%00', 'the query holds a character that is none of any text'],
    ['/v1/keys/%00', 'the path holds a character that is none of any text'],
  ])('%s is refused in a plain sentence', async (url, detail) => {
    const { status, body } = await api.ask('GET', url);
    expect([status, body.code, body.detail]).toEqual([400, 'BAD_REQUEST', detail]);
  });

  test('a body that is not JSON, too long or of another type is refused', async () => {
    const post = async (payload: string, type = 'application/json') =>
      (await api.ask('POST', '/v1/tenants', { payload, headers: { 'content-type': type } })).body;
    expect(await post('{"name"')).toMatchObject({
      code: 'BAD_REQUEST',
      detail: 'the body is not valid JSON',
    });
    expect(await post('name=a', 'application/x-www-form-urlencoded')).toMatchObject({
      code: 'BODY_NOT_JSON',
    });
    expect(await post(' '.repeat(BODY_BYTES_MAX + 1))).toMatchObject({ code: 'BODY_TOO_LARGE' });
    const message = await api.app.inject({
      ...{ method: 'POST', url: '/v1/billing/stripe', payload: ' '.repeat(1_048_577) },
      headers: { host: 'localhost:6480' },
    });
    expect(message.json().detail).toBe('the body is larger than 1048576 bytes');
  });

  test('a query may be longer than other bodies are, up to a bound of its own', async () => {
    const ask = async (bytes: number) => {
      const body = JSON.stringify({ sql: 'select $1', params: [''] });
      const payload = body.replace('[""]', `["${'x'.repeat(bytes - body.length)}"]`);
      const headers = { 'content-type': 'application/json' };
      return await api.ask('POST', '/v1/tenants/acme/query', { payload, headers });
    };
    await api.create('acme');
    expect((await ask(QUERY_BODY_BYTES_MAX)).status).toBe(200);
    const { status, body } = await ask(QUERY_BODY_BYTES_MAX + 1);
    expect([status, body.code]).toEqual([413, 'BODY_TOO_LARGE']);
    expect(body.detail).toBe('the body is larger than 4194304 bytes');
  });

  test.each([
    '{"name":"a\\u0000"}',
    '{"name":"a\\ud800"}',
    '{"name":"a","scope":{"kind":"customer","customer":"\\u0000"}}',
  ])('a text that no database can hold is refused: %s', async (payload) => {
    const headers = { 'content-type': 'application/json' };
    const { status, body } = await api.ask('POST', '/v1/keys', { payload, headers });
    const detail = 'the body holds a character that is none of any text';
    expect([status, body.code, body.detail]).toEqual([400, 'BAD_REQUEST', detail]);
  });

  test('JSON that is announced but empty is no body', async () => {
    await api.create('acme');
    const headers = { 'content-type': 'application/json' };
    expect((await api.ask('POST', '/v1/tenants/acme/wake', { headers })).status).toBe(200);
    expect((await api.ask('DELETE', '/v1/tenants/acme', { headers })).status).toBe(204);
  });

  test('an unknown route is named', async () => {
    const { status, body } = await api.ask('GET', '/v1/nothing?x=1');
    expect([status, body.code, body.detail]).toEqual([
      404,
      'NOT_FOUND',
      'there is no route GET /v1/nothing',
    ]);
  });
});

describe('who may call', () => {
  test('no key, a wrong key and a broken header are refused before anything is read', async () => {
    const without = await api.app.inject({ url: '/v1/status' });
    expect([without.statusCode, without.json().code]).toEqual([401, 'KEY_MISSING']);
    expect(without.headers['www-authenticate']).toBe('Bearer');
    const codeFor = async (authorization: string) =>
      (await api.ask('POST', '/v1/tenants', { payload: '{', headers: { authorization } })).body
        .code;
    expect(await codeFor('Bearer wrong')).toBe('KEY_WRONG');
    expect(await codeFor(`Bearer ${KEY}x`)).toBe('KEY_WRONG');
    expect(await codeFor(`Basic ${KEY}`)).toBe('KEY_MISSING');
    expect(api.control.calls).toEqual([]);
  });

  test('the scheme may be written in any case', async () => {
    const headers = { authorization: `bearer ${KEY}` };
    expect((await api.ask('GET', '/v1/status', { headers })).status).toBe(200);
  });

  test('health needs no key; readiness asks the catalog', async () => {
    expect((await api.app.inject({ url: '/healthz' })).json()).toEqual({ status: 'ok' });
    expect(api.control.calls).toEqual([]);
    expect((await api.app.inject({ url: '/readyz' })).json()).toEqual({ status: 'ok' });
    api.control.failNext('CATALOG_DOWN', {});
    const down = await api.app.inject({ url: '/readyz' });
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
    expect((await api.app.inject({ url: '/healthz', headers: { host } })).statusCode).toBe(status);
  });

  test('a page of another origin is refused, one of our own is not', async () => {
    const from = async (origin: string) =>
      (await api.app.inject({ url: '/healthz', headers: { host: 'localhost:6480', origin } }))
        .statusCode;
    expect(await from('http://localhost:6480')).toBe(200);
    expect(await from('http://localhost:3000')).toBe(403);
    expect(await from('https://attacker.example')).toBe(403);
    expect(await from('null')).toBe(403);
    // By what our pages are called to browsers, whatever a proxy calls us.
    expect(await from('https://db.example')).toBe(200);
    expect(await from('http://db.example')).toBe(403);
  });

  test('a stopping server takes no new request', async () => {
    api.stopping.abort();
    const { status, body } = await api.ask('GET', '/v1/status');
    expect([status, body.code]).toEqual([503, 'SERVER_STOPPING']);
  });
});
