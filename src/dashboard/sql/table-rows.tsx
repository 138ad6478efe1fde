import { keepPreviousData, queryOptions, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import type { Tenant } from '../../sdk/index.ts';
import { databaseTab } from '../search.ts';
import { dynabase } from '../server/client.ts';
import { useRefusal } from '../shell/who.ts';
import { Button } from '../ui/button.tsx';
import { Panel } from '../ui/panel.tsx';
import { Empty, Loaded } from '../ui/states.tsx';
import { CellDialog } from './cell-dialog.tsx';
import type { Row } from './drafts.ts';
import { FilterLine } from './filter-line.tsx';
import { Grid } from './grid.tsx';
import { CELL_MAX, mayBeSorted, PAGE_ROWS, pageOf, type View } from './page-of-rows.ts';
import { type Open, RowDialog } from './row-dialog.tsx';
import type { SchemaTable } from './schema.ts';
import { type Move, moves, sortedBy, viewOf } from './table-search.ts';

const route = getRouteApi('/frame/databases/$ref');

const rowsQuery = (ref: string, table: SchemaTable, view: View) =>
  queryOptions({
    // Not below the tenant: what happens to it does not change its rows.
    queryKey: ['rows', ref, table.schema, table.name, view],
    queryFn: async ({ signal }) => {
      const { sql, params } = pageOf(table, view);
      const asked = { sql, params: [...params], arrayMode: true, bytesMax: 16_777_216 };
      const { rows } = await dynabase.inside.query(ref, asked, { signal });
      return rows as readonly Row[];
    },
    placeholderData: keepPreviousData,
    refetchOnWindowFocus: false,
  });

/** One page of the table, as the URL says it, and the ways to others. */
function usePage(name: string, table: SchemaTable) {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const view = viewOf(search, table);
  const rows = useQuery(rowsQuery(name, table, view));
  const isBackwards = view.place.kind === 'before';
  const shown = useMemo(() => {
    const page = (rows.data ?? []).slice(0, PAGE_ROWS);
    return isBackwards ? page.reverse() : page;
  }, [rows.data, isBackwards]);
  const isMore = isBackwards || (rows.data?.length ?? 0) > PAGE_ROWS;
  const go = (change: Move): void =>
    void navigate({ search: (now) => databaseTab({ ...now, ...change }), resetScroll: false });
  const ways = moves(search, table, { shown, isMore });
  // What is still shown is of another page: nothing leads on from there.
  const held = { next: 'The page is on its way.', back: null };
  return { view, rows, shown, go, ...ways, ...(rows.isPlaceholderData ? held : {}) };
}

export function TableRows({
  tenant: { name },
  table,
}: {
  readonly tenant: Tenant;
  readonly table: SchemaTable;
}) {
  const page = usePage(name, table);
  const { rows, shown, view, go } = page;
  const [open, setOpen] = useState<Open | null>(null);
  const [cell, setCell] = useState<readonly [row: number, column: number] | null>(null);
  const place = JSON.stringify(view);
  const [current, setCurrent] = useState({ place, row: 0 });
  const at = current.place === place ? current.row : 0;
  const client = useQueryClient();
  const off = useOff(table);
  const read = cell && table.columns[cell[1]];
  const openCell = (row: number, column: number): void => {
    const found = shown[row];
    if (found && off.edit === null) setOpen({ kind: 'update', row: found });
    else setCell([row, column]);
  };
  return (
    <Panel
      title={table.schema === 'public' ? table.name : `${table.schema}.${table.name}`}
      isBare
      aside={<RowActions table={table} row={shown[at]} onOpen={setOpen} />}
    >
      <FilterLine
        key={JSON.stringify(view.filter)}
        table={table}
        filter={view.filter}
        onFilter={(filter) => go({ ...FIRST_PAGE, ...(filter ?? NO_FILTER) })}
      />
      <Loaded query={rows}>
        {() =>
          shown.length === 0 ? (
            <NoRows view={view} />
          ) : (
            <PageOfRows
              key={place}
              table={table}
              page={page}
              onMove={(row) => setCurrent({ place, row })}
              onCell={openCell}
            />
          )
        }
      </Loaded>
      <Pager {...page} />
      {open && (
        <RowDialog
          name={name}
          table={table}
          open={open}
          onClose={() => setOpen(null)}
          onDone={() => client.invalidateQueries({ queryKey: ['rows', name] })}
        />
      )}
      {cell && read && (
        <CellDialog column={read} value={shown[cell[0]]?.[cell[1]]} onClose={() => setCell(null)} />
      )}
    </Panel>
  );
}

function PageOfRows({
  table,
  page: { rows, shown, view, go },
  onMove,
  onCell,
}: {
  readonly table: SchemaTable;
  readonly page: ReturnType<typeof usePage>;
  readonly onMove: (row: number) => void;
  readonly onCell: (row: number, column: number) => void;
}) {
  const onSort = (column: string): void => go({ ...FIRST_PAGE, ...sortedBy(column, view.sort) });
  return (
    <div style={{ height: heightOf(shown.length) }} aria-busy={rows.isFetching}>
      <Grid
        label={`Rows of ${table.name}`}
        columns={table.columns}
        rows={shown}
        cutAt={CELL_MAX}
        sorting={{ by: view.sort, isPossible: mayBeSorted, onSort }}
        onMove={onMove}
        onCell={onCell}
      />
    </div>
  );
}

const FIRST_PAGE = { behind: undefined, before: undefined, page: undefined } as const;

const NO_FILTER = { column: undefined, how: undefined, value: undefined } as const;

/** As high as its rows, its head and a bar to scroll by, up to what leaves the rest of the page in sight. */
const heightOf = (rows: number): string => `min(${rows * 32 + 50}px, max(20rem, 60dvh))`;

function NoRows({ view: { filter, place } }: { readonly view: View }) {
  if (place.kind !== 'start') return <Empty title="There are no more rows">Go back a page.</Empty>;
  return filter === null ? (
    <Empty title="No rows yet">Insert makes the first.</Empty>
  ) : (
    <Empty title="No row is like that">Look for something else, or clear the filter.</Empty>
  );
}

/** Of the current row, and for a new one. */
function RowActions({
  table,
  row,
  onOpen,
}: {
  readonly table: SchemaTable;
  readonly row: Row | undefined;
  readonly onOpen: (open: Open) => void;
}) {
  const off = useOff(table);
  const noRow = off.edit ?? (row === undefined ? 'There is no row.' : null);
  return (
    <>
      <Button icon="plus" disabledBecause={off.insert} onClick={() => onOpen({ kind: 'insert' })}>
        Insert
      </Button>
      <Button disabledBecause={noRow} onClick={() => row && onOpen({ kind: 'update', row })}>
        Edit
      </Button>
      <Button
        look="danger"
        disabledBecause={noRow}
        onClick={() => row && onOpen({ kind: 'delete', row })}
      >
        Delete
      </Button>
    </>
  );
}

function Pager({
  page,
  back,
  next,
  go,
}: {
  readonly page: number;
  readonly back: Move | null;
  readonly next: Move | string;
  readonly go: (to: Move) => void;
}) {
  return (
    <div className="flex items-center justify-between gap-2 border-t border-line px-3 py-2">
      <span className="tnum text-xs text-ink-soft">Page {page}</span>
      <span className="flex gap-2">
        <Button
          disabledBecause={back === null ? 'This is the first page.' : null}
          onClick={() => back !== null && go(back)}
        >
          Back
        </Button>
        <Button
          disabledBecause={typeof next === 'string' ? next : null}
          onClick={() => typeof next !== 'string' && go(next)}
        >
          Next
        </Button>
      </span>
    </div>
  );
}

/** Why rows cannot be changed; null where they can. */
function useOff({ kind, key }: SchemaTable) {
  const refused = useRefusal()('changeTenant');
  const insert = refused ?? (kind === 'table' ? null : `A ${kind} is not changed here.`);
  const edit = key.length === 0 ? 'Without a primary key no row can be told from another.' : null;
  return { insert, edit: insert ?? edit };
}
