import { expect, test } from 'vitest';
import { advisedPlan, promises } from './plan-words.ts';

test('a recommendation can be accepted where it names one other plan', () => {
  expect(advisedPlan('Plan professional would spare you 4 min a month', 'starter')).toBe(
    'professional',
  );
  expect(advisedPlan('It is in use for 1 h a day; plan free would do', 'starter')).toBe('free');
  expect(advisedPlan('plan starter or plan professional would do', 'free')).toBeNull();
  expect(advisedPlan('feel free to do nothing', 'starter')).toBeNull();
});

test('a promise is told as people say it', () => {
  const free = { coldStarts: 'allowed', coldStartUnderMs: 5_000, uptimePercent: null } as const;
  expect(promises({ ...free, queryP95UnderMs: 500 })).toEqual([
    'The first query after a pause waits (under 5 s)',
    '19 of 20 queries within 500 ms',
    'Uptime: best effort',
  ]);
  const never = { coldStarts: 'never', coldStartUnderMs: 100, uptimePercent: 99.9 } as const;
  expect(promises({ ...never, queryP95UnderMs: 10 })[0]).toBe('No query ever waits');
});
