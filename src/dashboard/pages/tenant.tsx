/** One tenant: what it does now and why, what it did, and what can be done with it. */
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import type { Tenant } from '../../sdk/index.ts';
import type { TenantTab } from '../search.ts';
import { tenantQuery } from '../server/queries.ts';
import { Badge, StateBadge, TierBadge } from '../ui/badge.tsx';
import { CopyButton } from '../ui/copy.tsx';
import { PageHead } from '../ui/panel.tsx';
import { Loaded } from '../ui/states.tsx';
import { Tabs } from '../ui/tabs.tsx';
import { Since } from '../ui/time.tsx';
import { TenantActions } from './tenant-actions.tsx';
import { TenantAwake } from './tenant-awake.tsx';
import { TenantConnect } from './tenant-connect.tsx';
import { TenantDecisions } from './tenant-decisions.tsx';
import { TenantOverview } from './tenant-overview.tsx';
import { TenantPattern } from './tenant-pattern.tsx';
import { TenantQueries } from './tenant-queries.tsx';
import { TenantSessions } from './tenant-sessions.tsx';
import { TenantSettings } from './tenant-settings.tsx';
import { TenantSnapshots } from './tenant-snapshots.tsx';

const route = getRouteApi('/frame/tenants/$ref');

const TABS: readonly { readonly id: TenantTab; readonly name: string }[] = [
  { id: 'overview', name: 'Overview' },
  { id: 'awake', name: 'Awake' },
  { id: 'pattern', name: 'Pattern' },
  { id: 'queries', name: 'Queries' },
  { id: 'sessions', name: 'Sessions' },
  { id: 'snapshots', name: 'Snapshots' },
  { id: 'decisions', name: 'Decisions' },
  { id: 'connect', name: 'Connect' },
  { id: 'settings', name: 'Settings' },
];

export function TenantPage() {
  const { ref } = route.useParams();
  const { tab = 'overview' } = route.useSearch();
  const navigate = route.useNavigate();
  const query = useQuery(tenantQuery(ref));
  const isMissing = query.data === undefined && query.error !== null;
  return (
    <>
      {isMissing && <PageHead title={ref} />}
      <Loaded query={query} lines={10}>
        {(tenant) => (
          <>
            <p className="mb-1 text-xs text-ink-soft">
              <Link to="/tenants" className="hover:underline">
                Tenants
              </Link>{' '}
              / {tenant.name}
            </p>
            <PageHead
              title={tenant.name}
              lead={<Lead tenant={tenant} />}
              actions={<TenantActions tenant={tenant} />}
            />
            <Tabs
              label={`About ${tenant.name}`}
              tabs={TABS}
              open={tab}
              onOpen={(next) => void navigate({ search: (now) => ({ ...now, tab: next }) })}
            >
              <Content tab={tab} tenant={tenant} />
            </Tabs>
          </>
        )}
      </Loaded>
    </>
  );
}

function Lead({ tenant }: { readonly tenant: Tenant }) {
  return (
    <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
      <StateBadge state={tenant.state} />
      <span>
        for <Since at={tenant.stateSince} />
      </span>
      <TierBadge tier={tenant.tier} />
      <Badge>{tenant.plan}</Badge>
      {tenant.override !== null && <Badge tone="accent">tier chosen by a person</Badge>}
      <span className="inline-flex items-center font-mono text-xs">
        {tenant.id}
        <CopyButton text={tenant.id} label="Copy the id" />
      </span>
    </div>
  );
}

function Content({ tab, tenant }: { readonly tab: TenantTab; readonly tenant: Tenant }) {
  switch (tab) {
    case 'overview':
      return <TenantOverview tenant={tenant} />;
    case 'awake':
      return <TenantAwake tenant={tenant} />;
    case 'pattern':
      return <TenantPattern tenant={tenant} />;
    case 'sessions':
      return <TenantSessions tenant={tenant} />;
    case 'queries':
      return <TenantQueries tenant={tenant} />;
    case 'snapshots':
      return <TenantSnapshots tenant={tenant} />;
    case 'decisions':
      return <TenantDecisions tenant={tenant} />;
    case 'connect':
      return <TenantConnect tenant={tenant} />;
    case 'settings':
      return <TenantSettings tenant={tenant} />;
    default:
      return tab satisfies never;
  }
}
