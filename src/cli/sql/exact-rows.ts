/** Answers in which JSON came as text, with that text read: its numbers are written as they stand in the database. */
import { exactJson } from '../../contract/exact-json.ts';
import type { QueryResult } from '../../contract/inside/query.ts';
import { JSON_OIDS } from './type-oids.ts';

/** Rows as arrays or as objects, in which the last of columns of one name is told. */
export function exactRows({ columns, rows }: Pick<QueryResult, 'columns' | 'rows'>): unknown[] {
  if (!columns.some(({ typeId }) => JSON_OIDS.has(typeId))) return rows;
  const types = new Map(columns.map(({ name, typeId }) => [name, typeId]));
  return rows.map((row) =>
    Array.isArray(row)
      ? row.map((value, at) => exact(value, columns[at]?.typeId))
      : Object.fromEntries(
          Object.entries(Object(row)).map(([name, value]) => [name, exact(value, types.get(name))]),
        ),
  );
}

const exact = (value: unknown, typeId = 0): unknown =>
  typeof value === 'string' && JSON_OIDS.has(typeId) ? exactJson(value) : value;
