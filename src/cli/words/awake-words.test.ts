import { expect, test } from 'vitest';
import type { AwakeList, AwakeTime, Why } from '../../contract/awake/awake.ts';
import { memoryOutput } from '../../testing/fake-world.ts';
import { awakeText, momentText, whyText } from './awake-words.ts';
import { styleFor } from './style.ts';
import { widthOf, wrapped } from './width.ts';

const NOW = Date.parse('2026-11-23T18:02:29Z');

const STYLE = styleFor(memoryOutput(), {});

const cost = (amount: string) => ({ amount, currency: 'USD' });

const LONG = 'role app from 2001:db8:1234:5678:9abc:def0:1234:5678 (a rather long name) read data';

const NOBODY = { role: null, applicationName: null, address: null } as const;

const KEPT = {
  ...{ from: '2026-11-23T18:00:00Z', to: '2026-11-23T18:02:00Z', kind: 'work' as const },
  ...{ says: LONG, ...NOBODY, cost: null },
};

const TIME: AwakeTime = {
  ...{ from: '2026-11-22T09:12:00.000Z', to: null, lengthMs: 2_040_000, level: 'L3' },
  ...{ wakeMs: 23, waited: 2, ended: null, cost: cost('0.000412') },
  cause: { kind: 'session', says: LONG, ...NOBODY, statement: 'read', by: null },
  kept: [KEPT],
  used: { memoryByteSeconds: '1', cpuUs: '1', writtenBytes: '1', sentBytes: '1' },
};

const SUM = { lengthMs: 2_040_000, cost: cost('0.00000000041') };

const WHY: Why = {
  ...{ tenant: 'tn_4f9k2m0q7x1z', name: 'shop', isAwake: true, isCut: false },
  says: [`Awake since 09:12 UTC (34 min), because ${LONG}.`, 'It woke from L3 in 23 ms.'],
  ...{ last: TIME, sleepsAt: null, since: '2026-11-16T18:02:29Z' },
  total: { wakes: 3, ...SUM },
  causes: [
    { kind: 'session', role: 'app', applicationName: 'web', by: null, wakes: 1, ...SUM },
    { kind: 'operator', role: null, applicationName: null, by: 'key "ci"', wakes: 2, ...SUM },
  ],
  reasons: [{ kind: 'pin', ...SUM, lengthMs: 1_020_000 }],
};

const FLEET: AwakeList = {
  awake: 7,
  tenants: [
    {
      ...{ tenant: 'tn_4f9k2m0q7x1z', name: 'n'.repeat(63), from: TIME.from, lengthMs: 5_000 },
      ...{ cause: TIME.cause, kept: KEPT, cost: null },
    },
  ],
};

const widest = (text: string): number => Math.max(...text.split('\n').map(widthOf));

test.each([80, 100, 160])('the answer fits a terminal of %i columns', (columns) => {
  const text = whyText(WHY, [TIME], { now: NOW, columns, style: STYLE });
  expect(widest(text)).toBeLessThanOrEqual(columns);
  expect(text).toContain('11-22 09:12');
  expect(text.includes('1 day 8 h ago')).toBe(columns >= 100);
  expect(text).toContain('$0.00041');
  expect(text).toContain('<$0.000001');
  expect(text).toMatch(/ 2 +34 min +100 % +<\$0\.000001 +the API: key "ci"/);
  expect(text).toMatch(/17 min +50 % .*sessions that cannot be parked/);
});

test('who is awake: both texts share what is left, and how many there are besides is told', () => {
  const text = awakeText(FLEET, 120, STYLE);
  expect(widest(text)).toBeLessThanOrEqual(120);
  expect(text).toContain('7 are awake in all');
  expect(awakeText({ awake: 0, tenants: [] }, 80, STYLE)).toBe('nothing is awake');
});

test('a moment is as short as it may be', () => {
  const at = (moment: string): string => momentText(moment, NOW);
  expect([
    at('2026-11-23T00:05:59Z'),
    at('2026-01-02T03:04:05Z'),
    at('2025-12-31T23:59:59Z'),
  ]).toEqual(['00:05', '01-02 03:04', '2025-12-31 23:59']);
});

test('a sentence is broken between words, and never within one', () => {
  expect(wrapped('one two three', 7)).toBe('one two\nthree');
  expect(wrapped('incomprehensible word', 7)).toBe('incomprehensible\nword');
});
