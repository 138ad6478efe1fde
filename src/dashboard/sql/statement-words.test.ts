import { expect, test } from 'vitest';
import { brief, lineOf } from './statement-words.ts';

test.each([
  [0, '0 ms'],
  [0.0001, '1 µs'],
  [0.00817, '8 µs'],
  [0.31, '310 µs'],
  [1.63, '1.63 ms'],
  [61_000, '1 min 1 s'],
])('%d ms is told as %s', (ms, words) => {
  expect(brief(ms)).toBe(words);
});

test('a statement of many lines is one line, and no longer than a row is wide', () => {
  expect(lineOf({ text: '\n select a,\n\tb from t ' })).toBe('select a, b from t');
  expect(lineOf({ text: 'x'.repeat(10_000) })).toHaveLength(300);
});
