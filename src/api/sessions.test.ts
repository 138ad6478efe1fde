import { afterEach, beforeEach, expect, test } from 'vitest';
import { ms, timestamp } from '../domain/units.ts';
import { InjectedApi } from '../testing/injected-api.ts';
import { SESSION_VIEWS } from '../testing/session-views.ts';

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

test('metrics are counts in the text format of Prometheus, for the holder of the key', async () => {
  api.control.sessionViews = SESSION_VIEWS;
  const hits = { hitsL1: 7, hitsL2: 2, hitsL3: 1 };
  api.control.totals = { l2: null, l3: 300, l4: 40, ...hits, wakesL2: 0, wakesL3: 5, wakesL4: 6 };
  api.control.unsavedSince = timestamp(1_700_000_000_500);
  const { decisions } = api.control.fleetPolicy;
  api.control.fleetPolicy = {
    ...api.control.fleetPolicy,
    prewarms: { hits: 12, misses: 3, wasted: ms(900_500) },
    decisions: { ...decisions, tier: 4, prewarm: 15 },
  };
  const anonymous = await api.app.inject({ method: 'GET', url: '/metrics' });
  expect([anonymous.statusCode, anonymous.json().code]).toEqual([401, 'KEY_MISSING']);
  const headers = { authorization: 'Bearer the-admin-key' };
  const { statusCode, headers: told, body } = await api.app.inject({ url: '/metrics', headers });
  expect([statusCode, told['content-type']]).toEqual([
    200,
    'text/plain; version=0.0.4; charset=utf-8',
  ]);
  expect(body).toBe(METRICS.join('\n'));
});

const METRICS = [
  '# HELP dynabase_tenants Tenants by state.',
  '# TYPE dynabase_tenants gauge',
  'dynabase_tenants{state="creating"} 0',
  'dynabase_tenants{state="suspended"} 1',
  'dynabase_tenants{state="waking"} 0',
  'dynabase_tenants{state="running"} 0',
  'dynabase_tenants{state="suspending"} 0',
  'dynabase_tenants{state="failed"} 0',
  'dynabase_tenants{state="archiving"} 0',
  'dynabase_tenants{state="deleting"} 0',
  '# HELP dynabase_tenants_by_home Tenants by where their data is.',
  '# TYPE dynabase_tenants_by_home gauge',
  'dynabase_tenants_by_home{home="none"} 1',
  'dynabase_tenants_by_home{home="local"} 0',
  'dynabase_tenants_by_home{home="archive"} 0',
  '# HELP dynabase_tenants_by_tier Tenants by tier.',
  '# TYPE dynabase_tenants_by_tier gauge',
  'dynabase_tenants_by_tier{tier="COLD"} 1',
  'dynabase_tenants_by_tier{tier="WARM"} 0',
  'dynabase_tenants_by_tier{tier="HOT"} 0',
  'dynabase_tenants_by_tier{tier="PERSISTENT"} 0',
  '# HELP dynabase_prewarms_total Wakes ahead of people, by whether somebody came.',
  '# TYPE dynabase_prewarms_total counter',
  'dynabase_prewarms_total{outcome="hit"} 12',
  'dynabase_prewarms_total{outcome="miss"} 3',
  '# HELP dynabase_prewarms_wasted_seconds_total How long nobody came to wakes ahead.',
  '# TYPE dynabase_prewarms_wasted_seconds_total counter',
  'dynabase_prewarms_wasted_seconds_total 900.5',
  '# HELP dynabase_husks Empty databases made ahead: how many are ready, and how many are to be.',
  '# TYPE dynabase_husks gauge',
  'dynabase_husks{state="ready"} 4',
  'dynabase_husks{state="kept"} 5',
  '# HELP dynabase_decisions_total Decisions by kind.',
  '# TYPE dynabase_decisions_total counter',
  'dynabase_decisions_total{kind="tier"} 4',
  'dynabase_decisions_total{kind="prewarm"} 15',
  'dynabase_decisions_total{kind="size"} 0',
  'dynabase_decisions_total{kind="anomaly"} 0',
  'dynabase_decisions_total{kind="policy"} 0',
  '# HELP dynabase_levels_bytes Bytes of all tenants as last measured.',
  '# TYPE dynabase_levels_bytes gauge',
  'dynabase_levels_bytes{level="L3"} 300',
  'dynabase_levels_bytes{level="L4"} 40',
  '# HELP dynabase_page_reads_total Reads of 8 kB pages by the level that served them.',
  '# TYPE dynabase_page_reads_total counter',
  'dynabase_page_reads_total{level="L1"} 7',
  'dynabase_page_reads_total{level="L2"} 2',
  'dynabase_page_reads_total{level="L3"} 1',
  '# HELP dynabase_wakes_total Wakes by the level that the files came from.',
  '# TYPE dynabase_wakes_total counter',
  'dynabase_wakes_total{from="L2"} 0',
  'dynabase_wakes_total{from="L3"} 5',
  'dynabase_wakes_total{from="L4"} 6',
  '# HELP dynabase_unsaved_since_timestamp_seconds Since when the oldest change is in no snapshot; 0 if all are.',
  '# TYPE dynabase_unsaved_since_timestamp_seconds gauge',
  'dynabase_unsaved_since_timestamp_seconds 1700000000.5',
  '# HELP dynabase_sessions Sessions with a proven password by state.',
  '# TYPE dynabase_sessions gauge',
  'dynabase_sessions{state="bound"} 0',
  'dynabase_sessions{state="pinned"} 1',
  'dynabase_sessions{state="parked"} 1',
  'dynabase_sessions{state="waiting"} 0',
  '# HELP dynabase_pinned_sessions Sessions that cannot be parked.',
  '# TYPE dynabase_pinned_sessions gauge',
  'dynabase_pinned_sessions{reason="temporary objects"} 1',
  'dynabase_pinned_sessions{reason="cursor WITH HOLD"} 0',
  'dynabase_pinned_sessions{reason="advisory lock"} 0',
  'dynabase_pinned_sessions{reason="sequence value"} 0',
  'dynabase_pinned_sessions{reason="open transaction"} 0',
  'dynabase_pinned_sessions{reason="COPY"} 0',
  'dynabase_pinned_sessions{reason="statement too large"} 0',
  'dynabase_pinned_sessions{reason="prepared in a batch"} 0',
  'dynabase_pinned_sessions{reason="session authorization"} 0',
  'dynabase_pinned_sessions{reason="state unknown"} 0',
  '',
];
