/** The statement that reads one page of a table: on from the last key, never by counting through what came before. */
import { type Parametrised, qualified, quoted } from './edits.ts';
import type { SchemaTable } from './schema.ts';

export const PAGE_ROWS = 100;

/** Longer values are cut for a page: a row that is opened is read whole. */
export const CELL_MAX = 1_000;

export const FILTERS = ['contains', 'equals', 'is null', 'is not null'] as const;

export type Filter = {
  readonly column: string;
  readonly how: (typeof FILTERS)[number];
  readonly value: string;
};

/** Of the table: a bare name in an order would be what is given out, which is text. */
const of = (column: string): string => `t.${quoted(column)}`;

/** Every column comes as text, as PostgreSQL writes it. */
export function pageOf(
  table: SchemaTable,
  { after, filter }: { readonly after: readonly string[] | number; readonly filter: Filter | null },
): Parametrised {
  const params: (string | null)[] = [];
  const param = (value: string): string => {
    params.push(value);
    return `$${params.length}::text`;
  };
  const conditions = [
    ...(filter === null ? [] : [condition(filter, param)]),
    ...(typeof after === 'number' ? [] : [behind(table, after, param)]),
  ];
  // One more tells that it is cut. What is in the key says where the page ends.
  const columns = table.columns
    .map(({ name }) =>
      table.key.includes(name) ? `${of(name)}::text` : `left(${of(name)}::text, ${CELL_MAX + 1})`,
    )
    .join(', ');
  const where = conditions.length === 0 ? '' : ` where ${conditions.join(' and ')}`;
  const order = table.key.length === 0 ? '' : ` order by ${table.key.map(of).join(', ')}`;
  const offset = typeof after === 'number' && after > 0 ? ` offset ${Math.floor(after)}` : '';
  // One more tells whether there is a next page.
  const limit = ` limit ${PAGE_ROWS + 1}${offset}`;
  return { sql: `select ${columns} from ${qualified(table)} t${where}${order}${limit}`, params };
}

function condition({ column, how, value }: Filter, param: (value: string) => string): string {
  const text = `${of(column)}::text`;
  switch (how) {
    case 'contains':
      return `strpos(lower(${text}), lower(${param(value)})) > 0`;
    case 'equals':
      return `${text} = ${param(value)}`;
    case 'is null':
    case 'is not null':
      return `${of(column)} ${how}`;
    default:
      return how satisfies never;
  }
}

function behind(
  { columns, key }: SchemaTable,
  after: readonly string[],
  param: (value: string) => string,
): string {
  const types = new Map(columns.map(({ name, type }) => [name, type]));
  const values = key.map((name, at) => `(${param(after[at] ?? '')})::${types.get(name) ?? 'text'}`);
  return `(${key.map(of).join(', ')}) > (${values.join(', ')})`;
}
