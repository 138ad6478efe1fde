import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Api, openApi } from '../api/listen.ts';
import type { DecisionView } from '../control/control.ts';
import type { DecisionKind } from '../domain/decision.ts';
import { hours, later, minutes } from '../domain/units.ts';
import { VirtualClock } from '../sim/virtual-clock.ts';
import { fakeWorld, memoryOutput } from '../testing/fake-world.ts';
import { memoryApiParts } from '../testing/memory-api.ts';
import { MemoryControl } from '../testing/memory-control.ts';
import { buildProgram, runProgram } from './program.ts';
import { decisionsText } from './words/decision-words.ts';
import { styleFor } from './words/style.ts';
import { widthOf } from './words/width.ts';

const COLUMNS_MAX = 80;

let clock: VirtualClock;
let control: MemoryControl;
let api: Api;

beforeEach(async () => {
  clock = new VirtualClock();
  control = new MemoryControl(clock);
  api = await openApi({
    ...(await memoryApiParts({ clock, control })),
    host: '127.0.0.1',
    port: 0,
  });
  await control.createTenant({ name: 'acme' });
});

afterEach(() => api.close());

async function dynabase(...args: readonly string[]) {
  const world = fakeWorld({
    fetch: globalThis.fetch,
    files: {
      '/home/me/.dynabase/server.json': JSON.stringify({ apiUrl: `http://127.0.0.1:${api.port}` }),
      '/home/me/.dynabase/api-key': 'key\n',
      'rules.json': '{ "archiveAfter": "7d" }\n',
      'large.json': ' '.repeat(40_000),
    },
  });
  const program = buildProgram({ world, version: '1', up: () => Promise.resolve() });
  const status = await runProgram(program, args, world);
  return { status, out: world.stdout.text(), err: world.stderr.text() };
}

const outOf = async (...args: readonly string[]): Promise<string> => (await dynabase(...args)).out;

function decided(kind: DecisionKind, ago: number, because: string): DecisionView {
  const at = later(clock.wall(), minutes(-ago));
  const isTier = kind === 'tier';
  return {
    decision: {
      ...{ at, kind, because, inputs: { queries: 250 } },
      ...{ from: isTier ? 'WARM' : null, to: isTier ? 'HOT' : null },
    },
    replay: isTier
      ? { isSame: false, rulesChanged: true, says: 'WARM, since 240 queries are wanted' }
      : null,
  };
}

describe('the tier and the plan of a tenant', () => {
  test('are chosen for a time, for good, and given back', async () => {
    expect(await outOf('set-tier', 'acme', 'hot', '--until', '2h')).toBe(
      'acme is HOT now, and suspended, until 2030-01-01T02:00:00.000Z\n',
    );
    const at = ['set-tier', 'acme', 'WARM', '--until', '2030-02-01', '--json'];
    expect(JSON.parse(await outOf(...at)).override).toEqual({
      ...{ tier: 'WARM', until: '2030-02-01T00:00:00.000Z', by: 'operator' },
    });
    expect(await outOf('show', 'acme')).toMatch(/^chosen {6}by the operator, ends in 31 days$/m);
    expect(await outOf('set-tier', 'acme', 'cold')).toBe('acme is COLD now, and suspended\n');
    expect(await outOf('show', 'acme')).toMatch(/^chosen .*, until it is taken back$/m);
    expect(await outOf('set-tier', 'acme', 'auto')).toBe(
      'acme is COLD now, and suspended; the policy chooses from now on\n',
    );
    expect(await outOf('set-plan', 'acme', 'Starter')).toBe(
      'acme has plan starter now, and tier COLD\n',
    );
  });

  test('a consent is noted, shown, and taken back', async () => {
    expect(await outOf('tenants', 'consent', 'acme')).toBe(
      'the customer of acme agrees to less than PERSISTENT; it is COLD now\n',
    );
    const shown = await outOf('tenants', 'show', 'acme');
    expect(shown).toMatch(/^consent +to less than PERSISTENT, told by the operator /m);
    expect(await outOf('tenants', 'consent', 'acme', '--revoke')).toContain('does not agree');
    expect(await outOf('tenants', 'show', 'acme')).not.toContain('consent');
  });

  test.each([
    [['set-tier', 'acme', 'auto', '--until', '2h'], 'option --until: needs a tier'],
    [['set-tier', 'acme', 'HOT', '--until', 'soon'], 'is neither a length of time'],
    [['set-tier', 'acme', 'HOT', '--until', '2029-01-01'], 'which is past [BAD_REQUEST]'],
    [['set-plan', 'acme', 'gold'], 'is not one of free, starter, professional, enterprise'],
    [['decisions', 'acme', '--kind', 'mood'], 'is not one of tier, prewarm, size, anomaly'],
    [['decisions', 'acme', '--limit', '0'], 'is not a whole number from 1'],
  ])('%j is refused', async (args, why) => {
    const { status, err } = await dynabase(...args);
    expect([status, err]).toEqual([1, expect.stringContaining(why)]);
  });
});

test('a tenant is explained: its tier, where it is kept, what comes next, and why', async () => {
  const now = clock.wall();
  control.policyView = {
    tier: { because: 'busy in each of the last 4 h', next: { tier: 'HOT', probability: 0.724 } },
    residency: {
      level: 'L3',
      until: later(now, hours(13)),
      awakeAt: later(now, hours(13)),
      because: 'nobody comes at night',
      chanceInHour: 0.021,
    },
    nextDecisionAt: later(now, hours(13)),
    nextWindow: { from: later(now, hours(14)), to: later(now, hours(22)), chance: 0.83 },
    metrics: {
      ...{ queryCount: 3_120, queriesPerMinute: 2.2, peakHours: [9, 14] },
      ...{ queryComplexity: 'moderate', datasetSize: 0.1234, cacheHitRatio: 0.991 },
      ...{ activeHoursPerDay: 8.25, consistencyScore: 0.91, growth: 'growing' },
    },
    prewarms: { hits: 12, misses: 3, wasted: minutes(40) },
    anomalies: [{ at: later(now, hours(-2)), severity: 'critical', text: 'a runaway poller' }],
    advice: [
      { kind: 'plan-up', text: 'plan starter saves 3 s a day', change: { plan: 'starter' } },
    ],
    adviceToCustomer: [],
  };
  expect((await outOf('tenants', 'show', 'acme')).split('\n').slice(4, 20)).toEqual([
    'tier         COLD: busy in each of the last 4 h',
    'tier since   just now',
    'tier soon    HOT, with 72 %',
    'kept         asleep at L3, for 13 h more, awake ahead of somebody in 13 h',
    'because      nobody comes at night',
    'next hour    somebody comes with 2 %',
    'next use     in 14 h, for 8 h, with 83 %',
    'looked at    in 13 h',
    'use          3,120 moderate queries in 24 h; most at 9, 14 h UTC; 8.3 h a day, 91 % regular',
    'data         0.123 GB, growing; 99.1 % read from memory',
    'woken ahead  12 of 15 were of use, 40 min for nobody',
    'unusual      critical: a runaway poller, 2 h ago',
    'advice       plan starter saves 3 s a day',
    'take it      dynabase set-plan acme starter',
    'plan         free',
    'sessions     0',
  ]);
  const told = JSON.parse(await outOf('show', 'acme', '--json'));
  expect([told.name, told.policy.residency.level]).toEqual(['acme', 'L3']);
});

describe('decisions of a tenant', () => {
  test('are a table within 80 columns, of one kind where that is asked for', async () => {
    expect(await outOf('decisions', 'acme')).toBe('no decisions\n');
    const long = 'it was active in each of the last 4 hours, with 250 queries';
    control.decisions = [decided('tier', 5, long), decided('prewarm', 90, 'somebody is expected')];
    const out = await outOf('decisions', 'acme');
    expect(out).toBe(
      [
        'WHEN            KIND     CHANGE       BECAUSE',
        '5 min ago       tier     WARM to HOT  it was active in each of the last 4 hours…',
        '1 h 30 min ago  prewarm  -            somebody is expected',
        '',
      ].join('\n'),
    );
    for (const line of out.split('\n')) expect(widthOf(line)).toBeLessThanOrEqual(COLUMNS_MAX);
    const decisions = JSON.parse(await outOf('decisions', 'acme', '--json'));
    const wide = { decisions, now: clock.wall(), columns: 120 };
    expect(decisionsText(wide, styleFor(memoryOutput(), {}))).toContain(`WARM to HOT  ${long}\n`);
    const json = await outOf('decisions', 'acme', '--kind', 'prewarm', '--json');
    expect(JSON.parse(json).map(({ kind }: { kind: string }) => kind)).toEqual(['prewarm']);
  });

  test('beyond a page are fetched until there are enough', async () => {
    const all = Array.from({ length: 250 }, (_, i) =>
      decided(i < 240 ? 'anomaly' : 'tier', i, 'so'),
    );
    control.decisions = all;
    const json = await outOf('decisions', 'acme', '--kind', 'tier', '--limit', '2', '--json');
    expect(JSON.parse(json)).toHaveLength(2);
    expect(control.calls.filter((call) => call.startsWith('decisions'))).toHaveLength(3);
  });

  test('are taken again, with what was looked at', async () => {
    control.decisions = [
      decided('tier', 5, 'it was busy'),
      decided('anomaly', 6, 'it asked far more than ever'),
    ];
    expect(await outOf('decisions', 'acme', '--replay')).toBe(
      [
        '5 min ago  tier  WARM to HOT',
        '  because  it was busy',
        '  inputs   {"queries":250}',
        '  again    another, by rules that have changed since: WARM, since 240 queries are wanted',
        '',
        '6 min ago  anomaly  -',
        '  because  it asked far more than ever',
        '  inputs   {"queries":250}',
        '  again    cannot be taken again',
        '',
      ].join('\n'),
    );
  });
});

describe('the policy in force', () => {
  test('is shown, as a preset and as a file', async () => {
    control.fleetPolicy = {
      ...control.fleetPolicy,
      costShare: 0.0479,
      prewarms: { hits: 3, misses: 0, wasted: minutes(0) },
    };
    const shown = [
      'policy           preset adaptive',
      "residency        adaptive: a tenant's own habit says how long it is kept awake",
      'a second waited  is worth 0.00200',
      'cost             4.7 % of always being awake',
      'woken ahead      3 of 3 were of use',
      'husks            4 of 5 ready, by what is expected; 3 wanted in the last hour',
    ];
    expect(await outOf('policy', 'show')).toBe(`${shown.join('\n')}\n`);
    control.rules = { text: '{ "archiveAfter": "7d" }\n', preset: 'machine' };
    const file = await outOf('policy', 'show');
    expect(file).toMatch(/^policy +file\nbegins with +preset machine\n/);
    expect(file.endsWith('\n\n{ "archiveAfter": "7d" }\n')).toBe(true);
  });

  test('is set to a preset or a file, or only tried', async () => {
    expect(await outOf('policy', 'set', 'vision', '--dry-run')).toBe(
      'it could be set; in force is preset adaptive\n',
    );
    expect(await outOf('policy', 'set', 'rules.json')).toBe('in force now: file\n');
    expect(control.calls.slice(-2)).toEqual([
      'check policy {"preset":"vision"}',
      'set policy { "archiveAfter": "7d" }\n',
    ]);
  });

  test('stays where there is no such file, or one that is no policy', async () => {
    expect((await dynabase('policy', 'set', 'visio')).err).toBe(
      'error: there is no file visio, and no preset; there are machine, railway, vision, adaptive, always-on, demo [BAD_REQUEST]\n',
    );
    expect((await dynabase('policy', 'set', 'large.json')).err).toContain('is too large');
    control.failNext('BAD_POLICY', { why: 'preset must be "machine"' });
    expect((await dynabase('policy', 'set', 'rules.json')).err).toContain('[BAD_POLICY]');
  });
});
