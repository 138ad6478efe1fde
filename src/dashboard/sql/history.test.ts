import { expect, test } from 'vitest';
import { historyOf, type Ran, remember } from './history.ts';

function shelf() {
  const kept = new Map<string, string>();
  return {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
  };
}

const ran = (sql: string, at = 1): Ran => ({ sql, at, ms: 1, rows: 1, isFailed: false });

test('the latest comes first, the same again stands there once, each database has its own', () => {
  const at = shelf();
  for (const [index, sql] of ['a', 'b', 'a'].entries()) remember(at, 'tn_1', ran(sql, index));
  remember(at, 'tn_2', ran('c'));
  expect(historyOf(at, 'tn_1').map(({ sql }) => sql)).toEqual(['a', 'b']);
  expect(historyOf(at, 'tn_2').map(({ sql }) => sql)).toEqual(['c']);
});

test('it is bounded, and what cannot be read or kept does no harm', () => {
  const at = shelf();
  for (let n = 0; n < 150; n += 1) remember(at, 'tn_1', ran(`select ${n}`));
  expect(historyOf(at, 'tn_1')).toHaveLength(100);
  at.setItem('sql-history-tn_1', '{"not": "a list"');
  expect(historyOf(at, 'tn_1')).toEqual([]);
  const full = {
    getItem: () => null,
    setItem: () => {
      throw new Error('quota exceeded');
    },
  };
  expect(remember(full, 'tn_1', ran('x'))).toHaveLength(1);
});
