import { expect, test } from 'vitest';
import { FIRST_TIER, PLANS, TIERS } from '../domain/tier.ts';
import { hours } from '../domain/units.ts';
import { rankOf } from './plan-terms.ts';
import { PRESETS } from './rules.ts';
import { parseRules } from './rules-file.ts';
import { rulesFor } from './rules-tenants.ts';

const rules = parseRules(
  JSON.stringify({
    preset: 'vision',
    plans: { starter: { limits: { cpuPercent: 150, memoryMb: 3_000 } } },
    tenants: {
      'acme-*': { floor: 'HOT', tiers: { HOT: { idleAfter: '8h', size: { workMemKb: 999 } } } },
      'acme-big': { ceiling: 'PERSISTENT', tiers: { HOT: { size: { sharedBuffersMb: 512 } } } },
      '*-idle': { ceiling: 'COLD', tiers: { WARM: { limits: { cpuPercent: 300 } } } },
    },
  }),
);

test('a tenant without rows of its own has the rules of all', () => {
  expect(rulesFor(rules, { name: 'beta', plan: 'free' })).toBe(rules);
});

test('all rows that match a tenant apply, later ones over earlier ones', () => {
  const { tiers, plans } = rulesFor(rules, { name: 'acme-big', plan: 'free' });
  const { HOT } = rules.tiers;
  expect(tiers).toEqual({
    ...rules.tiers,
    HOT: {
      ...HOT,
      idleAfter: hours(8),
      size: { ...HOT.size, workMemKb: 999, sharedBuffersMb: 512 },
    },
  });
  expect(plans.free).toEqual({ ...rules.plans.free, floor: 'HOT', ceiling: 'PERSISTENT' });
});

test('what is said of a tenant wins over its plan, whose other end gives way', () => {
  expect(rulesFor(rules, { name: 'acme-1', plan: 'free' }).plans.free).toMatchObject({
    floor: 'HOT',
    ceiling: 'HOT',
  });
  expect(rulesFor(rules, { name: 'a-idle', plan: 'starter' }).plans.starter).toMatchObject({
    floor: 'COLD',
    ceiling: 'COLD',
  });
  const { plans } = rulesFor(rules, { name: 'acme-idle', plan: 'starter' });
  for (const plan of PLANS) expect(rankOf(plans[plan].floor)).toBeLessThanOrEqual(0);
});

test('the limits of a plan hold in all tiers, but where a row says otherwise', () => {
  const cpus = (name: string) => {
    const { tiers } = rulesFor(rules, { name, plan: 'starter' });
    return TIERS.map((tier) => tiers[tier].limits.cpuPercent);
  };
  expect(cpus('beta')).toEqual([100, 150, 150, 150]);
  expect(cpus('b-idle')).toEqual([100, 300, 150, 150]);
});

test('the same tenant has the same object, until the rules are others', () => {
  const acme = { name: 'acme-1', plan: 'starter' } as const;
  expect(rulesFor(rules, acme)).toBe(rulesFor(rules, { ...acme, name: 'acme-2' }));
  expect(rulesFor(rules, acme)).not.toBe(rulesFor({ ...rules }, acme));
});

test('in every preset the floor of a plan is not above its ceiling', () => {
  for (const { plans } of Object.values(PRESETS)) {
    for (const plan of PLANS) {
      expect(rankOf(plans[plan].floor)).toBeLessThanOrEqual(rankOf(plans[plan].ceiling));
    }
  }
});

test('where plans bound tiers, a new tenant begins at the floor of its plan', () => {
  const floors = PLANS.map((plan) => PRESETS.vision.plans[plan].floor);
  expect(floors).toEqual(PLANS.map((plan) => FIRST_TIER[plan]));
});
