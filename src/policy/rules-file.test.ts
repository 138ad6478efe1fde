import { expect, test } from 'vitest';
import { hours, minutes } from '../domain/units.ts';
import { PRESET_NAMES, PRESETS } from './rules.ts';
import { parseRules, presetOfFile } from './rules-file.ts';

test('an empty policy is the preset that holds without one, a name alone the preset of that name', () => {
  expect(parseRules('{}')).toEqual(PRESETS.adaptive);
  expect(presetOfFile('{}')).toBe('adaptive');
  for (const preset of PRESET_NAMES) {
    const text = JSON.stringify({ preset });
    expect(parseRules(text)).toEqual(PRESETS[presetOfFile(text)]);
    expect(presetOfFile(text)).toBe(preset);
  }
});

test('every section replaces what it names', () => {
  const { vision } = PRESETS;
  const rules = parseRules(
    JSON.stringify({
      preset: 'vision',
      tierRules: { window: '2h', warmToHot: { queriesOver: 50 }, timeInTierMin: { HOT: '8h' } },
      plans: {
        free: { ceiling: 'HOT', limits: { cpuPercent: 50 }, sla: { queryP95Under: '250ms' } },
      },
      residency: {
        mode: 'adaptive',
        budgetPercent: 10,
        valueOfSecond: 0.001,
        levels: Object.fromEntries(
          ['L1', 'L2', 'L3', 'L4'].map((level) => [level, { costPerSecond: 1, wakeSeconds: 0.02 }]),
        ),
        awakeAtLeast: { HOT: '1h', COLD: null },
        coldest: { WARM: 'L4' },
      },
      tenants: { 'acme-*': { floor: 'HOT', sla: { uptimePercent: 99.99 } } },
      visitors: [{ role: 'checker', class: 'monitor' }],
    }),
  );
  const { tierRules, plans, residency } = vision;
  expect(rules).toEqual({
    ...vision,
    tierRules: {
      ...tierRules,
      window: hours(2),
      warmToHot: { ...tierRules.warmToHot, queriesOver: 50 },
      timeInTierMin: { ...tierRules.timeInTierMin, HOT: hours(8) },
    },
    plans: {
      ...plans,
      free: {
        ...plans.free,
        ceiling: 'HOT',
        limits: { ...plans.free.limits, cpuPercent: 50 },
        sla: { ...plans.free.sla, queryP95Under: 250 },
      },
    },
    residency: {
      mode: 'adaptive',
      budgetPercent: 10,
      valueOfSecond: 0.001,
      levels: ['L1', 'L2', 'L3', 'L4'].map((level) => ({
        level,
        costPerSecond: 1,
        wakeSeconds: 0.02,
      })),
      awakeAtLeast: { ...residency.awakeAtLeast, HOT: hours(1), COLD: null },
      coldest: { ...residency.coldest, WARM: 'L4' },
    },
    tenants: [
      { match: 'acme-*', floor: 'HOT', ceiling: null, sla: { uptimePercent: 99.99 }, tiers: {} },
    ],
    visitors: [expect.objectContaining({ class: 'monitor' }), ...vision.visitors],
  });
});

test('what is given replaces what the preset has, field by field', () => {
  const rules = parseRules(
    JSON.stringify({
      archiveAfter: '7d',
      snapshotEvery: null,
      tiers: {
        HOT: { idleAfter: '1.5h', size: { sharedBuffersMb: 64 }, limits: { cpuPercent: null } },
      },
    }),
  );
  const { HOT } = PRESETS.machine.tiers;
  expect(rules).toEqual({
    ...PRESETS.adaptive,
    archiveAfter: hours(7 * 24),
    snapshotEvery: null,
    tiers: {
      ...PRESETS.machine.tiers,
      HOT: {
        ...HOT,
        idleAfter: minutes(90),
        size: { ...HOT.size, sharedBuffersMb: 64 },
        limits: { ...HOT.limits, cpuPercent: null },
      },
    },
  });
});

test.each([
  ['{', 'the file is not JSON'],
  ['[]', 'the policy must be an object'],
  ['{"preset": "mine"}', 'preset must be "machine", "railway", "vision"'],
  ['{"archiveafter": "1h"}', 'has no field "archiveafter"'],
  ['{"tiers": {"LUKEWARM": {}}}', 'has no field "LUKEWARM"'],
  [
    '{"tiers": {"HOT": {"size": {"sharedBuffersMb": 0}}}}',
    'tiers.HOT.size.sharedBuffersMb must be',
  ],
  ['{"tiers": {"HOT": {"limits": {"memoryMb": "1"}}}}', 'tiers.HOT.limits.memoryMb must be'],
  ['{"tiers": {"HOT": {"descentTakes": null}}}', 'tiers.HOT.descentTakes must be a time'],
  ['{"archiveAfter": "0s"}', 'archiveAfter must be a time'],
  ['{"archiveAfter": "99999d"}', 'archiveAfter must be a time'],
  ['{"tiers": {"HOT": {"__proto__": {}}}}', 'has no field "__proto__"'],
  ['{"__proto__": {}}', 'has no field "__proto__"'],
  ['{"tiers": {"HOT": {"idleAfter": "0.5s"}}}', 'tiers.HOT.idleAfter must be a time'],
  ['{"tiers": {"HOT": {"size": {"connectionsMax": 0}}}}', 'HOT.size.connectionsMax must be'],
  ['{"tierRules": {"window": "30s"}}', 'tierRules.window must be a minute or more'],
  ['{"tierRules": {"automatic": 1}}', 'tierRules.automatic must be true or false'],
  ['{"tierRules": {"warmToHot": {"quartersMin": 5}}}', 'tierRules.warmToHot.quartersMin must be'],
  ['{"tierRules": {"hotToPersistent": {"days": 8}}}', 'hotToPersistent must not have more "days"'],
  ['{"tierRules": {"persistentToHot": {"queriesUnder": 501}}}', 'tierRules must not have'],
  ['{"tierRules": {"timeInTierMin": {"WARM": "0s"}}}', 'timeInTierMin.WARM must be a time'],
  ['{"plans": {"gold": {}}}', 'plans has no field "gold"'],
  [
    '{"preset": "vision", "plans": {"free": {"floor": "HOT"}}}',
    'plans.free must not have floor HOT above ceiling WARM',
  ],
  ['{"plans": {"free": {"ceiling": "LUKEWARM"}}}', 'plans.free.ceiling must be "COLD", "WARM"'],
  ['{"plans": {"free": {"sla": {"uptimePercent": 101}}}}', 'plans.free.sla.uptimePercent must be'],
  ['{"plans": {"free": {"limits": {"memoryMb": -1}}}}', 'plans.free.limits.memoryMb must be'],
  ['{"residency": {"budgetPercent": 0}}', 'residency.budgetPercent must be'],
  ['{"residency": {"mode": "wild"}}', 'residency.mode must be "fixed", "adaptive"'],
  ['{"residency": {"valueOfSecond": "dear"}}', 'residency.valueOfSecond must be "auto"'],
  ['{"residency": {"levels": {"L1": {"costPerSecond": 1}}}}', 'levels.L1.wakeSeconds must be'],
  ['{"residency": {"awakeAtLeast": {"HOT": "0s"}}}', 'residency.awakeAtLeast.HOT must be a time'],
  ['{"tenants": {"Acme": {}}}', 'tenants.Acme must be a name'],
  ['{"tenants": {"a": {"floor": "HOT", "ceiling": "COLD"}}}', 'tenants.a must not have floor HOT'],
  ['{"tenants": {"a": {"tiers": {"HOT": {"idleAfter": 5}}}}}', 'tenants.a.tiers.HOT.idleAfter'],
  ['{"tenants": {"a": {"sla": {"queryP95Under": "0ms"}}}}', 'tenants.a.sla.queryP95Under'],
  ['{"visitors": {}}', 'visitors must be a list'],
])('%s is refused: %s', (text, why) => {
  expect(() => parseRules(text)).toThrowError(
    expect.objectContaining({ code: 'BAD_POLICY', message: expect.stringContaining(why) }),
  );
});
