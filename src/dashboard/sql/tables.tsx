/** What tables there are, how they are made, and what is in them. */
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useState } from 'react';
import type { Tenant } from '../../sdk/index.ts';
import { bytes, count } from '../format/units.ts';
import { useRefusal } from '../shell/who.ts';
import { Badge } from '../ui/badge.tsx';
import { Button } from '../ui/button.tsx';
import { SearchField } from '../ui/field.tsx';
import { Panel } from '../ui/panel.tsx';
import { Empty, Loaded } from '../ui/states.tsx';
import { Table } from '../ui/table.tsx';
import { type SchemaTable, schemaQuery } from './schema.ts';
import { TableRows } from './table-rows.tsx';

const route = getRouteApi('/frame/databases/$ref');

export function TableBrowser({ tenant }: { readonly tenant: Tenant }) {
  const refused = useRefusal()('query');
  const schema = useQuery({ ...schemaQuery(tenant.name), enabled: refused === null });
  if (refused !== null) return <Empty title="Tables are not shown">{refused}</Empty>;
  return (
    <Loaded query={schema} lines={10}>
      {(tables) =>
        tables.length === 0 ? (
          <div className="rounded-lg border border-line bg-surface">
            <Empty title="No table yet">
              Make one in the SQL editor:{' '}
              <code>create table notes (id serial primary key, body text)</code>
            </Empty>
          </div>
        ) : (
          <Browser tenant={tenant} tables={tables} onAgain={() => void schema.refetch()} />
        )
      }
    </Loaded>
  );
}

function Browser({
  tenant,
  tables,
  onAgain,
}: {
  readonly tenant: Tenant;
  readonly tables: readonly SchemaTable[];
  readonly onAgain: () => void;
}) {
  const { schema = 'public', table } = route.useSearch();
  const navigate = route.useNavigate();
  const [search, setSearch] = useState('');
  const open =
    tables.find((one) => one.schema === schema && one.name === table) ??
    tables.find(({ name }) => name === table) ??
    tables[0];
  const wanted = search.toLowerCase();
  const found = tables.filter(({ schema: of, name }) =>
    `${of}.${name}`.toLowerCase().includes(wanted),
  );
  const pick = (one: SchemaTable): void =>
    void navigate({ search: { tab: 'tables', schema: one.schema, table: one.name } });
  return (
    <div className="grid items-start gap-4 lg:grid-cols-[16rem_minmax(0,1fr)]">
      <Panel
        title="Tables"
        isBare
        aside={<Button look="quiet" icon="again" label="Look again" onClick={onAgain} />}
      >
        <div className="p-2">
          <SearchField label="Find a table" value={search} onChange={setSearch} />
        </div>
        <nav aria-label="Tables" className="max-h-48 overflow-y-auto px-2 pb-2 lg:max-h-[60dvh]">
          {found.map((one) => (
            <button
              key={`${one.schema}.${one.name}`}
              type="button"
              aria-current={one === open}
              onClick={() => pick(one)}
              className="flex h-8 w-full items-center justify-between gap-2 rounded px-2 text-left hover:bg-sunken aria-[current=true]:bg-sunken aria-[current=true]:font-medium"
            >
              <span className="truncate">
                {one.schema !== 'public' && <span className="text-ink-soft">{one.schema}.</span>}
                {one.name}
              </span>
              <span className="tnum text-xs text-ink-soft">
                {one.kind === 'table' ? rowsTold(one) : one.kind}
              </span>
            </button>
          ))}
        </nav>
      </Panel>
      {open && <OpenTable key={`${open.schema}.${open.name}`} tenant={tenant} table={open} />}
    </div>
  );
}

const rowsTold = ({ rows }: SchemaTable): string => (rows === null ? '' : `~${count(rows)}`);

function OpenTable({ tenant, table }: { readonly tenant: Tenant; readonly table: SchemaTable }) {
  return (
    <div className="min-w-0 space-y-4">
      <TableRows tenant={tenant} table={table} />
      <Panel
        title="Columns"
        isBare
        {...(table.kind === 'table' && {
          aside: <span className="tnum text-xs">{bytes(table.bytes)} with its indexes</span>,
        })}
      >
        <Table
          label="Columns"
          rows={table.columns}
          idOf={({ name }) => name}
          columns={[
            {
              name: 'Name',
              cell: ({ name }) => (
                <span className="font-mono text-xs">
                  {name} {table.key.includes(name) && <Badge tone="accent">key</Badge>}
                </span>
              ),
            },
            { name: 'Type', cell: ({ type }) => <span className="font-mono text-xs">{type}</span> },
            { name: 'NULL', width: '4rem', cell: ({ notNull }) => (notNull ? 'no' : 'yes') },
            {
              name: 'Default',
              isSpare: true,
              cell: (one) => <span className="font-mono text-xs">{one.default ?? ''}</span>,
            },
          ]}
        />
      </Panel>
      {table.indexes.length > 0 && (
        <Panel title="Indexes" isBare>
          <Table
            label="Indexes"
            rows={table.indexes}
            idOf={({ name }) => name}
            columns={[
              { name: 'Name', cell: ({ name }) => name },
              {
                name: 'Definition',
                isSpare: true,
                width: 'minmax(0, 2fr)',
                cell: ({ definition }) => (
                  <span className="font-mono text-xs" title={definition}>
                    {definition}
                  </span>
                ),
              },
              { name: 'Size', width: '6rem', align: 'right', cell: (one) => bytes(one.bytes) },
            ]}
          />
        </Panel>
      )}
    </div>
  );
}
