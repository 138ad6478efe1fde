import { expect, test } from 'vitest';
import { memoryOutput } from '../../testing/fake-world.ts';
import { closest } from '../options/closest.ts';
import { factsText, tableText } from './layout.ts';
import { styleFor } from './style.ts';
import { cut, widthOf } from './width.ts';
import { agoWords, bytesWords, countWords, inWords, percentWords, spanWords } from './words.ts';

const plain = styleFor(memoryOutput(), {});

test.each([
  [0, '0 ms'],
  [340.4, '340 ms'],
  [1_000, '1 s'],
  [61_000, '1 min 1 s'],
  [3_600_000, '1 h'],
  [11_520_000, '3 h 12 min'],
  [90_000_000, '1 day 1 h'],
  [200_000_000, '2 days 7 h'],
])('%i ms is said as %s', (ms, words) => {
  expect(spanWords(ms)).toBe(words);
});

test('a moment is told from now', () => {
  const now = Date.UTC(2030, 0, 1);
  expect(agoWords('2029-12-31T23:55:00.000Z', now)).toBe('5 min ago');
  expect(agoWords('2030-01-01T00:00:00.500Z', now)).toBe('just now');
  expect(inWords('2030-01-01T00:00:30.000Z', now)).toBe('in 30 s');
  expect(inWords('2029-12-31T00:00:00.000Z', now)).toBe('now');
});

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1_000, '0.98 kB'],
  [1_536, '1.50 kB'],
  [31_457_280, '30.0 MB'],
  [1_023 * 1_024 ** 2, '1.00 GB'],
  [104_857_600, '100 MB'],
  [2 ** 50 * 5_000, '5000 PB'],
])('%i bytes are said as %s', (bytes, words) => {
  expect(bytesWords(bytes)).toBe(words);
});

test('what is nearly enough is not said as enough', () => {
  expect([1, 0.99999, 0.8999, 0.29, 0.125, 0].map((part) => percentWords(part))).toEqual([
    ...['100.0 %', '99.9 %', '89.9 %', '29.0 %', '12.5 %', '0.0 %'],
  ]);
  expect([percentWords(0.9, 0), countWords(12_345_678), countWords(123)]).toEqual([
    ...['90 %', '12,345,678', '123'],
  ]);
});

test('what is cut keeps to its width, and what fits is whole', () => {
  expect(['abcdef', 'abcdefg', '漢字漢字', 'ab   cdef'].map((text) => cut(text, 6))).toEqual([
    ...['abcdef', 'abcde…', '漢字…', 'ab…'],
  ]);
});

test('width counts columns, not letters', () => {
  expect(['abc', 'é', 'e\u0301', '漢字', '🙂', '\u001b[31mred\u001b[39m'].map(widthOf)).toEqual([
    3, 1, 1, 4, 2, 3,
  ]);
});

test('columns of a table are as wide as their widest cell', () => {
  const columns = [{ head: 'NAME' }, { head: 'N', align: 'right' }] as const;
  expect(
    tableText(
      columns,
      [
        ['漢字', '10'],
        ['a', '9'],
      ],
      plain,
    ),
  ).toBe(['NAME   N', '漢字  10', 'a      9'].join('\n'));
});

test('facts are aligned', () => {
  expect(
    factsText(
      [
        ['a', '1'],
        ['long', '2'],
      ],
      plain,
    ),
  ).toBe('a     1\nlong  2');
});

test('colours are for terminals that want them', () => {
  const red = (tty: boolean, env: Record<string, string>) =>
    styleFor(memoryOutput(tty), env).red('x');
  expect(red(true, {})).toBe('\u001b[31mx\u001b[39m');
  expect([red(false, {}), red(true, { NO_COLOR: '1' }), red(true, { TERM: 'dumb' })]).toEqual([
    'x',
    'x',
    'x',
  ]);
});

test('a slip of the fingers finds what was meant, another word does not', () => {
  expect(closest('proxyprt', ['proxyPort', 'apiPort'])).toBe('proxyPort');
  expect(closest('colour', ['proxyPort', 'apiPort'])).toBeUndefined();
  expect(closest('x', [])).toBeUndefined();
});
