/** All tenants: the server filters and sorts, and only the rows in sight are drawn. */
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useCallback, useEffect, useMemo, useState } from 'react';
import { TENANT_HOMES, TENANT_PLANS, TENANT_STATES, TENANT_TIERS } from '../../contract/limits.ts';
import type { Tenant } from '../../sdk/index.ts';
import { count } from '../format/units.ts';
import { dynabase } from '../server/client.ts';
import { statusQuery, type TenantFilter } from '../server/queries.ts';
import { TenantLink } from '../shell/tenant-link.tsx';
import { useRefusal } from '../shell/who.ts';
import { StateBadge, TierBadge } from '../ui/badge.tsx';
import { Button } from '../ui/button.tsx';
import { SearchField, Select } from '../ui/field.tsx';
import { PageHead } from '../ui/panel.tsx';
import { Empty, ErrorBox, Old, useLastError, Waiting } from '../ui/states.tsx';
import { type Column, type Order, Table } from '../ui/table.tsx';
import { TimeAgo } from '../ui/time.tsx';
import { BulkActions } from './bulk-actions.tsx';
import { CreateTenant } from './create-tenant.tsx';
import { SavedFilters } from './saved-filters.tsx';

const route = getRouteApi('/frame/tenants');

const PAGE_SIZE = 200;

type Sort = NonNullable<TenantFilter['sort']>;

export function TenantsPage() {
  const filter = route.useSearch();
  const refusal = useRefusal();
  const [isCreating, setCreating] = useState(false);
  return (
    <>
      <PageHead
        title="Tenants"
        lead={<Total />}
        actions={
          <Button
            look="strong"
            icon="plus"
            disabledBecause={refusal('createTenant')}
            onClick={() => setCreating(true)}
          >
            Create a tenant
          </Button>
        }
      />
      <Filters filter={filter} />
      <List filter={filter} />
      <CreateTenant isOpen={isCreating} onClose={() => setCreating(false)} />
    </>
  );
}

function Total() {
  const refused = useRefusal()('getStatus') !== null;
  const { data } = useQuery({ ...statusQuery, enabled: !refused });
  if (data === undefined) return <span>Each is a PostgreSQL of its own.</span>;
  const all = Object.values(data.tenants).reduce((sum, one) => sum + one, 0);
  return (
    <span className="tnum">
      {count(all)} in all, {count(data.tenants.running)} awake.
    </span>
  );
}

const ANY = { value: '', text: 'any' } as const;

function Filters({ filter }: { readonly filter: TenantFilter }) {
  const navigate = route.useNavigate();
  const set = (change: Partial<TenantFilter>): void => {
    const next = Object.entries({ ...filter, ...change }).filter(([, value]) => value !== '');
    void navigate({ search: Object.fromEntries(next), replace: true });
  };
  const choose = (
    label: string,
    name: 'state' | 'tier' | 'plan' | 'home',
    all: readonly string[],
  ) => (
    <Select
      label={label}
      isLabelHidden
      value={filter[name] ?? ''}
      choices={[ANY, ...all.map((value) => ({ value, text: value }))]}
      onChange={(value) => set({ [name]: value })}
    />
  );
  return (
    <search className="mb-3 flex flex-wrap items-center gap-2">
      <SearchField
        label="Part of the name"
        value={filter.search ?? ''}
        onChange={(search) => set({ search })}
      />
      {choose('State', 'state', TENANT_STATES)}
      {choose('Tier', 'tier', TENANT_TIERS)}
      {choose('Plan', 'plan', TENANT_PLANS)}
      {choose('Data', 'home', TENANT_HOMES)}
      {filter.customer !== undefined && (
        <Button icon="close" onClick={() => set({ customer: '' })}>
          Customer {filter.customer}
        </Button>
      )}
      <SavedFilters filter={filter} />
    </search>
  );
}

const COLUMNS: readonly Column<Tenant, Sort>[] = [
  {
    name: 'Name',
    sort: 'name',
    cell: ({ name }) => <TenantLink name={name} />,
  },
  {
    name: 'State',
    sort: 'state',
    width: '8rem',
    cell: ({ state }) => <StateBadge state={state} />,
  },
  {
    name: 'Since',
    sort: 'stateSince',
    width: '6.5rem',
    isSpare: true,
    cell: ({ stateSince }) => <TimeAgo at={stateSince} />,
  },
  {
    name: 'Tier',
    width: '6.5rem',
    isSpare: true,
    cell: ({ tier }) => <TierBadge tier={tier} />,
  },
  {
    name: 'Level',
    width: '3.5rem',
    isSpare: true,
    cell: ({ level }) => <span className="font-mono text-xs">{level}</span>,
  },
  { name: 'Plan', width: '7rem', isSpare: true, cell: ({ plan }) => plan },
  {
    name: 'Sessions',
    width: '5rem',
    align: 'right',
    isSpare: true,
    cell: ({ sessions }) => count(sessions),
  },
  {
    name: 'Created',
    sort: 'createdAt',
    width: '7rem',
    align: 'right',
    isSpare: true,
    cell: ({ createdAt }) => <TimeAgo at={createdAt} />,
  },
];

function List({ filter }: { readonly filter: TenantFilter }) {
  const navigate = route.useNavigate();
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const which = JSON.stringify({ ...filter, sort: undefined, order: undefined });
  // biome-ignore lint/correctness/useExhaustiveDependencies: who filters anew chooses anew
  useEffect(() => setChosen(new Set()), [which]);
  const query = useInfiniteQuery({
    queryKey: ['tenants', filter],
    queryFn: ({ pageParam, signal }) => {
      const place = pageParam === '' ? {} : { after: pageParam };
      return dynabase.tenants.page({ ...filter, ...place, limit: PAGE_SIZE }, { signal });
    },
    initialPageParam: '',
    getNextPageParam: (page) => page.next,
    placeholderData: (before) => before,
  });
  const { data, error, hasNextPage, isFetchingNextPage, fetchNextPage, refetch } = query;
  const rows = useMemo(() => data?.pages.flatMap(({ tenants }) => tenants) ?? [], [data]);
  const more = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage]);
  const lasting = useLastError(query);
  if (lasting !== null) return <ErrorBox error={lasting} retry={refetch} />;
  const sort = (by: Sort, order: Order): void =>
    void navigate({ search: { ...filter, sort: by, order }, replace: true });
  return (
    <section aria-label="Tenants" className="rounded-lg border border-line bg-surface">
      {error !== null && <Old error={error} retry={() => void refetch()} />}
      <BulkActions chosen={chosen} onChoose={setChosen} filter={filter} hasMore={hasNextPage} />
      {data === undefined ? (
        <Waiting lines={10} />
      ) : rows.length === 0 ? (
        <NoRows isFiltered={Object.keys(filter).length > 0} />
      ) : (
        <Table
          label="Tenants"
          rows={rows}
          columns={COLUMNS}
          idOf={({ name }) => name}
          sorting={{ by: filter.sort ?? 'name', order: filter.order ?? 'asc', onSort: sort }}
          selection={{ chosen, onChange: setChosen }}
          {...(hasNextPage ? { onEnd: more } : {})}
          height="calc(100dvh - 15rem)"
        />
      )}
      <p className="tnum border-t border-line px-4 py-2 text-xs text-ink-soft">
        {count(rows.length)} loaded{hasNextPage ? ', more when you scroll' : ', that is all'}
      </p>
    </section>
  );
}

function NoRows({ isFiltered }: { readonly isFiltered: boolean }) {
  if (isFiltered) return <Empty title="No tenant is like that">Take a filter away.</Empty>;
  return (
    <Empty title="No tenants yet">
      A tenant is a whole PostgreSQL of its own. It costs next to nothing while it sleeps, and wakes
      when its first client comes.
    </Empty>
  );
}
