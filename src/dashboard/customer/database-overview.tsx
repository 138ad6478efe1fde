import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import type { OwnCost, Tenant, TenantPolicy, Usage } from '../../sdk/index.ts';
import { money } from '../format/money.ts';
import { count, duration } from '../format/units.ts';
import { AdviceList } from '../pages/advice-list.tsx';
import { percentile } from '../pages/latency.ts';
import { QuotaUse } from '../pages/quota-use.tsx';
import { TenantPattern } from '../pages/tenant-pattern.tsx';
import { WeekMap } from '../pages/week-map.tsx';
import { explainQuery, plansQuery, quotaQuery } from '../server/queries.ts';
import { Chart } from '../ui/chart.tsx';
import { Panel, Stat, Stats } from '../ui/panel.tsx';
import { Empty, Loaded } from '../ui/states.tsx';
import { useBrand } from './brand.tsx';
import { PLAN_NAMES, PLAN_WORDS, promises } from './plan-words.ts';
import { chargedForQuery, weekQuery } from './queries.ts';

export function DatabaseOverview({ tenant }: { readonly tenant: Tenant }) {
  const cost = useQuery(chargedForQuery(tenant.name));
  const week = useQuery(weekQuery(tenant.name));
  const quota = useQuery(quotaQuery(tenant.name));
  const { transparency } = useBrand();
  return (
    <>
      <Figures cost={cost.data} week={week.data} />
      <div className="grid gap-4 lg:grid-cols-2">
        <Panel title="Your plan">
          <PlanTold tenant={tenant} />
        </Panel>
        <Panel title="Recommendations">
          <Recommendations tenant={tenant} />
        </Panel>
        <Panel title="Queries an hour">
          <Loaded query={week}>{(usage) => <Trend usage={usage} what="queries" />}</Loaded>
        </Panel>
        <Panel title="How long they took">
          <Loaded query={week}>{(usage) => <Trend usage={usage} what="latency" />}</Loaded>
        </Panel>
        <Panel
          title="When it is used, the last 7 days"
          aside={<span className="text-xs">your zone</span>}
        >
          <Loaded query={week}>{({ steps }) => <WeekMap steps={steps} />}</Loaded>
        </Panel>
        <Panel title="Use this month">
          <Loaded query={quota}>{(state) => <QuotaUse state={state} />}</Loaded>
        </Panel>
      </div>
      {transparency && (
        <div className="mt-4">
          <TenantPattern tenant={tenant} />
        </div>
      )}
    </>
  );
}

function Figures({
  cost,
  week,
}: {
  readonly cost: OwnCost | undefined;
  readonly week: Usage | undefined;
}) {
  const told = (amount: string | undefined): string =>
    cost === undefined || amount === undefined ? '–' : money(amount, cost.currency);
  const inMs = (us: number | null | undefined): string => (us == null ? '–' : duration(us / 1_000));
  const quantiles = week?.total.quantiles;
  return (
    <Stats>
      <Stat label="This month so far" value={told(cost?.charged)} note="by the price list" />
      <Stat
        label="By the end of the month"
        value={told(cost?.chargedAtMonthEnd)}
        note="if it goes on as it has"
      />
      <Stat label="Queries" value={week ? count(week.total.queries) : '–'} note="in 7 days" />
      <Stat label="Median" value={inMs(quantiles?.p50Us)} note="to the end of the answer" />
      <Stat label="95th percentile" value={inMs(quantiles?.p95Us)} note="95 of 100 are quicker" />
      <Stat
        label="Errors"
        value={week ? count(Object.values(week.total.errors).reduce((a, b) => a + b, 0)) : '–'}
        note="in 7 days"
      />
    </Stats>
  );
}

function PlanTold({ tenant: { plan } }: { readonly tenant: Tenant }) {
  const plans = useQuery(plansQuery);
  return (
    <>
      <p className="text-base font-medium">{PLAN_NAMES[plan]}</p>
      <p className="mb-3 text-ink-soft">{PLAN_WORDS[plan]}</p>
      <Loaded query={plans} lines={3}>
        {(all) => {
          const own = all.find((one) => one.plan === plan);
          return (
            <ul className="list-disc space-y-1 pl-5">
              {own && promises(own.sla).map((line) => <li key={line}>{line}</li>)}
            </ul>
          );
        }}
      </Loaded>
    </>
  );
}

type Advice = TenantPolicy['advice'][number];

/** Advice about what only who is to see tiers is told of. */
const MECHANICS: readonly Advice['kind'][] = ['tier-up', 'tier-down', 'consent'];

function Recommendations({ tenant }: { readonly tenant: Tenant }) {
  const explained = useQuery(explainQuery(tenant.name));
  const { transparency } = useBrand();
  return (
    <Loaded query={explained}>
      {({ advice }) => {
        // Of tiers only who is to see them is told.
        const told = advice.filter(({ kind }) => transparency || !MECHANICS.includes(kind));
        if (told.length === 0)
          return <Empty title="Nothing to recommend">What you use fits your plan.</Empty>;
        return <AdviceList tenant={tenant} advice={told} />;
      }}
    </Loaded>
  );
}

const HOUR_MS = 3_600_000;

const inMs = (value: number): string => duration(value);

/** Every hour of the week, those without use too. */
function Trend({ usage, what }: { readonly usage: Usage; readonly what: 'queries' | 'latency' }) {
  const { times, queries, latency } = useMemo(() => pointsOf(usage), [usage]);
  if (usage.total.queries === 0) {
    return <Empty title="Nothing was asked yet">It is counted from the first query on.</Empty>;
  }
  return what === 'queries' ? (
    <Chart label="Queries an hour" times={times} series={queries} format={count} kind="bars" />
  ) : (
    <Chart label="Latency" times={times} series={latency} format={inMs} kind="bars" />
  );
}

function pointsOf({ from, to, steps, latencyBoundsUs: bounds }: Usage) {
  const begin = Math.floor(Date.parse(from) / HOUR_MS);
  const length = Math.max(1, Math.ceil(Date.parse(to) / HOUR_MS) - begin);
  const hours = new Map(steps.map((step) => [Math.floor(Date.parse(step.at) / HOUR_MS), step]));
  const of = (part: number) => (hour: number) => {
    const counts = hours.get(hour)?.latency ?? [];
    const us = percentile(counts, bounds, part);
    return us === null ? null : us / 1_000;
  };
  const span = Array.from({ length }, (_, index) => begin + index);
  return {
    times: span.map((hour) => hour * HOUR_MS),
    queries: [
      {
        ...{ name: 'queries', colour: 'var(--accent)' },
        values: span.map((hour) => hours.get(hour)?.queries ?? 0),
      },
    ],
    latency: [
      { name: '95 % are quicker', colour: 'var(--fill-warm)', values: span.map(of(0.95)) },
      { name: 'median', colour: 'var(--accent)', values: span.map(of(0.5)) },
    ],
  };
}
