import { afterEach, beforeEach, expect, test } from 'vitest';
import { ms, timestamp } from '../../domain/units.ts';
import { InjectedApi } from '../../testing/injected-api.ts';
import { SESSION_VIEWS } from '../../testing/session-views.ts';

let api: InjectedApi;

beforeEach(async () => {
  api = await InjectedApi.open();
  await api.create('acme');
});

afterEach(() => api.close());

async function scrape(accept = 'text/plain'): Promise<{ type: unknown; lines: readonly string[] }> {
  const headers = { authorization: 'Bearer the-admin-key', accept };
  const { headers: told, body } = await api.app.inject({ url: '/metrics', headers });
  return { type: told['content-type'], lines: body.split('\n') };
}

test('metrics are for the holder of the key', async () => {
  const { statusCode, body } = await api.app.inject({ url: '/metrics' });
  expect([statusCode, JSON.parse(body).code]).toEqual([401, 'KEY_MISSING']);
});

test('what there is now is told in the format of Prometheus', async () => {
  api.control.sessionViews = SESSION_VIEWS;
  api.control.totals = { ...api.control.totals, l2: null, l3: 300, l4: 40 };
  api.control.unsavedSince = timestamp(1_700_000_000_500);
  const prewarms = { hits: 12, misses: 3, wasted: ms(900_500) };
  api.control.fleetPolicy = { ...api.control.fleetPolicy, prewarms };
  const { type, lines } = await scrape();
  expect(type).toBe('text/plain; version=0.0.4; charset=utf-8');
  for (const line of [
    '# HELP dynabase_tenants Tenants by state.',
    '# TYPE dynabase_tenants gauge',
    'dynabase_tenants{state="suspended"} 1',
    'dynabase_tenants_by_tier{tier="COLD"} 1',
    'dynabase_levels_bytes{level="L3"} 300',
    'dynabase_unsaved_since_timestamp_seconds 1700000000.5',
    'dynabase_sessions{state="pinned"} 1',
    'dynabase_pinned_sessions{reason="temporary objects"} 1',
    '# TYPE dynabase_prewarms_total counter',
    'dynabase_prewarms_total{outcome="hit"} 12',
    'dynabase_prewarms_wasted_seconds_total 900.5',
    'dynabase_kpi{kpi="enterprise-cold-starts",unit="count"} 0',
    'dynabase_kpi_target{kpi="cold-start-p95",unit="seconds"} 2',
  ]) {
    expect(lines).toContain(line);
  }
  // What cannot be measured here has no sample.
  expect(lines.filter((line) => line.includes('level="L2"} '))).toEqual([
    'dynabase_page_reads_total{level="L2"} 0',
  ]);
});

test('who asks for OpenMetrics gets it, to its end', async () => {
  const { type, lines } = await scrape('application/openmetrics-text; version=1.0.0');
  expect(type).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8');
  expect(lines.slice(-2)).toEqual(['# EOF', '']);
  expect(lines).toContain('# TYPE dynabase_prewarms counter');
  expect(lines).toContain('dynabase_prewarms_total{outcome="hit"} 0');
});

test('requests are counted by what they asked for and how they were answered', async () => {
  await api.ask('GET', '/v1/tenants/acme');
  await api.ask('GET', '/v1/tenants/nobody');
  await api.ask('GET', '/v1/nothing');
  const { lines } = await scrape();
  for (const line of [
    'dynabase_http_requests_total{operation="getTenant",status="200"} 1',
    'dynabase_http_requests_total{operation="getTenant",status="404"} 1',
    'dynabase_http_requests_total{operation="unknown",status="404"} 1',
    'dynabase_faults_total{code="TENANT_UNKNOWN"} 1',
    'dynabase_faults_total{code="NOT_FOUND"} 1',
    'dynabase_http_request_seconds_bucket{method="GET",le="+Inf"} 3',
    'dynabase_http_request_seconds_count{method="GET"} 3',
  ]) {
    expect(lines).toContain(line);
  }
});

test('the figures of the product are shown with what they are to be, and where a page is', async () => {
  const { status, body } = await api.ask('GET', '/v1/kpis');
  expect(status).toBe(200);
  expect(body.kpis).toHaveLength(26);
  expect(body.kpis[0]).toEqual({
    ...{ name: 'compute-cost', area: 'technical', title: 'Cost of computing a tenant a month' },
    ...{ plan: null, value: null, unit: 'dollars', target: { is: 'below', value: 5 }, isMet: null },
    measured: 'what all tenants have cost by the price book in force, by tenant',
    why: 'cost and revenue are not reckoned',
  });
  expect((await api.ask('GET', '/v1/tenants/acme/status-link')).body).toEqual({ path: null });
});
