/** What the fleet costs and brings in: by tier, by tenant, by day; and how it stands against its targets. */
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useMemo } from 'react';
import type { CostReport, Kpi } from '../../sdk/index.ts';
import { money } from '../format/money.ts';
import { count, duration, percent } from '../format/units.ts';
import {
  costAlertsQuery,
  costsQuery,
  fleetUsageQuery,
  kpisQuery,
  priceBooksQuery,
} from '../server/queries.ts';
import { Badge } from '../ui/badge.tsx';
import { Chart } from '../ui/chart.tsx';
import { PageHead, Panel, Stat, Stats } from '../ui/panel.tsx';
import { Empty, Loaded } from '../ui/states.tsx';
import { Table } from '../ui/table.tsx';
import { TimeAgo } from '../ui/time.tsx';
import { WeekMap } from './week-map.tsx';
import { WhatIfForm } from './what-if-form.tsx';

const TREND_DAYS = 30;

export function CostsPage() {
  const byTier = useQuery(costsQuery('tier'));
  const byTenant = useQuery(costsQuery('tenant'));
  const byDay = useQuery(costsQuery('day', TREND_DAYS));
  const usage = useQuery(fleetUsageQuery);
  const kpis = useQuery(kpisQuery);
  return (
    <>
      <PageHead title="Costs and margins" lead="This month so far, by the price book in force." />
      <Loaded query={byTier}>{(report) => <Totals report={report} />}</Loaded>
      <div className="grid gap-4 lg:grid-cols-2">
        <Panel title="Margin by tier" isBare>
          <Loaded query={byTier}>{(report) => <Lines report={report} what="Tier" />}</Loaded>
        </Panel>
        <Panel title={`Cost a day, the last ${TREND_DAYS} days`}>
          <Loaded query={byDay}>{(report) => <Trend report={report} />}</Loaded>
        </Panel>
        <Panel title="The dearest tenants" isBare>
          <Loaded query={byTenant}>{(report) => <Lines report={report} what="Tenant" />}</Loaded>
        </Panel>
        <Panel
          title="When the fleet is used, the last 7 days"
          aside={<span className="text-xs">your zone</span>}
        >
          <Loaded query={usage}>{({ steps }) => <WeekMap steps={steps} />}</Loaded>
        </Panel>
        <Panel title="What if" aside={<span className="text-xs">replayed by the simulator</span>}>
          <WhatIfForm />
        </Panel>
        <Books />
      </div>
      <div className="mt-4 grid gap-4">
        <Panel title="Against the targets" isBare>
          <Loaded query={kpis}>{(report) => <Targets kpis={report.kpis} />}</Loaded>
        </Panel>
        <Alerts />
      </div>
    </>
  );
}

function Totals({ report }: { readonly report: CostReport }) {
  const { total, projection, currency, utilisation } = report;
  const isLosing = total.margin !== null && total.margin < 0;
  return (
    <Stats>
      <Stat label="Cost" value={money(total.cost, currency)} note="this month so far" />
      <Stat
        label="Expected"
        value={money(projection.expected, currency)}
        note={`${money(projection.low, currency)} to ${money(projection.high, currency)}`}
      />
      <Stat
        label="Always on"
        value={money(total.alwaysOn, currency)}
        note={(total.reduction ?? 0) > 0 ? `${percent(total.reduction)} is saved` : 'no saving yet'}
      />
      <Stat label="Revenue" value={money(total.revenue, currency)} note="by the tariffs" />
      <Stat
        label="Margin"
        value={percent(total.margin)}
        tone={isLosing ? 'bad' : undefined}
        note={`${money(total.profit, currency)} profit`}
      />
      <Stat label="Machines used" value={percent(utilisation)} note="of what is paid for" />
    </Stats>
  );
}

function Lines({ report, what }: { readonly report: CostReport; readonly what: string }) {
  const { lines, currency } = report;
  if (lines.length === 0) return <Empty title="Nothing has cost anything yet" />;
  return (
    <Table
      label={`Costs by ${what.toLowerCase()}`}
      rows={lines}
      idOf={({ key }) => key ?? ''}
      height="18rem"
      columns={[
        {
          name: what,
          cell: ({ key, name }) =>
            what === 'Tenant' && key !== null ? (
              <Link
                to="/tenants/$ref"
                params={{ ref: name ?? key }}
                className="font-medium hover:underline"
              >
                {name ?? key}
              </Link>
            ) : (
              (name ?? key ?? 'nobody’s')
            ),
        },
        { name: 'Cost', width: '6rem', align: 'right', cell: (one) => money(one.cost, currency) },
        {
          name: 'Always on',
          width: '6rem',
          align: 'right',
          isSpare: true,
          cell: (one) => money(one.alwaysOn, currency),
        },
        {
          name: 'Revenue',
          width: '6rem',
          align: 'right',
          isSpare: true,
          cell: (one) => money(one.revenue, currency),
        },
        { name: 'Margin', width: '5rem', align: 'right', cell: ({ margin }) => percent(margin) },
      ]}
    />
  );
}

function Trend({ report: { lines, currency } }: { readonly report: CostReport }) {
  const { times, series } = useMemo(
    () => ({
      times: lines.map(({ key }) => Date.parse(key ?? '')),
      series: [
        {
          ...{ name: 'always on', colour: 'var(--line-strong)' },
          values: lines.map(({ alwaysOn }) => Number(alwaysOn)),
        },
        {
          ...{ name: 'cost', colour: 'var(--accent)' },
          values: lines.map(({ cost }) => Number(cost)),
        },
      ],
    }),
    [lines],
  );
  const format = useMemo(() => (value: number) => money(String(value), currency), [currency]);
  if (lines.length === 0) return <Empty title="No whole day yet" />;
  return <Chart label="Cost a day" times={times} series={series} format={format} kind="bars" />;
}

const inUnit = (value: number | null, unit: Kpi['unit']): string => {
  if (value === null) return '–';
  if (unit === 'ratio') return percent(value);
  if (unit === 'seconds') return duration(value * 1_000);
  if (unit === 'dollars') return money(String(value), 'USD');
  return count(value);
};

function Targets({ kpis }: { readonly kpis: readonly Kpi[] }) {
  return (
    <Table
      label="Targets"
      rows={kpis}
      idOf={({ name, plan }) => `${name} ${plan}`}
      height="26rem"
      columns={[
        { name: 'What', cell: ({ title, plan }) => `${title}${plan === null ? '' : `, ${plan}`}` },
        {
          name: 'Value',
          width: '6rem',
          align: 'right',
          cell: (one) => inUnit(one.value, one.unit),
        },
        {
          name: 'Target',
          width: '9rem',
          isSpare: true,
          cell: ({ target, unit }) => `${target.is} ${inUnit(target.value, unit)}`,
        },
        {
          name: 'Met',
          width: '6rem',
          cell: ({ isMet }) =>
            isMet === null ? (
              <Badge>not known</Badge>
            ) : (
              <Badge tone={isMet ? 'good' : 'bad'}>{isMet ? 'met' : 'missed'}</Badge>
            ),
        },
        {
          name: 'How it is measured',
          isSpare: true,
          cell: ({ why, measured }) => <span title={why ?? measured}>{why ?? measured}</span>,
        },
      ]}
    />
  );
}

function Books() {
  const books = useQuery(priceBooksQuery);
  return (
    <Panel title="Price books" isBare>
      <Loaded query={books}>
        {(rows) => (
          <Table
            label="Price books"
            rows={rows}
            idOf={({ name }) => name}
            height="18rem"
            columns={[
              { name: 'Name', cell: ({ name }) => <span className="font-medium">{name}</span> },
              {
                name: 'Kind',
                width: '8rem',
                cell: ({ isPreset, revision }) => (isPreset ? 'preset' : `revision ${revision}`),
              },
              { name: 'In', width: '4rem', cell: ({ currency }) => currency },
              {
                name: '',
                width: '6rem',
                cell: ({ isInForce }) => isInForce && <Badge tone="good">in force</Badge>,
              },
            ]}
          />
        )}
      </Loaded>
    </Panel>
  );
}

function Alerts() {
  const alerts = useQuery(costAlertsQuery);
  return (
    <Panel title="Alerts about money">
      <Loaded query={alerts}>
        {(rows) =>
          rows.length === 0 ? (
            <p className="text-ink-soft">
              No budget is passed, and no cost is out of the ordinary.
            </p>
          ) : (
            <ul className="space-y-2">
              {rows.map(({ id, at, says }) => (
                <li key={id}>
                  {says}{' '}
                  <span className="text-ink-soft">
                    (<TimeAgo at={at} />)
                  </span>
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </Panel>
  );
}
