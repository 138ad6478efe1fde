import { expect, test } from 'vitest';
import type { ReplayJob } from '../control/economics/what-if-desk.ts';
import { PRESETS } from '../policy/rules.ts';
import { tenantNumber, utc } from '../testing/ledger-rows.ts';
import { replayed } from './what-if.ts';

const HOUR = 3_600;
const WORLD = { rules: PRESETS.vision, valueOfSecond: null };

/** A minute of work at each full hour of a week, and one at ten past. */
const starts = Array.from({ length: 168 }, (_, at) => [at * HOUR, at * HOUR + 600]).flat();

const job = (...rules: ReplayJob['rules'][number][]): ReplayJob => ({
  ...{ from: utc('2026-11-02'), seconds: 168 * HOUR },
  tenants: [
    { id: tenantNumber(1), tier: 'COLD', starts, ends: starts.map((start) => start + 60) },
    { id: tenantNumber(2), tier: 'HOT', starts: [HOUR], ends: [HOUR + 60] },
  ],
  rules: rules as unknown as ReplayJob['rules'],
});

test('a fixed idle time is replayed to the second: awake as long, and a cold start where the pause is longer', () => {
  const [short = [], long = []] = replayed(job({ idleMs: 60_000 }, { idleMs: 900_000 }), WORLD);
  // Two minutes each time, once in two that follow each other within the quarter of an hour.
  expect(short[0]).toMatchObject({ coldStarts: 335, awakeSeconds: 336 * 120 });
  expect(long[0]).toMatchObject({ coldStarts: 167, awakeSeconds: 168 * (600 + 60 + 900) });
  expect(short[0]?.waitedMs).toBeGreaterThan(long[0]?.waitedMs ?? 0);
  expect(short[1]).toMatchObject({ coldStarts: 0, awakeSeconds: 120 });
});

test('a tier that never sleeps is awake all of the time, and nobody waits', () => {
  const [now = [], then = []] = replayed(job({}, { tier: 'PERSISTENT' }), WORLD);
  expect(then[0]).toEqual({ coldStarts: 0, waitedMs: 0, awakeSeconds: 168 * HOUR });
  expect(now[0]?.awakeSeconds).toBeLessThan(168 * HOUR);
});

test('rules that learn are replayed by the residency of the policy itself, and trade waiting for money', () => {
  const thrifty = { rules: PRESETS.adaptive, valueOfSecond: 1e-9 };
  const lavish = { rules: PRESETS.adaptive, valueOfSecond: 1 };
  const [few = []] = replayed(job({}), thrifty);
  const [many = []] = replayed(job({}), lavish);
  expect(few[0]?.awakeSeconds ?? 0).toBeLessThan(many[0]?.awakeSeconds ?? 0);
  expect(few[0]?.coldStarts ?? 0).toBeGreaterThan(many[0]?.coldStarts ?? 0);
});

test('a policy that there is not is named', () => {
  expect(() => replayed(job({ policy: 'none' }), WORLD)).toThrow(/there is no policy "none"/);
});

test('a policy file is replayed as it says, and one that says nonsense is refused', () => {
  const file = JSON.stringify({ preset: 'vision', tiers: { COLD: { idleAfter: '2h' } } });
  const [now = [], then = []] = replayed(job({}, { policyFile: file }), WORLD);
  expect(then[0]?.coldStarts).toBeLessThan(now[0]?.coldStarts ?? 0);
  expect(() => replayed(job({ policyFile: '{"tires":{}}' }), WORLD)).toThrow(/tires/);
});
