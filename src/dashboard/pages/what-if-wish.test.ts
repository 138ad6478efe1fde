import { expect, test } from 'vitest';
import { FIRST_CHOICE, IDLE_MS, wishOf } from './what-if-wish.ts';

test('only what was chosen is asked about', () => {
  expect(wishOf(FIRST_CHOICE, undefined)).toEqual({ days: 14, idleMs: 300_000 });
  expect(wishOf({ ...FIRST_CHOICE, kind: 'tier', days: 7 }, 'acme')).toEqual({
    ...{ tenant: 'acme', days: 7, tier: 'HOT' },
  });
  expect(wishOf({ ...FIRST_CHOICE, kind: 'plan' }, 'acme')).toMatchObject({ plan: 'professional' });
  expect(wishOf({ ...FIRST_CHOICE, kind: 'policy' }, 'acme')).toMatchObject({
    policy: 'always-on',
  });
});

test('the slider of idle times goes up, within what the server takes', () => {
  expect(IDLE_MS.toSorted((a, b) => a - b)).toEqual(IDLE_MS);
  expect([IDLE_MS[0], IDLE_MS.at(-1)]).toEqual([10_000, 86_400_000]);
});
