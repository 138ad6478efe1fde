/** One database, as its customer sees it. */
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { lazy, Suspense } from 'react';
import type { Tenant } from '../../sdk/index.ts';
import type { DatabaseTab } from '../search.ts';
import { tenantQuery } from '../server/queries.ts';
import { useCaller } from '../shell/who.ts';
import { Badge } from '../ui/badge.tsx';
import { PageHead } from '../ui/panel.tsx';
import { Loaded, Waiting } from '../ui/states.tsx';
import { Tabs } from '../ui/tabs.tsx';
import { Backups } from './backups.tsx';
import { Connect } from './connect.tsx';
import { DatabaseOverview } from './database-overview.tsx';
import { DatabaseSettings } from './database-settings.tsx';
import { PLAN_NAMES, stateWords } from './plan-words.ts';

/** Editor and tables are as large as all the rest: they come when somebody goes there. */
const SqlConsole = lazy(async () => ({
  default: (await import('../sql/console.tsx')).SqlConsole,
}));
const TableBrowser = lazy(async () => ({
  default: (await import('../sql/tables.tsx')).TableBrowser,
}));
const Insights = lazy(async () => ({ default: (await import('../sql/insights.tsx')).Insights }));

const route = getRouteApi('/frame/databases/$ref');

const TABS: readonly { readonly id: DatabaseTab; readonly name: string }[] = [
  { id: 'overview', name: 'Overview' },
  { id: 'connect', name: 'Connect' },
  { id: 'sql', name: 'SQL editor' },
  { id: 'tables', name: 'Tables' },
  { id: 'queries', name: 'Queries' },
  { id: 'backups', name: 'Backups' },
  { id: 'settings', name: 'Settings' },
];

export function DatabasePage() {
  const { ref } = route.useParams();
  const { tab = 'overview' } = route.useSearch();
  const navigate = route.useNavigate();
  const query = useQuery(tenantQuery(ref));
  const isAlone = useCaller().scope.kind === 'tenant';
  return (
    <Loaded query={query} lines={10}>
      {(tenant) => (
        <>
          {!isAlone && (
            <p className="mb-1 text-xs text-ink-soft">
              <Link to="/" className="hover:underline">
                Databases
              </Link>{' '}
              / {tenant.name}
            </p>
          )}
          <PageHead
            title={tenant.name}
            lead={
              <span className="flex flex-wrap items-center gap-x-3">
                <Badge tone="accent">{PLAN_NAMES[tenant.plan]}</Badge>
                {stateWords(tenant)}
              </span>
            }
          />
          <Tabs
            label={`About ${tenant.name}`}
            tabs={TABS}
            open={tab}
            onOpen={(next) => void navigate({ search: (now) => ({ ...now, tab: next }) })}
          >
            <Suspense fallback={<Waiting lines={10} />}>
              <Content tab={tab} tenant={tenant} />
            </Suspense>
          </Tabs>
        </>
      )}
    </Loaded>
  );
}

function Content({ tab, tenant }: { readonly tab: DatabaseTab; readonly tenant: Tenant }) {
  switch (tab) {
    case 'overview':
      return <DatabaseOverview tenant={tenant} />;
    case 'connect':
      return <Connect tenant={tenant} />;
    case 'sql':
      return <SqlConsole key={tenant.id} tenant={tenant} />;
    case 'tables':
      return <TableBrowser key={tenant.id} tenant={tenant} />;
    case 'queries':
      return <Insights tenant={tenant} />;
    case 'backups':
      return <Backups tenant={tenant} />;
    case 'settings':
      return <DatabaseSettings tenant={tenant} />;
    default:
      return tab satisfies never;
  }
}
