import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  byMonth,
  computeUnits,
  effectiveQuota,
  monthStart,
  NOTHING_USED,
  nextMonth,
  passed,
  raisedIn,
} from './quota.ts';
import { later, ms, timestamp } from './units.ts';

const at = (text: string) => timestamp(Date.parse(text));

test('a month begins on its first day in UTC, whatever the length of the one before', () => {
  expect(monthStart(at('2028-02-29T23:59:59.999Z'))).toBe(at('2028-02-01T00:00:00Z'));
  expect(nextMonth(at('2028-02-29T23:59:59.999Z'))).toBe(at('2028-03-01T00:00:00Z'));
  expect(nextMonth(at('2027-12-31T00:00:00Z'))).toBe(at('2028-01-01T00:00:00Z'));
});

test('pieces of a time add up to it, and each is within its month', () => {
  const moment = fc.integer({ min: at('2026-01-01T00:00:00Z'), max: at('2029-01-01T00:00:00Z') });
  fc.assert(
    fc.property(moment, fc.integer({ min: 0, max: 100 * 86_400_000 }), (from, length) => {
      const to = later(timestamp(from), ms(length));
      const pieces = byMonth(timestamp(from), to);
      expect(pieces.reduce((sum, piece) => sum + piece.length, 0)).toBe(length);
      expect(new Set(pieces.map(({ month }) => month)).size).toBe(pieces.length);
      for (const { month, length: part } of pieces) {
        expect(part).toBeLessThanOrEqual(nextMonth(month) - month);
      }
    }),
  );
});

test('the operator goes before the plan, and the lower of both sides holds', () => {
  const ofPlan = { activeTimeSeconds: { soft: 50, hard: 100 }, sessions: { soft: null, hard: 10 } };
  const operator = { activeTimeSeconds: { soft: null, hard: 200 } };
  const own = {
    activeTimeSeconds: { soft: 20, hard: 150 },
    writtenDataBytes: { soft: 5, hard: null },
  };
  expect(effectiveQuota({ operator, own }, ofPlan)).toEqual({
    activeTimeSeconds: { soft: 20, hard: 150 },
    sessions: { soft: null, hard: 10 },
    writtenDataBytes: { soft: 5, hard: null },
  });
  expect(effectiveQuota({ operator: {}, own: {} })).toEqual({});
});

test('nobody raises what the operator has set', () => {
  const allowed = { activeTimeSeconds: { soft: null, hard: 100 } };
  expect(raisedIn({ activeTimeSeconds: { soft: null, hard: 100 } }, allowed)).toBeUndefined();
  expect(raisedIn({ activeTimeSeconds: { soft: null, hard: 101 } }, allowed)).toBe(
    'activeTimeSeconds',
  );
  expect(raisedIn({ activeTimeSeconds: { soft: 101, hard: null } }, allowed)).toBe(
    'activeTimeSeconds',
  );
  expect(raisedIn({ sessions: { soft: 1, hard: 1_000 } }, allowed)).toBeUndefined();
});

test('a limit is passed by what reaches it; of two grades the hard one counts', () => {
  const usage = { ...NOTHING_USED, activeMs: 100_000, logicalBytes: 5, sessions: 0 };
  const quota = {
    activeTimeSeconds: { soft: 50, hard: 100 },
    logicalSizeBytes: { soft: 5, hard: 6 },
    sessions: { soft: 1, hard: 1 },
  };
  expect(passed(quota, usage)).toEqual([
    { quota: 'activeTimeSeconds', grade: 'hard', limit: 100, used: 100 },
    { quota: 'logicalSizeBytes', grade: 'soft', limit: 5, used: 5 },
  ]);
  expect(passed(quota, { ...usage, activeMs: 49_999, logicalBytes: 4 })).toEqual([]);
});

test('a compute unit is 4 GB of memory', () => {
  expect(computeUnits(1_024)).toBe(0.25);
  expect(computeUnits(8_192)).toBe(2);
  expect(computeUnits(null)).toBe(1);
});
