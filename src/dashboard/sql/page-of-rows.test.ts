import { expect, test } from 'vitest';
import { pageOf } from './page-of-rows.ts';
import type { SchemaTable } from './schema.ts';

const column = (name: string, type: string) => ({
  ...{ name, type, notNull: true, default: null, generated: false, labels: null },
});

const table: SchemaTable = {
  ...{ schema: 'public', name: 'orders', kind: 'table', rows: 5, bytes: 8_192, indexes: [] },
  columns: [column('shop', 'integer'), column('id', 'uuid'), column('note', 'text')],
  key: ['shop', 'id'],
};

test('a page goes on behind the last key, whatever the key is made of', () => {
  const { sql, params } = pageOf(table, { after: ['7', "x' or true --"], filter: null });
  expect(sql).toBe(
    'select t."shop"::text, t."id"::text, left(t."note"::text, 1001) from "public"."orders" t ' +
      'where (t."shop", t."id") > (($1::text)::integer, ($2::text)::uuid) ' +
      'order by t."shop", t."id" limit 101',
  );
  expect(params).toEqual(['7', "x' or true --"]);
});

test('a filter is a parameter, and NULL is asked for as itself', () => {
  const contains = { column: 'note', how: 'contains', value: '%' } as const;
  const { sql, params } = pageOf(table, { after: 0, filter: contains });
  expect(sql).toContain('where strpos(lower(t."note"::text), lower($1::text)) > 0 order by');
  expect(params).toEqual(['%']);
  const none = pageOf(table, { after: 0, filter: { ...contains, how: 'is null' } });
  expect(none).toMatchObject({ params: [] });
  expect(none.sql).toContain('where t."note" is null');
});

test('a table without a key is counted through', () => {
  expect(pageOf({ ...table, key: [] }, { after: 200, filter: null }).sql).toMatch(
    /from "public"\."orders" t limit 101 offset 200$/,
  );
});
