/** Which queries take the time: by the statement where PostgreSQL counts them, else by hour and kind. */
import { queryOptions, useQuery } from '@tanstack/react-query';
import { type ReactNode, useMemo } from 'react';
import type { Tenant, Usage } from '../../sdk/index.ts';
import { weekQuery } from '../customer/queries.ts';
import { count, duration, percent } from '../format/units.ts';
import { percentile } from '../pages/latency.ts';
import { dynabase } from '../server/client.ts';
import { useRefusal } from '../shell/who.ts';
import { HeatMap } from '../ui/heat-map.tsx';
import { Panel } from '../ui/panel.tsx';
import { ShareBar } from '../ui/share-bar.tsx';
import { Empty, Loaded } from '../ui/states.tsx';
import { Table } from '../ui/table.tsx';
import { TableReads } from './table-reads.tsx';

type Slow = {
  readonly query: string;
  readonly calls: number;
  readonly total: number;
  readonly mean: number;
  readonly rows: number;
  readonly hits: number | null;
};

const HAS_STATEMENTS = `select exists (select from pg_extension where extname = 'pg_stat_statements') as has`;

const STATEMENTS = `
select left(query, 2000) as query, calls::float8 as calls, total_exec_time as total,
  mean_exec_time as mean, rows::float8 as rows,
  shared_blks_hit::float8 / nullif(shared_blks_hit + shared_blks_read, 0) as hits
from pg_stat_statements s join pg_database d on d.oid = s.dbid
where d.datname = current_database() order by total_exec_time desc limit 100`;

/** Null where it is not counted. */
const statementsQuery = (ref: string) =>
  queryOptions({
    queryKey: ['rows', ref, 'statements'],
    queryFn: async ({ signal }): Promise<readonly Slow[] | null> => {
      const ask = async (sql: string) =>
        (await dynabase.inside.query(ref, { sql }, { signal })).rows;
      const [found] = (await ask(HAS_STATEMENTS)) as readonly { readonly has: boolean }[];
      return found?.has ? ((await ask(STATEMENTS)) as readonly Slow[]) : null;
    },
    // A sleeping database is not woken twice for a look at it.
    staleTime: 60_000,
    refetchOnWindowFocus: false,
  });

export function Insights({ tenant }: { readonly tenant: Tenant }) {
  const week = useQuery(weekQuery(tenant.name));
  const refused = useRefusal()('query');
  // Nobody is woken for a look: it is asked while the database runs.
  const statements = useQuery({
    ...statementsQuery(tenant.name),
    enabled: tenant.state === 'running' && refused === null,
  });
  return (
    <div className="space-y-4">
      <div className="grid gap-4 lg:grid-cols-2">
        <Panel title="What was asked, 7 days">
          <Loaded query={week}>{(usage) => <Classes usage={usage} />}</Loaded>
        </Panel>
        <Panel title="What failed, 7 days">
          <Loaded query={week}>{(usage) => <Errors usage={usage} />}</Loaded>
        </Panel>
      </div>
      <Panel title="Latency by hour of the day, 95 % are quicker">
        <Loaded query={week}>{(usage) => <ByHour usage={usage} />}</Loaded>
      </Panel>
      <Panel title="Tables by rows that are read without an index" isBare>
        <Looked tenant={tenant} refused={refused}>
          <TableReads name={tenant.name} />
        </Looked>
      </Panel>
      <Panel title="Slowest statements" isBare>
        <Looked tenant={tenant} refused={refused}>
          <Loaded query={statements}>{(rows) => <Statements rows={rows} />}</Loaded>
        </Looked>
      </Panel>
    </div>
  );
}

/** What is found inside the database: for who may see its data, and while it is in use. */
function Looked({
  tenant: { state },
  refused,
  children,
}: {
  readonly tenant: Tenant;
  readonly refused: string | null;
  readonly children: ReactNode;
}) {
  if (refused !== null) return <Empty title="It is not shown">{refused}</Empty>;
  if (state === 'running') return children;
  return <Empty title="It is idle now">It is looked up while the database is in use.</Empty>;
}

const CLASS_COLOURS = [
  ...['cold', 'warm', 'hot', 'persistent'].map((tier) => `var(--fill-${tier})`),
  ...['var(--accent)', 'var(--level-4)', 'var(--good)'],
];

function Classes({ usage: { total } }: { readonly usage: Usage }) {
  const parts = Object.entries(total.classes)
    .filter(([, value]) => value > 0)
    .map(([name, value], at) => ({
      ...{ name, value, colour: CLASS_COLOURS[at % CLASS_COLOURS.length] ?? 'var(--accent)' },
    }));
  if (parts.length === 0) return <Empty title="Nothing was asked yet" />;
  return <ShareBar label="Statements by kind" parts={parts} />;
}

/** Source: PostgreSQL, Appendix A. */
const ERROR_WORDS: Readonly<Record<string, string>> = {
  '08': 'connections',
  '22': 'wrong values',
  '23': 'constraints',
  '25': 'state of a transaction',
  '28': 'passwords',
  '40': 'transactions in each other’s way',
  '42': 'syntax, names and rights',
  '53': 'limits',
  '57': 'cancelled or timed out',
};

function Errors({ usage: { total } }: { readonly usage: Usage }) {
  const rows = Object.entries(total.errors).sort(([, a], [, b]) => b - a);
  if (rows.length === 0) return <Empty title="Nothing failed" />;
  return (
    <ul className="space-y-1.5">
      {rows.map(([sqlClass, many]) => (
        <li key={sqlClass} className="flex justify-between gap-4">
          <span>
            {ERROR_WORDS[sqlClass] ?? 'others'}{' '}
            <span className="text-ink-soft">(class {sqlClass})</span>
          </span>
          <span className="tnum">{count(many)}</span>
        </li>
      ))}
    </ul>
  );
}

const HOURS = Array.from({ length: 24 }, (_, hour) => String(hour));

function ByHour({ usage }: { readonly usage: Usage }) {
  const values = useMemo(() => {
    const sums = HOURS.map(() => usage.latencyBoundsUs.concat(0).map(() => 0));
    for (const { at, latency } of usage.steps) {
      const sum = sums[new Date(at).getHours()];
      for (const [bucket, many] of latency.entries()) {
        if (sum !== undefined) sum[bucket] = (sum[bucket] ?? 0) + many;
      }
    }
    return sums.map((counts) => (percentile(counts, usage.latencyBoundsUs, 0.95) ?? 0) / 1_000);
  }, [usage]);
  return (
    <HeatMap
      label="Latency by hour"
      columns={HOURS}
      rows={[{ name: '95 %', values }]}
      format={(ms) => (ms === 0 ? 'nothing asked' : duration(ms))}
    />
  );
}

function Statements({ rows }: { readonly rows: readonly Slow[] | null }) {
  if (rows === null) {
    return (
      <Empty title="Statements are not counted one by one">
        They are told here where the server loads <code>pg_stat_statements</code>, and the database
        has the extension.
      </Empty>
    );
  }
  if (rows.length === 0) return <Empty title="Nothing was asked yet" />;
  return (
    <Table
      label="Slowest statements"
      rows={rows}
      idOf={({ query }) => query}
      height="60dvh"
      columns={[
        {
          name: 'Statement',
          cell: ({ query }) => (
            <span className="font-mono text-xs" title={query}>
              {query}
            </span>
          ),
        },
        { name: 'Calls', width: '5rem', align: 'right', cell: ({ calls }) => count(calls) },
        { name: 'Mean', width: '5rem', align: 'right', cell: ({ mean }) => duration(mean) },
        { name: 'All', width: '6rem', align: 'right', cell: ({ total }) => duration(total) },
        {
          name: 'From memory',
          width: '6.5rem',
          align: 'right',
          isSpare: true,
          cell: ({ hits }) => percent(hits),
        },
      ]}
    />
  );
}
