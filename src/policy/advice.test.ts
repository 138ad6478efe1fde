import { describe, expect, test } from 'vitest';
import { type AdviceFacts, adviceFor, PRICES } from './advice.ts';

const facts = (changed: Partial<AdviceFacts> = {}): AdviceFacts => ({
  metrics: {
    queryCount: 2_000,
    queriesPerMinute: 10,
    peakHours: [9, 10],
    queryComplexity: 'simple',
    datasetSize: 1,
    cacheHitRatio: 0.97,
    activeHoursPerDay: 5,
    consistencyScore: 0.8,
    growth: 'steady',
  },
  tier: 'WARM',
  plan: 'starter',
  ceiling: 'PERSISTENT',
  lacksConsent: false,
  seen: { coldStarts: 5, waited: 2, returns: 100, returnsAfterDay: 8, wake: 0.4 },
  prices: PRICES,
  ...changed,
});

const kinds = (changed: Partial<AdviceFacts>): readonly string[] =>
  adviceFor(facts(changed)).map(({ kind }) => kind);

test('who is served well is advised nothing', () => {
  expect(adviceFor(facts())).toEqual([]);
});

test('a PERSISTENT that is paid for and hardly used is no longer kept if the customer agrees', () => {
  const seen = { coldStarts: 0, waited: 0, returns: 20, returnsAfterDay: 1, wake: 0.3 };
  const paid = { plan: 'enterprise', tier: 'PERSISTENT', lacksConsent: true, seen } as const;
  const [advice] = adviceFor(facts({ ...paid })).filter(({ kind }) => kind === 'consent');
  expect(advice).toMatchObject({ money: -15, change: { consent: true } });
  expect(advice?.says).toBe(
    'Tier HOT would do, for about $15 less of machine a month and no more waiting, if its customer agrees',
  );
  expect(kinds({ ...paid, lacksConsent: false })).not.toContain('consent');
  expect(kinds({ ...paid, tier: 'HOT' })).not.toContain('consent');
});

describe('a plan', () => {
  const waits = { coldStarts: 200, waited: 300, returns: 220, returnsAfterDay: 9, wake: 1.5 };

  test('is raised to the cheapest that spares most of the waiting, with its price', () => {
    const [advice] = adviceFor(facts({ seen: waits }));
    expect(advice).toMatchObject({ kind: 'plan-up', money: 15, change: { plan: 'professional' } });
    expect(advice?.waiting).toBeCloseTo(-286.5);
    expect(advice?.says).toBe(
      'In 30 days 200 queries waited 5 min for the database to start; plan professional would save 5 min of that, for $15 more a month',
    );
  });

  test('is not raised where that would change nothing', () => {
    expect(kinds({ seen: waits, plan: 'enterprise', tier: 'PERSISTENT' })).not.toContain('plan-up');
    const daily = { ...waits, returnsAfterDay: 200 };
    expect(adviceFor(facts({ seen: daily }))[0]?.says).toMatch(/plan enterprise/);
  });

  test('is lowered for who hardly comes, and not for who would wait then', () => {
    const quiet = { ...facts().metrics, activeHoursPerDay: 0.5 };
    const seen = { coldStarts: 0, waited: 0, returns: 20, returnsAfterDay: 4, wake: 0.3 };
    const hot = { plan: 'professional', tier: 'HOT', metrics: quiet } as const;
    expect(adviceFor(facts({ ...hot, seen }))[0]).toMatchObject({ kind: 'plan-down', money: -15 });
    expect(kinds({ ...hot, seen: { ...seen, returns: 500 } })).not.toContain('plan-down');
  });

  test('stays where it is once the advice was taken', () => {
    const after = { ...waits, coldStarts: 9, waited: 13 };
    expect(kinds({ plan: 'professional', tier: 'HOT', seen: after })).not.toContain('plan-down');
  });
});

describe('with the prices of a book', () => {
  const prices = {
    ...PRICES,
    ...{ currency: 'EUR', plansCurrency: 'EUR', areReal: true },
    tiers: { COLD: 0.01, WARM: 0.05, HOT: 0.5, PERSISTENT: 1.25 },
  };
  const waits = { coldStarts: 200, waited: 300, returns: 220, returnsAfterDay: 9, wake: 1.5 };

  test('its operator is told what a plan would cost and leave, its customer what it would pay', () => {
    const [advice] = adviceFor(facts({ seen: waits, prices }));
    expect(advice?.tells).toMatch(/, for 15 EUR more a month$/);
    expect(advice?.says).toBe(
      `${advice?.tells}; it would cost about 0.50 EUR a month to run, a margin of 98 %`,
    );
    const other = { ...prices, plansCurrency: 'USD' };
    expect(adviceFor(facts({ seen: waits, prices: other }))[0]?.says).toMatch(
      /EUR a month to run$/,
    );
  });

  test('what a tier costs us is not told to its customer', () => {
    const seen = { coldStarts: 0, waited: 0, returns: 20, returnsAfterDay: 1, wake: 0.3 };
    const paid = { plan: 'enterprise', tier: 'PERSISTENT', lacksConsent: true, seen } as const;
    const [advice] = adviceFor(facts({ ...paid, prices })).filter(({ kind }) => kind === 'consent');
    expect(advice?.says).toMatch(/^Tier HOT would do, for about 0.75 EUR less of machine a month/);
    expect(advice?.tells).toBe('Tier HOT would do, with no more waiting, if you agree');
  });
});

describe('a tier', () => {
  test('is raised when the waiting is worth more than the machine', () => {
    const seen = { coldStarts: 900, waited: 1_000, returns: 900, returnsAfterDay: 0, wake: 1 };
    const [advice] = adviceFor(facts({ plan: 'professional', tier: 'WARM', seen }));
    expect(advice).toMatchObject({ kind: 'plan-up' });
    const enterprise = adviceFor(facts({ plan: 'enterprise', tier: 'WARM', seen }));
    expect(enterprise[0]).toMatchObject({ kind: 'tier-up', money: 3, waiting: -1_000 });
    expect(enterprise[0]).toMatchObject({ change: { tier: 'HOT' }, isInPlan: true });
    const [beyond] = adviceFor(facts({ plan: 'enterprise', tier: 'WARM', ceiling: 'WARM', seen }));
    expect(beyond?.isInPlan).toBe(false);
  });

  test('is lowered when nobody would wait for it, but never below the plan', () => {
    const seen = { coldStarts: 0, waited: 0, returns: 40, returnsAfterDay: 3, wake: 0.3 };
    expect(kinds({ plan: 'starter', tier: 'HOT', seen })).toEqual(['tier-down']);
    expect(kinds({ plan: 'professional', tier: 'HOT', seen })).toEqual([]);
  });
});

describe('a cache', () => {
  const ratio = (cacheHitRatio: number | null) =>
    adviceFor(facts({ metrics: { ...facts().metrics, cacheHitRatio } }))[0]?.says ?? null;

  test('is grown by what it lacks', () => {
    expect(ratio(0.5)).toMatch(/Only 50 % .* four times the cache/);
    expect(ratio(0.85)).toMatch(/Only 85 % .* twice the cache/);
    expect(ratio(0.95)).toBeNull();
    expect(ratio(null)).toBeNull();
  });
});
