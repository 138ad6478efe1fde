import { expect, test } from 'vitest';
import { hours, minutes } from '../domain/units.ts';
import { PRESETS } from './rules.ts';
import { parseRules } from './rules-file.ts';

test('an empty policy is the preset for one machine', () => {
  expect(parseRules('{}')).toEqual(PRESETS.machine);
  expect(parseRules('{"preset": "railway"}')).toEqual(PRESETS.railway);
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
    ...PRESETS.machine,
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
])('%s is refused: %s', (text, why) => {
  expect(() => parseRules(text)).toThrowError(
    expect.objectContaining({ code: 'BAD_POLICY', message: expect.stringContaining(why) }),
  );
});
