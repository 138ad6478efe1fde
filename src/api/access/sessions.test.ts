import { afterEach, beforeEach, expect, test } from 'vitest';
import { InjectedApi } from '../../testing/injected-api.ts';
import { SESSION_VIEWS } from '../../testing/session-views.ts';

let api: InjectedApi;

beforeEach(async () => {
  api = await InjectedApi.open();
  await api.create('acme');
});

afterEach(() => api.close());

test('sessions are listed with what pins them', async () => {
  api.control.sessionViews = SESSION_VIEWS;
  const { status, body } = await api.ask('GET', '/v1/tenants/acme/sessions');
  expect(status).toBe(200);
  expect(body.sessions).toEqual([
    {
      id: 7,
      role: 'acme',
      applicationName: 'pgbench',
      visitor: 'person',
      from: '192.0.2.7',
      state: 'parked',
      openForMs: 5_400_000,
      idleForMs: 1_200_000,
      pin: null,
    },
    {
      id: 12,
      role: 'acme',
      applicationName: '',
      visitor: 'person',
      from: '192.0.2.7',
      state: 'pinned',
      openForMs: 300_000,
      idleForMs: 1_235,
      pin: {
        reason: 'temporary objects',
        statement: 'create temp table t as select $1',
        forMs: 40_000,
      },
    },
  ]);
});

test('a restart needs no body, and takes how long and whether by force', async () => {
  const bare = await api.ask('POST', '/v1/tenants/acme/restart');
  expect([bare.status, bare.body.name]).toEqual([200, 'acme']);
  await api.ask('POST', '/v1/tenants/acme/restart', { payload: {} });
  const payload = { withinMs: 0, force: true };
  await api.ask('POST', '/v1/tenants/acme/restart', { payload });
  expect(api.control.calls.filter((call) => call.startsWith('restart'))).toEqual([
    'restart acme within 10000',
    'restart acme within 10000',
    'restart acme within 0 by force',
  ]);
});

test.each([
  [{ withinMs: -1 }, '"withinMs" in the body must be at least 0'],
  [{ withinMs: 600_001 }, '"withinMs" in the body must be at most 600000'],
  [{ forced: true }, 'the body has a field that is not known: "forced"'],
  [[], 'the body must be a JSON object'],
])('a restart with %j is refused', async (payload, detail) => {
  const { status, body } = await api.ask('POST', '/v1/tenants/acme/restart', { payload });
  expect([status, body.detail]).toEqual([400, detail]);
});

test('a restart that is not possible says who is in the way', async () => {
  api.control.failNext('TENANT_BUSY', { tenant: 'acme', why: 'is held awake: a query' });
  const { status, body } = await api.ask('POST', '/v1/tenants/acme/restart');
  expect([status, body.code, body.detail]).toEqual([
    409,
    'TENANT_BUSY',
    'tenant "acme" is held awake: a query',
  ]);
});

test('the time that a pinned session may idle is set, set to never, and taken back', async () => {
  for (const maxPinIdleMs of [60_000, 0, null]) {
    const { body } = await api.ask('PATCH', '/v1/tenants/acme', { payload: { maxPinIdleMs } });
    expect(body.maxPinIdleMs).toBe(maxPinIdleMs);
  }
  const refused = await api.ask('PATCH', '/v1/tenants/acme', { payload: { maxPinIdleMs: 999 } });
  expect([refused.status, refused.body.code]).toEqual([400, 'BAD_REQUEST']);
});
