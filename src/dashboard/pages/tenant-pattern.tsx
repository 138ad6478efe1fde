import { useQuery } from '@tanstack/react-query';
import type { Tenant, TenantPolicy } from '../../sdk/index.ts';
import { count, duration, percent } from '../format/units.ts';
import { explainQuery, usageQuery, WEEK_HOURS } from '../server/queries.ts';
import { Fact, Facts, Panel } from '../ui/panel.tsx';
import { Loaded } from '../ui/states.tsx';
import { TimeAgo } from '../ui/time.tsx';
import { WeekPanel } from './week-panel.tsx';

export function TenantPattern({ tenant }: { readonly tenant: Tenant }) {
  const explained = useQuery(explainQuery(tenant.name));
  const usage = useQuery(usageQuery(tenant.name, WEEK_HOURS));
  return (
    <div className="grid gap-4 lg:grid-cols-2">
      <Panel title="What is learned of it">
        <Loaded query={explained}>{(policy) => <Learned policy={policy} />}</Loaded>
      </Panel>
      <Panel title="What comes next">
        <Loaded query={explained}>{(policy) => <Next policy={policy} />}</Loaded>
      </Panel>
      <div className="min-w-0 lg:col-span-2">
        <WeekPanel title="When it is used" query={usage} />
      </div>
    </div>
  );
}

function Learned({ policy: { metrics, prewarms } }: { readonly policy: TenantPolicy }) {
  return (
    <Facts>
      <Fact name="Queries, 24 h">
        {count(metrics.queryCount)} ({metrics.queryComplexity})
      </Fact>
      <Fact name="Active">{metrics.activeHoursPerDay.toFixed(1)} h a day</Fact>
      <Fact name="Predictable">to {percent(metrics.consistencyScore)}</Fact>
      <Fact name="Data">
        {metrics.datasetSizeGb === null ? 'not measured' : `${metrics.datasetSizeGb.toFixed(2)} GB`}
        , {metrics.growth}
      </Fact>
      <Fact name="Read from memory">{percent(metrics.cacheHitRatio)}</Fact>
      <Fact name="Peak hours (UTC)">
        {metrics.peakHours.length === 0
          ? 'none yet'
          : metrics.peakHours.map((hour) => `${hour}:00`).join(', ')}
      </Fact>
      <Fact name="Woken ahead">
        {count(prewarms.hits)} times somebody came, {count(prewarms.misses)} times nobody did (
        {duration(prewarms.wastedMs)} wasted)
      </Fact>
    </Facts>
  );
}

function Next({
  policy: { residency, nextWindow, nextDecisionAt },
}: {
  readonly policy: TenantPolicy;
}) {
  return (
    <Facts>
      <Fact name="Somebody comes">within the hour to {percent(residency.chanceInHour)}</Fact>
      <Fact name="Next use">
        {nextWindow === null ? (
          'no hour stands out'
        ) : (
          <>
            <TimeAgo at={nextWindow.from} />, likely to {percent(nextWindow.chance)}
          </>
        )}
      </Fact>
      <Fact name="Awake ahead">
        {residency.awakeAt === null ? 'not planned' : <TimeAgo at={residency.awakeAt} />}
      </Fact>
      <Fact name="Looked at again">
        {nextDecisionAt === null ? 'when something happens' : <TimeAgo at={nextDecisionAt} />}
      </Fact>
    </Facts>
  );
}
