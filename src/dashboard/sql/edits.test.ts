import { expect, test } from 'vitest';
import { type Edit, preview, quoted, rowOf, statementOf } from './edits.ts';

const table = { schema: 'pub"lic', name: 'Orders' };
const id = { name: 'id', type: 'bigint', value: "7'; drop table x; --" };
const note = { name: 'no"te', type: 'text', value: null };

test('values are parameters, whatever stands in them, and names are quoted', () => {
  const edit: Edit = { kind: 'update', table, key: [id], version: '801', set: [note] };
  const { sql, params } = statementOf(edit);
  expect(params).toEqual([null, id.value, '801']);
  expect(sql).toContain(
    'update "pub""lic"."Orders" set "no""te" = ($1::text)::text where "id" = ($2::text)::bigint and xmin::text = $3::text returning 1',
  );
  expect(sql).not.toContain('drop');
  expect(quoted('a"; drop')).toBe('"a""; drop"');
});

test('a statement that does not find one row fails, and with it what it has done', () => {
  expect(statementOf({ kind: 'delete', table, key: [id], version: '801' }).sql).toMatch(
    /^with done as \(delete .* returning 1\) select .*1 \/ \(count\(\*\) = 1\)::int/,
  );
});

test('what will be done can be read before', () => {
  expect(preview({ kind: 'update', table, key: [id], version: '801', set: [note] })).toBe(
    `update "pub""lic"."Orders" set "no""te" = NULL where "id" = '7''; drop table x; --'`,
  );
  expect(preview({ kind: 'insert', table, values: [] })).toBe(
    'insert into "pub""lic"."Orders" default values',
  );
});

test('a row is read by its key, whole, with its version', () => {
  const columns = [id, note];
  expect(rowOf({ ...table, columns }, [id])).toEqual({
    sql:
      'select t."id"::text, t."no""te"::text, t.xmin::text from "pub""lic"."Orders" t ' +
      'where t."id" = ($1::text)::bigint',
    params: [id.value],
  });
});
