import { expect, test } from 'vitest';
import { columnsIn, namespaceOf, written } from './completions.ts';
import type { SchemaTable } from './schema.ts';

const column = (name: string, type: string) => ({
  ...{ name, type, notNull: false, default: null, generated: false, labels: null, baseType: null },
});

const table = (schema: string, name: string, columns: SchemaTable['columns']): SchemaTable => ({
  ...{ schema, name, columns, kind: 'table', rows: 1, bytes: 0, key: [], indexes: [] },
});

const TABLES = [
  table('public', 'notes', [column('id', 'integer'), column('body', 'text')]),
  table('shop', 'orders', [column('id', 'integer'), column('placedAt', 'timestamptz')]),
  table('My.Schema', 'user', [column('order', 'text')]),
];

test('tables of every schema are offered, those of another than public with it', () => {
  const offered = namespaceOf(TABLES);
  expect(Object.keys(offered)).toEqual([
    ...['shop\\.orders', 'My\\.Schema\\.user', 'public', 'shop', 'My\\.Schema'],
  ]);
  expect(offered['shop\\.orders']).toMatchObject({
    self: { label: 'shop.orders', apply: 'shop.orders' },
  });
  expect(offered['My\\.Schema\\.user']).toMatchObject({
    self: { apply: '"My.Schema"."user"' },
  });
});

test('columns are offered of tables that a statement names, wherever it does', () => {
  const labels = (sql: string) => columnsIn(sql, TABLES).map(({ label }) => label);
  expect(labels('select | from shop.ORDERS o')).toEqual(['id', 'placedAt']);
  expect(labels('select | from notes join shop.orders using (id)')).toEqual([
    ...['id', 'body', 'placedAt'],
  ]);
  expect(labels('select 1 from "Notes"')).toEqual([]);
  expect(columnsIn('table orders', TABLES)[1]).toEqual({
    ...{
      label: 'placedAt',
      type: 'property',
      detail: 'orders · timestamptz',
      boost: 2,
      apply: '"placedAt"',
    },
  });
});

test('a name is in quotes where it must be', () => {
  expect(['notes', 'Notes', 'a b', 'order', 'größe', '1a', 'a"b'].map(written)).toEqual([
    ...['notes', '"Notes"', '"a b"', '"order"', 'größe', '"1a"', '"a""b"'],
  ]);
});
