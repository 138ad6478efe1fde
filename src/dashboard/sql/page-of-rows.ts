/**
 * The statement that reads one page of a table: on from the last row, never by counting through what came before.
 *
 * The order is that of a column, if one is chosen, and then of the primary key, all in one direction, so that an index
 * serves it either way. NULL is greater than every value, as PostgreSQL has it: last upwards, first downwards.
 */
import { type Parametrised, qualified, quoted } from './edits.ts';
import type { SchemaTable } from './schema.ts';

export const PAGE_ROWS = 100;

/** Longer values are cut for a page: a row that is opened is read whole. */
export const CELL_MAX = 1_000;

export const FILTERS = [
  ...(['contains', 'equals', 'differs from', 'above', 'below', 'is null', 'is not null'] as const),
] as const;

export type Filter = {
  readonly column: string;
  readonly how: (typeof FILTERS)[number];
  readonly value: string;
};

export type Sort = { readonly column: string; readonly isDescending: boolean };

/** What a row is found again by: its value of the sorted column, if there is one, and its key. */
export type Anchor = readonly (string | null)[];

/** Where a page is: at the start, behind or before a row, or, where no key tells rows apart, so many pages on. */
export type Place =
  | { readonly kind: 'start' }
  | { readonly kind: 'behind' | 'before'; readonly anchor: Anchor }
  | { readonly kind: 'counted'; readonly pages: number };

export type View = {
  readonly place: Place;
  readonly filter: Filter | null;
  readonly sort: Sort | null;
};

/** PostgreSQL has no order for these; one of an extension without any is told of by itself. */
const UNORDERED = /^(json|json\[\]|xml|point|line|lseg|box|path|polygon|circle|xid|cid|refcursor)$/;

export const mayBeSorted = ({ type }: { readonly type: string }): boolean => !UNORDERED.test(type);

/** Of the table: a bare name in an order would be what is given out, which is text. */
const of = (column: string): string => `t.${quoted(column)}`;

const OPERATORS: Readonly<Partial<Record<Filter['how'], string>>> = {
  ...{ equals: '=', 'differs from': '<>', above: '>', below: '<' },
};

/** Columns that the rows are in order of, without one that stands there twice. */
function ordering(table: SchemaTable, sort: Sort | null): readonly string[] {
  const names = sort === null ? table.key : [sort.column, ...table.key];
  return [...new Set(names)];
}

/** What tells `row` from its neighbours. Its values are whole: `pageOf` cuts only other columns. */
export const anchorOf = (
  table: SchemaTable,
  row: readonly (string | null)[],
  sort: Sort | null,
): Anchor =>
  ordering(table, sort).map(
    (name) => row[table.columns.findIndex((column) => column.name === name)] ?? null,
  );

/** Every column comes as text, as PostgreSQL writes it. Rows before a place come in the opposite order. */
export function pageOf(table: SchemaTable, { place, filter, sort }: View): Parametrised {
  const params: (string | null)[] = [];
  const param = (value: string): string => {
    params.push(value);
    return `$${params.length}::text`;
  };
  const names = ordering(table, sort);
  const isDescending = (sort?.isDescending ?? false) !== (place.kind === 'before');
  const conditions = filter === null ? [] : [condition(table, filter, param)];
  if (place.kind === 'behind' || place.kind === 'before') {
    conditions.push(beyond(table, { names, isDescending, anchor: place.anchor }, param));
  }
  // One more character tells that it is cut.
  const columns = table.columns.map(({ name }) =>
    names.includes(name) ? `${of(name)}::text` : `left(${of(name)}::text, ${CELL_MAX + 1})`,
  );
  const where = conditions.length === 0 ? '' : ` where ${conditions.join(' and ')}`;
  const ordered = [...names.map(of), ...lastResort(table, sort)];
  const direction = isDescending ? ' desc' : '';
  const order =
    ordered.length === 0 ? '' : ` order by ${ordered.map((one) => one + direction).join(', ')}`;
  const offset =
    place.kind === 'counted' && place.pages > 0 ? ` offset ${place.pages * PAGE_ROWS}` : '';
  // One more row tells whether there is a next page.
  const limit = ` limit ${PAGE_ROWS + 1}${offset}`;
  const from = `from ${qualified(table)} t`;
  return { sql: `select ${columns.join(', ')} ${from}${where}${order}${limit}`, params };
}

/** Rows of one value stand in an order, too, where pages are counted: else one would show a row twice. */
function lastResort({ key, kind }: SchemaTable, sort: Sort | null): readonly string[] {
  if (sort === null || key.length > 0) return [];
  return kind === 'table' ? ['t.tableoid', 't.ctid'] : ['t::text'];
}

type Param = (value: string) => string;

function condition(table: SchemaTable, { column, how, value }: Filter, param: Param): string {
  switch (how) {
    case 'contains':
      return `strpos(lower(${of(column)}::text), lower(${param(value)})) > 0`;
    case 'is null':
    case 'is not null':
      return `${of(column)} ${how}`;
    default: {
      const type = table.columns.find(({ name }) => name === column)?.type ?? 'text';
      // What has no order is compared as it is written.
      const isText = !mayBeSorted({ type });
      return isText
        ? `${of(column)}::text ${OPERATORS[how]} ${param(value)}`
        : `${of(column)} ${OPERATORS[how]} (${param(value)})::${type}`;
    }
  }
}

/**
 * Rows beyond the anchor. A comparison of rows is what an index can begin at; only the first column may be NULL (a key
 * never is), and it says by itself on which side of the values NULLs are.
 */
function beyond(
  { columns, key }: SchemaTable,
  {
    names,
    isDescending,
    anchor,
  }: { readonly names: readonly string[]; readonly isDescending: boolean; readonly anchor: Anchor },
  param: Param,
): string {
  const known = new Map(columns.map((column) => [column.name, column]));
  const rows = (some: readonly string[], values: Anchor): string => {
    const typed = some.map(
      (name, at) => `(${param(values[at] ?? '')})::${known.get(name)?.type ?? 'text'}`,
    );
    return `(${some.map(of).join(', ')}) ${isDescending ? '<' : '>'} (${typed.join(', ')})`;
  };
  const [first = '', ...rest] = names;
  // Not by what the schema said when it was read: it may have been changed since, and rows would be left out.
  const mayBeNull = !key.includes(first);
  if (anchor[0] === null) {
    const tied = `${of(first)} is null and ${rows(rest, anchor.slice(1))}`;
    return isDescending ? `(${of(first)} is not null or ${tied})` : `(${tied})`;
  }
  const past = rows(names, anchor);
  return mayBeNull && !isDescending ? `(${past} or ${of(first)} is null)` : past;
}
