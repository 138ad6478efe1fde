import fc from 'fast-check';
import { expect, test } from 'vitest';
import { moment, momentOrNull } from './moment.ts';

test('a moment is written as a Date writes it, whatever was written before', () => {
  const time = fc.integer({ min: -62_000_000_000_000, max: 8.64e15 });
  fc.assert(
    fc.property(fc.array(time, { minLength: 1 }), (times) => {
      expect(times.map(moment)).toEqual(times.map((at) => new Date(at).toISOString()));
    }),
  );
  expect(moment(1_700_000_000_123.9)).toBe('2023-11-14T22:13:20.123Z');
  expect(() => moment(Number.NaN)).toThrow(RangeError);
  expect(momentOrNull(null)).toBeNull();
});
