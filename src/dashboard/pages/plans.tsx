/** What each plan promises and bounds, and what each tier gives. */
import { type UseQueryResult, useQuery, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { TENANT_PLANS, TENANT_TIERS } from '../../contract/limits.ts';
import type { PlanList, TierList } from '../../sdk/index.ts';
import { duration } from '../format/units.ts';
import { dynabase } from '../server/client.ts';
import { planQuotaQuery, plansQuery, tiersQuery } from '../server/queries.ts';
import { useRefusal } from '../shell/who.ts';
import { TierBadge } from '../ui/badge.tsx';
import { Button } from '../ui/button.tsx';
import { Fact, Facts, PageHead, Panel } from '../ui/panel.tsx';
import { ErrorBox, Loaded, useLastError, Waiting } from '../ui/states.tsx';
import { QuotaEditor } from './quota-editor.tsx';

type Plan = PlanList['plans'][number];

type Tier = TierList['tiers'][number];

export function PlansPage() {
  const plans = useQuery(plansQuery);
  const tiers = useQuery(tiersQuery);
  return (
    <>
      <PageHead
        title="Plans and tiers"
        lead="What customers are promised, and how the promise is kept."
      />
      <Refused query={plans} />
      <div className="mb-4 grid gap-4 md:grid-cols-2 xl:grid-cols-4">
        {TENANT_PLANS.map((name) => (
          <Panel key={name} title={name} room="22.5rem">
            <div className="min-h-67">
              <Told query={plans}>
                {(all) =>
                  all
                    .filter(({ plan }) => plan === name)
                    .map((plan) => <PlanFacts key={name} plan={plan} />)
                }
              </Told>
            </div>
            <PlanQuota plan={name} />
          </Panel>
        ))}
      </div>
      <Refused query={tiers} />
      <div className="grid gap-4 md:grid-cols-2 xl:grid-cols-4">
        {TENANT_TIERS.map((name) => (
          <Panel key={name} title={name} room="14.5rem">
            <Told query={tiers}>
              {({ tiers: all, residency }) =>
                all
                  .filter(({ tier }) => tier === name)
                  .map((tier) => (
                    <TierFacts key={name} tier={tier} isAdaptive={residency === 'adaptive'} />
                  ))
              }
            </Told>
          </Panel>
        ))}
      </div>
      <p className="mt-3 min-h-5 text-ink-soft">
        {tiers.data === undefined
          ? ''
          : tiers.data.residency === 'adaptive'
            ? 'Idle times are learned of each tenant; those of the tiers are where that begins.'
            : 'Idle times are those of the tiers.'}
      </p>
    </>
  );
}

type Asked<T> = Pick<UseQueryResult<T>, 'data' | 'error' | 'refetch'>;

/** Why the cards stay empty: said once above them, not in each. */
function Refused({ query }: { readonly query: Asked<unknown> }) {
  const error = useLastError(query);
  if (error === null) return null;
  return (
    <div className="mb-4">
      <ErrorBox error={error} retry={query.refetch} />
    </div>
  );
}

function Told<T>({
  query,
  children,
}: {
  readonly query: Asked<T>;
  readonly children: (data: T) => ReactNode;
}) {
  const { data } = query;
  const error = useLastError(query);
  if (data !== undefined) return children(data);
  return error === null ? <Waiting lines={6} /> : <p className="text-ink-soft">Not known.</p>;
}

/** The limits of each tenant of the plan that has none of its own, behind a line: most never change them. */
function PlanQuota({ plan }: { readonly plan: Plan['plan'] }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <div className="mt-3 border-t border-line pt-3">
      <Button look="quiet" icon={isOpen ? 'up' : 'down'} onClick={() => setOpen(!isOpen)}>
        Limits
      </Button>
      {isOpen && <PlanLimits plan={plan} />}
    </div>
  );
}

function PlanLimits({ plan }: { readonly plan: Plan['plan'] }) {
  const client = useQueryClient();
  const quota = useQuery(planQuotaQuery(plan));
  const refused = useRefusal()('setPlanQuota');
  return (
    <Loaded query={quota} lines={6}>
      {(found) => (
        <QuotaEditor
          key={JSON.stringify(found)}
          quota={found}
          disabledBecause={refused}
          onSave={async (next) =>
            client.setQueryData(
              planQuotaQuery(plan).queryKey,
              await dynabase.limits.setPlanQuota(plan, next),
            )
          }
        />
      )}
    </Loaded>
  );
}

const COLD_STARTS: Readonly<Record<Plan['sla']['coldStarts'], string>> = {
  allowed: 'may happen',
  rare: 'rare',
  'outside-business-hours': 'outside business hours',
  never: 'never',
};

const memory = (mb: number | null): string => (mb === null ? 'no limit' : `${mb} MB`);

const processors = (cpuPercent: number | null): string =>
  cpuPercent === null ? 'no limit' : `${cpuPercent / 100} processors`;

function PlanFacts({ plan: { firstTier, floor, ceiling, sla, limits } }: { readonly plan: Plan }) {
  return (
    <Facts>
      <Fact name="Tiers">
        <span className="flex flex-wrap items-center gap-1">
          <TierBadge tier={floor} /> to <TierBadge tier={ceiling} />
        </span>
      </Fact>
      <Fact name="Begins as">
        <TierBadge tier={firstTier} />
      </Fact>
      <Fact name="Cold starts">
        {COLD_STARTS[sla.coldStarts]}
        {sla.coldStartUnderMs === null ? '' : `, under ${duration(sla.coldStartUnderMs)}`}
      </Fact>
      <Fact name="95 % of queries">under {duration(sla.queryP95UnderMs)}</Fact>
      <Fact name="Uptime">
        {sla.uptimePercent === null ? 'best effort' : `${sla.uptimePercent} %`}
      </Fact>
      <Fact name="Memory">{memory(limits.memoryMb)}</Fact>
      <Fact name="Processors">{processors(limits.cpuPercent)}</Fact>
    </Facts>
  );
}

function TierFacts({
  tier: { size, limits, idleAfterMs, coldest },
  isAdaptive,
}: {
  readonly tier: Tier;
  readonly isAdaptive: boolean;
}) {
  const idle = idleAfterMs === null ? 'never' : `after ${duration(idleAfterMs)} idle`;
  return (
    <Facts>
      <Fact name="Goes down">
        {idle}
        {isAdaptive && idleAfterMs !== null ? ', at first' : ''}
      </Fact>
      <Fact name="As far as">{coldest}</Fact>
      <Fact name="Shared buffers">{size.sharedBuffersMb} MB</Fact>
      <Fact name="Connections">{size.connectionsMax}</Fact>
      <Fact name="Memory">{memory(limits.memoryMb)}</Fact>
      <Fact name="Processors">{processors(limits.cpuPercent)}</Fact>
    </Facts>
  );
}
