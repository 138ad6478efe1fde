import { expect, test } from 'vitest';
import type { Caller } from '../../sdk/index.ts';
import { type PlanTerms, planRefusal } from './plan-rule.ts';

const caller = (role: Caller['role'], kind: 'operator' | 'customer' = 'customer') =>
  ({ role, readOnly: false, scope: { kind } }) as Caller;

const terms = (change: Partial<PlanTerms> = {}): PlanTerms => ({
  ...{ caller: caller('admin'), own: 'starter', open: ['professional'], ...change },
});

test('up to what is paid for, whoever may change it chooses', () => {
  expect(planRefusal('free', terms({ caller: caller('operator') }))).toBeNull();
  expect(planRefusal('starter', terms({ caller: caller('operator') }))).toBeNull();
});

test('more is chosen by who may pay, where the operator lets customers choose it', () => {
  expect(planRefusal('professional', terms())).toBeNull();
  expect(planRefusal('professional', terms({ caller: caller('billing') }))).toBeNull();
  expect(planRefusal('professional', terms({ caller: caller('operator') }))).toContain('role');
  expect(planRefusal('enterprise', terms())).toContain('ask there');
});

test('an operator gives any', () => {
  const ours = terms({ caller: caller('operator', 'operator'), own: undefined });
  expect(planRefusal('enterprise', ours)).toBeNull();
});
