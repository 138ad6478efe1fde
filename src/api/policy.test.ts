import { afterEach, beforeEach, expect, test } from 'vitest';
import type { DecisionView } from '../control/control.ts';
import { hours, later, ms, timestamp } from '../domain/units.ts';
import { InjectedApi } from '../testing/injected-api.ts';

const START = '2030-01-01T00:00:00.000Z';

let api: InjectedApi;

beforeEach(async () => {
  api = await InjectedApi.open();
  await api.create('acme');
});

afterEach(() => api.close());

const change = (payload: object) => api.ask('PATCH', '/v1/tenants/acme', { payload });

test('the policy explains a tenant, times as text and lengths of time with their unit', async () => {
  const now = api.clock.wall();
  const { control } = api;
  control.policyView = {
    ...control.policyView,
    tier: { because: 'it was busy for 4 h', next: { tier: 'HOT', probability: 0.72 } },
    residency: {
      level: 'L1',
      until: later(now, hours(1)),
      awakeAt: later(now, hours(14)),
      because: 'somebody comes back',
      chanceInHour: 0.4,
    },
    nextDecisionAt: later(now, hours(1)),
    nextWindow: { from: later(now, hours(14)), to: later(now, hours(22)), chance: 0.83 },
    metrics: { ...control.policyView.metrics, peakHours: [9, 14], datasetSize: 0.12 },
    prewarms: { hits: 12, misses: 1, wasted: ms(60_000.4) },
    anomalies: [{ at: now, severity: 'warning', text: 'ten times the queries' }],
    advice: [{ kind: 'plan-up', text: 'plan starter', change: { plan: 'starter' } }],
    adviceToCustomer: [],
  };
  const { status, body } = await api.ask('GET', '/v1/tenants/acme/policy');
  expect({ status, body }).toEqual({
    status: 200,
    body: {
      tenant: 'tn_000000000001',
      name: 'acme',
      tier: {
        ...{ tier: 'COLD', since: START, because: 'it was busy for 4 h', override: null },
        next: { tier: 'HOT', probability: 0.72 },
      },
      residency: {
        ...{ level: 'L1', because: 'somebody comes back', chanceInHour: 0.4 },
        until: '2030-01-01T01:00:00.000Z',
        awakeAt: '2030-01-01T14:00:00.000Z',
      },
      nextDecisionAt: '2030-01-01T01:00:00.000Z',
      nextWindow: {
        ...{ from: '2030-01-01T14:00:00.000Z', to: '2030-01-01T22:00:00.000Z', chance: 0.83 },
      },
      metrics: {
        ...{ queryCount: 0, queriesPerMinute: 0, peakHours: [9, 14], queryComplexity: 'simple' },
        ...{ datasetSizeGb: 0.12, cacheHitRatio: null, activeHoursPerDay: 0 },
        ...{ consistencyScore: 0, growth: 'steady' },
      },
      prewarms: { hits: 12, misses: 1, wastedMs: 60_000 },
      anomalies: [{ at: START, severity: 'warning', text: 'ten times the queries' }],
      advice: [{ kind: 'plan-up', text: 'plan starter', change: { plan: 'starter' } }],
    },
  });
});

test('a chosen tier is an override with an end, and auto takes it back', async () => {
  const chosen = await change({ tier: 'HOT', tierUntil: '2030-01-08T01:00:00+01:00' });
  expect(chosen.body).toMatchObject({
    tier: 'HOT',
    tierSince: START,
    override: { tier: 'HOT', until: '2030-01-08T00:00:00.000Z', by: 'operator' },
  });
  const forGood = await change({ tier: 'WARM' });
  expect(forGood.body.override).toEqual({ tier: 'WARM', until: null, by: 'operator' });
  const back = await change({ tier: 'auto' });
  expect(back.body).toMatchObject({ tier: 'WARM', override: null });
});

test.each([
  [{ tier: 'HOT', tierUntil: '2029-12-31T00:00:00Z' }, 'which is past'],
  [{ tierUntil: '2030-12-31T00:00:00Z' }, 'needs a "tier"'],
  [{ tier: 'auto', tierUntil: '2030-12-31T00:00:00Z' }, 'needs a "tier"'],
  [{ tier: 'LUKEWARM' }, 'must be one of COLD, WARM, HOT, PERSISTENT, auto'],
  [{ tier: 'HOT', tierUntil: 'tomorrow' }, 'must be a time'],
])('%j is refused', async (payload, why) => {
  const { status, body } = await change(payload);
  expect([status, body.code]).toEqual([400, 'BAD_REQUEST']);
  expect(body.detail).toContain(why);
  expect((await api.ask('GET', '/v1/tenants/acme')).body.override).toBe(null);
});

test('a plan is changed by itself', async () => {
  expect((await change({ plan: 'professional' })).body).toMatchObject({
    ...{ plan: 'professional', tier: 'COLD', override: null },
  });
});

test('a consent says when, and who told it', async () => {
  const { body } = await change({ consent: true });
  expect(body.consent).toEqual({ at: START, by: 'operator' });
  expect((await change({ consent: false })).body.consent).toBe(null);
});

test('decisions come page by page with their inputs, and are taken again when asked for', async () => {
  const decided = (at: number): DecisionView => ({
    decision: {
      at: timestamp(at),
      ...{ kind: 'tier', from: 'WARM', to: 'HOT', because: 'it was busy' },
      inputs: { queries: 250, hours: [9, 10], of: { people: 3 } },
    },
    replay: { isSame: true, rulesChanged: false, says: 'HOT, since it was busy' },
  });
  api.control.decisions = [decided(3_000), decided(2_000), decided(1_000)];
  const first = (await api.ask('GET', '/v1/tenants/acme/decisions?limit=2&replay=true')).body;
  expect(first.next).toBe('1970-01-01T00:00:02.000Z');
  expect(first.decisions[0]).toEqual({
    at: '1970-01-01T00:00:03.000Z',
    ...{ kind: 'tier', from: 'WARM', to: 'HOT', because: 'it was busy' },
    inputs: { queries: 250, hours: [9, 10], of: { people: 3 } },
    replay: { isSame: true, rulesChanged: false, says: 'HOT, since it was busy' },
  });
  const last = (await api.ask('GET', `/v1/tenants/acme/decisions?before=${first.next}`)).body;
  expect([last.decisions.length, last.next]).toEqual([1, null]);
  expect(api.control.calls.slice(-2)).toEqual(['decisions acme again', 'decisions acme']);
});

test('the policy is shown, checked, and set as a preset, as JSON or as text', async () => {
  expect((await api.ask('GET', '/v1/policy')).body).toEqual({
    ...{ source: 'preset adaptive', preset: 'adaptive', file: null, residency: 'adaptive' },
    husks: { ready: 4, kept: 5, wantedLastHour: 3, isFixed: false },
    ...{ valueOfSecond: 0.002, costShare: null, prewarms: { hits: 0, misses: 0, wastedMs: 0 } },
  });
  const set = (payload: object) => api.ask('PUT', '/v1/policy', { payload });
  const checked = await set({ preset: 'vision', dryRun: true });
  expect([checked.status, checked.body.file]).toEqual([200, null]);
  const file = { preset: 'vision', archiveAfter: '7d' };
  await set({ preset: 'vision' });
  await set({ file });
  const text = await set({ file: '{ "archiveAfter": null }' });
  expect(text.body.file).toBe('{ "archiveAfter": null }');
  expect(api.control.calls.slice(-4)).toEqual([
    'check policy {"preset":"vision"}',
    'set policy {"preset":"vision"}',
    `set policy ${JSON.stringify(file)}`,
    'set policy { "archiveAfter": null }',
  ]);
});

test.each([
  [{}, 'one of the fields "preset" and "file"'],
  [{ preset: 'vision', file: '{}' }, 'one of the fields "preset" and "file"'],
  [{ file: [] }, '"file" in the body must'],
  [{ present: 'vision' }, 'not known: "present"'],
])('a policy %j is refused', async (payload, why) => {
  const { status, body } = await api.ask('PUT', '/v1/policy', { payload });
  expect([status, body.code]).toEqual([400, 'BAD_REQUEST']);
  expect(body.detail).toContain(why);
});

test('a policy that cannot be used is told with its field', async () => {
  api.control.failNext('BAD_POLICY', { why: 'tiers.HOT must be an object' });
  const { status, body } = await api.ask('PUT', '/v1/policy', { payload: { file: '{}' } });
  expect([status, body.code, body.detail]).toEqual([
    400,
    'BAD_POLICY',
    'the policy cannot be used: tiers.HOT must be an object',
  ]);
});
