import { expect, test } from 'vitest';
import { minutes } from '../domain/units.ts';
import { PRESETS } from '../policy/rules.ts';
import { fixedKeepAlive } from './baseline-simple.ts';
import { runFleet } from './fleet.ts';
import { parseFleet } from './fleet-file.ts';
import { fixedRules, rulesNamed } from './fleet-rules.ts';
import { replay } from './replay.ts';
import { scoreOf } from './score.ts';
import { makeFleet } from './synthetic.ts';

const MIXED = JSON.stringify({
  days: 4,
  seed: 3,
  groups: [
    { kind: 'people', tenants: 12, utcOffset: [-8, 0, 9], sessionsPerDay: 4 },
    { kind: 'office', tenants: 6, sessionsPerDay: 8 },
    { kind: 'timer', tenants: 4, everyMinutes: 20, jitterSeconds: 400 },
    { kind: 'burst', tenants: 3, perMonth: 20 },
    { kind: 'dead', tenants: 5, perMonth: 100 },
  ],
});

const mixed = makeFleet(parseFleet(MIXED, 'mixed'));

const parts = { seed: 1, tell: () => {} };

test('replay and orchestrator agree on every cold start of a fixed policy, and all promises are kept', async () => {
  const run = await runFleet(mixed, { ...parts, rules: fixedRules(minutes(15)) });
  const score = scoreOf(replay(mixed, fixedKeepAlive(15 * 60)));
  expect(run.violations).toEqual([]);
  expect(run.requests).toBe(score.requests);
  expect(run.cold).toBeGreaterThan(100);
  expect(Math.abs(run.coldRate / score.coldRate - 1)).toBeLessThan(0.01);
  expect([run.waitP50, run.waitP99]).toEqual([0, 60]);
});

const ofDays = (days: number, group: object) =>
  makeFleet(parseFleet(JSON.stringify({ days, groups: [group] }), 'few'));

test('the promises are kept under the learned policy too, with tiers, levels and the archive', async () => {
  const people = { kind: 'people', tenants: 1, sessionsPerDay: 2, eventsPerSession: 2 };
  const run = await runFleet(ofDays(2, people), { ...parts, rules: PRESETS.adaptive });
  expect(run.violations).toEqual([]);
  expect(run.returns).toBeGreaterThan(run.cold);
});

test('a timer learned by the policy finds its compute awake, which is not always', async () => {
  const timer = { kind: 'timer', tenants: 1, everyMinutes: 90 };
  const run = await runFleet(ofDays(2, timer), { ...parts, rules: PRESETS.adaptive });
  expect([run.violations, run.returns > 15, run.cold]).toEqual([[], true, 0]);
  // Below its budget the fleet may stay awake longer than the timer needs.
  expect(run.awakeMean).toBeLessThan(1);
});

test('the orchestrator runs by names that it has rules for', () => {
  expect(rulesNamed('vision')).toBe(PRESETS.vision);
  expect(rulesNamed('fixed:1.5h').tiers.COLD.idleAfter).toBe(minutes(90));
  for (const name of ['hybrid:4h', 'fixed:0m', 'fixed:5', '']) {
    expect(() => rulesNamed(name)).toThrow('the orchestrator knows no policy');
  }
});
