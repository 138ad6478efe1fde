import { expect, test } from 'vitest';
import { POLICY_PRESETS } from '../contract/limits.ts';
import { PRESET_NAMES } from '../policy/rules.ts';

test('the contract knows the presets of the policy', () => {
  expect(POLICY_PRESETS).toEqual(PRESET_NAMES);
});
