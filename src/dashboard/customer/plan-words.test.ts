import { expect, test } from 'vitest';
import { promises } from './plan-words.ts';

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
