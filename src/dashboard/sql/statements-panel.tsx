/** Which statements take the time of a database, and what one of them takes. */
import { keepPreviousData, queryOptions, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { STATEMENT_SORTS } from '../../contract/limits.ts';
import type { CountedStatement, StatementList, Tenant } from '../../sdk/index.ts';
import { count, percent } from '../format/units.ts';
import { dynabase } from '../server/client.ts';
import { useRefusal } from '../shell/who.ts';
import { Button } from '../ui/button.tsx';
import { FormDialog } from '../ui/dialog.tsx';
import { Select } from '../ui/field.tsx';
import { Panel } from '../ui/panel.tsx';
import { Empty, Loaded } from '../ui/states.tsx';
import { type Column, Table } from '../ui/table.tsx';
import { TimeAgo } from '../ui/time.tsx';
import { attempt } from '../ui/toast.tsx';
import { Looked } from './looked.tsx';
import { StatementDialog } from './statement-dialog.tsx';
import { brief, lineOf } from './statement-words.ts';

type Sort = (typeof STATEMENT_SORTS)[number];

const SORT_WORDS: Readonly<Record<Sort, string>> = {
  total: 'all their time',
  mean: 'time of a call',
  longest: 'longest call',
  calls: 'calls',
  rows: 'rows',
};

const keyOf = (ref: string): readonly string[] => ['rows', ref, 'statements'];

const statementsQuery = (ref: string, sort: Sort) =>
  queryOptions({
    queryKey: [...keyOf(ref), sort],
    queryFn: ({ signal }) => dynabase.inside.statements(ref, { sort }, { signal }),
    // A sleeping database is not woken twice for a look at it.
    staleTime: 60_000,
    refetchOnWindowFocus: false,
    placeholderData: keepPreviousData,
  });

export function StatementsPanel({ tenant }: { readonly tenant: Tenant }) {
  const { by = 'total' }: { readonly by?: Sort } = useSearch({ strict: false });
  const navigate = useNavigate();
  const refused = useRefusal()('query');
  const isAsked = tenant.state === 'running' && refused === null;
  const found = useQuery({ ...statementsQuery(tenant.name, by), enabled: isAsked });
  const isCounted = isAsked && found.data?.uncounted === null;
  return (
    <Panel
      title="Slowest statements"
      isBare
      aside={
        isCounted && (
          <>
            <Select
              label="Sort"
              isLabelHidden
              value={by}
              choices={STATEMENT_SORTS.map((value) => ({ value, text: SORT_WORDS[value] }))}
              onChange={(next) =>
                void navigate({ to: '.', search: (now) => ({ ...now, by: next }), replace: true })
              }
            />
            <Forget name={tenant.name} />
          </>
        )
      }
    >
      <Looked tenant={tenant}>
        <Loaded query={found}>
          {(list) =>
            list.uncounted === null ? (
              <Statements list={list} tenant={tenant} />
            ) : (
              <Uncounted because={list.uncounted} name={tenant.name} />
            )
          }
        </Loaded>
      </Looked>
    </Panel>
  );
}

function Forget({ name }: { readonly name: string }) {
  const [isOpen, setOpen] = useState(false);
  const client = useQueryClient();
  const refused = useRefusal()('forgetStatements');
  return (
    <>
      <Button disabledBecause={refused} onClick={() => setOpen(true)}>
        Count from zero
      </Button>
      <FormDialog
        title="Count statements from zero"
        action="Count from zero"
        isOpen={isOpen}
        onClose={() => setOpen(false)}
        onSubmit={async () => {
          await dynabase.inside.forgetStatements(name);
          await client.invalidateQueries({ queryKey: keyOf(name) });
        }}
      >
        <p className="text-ink-soft">
          What was counted until now is forgotten, for everybody who looks at {name}. Do so to see
          what a change has brought. Data stays as it is.
        </p>
      </FormDialog>
    </>
  );
}

function Uncounted({
  because,
  name,
}: {
  readonly because: NonNullable<StatementList['uncounted']>;
  readonly name: string;
}) {
  const client = useQueryClient();
  const refused = useRefusal()('restartTenant');
  if (because === 'engine') {
    return (
      <Empty title="Statements are not counted one by one">
        The PostgreSQL of this server has no <code>pg_stat_statements</code>.
      </Empty>
    );
  }
  const restart = async (): Promise<void> => {
    await attempt(dynabase.tenants.restart(name), 'Statements are counted from now on');
    await client.invalidateQueries({ queryKey: keyOf(name) });
  };
  return (
    <Empty title="Statements are counted from the next start on">
      <p className="mb-3">
        {name} has been running since before they were. Restart it once: clients stay connected, and
        wait for a moment.
      </p>
      <Button disabledBecause={refused} onClick={restart}>
        Restart {name}
      </Button>
    </Empty>
  );
}

const COLUMNS: readonly Column<CountedStatement>[] = [
  {
    name: 'Share',
    width: '7rem',
    isSpare: true,
    cell: ({ share }) => (
      <span className="flex items-center gap-2">
        <span aria-hidden className="h-1.5 min-w-0 flex-1 rounded bg-sunken">
          <span
            className="block h-full rounded bg-accent"
            style={{ width: `${Math.max(2, share * 100)}%` }}
          />
        </span>
        <span className="tnum w-12 text-right">{percent(share)}</span>
      </span>
    ),
  },
  { name: 'All', width: '5rem', align: 'right', cell: ({ totalMs }) => brief(totalMs) },
  { name: 'Calls', width: '5rem', align: 'right', cell: ({ calls }) => count(calls) },
  { name: 'A call', width: '5rem', align: 'right', cell: ({ meanMs }) => brief(meanMs) },
  {
    name: 'Longest',
    width: '5rem',
    align: 'right',
    isSpare: true,
    cell: ({ longestMs }) => brief(longestMs),
  },
  { name: 'Rows', width: '5rem', align: 'right', isSpare: true, cell: ({ rows }) => count(rows) },
];

/** Of one id there is one for each role and database. */
const idOf = ({ id, role, database }: CountedStatement): string => `${id} ${role} ${database}`;

function Statements({ list, tenant }: { readonly list: StatementList; readonly tenant: Tenant }) {
  const [open, setOpen] = useState<CountedStatement | null>(null);
  const { statements, known, since, dropped } = list;
  if (statements.length === 0) {
    return <Empty title="Nothing was asked yet">Commands such as CREATE are not counted.</Empty>;
  }
  return (
    <>
      <Table
        label="Slowest statements"
        rows={statements}
        idOf={idOf}
        height="60dvh"
        columns={[
          {
            name: 'Statement',
            width: 'minmax(10rem, 1fr)',
            cell: (one) => (
              <button
                type="button"
                className="min-h-6 max-w-full truncate text-left font-mono text-xs hover:underline"
                onClick={() => setOpen(one)}
              >
                {lineOf(one)}
              </button>
            ),
          },
          ...COLUMNS,
        ]}
      />
      <p className="border-t border-line px-4 py-2 text-xs text-ink-soft">
        {count(statements.length)} of {count(known)}, without the values in them
        {since !== null && (
          <>
            , counted since <TimeAgo at={since} />
          </>
        )}
        {dropped > 0 && '; those asked least made room for others'}
      </p>
      <StatementDialog statement={open} tenant={tenant} onClose={() => setOpen(null)} />
    </>
  );
}
