import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { Tenant, TenantPolicy } from '../../sdk/index.ts';
import { count, percent } from '../format/units.ts';
import { customerQuery, explainQuery, levelsQuery, quotaQuery } from '../server/queries.ts';
import { Badge, TierBadge } from '../ui/badge.tsx';
import { Fact, Facts, Panel } from '../ui/panel.tsx';
import { Loaded } from '../ui/states.tsx';
import { TimeAgo } from '../ui/time.tsx';
import { AdviceList } from './advice-list.tsx';
import { Happenings } from './happenings.tsx';
import { Ladder, LadderSteps } from './ladder.tsx';
import { QuotaUse } from './quota-use.tsx';
import { TenantCost } from './tenant-cost.tsx';

/** As high as most tenants need it. */
const ABOUT = '17rem';
const LATELY = '14.5rem';

export function TenantOverview({ tenant }: { readonly tenant: Tenant }) {
  const explained = useQuery(explainQuery(tenant.name));
  const levels = useQuery(levelsQuery(tenant.name));
  const quota = useQuery(quotaQuery(tenant.name));
  return (
    <div className="grid gap-4 lg:grid-cols-2">
      <Panel title="Why it is as it is" room={ABOUT}>
        <Failure tenant={tenant} />
        <Loaded query={explained}>{(policy) => <Why tenant={tenant} policy={policy} />}</Loaded>
      </Panel>
      <Panel
        title="Where its data is"
        room={ABOUT}
        aside={<span className="text-xs">{tenant.descent ?? `level ${tenant.level}`}</span>}
      >
        <Loaded query={levels}>{(now) => <Ladder levels={now} />}</Loaded>
      </Panel>
      <Panel title="Moves on the ladder" isBare room={LATELY}>
        <Loaded query={levels}>{({ steps }) => <LadderSteps steps={steps} />}</Loaded>
      </Panel>
      <TenantCost tenant={tenant} room={LATELY} />
      <Panel title="Use this month" room={LATELY}>
        <Loaded query={quota}>{(state) => <QuotaUse state={state} />}</Loaded>
      </Panel>
      <Panel title="Advice" room={LATELY}>
        <Loaded query={explained}>{(policy) => <Advice tenant={tenant} policy={policy} />}</Loaded>
      </Panel>
      <div className="min-w-0 lg:col-span-2">
        <Panel title="Since you came" isBare>
          <Happenings height="11rem" tenant={tenant.id} />
        </Panel>
      </div>
    </div>
  );
}

function Failure({ tenant: { failure } }: { readonly tenant: Tenant }) {
  if (failure === null) return null;
  return (
    <div role="alert" className="mb-4 rounded-md border border-bad/40 bg-bad/8 px-3 py-2">
      <p className="font-medium">It could not be started ({failure.attempt} times in a row)</p>
      <p className="break-words">{failure.reason}</p>
      <p className="text-xs text-ink-soft">
        Tried again <TimeAgo at={failure.retryAt} />, or when you wake it.
      </p>
    </div>
  );
}

function Why({ tenant, policy }: { readonly tenant: Tenant; readonly policy: TenantPolicy }) {
  const { tier, residency } = policy;
  return (
    <Facts>
      <Fact name="Tier">
        <TierBadge tier={tier.tier} /> since <TimeAgo at={tier.since} />: {tier.because}
      </Fact>
      {tier.next && (
        <Fact name="Next tier">
          {tier.next.tier}, likely to {percent(tier.next.probability)}
        </Fact>
      )}
      <Fact name="Kept at">
        {residency.level}
        {residency.because === '' ? '' : `: ${residency.because}`}
      </Fact>
      {residency.until !== null && (
        <Fact name="Until">
          <TimeAgo at={residency.until} />, if nobody comes
        </Fact>
      )}
      {tenant.heldBy !== null && <Fact name="Held awake by">{tenant.heldBy}</Fact>}
      {tenant.suspendAt !== null && (
        <Fact name="Suspended">
          <TimeAgo at={tenant.suspendAt} />, if nobody asks anything
        </Fact>
      )}
      {tenant.lastSuspendRefusal !== null && (
        <Fact name="Could not sleep">
          <TimeAgo at={tenant.lastSuspendRefusal.at} />: {tenant.lastSuspendRefusal.why}
        </Fact>
      )}
      <Fact name="Awake ahead">
        {residency.awakeAt === null ? 'nobody is expected' : <TimeAgo at={residency.awakeAt} />}
      </Fact>
      <Fact name="Sessions">
        {count(tenant.sessions)} open, {count(tenant.sessionsBound)} with a backend
      </Fact>
      <Fact name="Unsaved since">
        {tenant.dirtySince === null ? 'all is in a snapshot' : <TimeAgo at={tenant.dirtySince} />}
      </Fact>
      <Fact name="Customer">
        {tenant.customer === null ? "the operator's own" : <Owner id={tenant.customer} />}
      </Fact>
    </Facts>
  );
}

function Owner({ id }: { readonly id: string }) {
  const { data } = useQuery(customerQuery(id));
  return (
    <Link to="/customers/$id" params={{ id }} className="text-accent hover:underline">
      {data?.name ?? id}
    </Link>
  );
}

function Advice({ tenant, policy }: { readonly tenant: Tenant; readonly policy: TenantPolicy }) {
  const { advice, anomalies } = policy;
  if (advice.length + anomalies.length === 0) {
    return (
      <p className="text-ink-soft">Nothing would be cheaper or quicker, and nothing is odd.</p>
    );
  }
  return (
    <div className="space-y-4">
      {advice.length > 0 && <AdviceList tenant={tenant} advice={advice} />}
      <Anomalies anomalies={anomalies} />
    </div>
  );
}

function Anomalies({ anomalies }: Pick<TenantPolicy, 'anomalies'>) {
  if (anomalies.length === 0) return null;
  return (
    <ul className="space-y-2">
      {anomalies.map(({ at, severity, text }) => (
        <li key={at + text}>
          <Badge tone={severity === 'critical' ? 'bad' : severity === 'warning' ? 'warn' : 'plain'}>
            {severity}
          </Badge>{' '}
          {text}{' '}
          <span className="text-ink-soft">
            (<TimeAgo at={at} />)
          </span>
        </li>
      ))}
    </ul>
  );
}
