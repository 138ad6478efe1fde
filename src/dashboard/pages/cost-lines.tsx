/** Costs and margins line by line: by tier, tenant, or whatever they are summed up by. */
import { useMemo } from 'react';
import { TENANT_TIERS } from '../../contract/limits.ts';
import type { CostReport } from '../../sdk/index.ts';
import { money } from '../format/money.ts';
import { percent } from '../format/units.ts';
import { TenantLink } from '../shell/tenant-link.tsx';
import { TierBadge } from '../ui/badge.tsx';
import { Chart } from '../ui/chart.tsx';
import { Empty } from '../ui/states.tsx';
import { Table } from '../ui/table.tsx';

export function CostLines({
  report: { lines, currency },
  what,
  height = '18rem',
}: {
  readonly report: CostReport;
  readonly what: string;
  readonly height?: string;
}) {
  if (lines.length === 0) {
    return <Empty title="Nothing has cost anything yet">The first hour of use shows here.</Empty>;
  }
  return (
    <Table
      label={`Costs by ${what.toLowerCase()}`}
      rows={lines}
      idOf={({ key }) => key ?? ''}
      height={height}
      columns={[
        {
          name: what,
          cell: ({ key, name }) =>
            key === null ? 'nobody’s' : <Named what={what} name={name ?? key} />,
        },
        { name: 'Cost', width: '5.5rem', align: 'right', cell: (one) => money(one.cost, currency) },
        {
          name: 'Own use',
          width: '5.5rem',
          align: 'right',
          isSpare: true,
          cell: (one) => money(one.attributed, currency),
        },
        {
          name: 'Revenue',
          width: '5.5rem',
          align: 'right',
          isSpare: true,
          cell: (one) => money(one.revenue, currency),
        },
        {
          name: 'Margin',
          width: '5rem',
          align: 'right',
          cell: (one) => (
            <span className={isLoss(one) ? 'text-bad' : ''}>{marginOf(one, currency)}</span>
          ),
        },
      ]}
    />
  );
}

function Named({ what, name }: { readonly what: string; readonly name: string }) {
  if (what === 'Tenant') return <TenantLink name={name} />;
  const tier = what === 'Tier' ? TENANT_TIERS.find((one) => one === name) : undefined;
  return tier === undefined ? name : <TierBadge tier={tier} />;
}

type Earned = Pick<CostReport['total'], 'margin' | 'profit'>;

export const isLoss = ({ margin }: Earned): boolean => margin !== null && margin < 0;

/** Who loses more than comes in learns by how much: of many times as much no percentage says anything. */
export const marginOf = ({ margin, profit }: Earned, currency: string): string =>
  margin !== null && margin < -1 ? money(profit, currency) : percent(margin);

const DAY_S = 86_400;

/** What a tenant costs a day, on average over those that were there; and what it would, never asleep. */
export function TenantTrend({ report: { lines, currency } }: { readonly report: CostReport }) {
  const { times, series } = useMemo(() => {
    const perTenant = (amount: string, seconds: number): number | null =>
      seconds === 0 ? null : (Number(amount) * DAY_S) / seconds;
    return {
      times: lines.map(({ key }) => Date.parse(key ?? '')),
      series: [
        {
          ...{ name: 'always on', colour: 'var(--line-strong)' },
          values: lines.map((one) => perTenant(one.alwaysOn, one.tenantSeconds)),
        },
        {
          ...{ name: 'own use', colour: 'var(--accent)' },
          values: lines.map((one) => perTenant(one.attributed, one.tenantSeconds)),
        },
      ],
    };
  }, [lines]);
  const format = useMemo(() => (value: number) => money(String(value), currency), [currency]);
  if (lines.length === 0) {
    return <Empty title="No day yet">What tenants use is priced by the hour.</Empty>;
  }
  return (
    <Chart
      label="Cost of a tenant a day"
      times={times}
      series={series}
      format={format}
      kind="bars"
      isByDay
    />
  );
}
