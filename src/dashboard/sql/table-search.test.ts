import { expect, test } from 'vitest';
import { databaseTab } from '../search.ts';
import type { SchemaTable } from './schema.ts';
import { moves, sortedBy, viewOf } from './table-search.ts';

const column = (name: string, type: string) => ({
  ...{ name, type, notNull: false, default: null, generated: false, labels: null, baseType: null },
});

const table: SchemaTable = {
  ...{ schema: 'public', name: 'notes', kind: 'table', rows: 5, bytes: 0, indexes: [] },
  columns: [column('id', 'integer'), column('body', 'text'), column('data', 'json')],
  key: ['id'],
};

const shown = [
  ['1', null, null],
  ['2', 'b', null],
];

test('a link says what is shown; what it says of columns that are gone is left out', () => {
  const search = databaseTab({
    ...{ sort: 'body', order: 'desc', column: 'id', how: 'above', value: 7, page: 3 },
    behind: [null, '2'],
  });
  expect(viewOf(search, table)).toEqual({
    place: { kind: 'behind', anchor: [null, '2'] },
    sort: { column: 'body', isDescending: true },
    filter: { column: 'id', how: 'above', value: '7' },
  });
  const old = databaseTab({ sort: 'gone', column: 'gone', how: 'like', behind: [7], page: -1 });
  expect(viewOf(old, table)).toEqual({ place: { kind: 'start' }, sort: null, filter: null });
  expect(viewOf(databaseTab({ sort: 'data' }), table).sort).toBeNull();
});

test('one goes on behind the last row, and back before the first', () => {
  const at = (search: Record<string, unknown>, isMore = true) =>
    moves(databaseTab(search), table, { shown, isMore });
  expect(at({ sort: 'body' })).toMatchObject({
    ...{ page: 1, back: null },
    next: { behind: ['b', '2'], before: undefined, page: 2 },
  });
  expect(at({ behind: ['9'], page: 3 }, false)).toMatchObject({
    next: 'This is the last page.',
    back: { before: ['1'], behind: undefined, page: 2 },
  });
  expect(at({ behind: ['9'], page: 2 }).back).toEqual({
    ...{ before: undefined, behind: undefined, page: undefined },
  });
});

test('without a key pages are counted', () => {
  const keyless = { ...table, key: [] };
  const search = databaseTab({ page: 3 });
  expect(viewOf(search, keyless).place).toEqual({ kind: 'counted', pages: 2 });
  const { next, back } = moves(search, keyless, { shown, isMore: true });
  expect([next, back]).toMatchObject([{ page: 4 }, { page: 2 }]);
});

test('what is too long for a URL is not gone on from', () => {
  const long = [['2', 'x'.repeat(2_000), null]];
  const { next } = moves(databaseTab({ sort: 'body' }), table, { shown: long, isMore: true });
  expect(next).toContain('too long');
});

test('a column is sorted by up, then down, then not', () => {
  expect(sortedBy('id', null)).toEqual({ sort: 'id', order: undefined });
  expect(sortedBy('id', { column: 'id', isDescending: false }).order).toBe('desc');
  expect(sortedBy('id', { column: 'id', isDescending: true }).sort).toBeUndefined();
});
