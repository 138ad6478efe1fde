/**
 * Changes of single rows, as statements with parameters.
 *
 * Names are quoted, values are never part of the text. A row is found by its primary key and by the version that was read
 * (its `xmin`): one that somebody has changed meanwhile is not found. A change that finds another number of rows than one
 * is taken back by an error of its own making: the statement divides by whether it was one.
 */

/** Any name, as PostgreSQL reads it back. */
export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** Text between quotes, for showing only: what runs has parameters. */
const literal = (value: unknown): string =>
  value === null ? 'NULL' : `'${String(value).replaceAll("'", "''")}'`;

export type TableName = { readonly schema: string; readonly name: string };

export const qualified = ({ schema, name }: TableName): string =>
  `${quoted(schema)}.${quoted(name)}`;

export type Column = { readonly name: string; readonly type: string };

/** A value of a column, as text; null is NULL. */
export type Assigned = Column & { readonly value: string | null };

export type Edit =
  | {
      readonly kind: 'update';
      readonly table: TableName;
      readonly key: readonly Assigned[];
      readonly version: string;
      readonly set: readonly Assigned[];
    }
  | { readonly kind: 'insert'; readonly table: TableName; readonly values: readonly Assigned[] }
  | {
      readonly kind: 'delete';
      readonly table: TableName;
      readonly key: readonly Assigned[];
      readonly version: string;
    };

export type Parametrised = { readonly sql: string; readonly params: readonly (string | null)[] };

/** With `as` one way to write each value: as a parameter, or as it is shown. */
function textOf(edit: Edit, as: (one: Assigned) => string): string {
  const table = qualified(edit.table);
  const all = (some: readonly Assigned[], between: string): string =>
    some.map((one) => `${quoted(one.name)} = ${as(one)}`).join(between);
  switch (edit.kind) {
    case 'update':
      return `update ${table} set ${all(edit.set, ', ')} where ${all(edit.key, ' and ')}`;
    case 'delete':
      return `delete from ${table} where ${all(edit.key, ' and ')}`;
    case 'insert':
      return edit.values.length === 0
        ? `insert into ${table} default values`
        : `insert into ${table} (${edit.values.map(({ name }) => quoted(name)).join(', ')}) ` +
            `values (${edit.values.map(as).join(', ')})`;
    default:
      return edit satisfies never;
  }
}

/** Every value is sent as text and read as the type of its column. */
export function statementOf(edit: Edit): Parametrised {
  const params: (string | null)[] = [];
  const text = textOf(edit, ({ type, value }) => {
    params.push(value);
    return `($${params.length}::text)::${type}`;
  });
  let as = '';
  if (edit.kind !== 'insert') {
    params.push(edit.version);
    as = ` and xmin::text = $${params.length}::text`;
  }
  const sql =
    `with done as (${text}${as} returning 1) ` +
    'select count(*)::int as rows, 1 / (count(*) = 1)::int as is_one from done';
  return { sql, params };
}

/** Reads one row whole, as it is now, its version behind its columns. */
export function rowOf(
  table: TableName & { readonly columns: readonly Column[] },
  key: readonly Assigned[],
): Parametrised {
  const columns = table.columns.map(({ name }) => `t.${quoted(name)}::text`).join(', ');
  const where = key.map(({ name, type }, at) => `t.${quoted(name)} = ($${at + 1}::text)::${type}`);
  return {
    sql: `select ${columns}, t.xmin::text from ${qualified(table)} t where ${where.join(' and ')}`,
    params: key.map(({ value }) => value),
  };
}

/** For a person to read before it is done. */
export const preview = (edit: Edit): string => textOf(edit, ({ value }) => literal(value));
