/** What a database is asked: which statements take the time, of which kinds they are, and what fails. */
import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import type { Tenant, Usage } from '../../sdk/index.ts';
import { weekQuery } from '../customer/queries.ts';
import { count, duration } from '../format/units.ts';
import { percentile } from '../pages/latency.ts';
import { HeatMap } from '../ui/heat-map.tsx';
import { Panel } from '../ui/panel.tsx';
import { ShareBar } from '../ui/share-bar.tsx';
import { Empty, Loaded } from '../ui/states.tsx';
import { Looked } from './looked.tsx';
import { StatementsPanel } from './statements-panel.tsx';
import { TableReads } from './table-reads.tsx';

export function Insights({ tenant }: { readonly tenant: Tenant }) {
  const week = useQuery(weekQuery(tenant.name));
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
      <StatementsPanel tenant={tenant} />
      <Panel title="Latency by hour of the day, 95 % are quicker">
        <Loaded query={week}>{(usage) => <ByHour usage={usage} />}</Loaded>
      </Panel>
      <Panel title="Tables by rows that are read without an index" isBare>
        <Looked tenant={tenant}>
          <TableReads name={tenant.name} />
        </Looked>
      </Panel>
    </div>
  );
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
