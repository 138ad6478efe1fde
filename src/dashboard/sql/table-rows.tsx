import { keepPreviousData, queryOptions, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { Tenant } from '../../sdk/index.ts';
import { dynabase } from '../server/client.ts';
import { useRefusal } from '../shell/who.ts';
import { Button } from '../ui/button.tsx';
import { Select, TextField } from '../ui/field.tsx';
import { Panel } from '../ui/panel.tsx';
import { Empty, Loaded } from '../ui/states.tsx';
import type { Row } from './drafts.ts';
import { Grid } from './grid.tsx';
import { CELL_MAX, FILTERS, type Filter, PAGE_ROWS, pageOf } from './page-of-rows.ts';
import { type Open, RowDialog } from './row-dialog.tsx';
import type { SchemaTable } from './schema.ts';

/** Where a page begins: behind a key, or behind so many rows where there is none. */
type After = readonly string[] | number;

const rowsQuery = (
  ref: string,
  table: SchemaTable,
  place: { readonly after: After; readonly filter: Filter | null },
) =>
  queryOptions({
    // Not below the tenant: what happens to it does not change its rows.
    queryKey: ['rows', ref, table.schema, table.name, place],
    queryFn: async ({ signal }) => {
      const { sql, params } = pageOf(table, place);
      const asked = { sql, params: [...params], arrayMode: true, bytesMax: 16_777_216 };
      const { rows } = await dynabase.inside.query(ref, asked, { signal });
      return rows as readonly Row[];
    },
    placeholderData: keepPreviousData,
    refetchOnWindowFocus: false,
  });

/** One page after the other, forward and back. */
function usePages(name: string, table: SchemaTable) {
  const [filter, setFilter] = useState<Filter | null>(null);
  const [places, setPlaces] = useState<readonly After[]>([0]);
  const after = places.at(-1) ?? 0;
  const rows = useQuery(rowsQuery(name, table, { after, filter }));
  const shown = (rows.data ?? []).slice(0, PAGE_ROWS);
  const isMore = (rows.data?.length ?? 0) > PAGE_ROWS;
  return {
    ...{ rows, shown, page: places.length },
    filterBy: (wished: Filter | null): void => {
      setFilter(wished);
      setPlaces([0]);
    },
    next: isMore ? () => setPlaces([...places, placeBehind(table, shown, after)]) : null,
    back: places.length > 1 ? () => setPlaces(places.slice(0, -1)) : null,
  };
}

export function TableRows({
  tenant: { name },
  table,
}: {
  readonly tenant: Tenant;
  readonly table: SchemaTable;
}) {
  const pages = usePages(name, table);
  const { rows, shown } = pages;
  const [open, setOpen] = useState<Open | null>(null);
  const [at, setAt] = useState(0);
  const client = useQueryClient();
  const off = useOff(table);
  return (
    <Panel
      title={table.name}
      isBare
      aside={<RowActions table={table} row={shown[at]} onOpen={setOpen} />}
    >
      <FilterLine table={table} onFilter={pages.filterBy} />
      <Loaded query={rows}>
        {() =>
          shown.length === 0 ? (
            <Empty title="No rows">Or none that is like that.</Empty>
          ) : (
            <div className="h-[26rem]" aria-busy={rows.isFetching}>
              <Grid
                label={`Rows of ${table.name}`}
                columns={table.columns}
                rows={shown.map((row) => row.map(cut))}
                onRow={setAt}
                onCell={(row) => {
                  const found = shown[row];
                  if (found && off.edit === null) setOpen({ kind: 'update', row: found });
                }}
              />
            </div>
          )
        }
      </Loaded>
      <Pager {...pages} />
      {open && (
        <RowDialog
          name={name}
          table={table}
          open={open}
          onClose={() => setOpen(null)}
          onDone={() => client.invalidateQueries({ queryKey: ['rows', name] })}
        />
      )}
    </Panel>
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
}: {
  readonly page: number;
  readonly back: (() => void) | null;
  readonly next: (() => void) | null;
}) {
  return (
    <div className="flex items-center justify-between gap-2 border-t border-line px-3 py-2">
      <span className="text-xs text-ink-soft">Page {page}</span>
      <span className="flex gap-2">
        <Button
          disabledBecause={back === null ? 'This is the first page.' : null}
          onClick={() => back?.()}
        >
          Back
        </Button>
        <Button
          disabledBecause={next === null ? 'This is the last page.' : null}
          onClick={() => next?.()}
        >
          Next
        </Button>
      </span>
    </div>
  );
}

const cut = (value: string | null): string | null =>
  value !== null && value.length > CELL_MAX ? `${value.slice(0, CELL_MAX)} …` : value;

/** Why rows cannot be changed; null where they can. */
function useOff({ kind, key }: SchemaTable) {
  const refused = useRefusal()('changeTenant');
  const insert = refused ?? (kind === 'table' ? null : `A ${kind} is not changed here.`);
  const edit = key.length === 0 ? 'Without a primary key no row can be told from another.' : null;
  return { insert, edit: insert ?? edit };
}

function placeBehind({ columns, key }: SchemaTable, rows: readonly Row[], now: After): After {
  const last = rows.at(-1);
  if (key.length === 0 || last === undefined) {
    return (typeof now === 'number' ? now : 0) + rows.length;
  }
  return key.map((name) => last[columns.findIndex((column) => column.name === name)] ?? '');
}

function FilterLine({
  table,
  onFilter,
}: {
  readonly table: SchemaTable;
  readonly onFilter: (filter: Filter | null) => void;
}) {
  const [column, setColumn] = useState(table.columns[0]?.name ?? '');
  const [how, setHow] = useState<Filter['how']>('contains');
  const [value, setValue] = useState('');
  const isNull = how === 'is null' || how === 'is not null';
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        onFilter(!isNull && value === '' ? null : { column, how, value });
      }}
      className="flex flex-wrap items-start gap-2 border-b border-line px-3 py-2"
    >
      <Select
        label="Column"
        value={column}
        choices={table.columns.map(({ name }) => ({ value: name, text: name }))}
        onChange={setColumn}
      />
      <Select
        label="That"
        value={how}
        choices={FILTERS.map((one) => ({ value: one, text: one }))}
        onChange={setHow}
      />
      {!isNull && <TextField label="Value" value={value} onChange={setValue} />}
      <span className="self-end">
        <Button type="submit">Filter</Button>
      </span>
    </form>
  );
}
