/** What of a table is shown, as the URL says it: filter, order and page; and the ways on from there. */
import type { databaseTab } from '../search.ts';
import type { Row } from './drafts.ts';
import { anchorOf, FILTERS, mayBeSorted, type Sort, type View } from './page-of-rows.ts';
import type { SchemaTable } from './schema.ts';

type Search = ReturnType<typeof databaseTab>;

/** What changes in the URL. */
export type Move = { readonly [Name in keyof Search]?: Search[Name] | undefined };

/** URLs are cut, refused and not passed on beyond some thousand characters. */
const ANCHOR_LENGTH_MAX = 1_500;

/** What names no column of the table, or what is no filter, is left out. */
export function viewOf(search: Search, table: SchemaTable): View {
  const named = (name: string | undefined) => table.columns.find((column) => column.name === name);
  const sorted = named(search.sort);
  const how = FILTERS.find((one) => one === search.how);
  const filtered = named(search.column);
  return {
    place: placeOf(search, table),
    sort:
      sorted && mayBeSorted(sorted)
        ? { column: sorted.name, isDescending: search.order === 'desc' }
        : null,
    filter: filtered && how ? { column: filtered.name, how, value: search.value ?? '' } : null,
  };
}

function placeOf({ page = 1, behind, before }: Search, { key }: SchemaTable): View['place'] {
  if (key.length === 0) return { kind: 'counted', pages: page - 1 };
  if (behind !== undefined) return { kind: 'behind', anchor: behind };
  if (before !== undefined) return { kind: 'before', anchor: before };
  return { kind: 'start' };
}

/** The next page, or why there is none; the one before, or null. */
export function moves(
  search: Search,
  table: SchemaTable,
  { shown, isMore }: { readonly shown: readonly Row[]; readonly isMore: boolean },
): { readonly page: number; readonly next: Move | string; readonly back: Move | null } {
  const { page = 1 } = search;
  const { sort } = viewOf(search, table);
  const [first, last] = [shown[0], shown.at(-1)];
  const to = (number: number, place: Pick<Move, 'behind' | 'before'>): Move => ({
    ...{ behind: undefined, before: undefined, ...place },
    page: number > 1 ? number : undefined,
  });
  const isCounted = table.key.length === 0;
  const behind = isCounted || last === undefined ? undefined : anchorOf(table, last, sort);
  const before = isCounted || first === undefined ? undefined : anchorOf(table, first, sort);
  const isLong = JSON.stringify(behind ?? []).length > ANCHOR_LENGTH_MAX;
  const isKnown = before !== undefined && JSON.stringify(before).length <= ANCHOR_LENGTH_MAX;
  return {
    page,
    next: !isMore
      ? 'This is the last page.'
      : isLong
        ? 'Its last value is too long to go on from: filter, or sort by another column.'
        : to(page + 1, { behind }),
    // From the second page one comes to the first as it is now, whatever was put before it meanwhile.
    back:
      page < 2
        ? null
        : isCounted
          ? to(page - 1, {})
          : page > 2 && isKnown
            ? to(page - 1, { before })
            : to(1, {}),
  };
}

/** Up, then down, then as the key has it. */
export function sortedBy(column: string, now: Sort | null): Move {
  if (now?.column !== column) return { sort: column, order: undefined };
  return now.isDescending ? { sort: undefined, order: undefined } : { sort: column, order: 'desc' };
}
