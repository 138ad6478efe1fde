/** What the fleet costs and brings in: by tier, by tenant, by day; and how it stands against its targets. */
import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import type { CostReport, Kpi } from '../../sdk/index.ts';
import { money } from '../format/money.ts';
import { count, duration, percent } from '../format/units.ts';
import { costAlertsQuery, costsQuery, kpisQuery } from '../server/queries.ts';
import { Badge } from '../ui/badge.tsx';
import { Chart } from '../ui/chart.tsx';
import { PageHead, Panel, Stat, Stats } from '../ui/panel.tsx';
import { ShareBar } from '../ui/share-bar.tsx';
import { Empty, Loaded } from '../ui/states.tsx';
import { Table } from '../ui/table.tsx';
import { AlertLine } from './alert-line.tsx';
import { CostLines, isLoss, marginOf } from './cost-lines.tsx';
import { WhatIfForm } from './what-if-form.tsx';

const TREND_DAYS = 30;

/** As high as a chart with its legend: what comes late moves nothing. */
const ROOM = '14.75rem';

export function CostsPage() {
  const byTier = useQuery(costsQuery('tier'));
  const byTenant = useQuery(costsQuery('tenant'));
  const byDay = useQuery(costsQuery('day', TREND_DAYS));
  const kpis = useQuery(kpisQuery);
  return (
    <>
      <PageHead title="Costs and margins" lead="This month so far, by the price book in force." />
      <div className="flow-root min-h-29">
        <Loaded query={byTier}>{(report) => <Totals report={report} />}</Loaded>
      </div>
      <div className="grid gap-4 lg:grid-cols-2">
        <Panel title="Margin by tier" isBare room={ROOM}>
          <Loaded query={byTier}>{(report) => <CostLines report={report} what="Tier" />}</Loaded>
        </Panel>
        <Panel title={`Cost a day, the last ${TREND_DAYS} days`} room={ROOM}>
          <Loaded query={byDay}>{(report) => <Trend report={report} />}</Loaded>
        </Panel>
        <Panel title="The dearest tenants" isBare room="18rem">
          <Loaded query={byTenant}>
            {(report) => <CostLines report={report} what="Tenant" />}
          </Loaded>
        </Panel>
        <Panel title="What it is made of" room="18rem">
          <Loaded query={byTier}>{(report) => <Parts report={report} />}</Loaded>
        </Panel>
        <Panel title="What if" aside={<span className="text-xs">replayed by the simulator</span>}>
          <WhatIfForm />
        </Panel>
        <div id="alerts" className="grid min-w-0">
          <Alerts />
        </div>
      </div>
      <div className="mt-4">
        <Panel title="Against the targets" isBare room="26rem">
          <Loaded query={kpis}>{(report) => <Targets kpis={report.kpis} />}</Loaded>
        </Panel>
      </div>
    </>
  );
}

function Totals({ report }: { readonly report: CostReport }) {
  const { total, projection, currency, utilisation } = report;
  return (
    <Stats>
      <Stat label="Cost" value={money(total.cost, currency)} note="this month so far" />
      <Stat
        label="Expected"
        value={money(projection.expected, currency)}
        note={`${money(projection.low, currency)} to ${money(projection.high, currency)}`}
      />
      <Stat
        label="Tenants’ own use"
        value={money(total.attributed, currency)}
        note={againstAlwaysOn(report)}
      />
      <Stat label="Revenue" value={money(total.revenue, currency)} note="by the tariffs" />
      <Stat
        label="Margin"
        value={marginOf(total, currency)}
        tone={isLoss(total) ? 'bad' : undefined}
        note={profitOf(report)}
      />
      <Stat label="Machines used" value={percent(utilisation)} note="of what is paid for" />
    </Stats>
  );
}

/** Of a machine that is paid for whether it is used or not, a small fleet bears all: that is no loss by its tenants. */
function profitOf({ total, unattributed, currency }: CostReport): string {
  if (total.marginUnknown === 'too early') return 'too early to tell';
  const unused = Number(unattributed.idle) / Number(total.cost);
  if (isLoss(total) && unused > 0.5) return `${percent(unused)} of the cost is unused room`;
  return `${money(total.profit, currency)} profit`;
}

/** Dollars and the like: of less than a cent no part says anything. */
const COMPARED_FROM = 0.01;

/** Use against use: the machine is paid for either way, so it is on neither side. */
function againstAlwaysOn({ total, currency }: CostReport): string {
  const [own, always] = [Number(total.attributed), Number(total.alwaysOn)];
  if (always < COMPARED_FROM || own >= always) return 'too little yet to compare';
  return `${percent(1 - own / always)} below ${money(total.alwaysOn, currency)} always on`;
}

/** What is there whether tenants do anything or not is told apart from what they use. */
function Parts({ report }: { readonly report: CostReport }) {
  const { total, unattributed, currency } = report;
  const parts = [
    { name: 'Tenants’ use', value: Number(total.attributed), colour: 'var(--accent)' },
    { name: 'Our programs', value: Number(unattributed.overhead), colour: 'var(--level-2)' },
    { name: 'Unused room', value: Number(unattributed.idle), colour: 'var(--level-3)' },
    { name: 'Minimum', value: Number(unattributed.minimum), colour: 'var(--level-4)' },
  ];
  const fixed = parts.slice(1).reduce((sum, { value }) => sum + value, 0);
  return (
    <div className="space-y-4">
      <ShareBar
        label="Parts of the cost"
        parts={parts}
        format={(value) => money(String(value), currency)}
      />
      <p className="text-ink-soft">
        {money(String(fixed), currency)} are there however little tenants do: our own programs, room
        on machines that nobody uses, and what a contract asks for at least. They are spread over
        more tenants as the fleet grows. Compared with always on is what tenants use alone.
      </p>
    </div>
  );
}

function Trend({ report: { lines, currency } }: { readonly report: CostReport }) {
  const { times, series } = useMemo(
    () => ({
      times: lines.map(({ key }) => Date.parse(key ?? '')),
      series: [
        {
          ...{ name: 'all that is paid', colour: 'var(--level-3)' },
          values: lines.map(({ cost }) => Number(cost)),
        },
        {
          ...{ name: 'tenants’ own use', colour: 'var(--accent)' },
          values: lines.map(({ attributed }) => Number(attributed)),
        },
      ],
    }),
    [lines],
  );
  const format = useMemo(() => (value: number) => money(String(value), currency), [currency]);
  if (lines.length === 0) return <Empty title="No whole day yet" />;
  return (
    <Chart label="Cost a day" times={times} series={series} format={format} kind="bars" isByDay />
  );
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
              {rows.map((alert) => (
                <li key={alert.id}>
                  <AlertLine alert={alert} />
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </Panel>
  );
}
