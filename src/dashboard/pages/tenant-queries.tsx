import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useMemo } from 'react';
import type { Tenant, Usage } from '../../sdk/index.ts';
import { bytes, count, duration } from '../format/units.ts';
import { SPANS } from '../search.ts';
import { usageQuery } from '../server/queries.ts';
import { StatementsPanel } from '../sql/statements-panel.tsx';
import { Chart } from '../ui/chart.tsx';
import { Select } from '../ui/field.tsx';
import { Panel, Stat, Stats } from '../ui/panel.tsx';
import { Empty, Loaded } from '../ui/states.tsx';
import { percentile } from './latency.ts';

const route = getRouteApi('/frame/tenants/$ref');

const MINUTE_MS = 60_000;

/** Points of a chart at most: more than there are pixels tell nothing more. */
const POINTS_MAX = 360;

export function TenantQueries({ tenant }: { readonly tenant: Tenant }) {
  const { hours = '24' } = route.useSearch();
  const navigate = route.useNavigate();
  const usage = useQuery(usageQuery(tenant.name, Number(hours)));
  return (
    <>
      <div className="mb-3 flex justify-end">
        <Select
          label="Span"
          isLabelHidden
          value={hours}
          choices={SPANS.map((value) => ({
            ...{ value, text: value === '1' ? 'the last hour' : `the last ${value} hours` },
          }))}
          onChange={(next) => void navigate({ search: (now) => ({ ...now, hours: next }) })}
        />
      </div>
      <Loaded query={usage} lines={10}>
        {(found) =>
          found.steps.length === 0 ? (
            <Panel title="Queries">
              <Empty title="Nothing was asked in this span">
                Queries are counted as they pass the proxy, minute by minute.
              </Empty>
            </Panel>
          ) : (
            <Charts usage={found} />
          )
        }
      </Loaded>
      <div className="mt-4">
        <StatementsPanel tenant={tenant} />
      </div>
    </>
  );
}

const perMs = (us: number): string => duration(us / 1_000);

function Charts({ usage }: { readonly usage: Usage }) {
  const points = useMemo(() => pointsOf(usage), [usage]);
  const { total, latencyBoundsUs: bounds } = usage;
  const errors = Object.values(total.errors).reduce((sum, one) => sum + one, 0);
  const p = (part: number): string => {
    const us = percentile(total.latency, bounds, part);
    return us === null ? '–' : perMs(us);
  };
  return (
    <>
      <Stats>
        <Stat
          label="Queries"
          value={count(total.queries)}
          note={`${count(total.byRobots)} by robots`}
        />
        <Stat label="Median" value={p(0.5)} note="to the end of the answer" />
        <Stat label="95 %" value={p(0.95)} note="are quicker than this" />
        <Stat label="99 %" value={p(0.99)} note="are quicker than this" />
        <Stat
          label="Errors"
          value={count(errors)}
          tone={errors > 0 ? 'warn' : undefined}
          note={errorWords(total.errors)}
        />
        <Stat
          label="Sent"
          value={bytes(total.bytesOut)}
          note={`${bytes(total.bytesIn)} received`}
        />
      </Stats>
      <div className="grid gap-4 lg:grid-cols-2">
        <Panel title="Queries a minute">
          <Chart
            label="Queries a minute"
            times={points.times}
            series={points.queries}
            format={count}
          />
        </Panel>
        <Panel title="How long they took">
          <Chart label="Latency" times={points.times} series={points.latency} format={perMs} />
        </Panel>
      </div>
    </>
  );
}

const errorWords = (errors: Readonly<Record<string, number>>): string =>
  Object.entries(errors)
    .map(([sqlClass, many]) => `${count(many)} of class ${sqlClass}`)
    .join(', ');

/** Every minute of the span, those without use too, gathered until they fit. */
function pointsOf({ from, to, steps, latencyBoundsUs }: Usage) {
  const begin = Math.floor(Date.parse(from) / MINUTE_MS);
  const length = Math.max(1, Math.ceil(Date.parse(to) / MINUTE_MS) - begin);
  const each = Math.ceil(length / POINTS_MAX);
  const bins = Array.from({ length: Math.ceil(length / each) }, (_, bin) => ({
    ...{ time: (begin + bin * each) * MINUTE_MS, queries: 0 },
    latency: Array.from({ length: latencyBoundsUs.length + 1 }, () => 0),
  }));
  for (const minute of steps) {
    const bin = bins[Math.floor((Date.parse(minute.at) / MINUTE_MS - begin) / each)];
    if (bin === undefined) continue;
    bin.queries += minute.queries;
    for (const [at, many] of minute.latency.entries())
      bin.latency[at] = (bin.latency[at] ?? 0) + many;
  }
  const quantile = (p: number) => bins.map((bin) => percentile(bin.latency, latencyBoundsUs, p));
  return {
    times: bins.map(({ time }) => time),
    queries: [
      {
        name: 'queries',
        colour: 'var(--accent)',
        values: bins.map(({ queries }) => queries / each),
      },
    ],
    latency: [
      { name: 'median', colour: 'var(--accent)', values: quantile(0.5) },
      { name: '95 %', colour: 'var(--tier-hot)', values: quantile(0.95) },
    ],
  };
}
