import { expect, test } from 'vitest';
import { anchorOf, mayBeSorted, pageOf, type View } from './page-of-rows.ts';
import type { SchemaTable } from './schema.ts';

const column = (name: string, type: string, notNull = true) => ({
  ...{ name, type, notNull, default: null, generated: false, labels: null, baseType: null },
});

const table: SchemaTable = {
  ...{ schema: 'public', name: 'orders', kind: 'table', rows: 5, bytes: 8_192, indexes: [] },
  columns: [column('shop', 'integer'), column('id', 'uuid'), column('note', 'text', false)],
  key: ['shop', 'id'],
};

const view = (change: Partial<View> = {}): View => ({
  ...{ place: { kind: 'start' }, filter: null, sort: null },
  ...change,
});

const up = { column: 'note', isDescending: false };
const down = { column: 'note', isDescending: true };

test('a page goes on behind the last key, whatever the key is made of', () => {
  const place = { kind: 'behind', anchor: ['7', "x' or true --"] } as const;
  const { sql, params } = pageOf(table, view({ place }));
  expect(sql).toBe(
    'select t."shop"::text, t."id"::text, left(t."note"::text, 1001) from "public"."orders" t ' +
      'where (t."shop", t."id") > (($1::text)::integer, ($2::text)::uuid) ' +
      'order by t."shop", t."id" limit 101',
  );
  expect(params).toEqual(['7', "x' or true --"]);
});

test('a page before a row is read backwards', () => {
  const place = { kind: 'before', anchor: ['7', 'x'] } as const;
  expect(pageOf(table, view({ place })).sql).toMatch(
    /where \(t."shop", t."id"\) < \(.*\) order by t."shop" desc, t."id" desc limit 101$/,
  );
});

test('rows are sorted by a column and told apart by the key, NULLs above all values', () => {
  const behind = (anchor: readonly (string | null)[], sort: View['sort']): string =>
    pageOf(table, view({ place: { kind: 'behind', anchor }, sort })).sql.replace(/^.* where /, '');
  const key = '(t."shop", t."id")';
  expect(behind(['n', '7', 'x'], up)).toBe(
    '((t."note", t."shop", t."id") > (($1::text)::text, ($2::text)::integer, ($3::text)::uuid) ' +
      'or t."note" is null) order by t."note", t."shop", t."id" limit 101',
  );
  expect(behind([null, '7', 'x'], up)).toContain(`(t."note" is null and ${key} > (`);
  expect(behind(['n', '7', 'x'], down)).not.toContain('is null');
  expect(behind([null, '7', 'x'], down)).toContain(
    `(t."note" is not null or t."note" is null and ${key} < (`,
  );
  expect(behind(['7', 'x'], { column: 'shop', isDescending: true })).toMatch(
    /^\(t."shop", t."id"\) < \(.*\) order by t."shop" desc, t."id" desc limit 101$/,
  );
  expect(anchorOf(table, ['7', 'x', null], up)).toEqual([null, '7', 'x']);
});

test('what a page is sorted by is read whole', () => {
  expect(pageOf(table, view({ sort: up })).sql).toContain('t."note"::text from');
});

test('a filter is a parameter, and NULL is asked for as itself', () => {
  const contains = { column: 'note', how: 'contains', value: '%' } as const;
  const { sql, params } = pageOf(table, view({ filter: contains }));
  expect(sql).toContain('where strpos(lower(t."note"::text), lower($1::text)) > 0 order by');
  expect(params).toEqual(['%']);
  const none = pageOf(table, view({ filter: { ...contains, how: 'is null' } }));
  expect(none).toMatchObject({ params: [] });
  expect(none.sql).toContain('where t."note" is null');
  const above = pageOf(table, view({ filter: { column: 'shop', how: 'above', value: '7' } }));
  expect(above.sql).toContain('where t."shop" > ($1::text)::integer order by');
});

test('what has no order is not sorted by, and compared as it is written', () => {
  const types = ['json', 'json[]', 'jsonb', 'jsonb[]', 'point', 'xml', 'text', 'integer[]'];
  expect(types.filter((type) => mayBeSorted({ type }))).toEqual([
    ...['jsonb', 'jsonb[]', 'text', 'integer[]'],
  ]);
  const odd = { ...table, columns: [column('data', 'json')], key: [] };
  const filter = { column: 'data', how: 'equals', value: '{}' } as const;
  expect(pageOf(odd, view({ filter })).sql).toContain('where t."data"::text = $1::text');
});

test('a table without a key is counted through, in an order that is the same for every page', () => {
  const place = { kind: 'counted', pages: 2 } as const;
  const keyless: SchemaTable = { ...table, key: [] };
  expect(pageOf(keyless, view({ place })).sql).toMatch(
    /from "public"\."orders" t limit 101 offset 200$/,
  );
  expect(pageOf(keyless, view({ place, sort: down })).sql).toMatch(
    /order by t."note" desc, t.tableoid desc, t.ctid desc limit 101 offset 200$/,
  );
  expect(pageOf({ ...keyless, kind: 'view' }, view({ place, sort: up })).sql).toContain(
    'order by t."note", t::text limit',
  );
});
