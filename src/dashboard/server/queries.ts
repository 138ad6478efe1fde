/** What is asked of the server, each under one name: events say what of it is no longer true. */
import { queryOptions } from '@tanstack/react-query';
import type { QueryOf, Tenant } from '../../sdk/index.ts';
import { dynabase } from './client.ts';

/** Rows of a list that is not paged by the page itself. */
const LISTED_MAX = 200;

/** The first rows of a list, and whether there are more. */
export type Rows<T> = { readonly rows: readonly T[]; readonly isCut: boolean };

async function first<T>(list: AsyncGenerator<T, void>, max: number): Promise<Rows<T>> {
  const rows: T[] = [];
  for await (const row of list) {
    if (rows.length === max) return { rows, isCut: true };
    rows.push(row);
  }
  return { rows, isCut: false };
}

/** What nobody changes while the page is open. */
const STEADY = { staleTime: 300_000 };

export const whoQuery = queryOptions({
  queryKey: ['who'],
  queryFn: ({ signal }) => dynabase.access.whoAmI({ signal }),
  staleTime: Number.POSITIVE_INFINITY,
});

export const statusQuery = queryOptions({
  queryKey: ['status'],
  queryFn: ({ signal }) => dynabase.status({ signal }),
});

export const computesQuery = queryOptions({
  queryKey: ['computes'],
  queryFn: ({ signal }) => first(dynabase.computes.list({}, { signal }), LISTED_MAX),
});

export const plansQuery = queryOptions({
  queryKey: ['plans'],
  queryFn: ({ signal }) => dynabase.computes.plans({ signal }),
  ...STEADY,
});

export const tiersQuery = queryOptions({
  queryKey: ['tiers'],
  queryFn: ({ signal }) => dynabase.computes.tiers({ signal }),
  ...STEADY,
});

export const policyQuery = queryOptions({
  queryKey: ['policy'],
  queryFn: ({ signal }) => dynabase.policy.get({ signal }),
});

export const settingsQuery = queryOptions({
  queryKey: ['settings'],
  queryFn: ({ signal }) => dynabase.settings.get({ signal }),
});

export type TenantFilter = Omit<QueryOf<'listTenants'>, 'after' | 'limit'>;

export const tenantQuery = (ref: string) =>
  queryOptions({
    queryKey: ['tenant', ref],
    queryFn: ({ signal }): Promise<Tenant> => dynabase.tenants.get(ref, { signal }),
  });

/** What is asked about one tenant: `part` says what. */
const ofTenant = <T>(
  ref: string,
  part: string,
  ask: (options: { readonly signal: AbortSignal }) => Promise<T>,
) => queryOptions({ queryKey: ['tenant', ref, part], queryFn: ({ signal }) => ask({ signal }) });

/** While a compute runs they are seen to move: no event tells of a step. To look is work for it: not too often. */
export const levelsQuery = (ref: string) =>
  queryOptions({
    ...ofTenant(ref, 'levels', (options) => dynabase.tenants.levels(ref, options)),
    refetchInterval: ({ state: { data } }) => (data?.level === 'L1' ? 5_000 : 30_000),
  });

export const explainQuery = (ref: string) =>
  ofTenant(ref, 'policy', (options) => dynabase.tenants.explain(ref, options));

export const sessionsQuery = (ref: string) =>
  ofTenant(ref, 'sessions', (options) => dynabase.tenants.sessions(ref, options));

export const snapshotsQuery = (ref: string) =>
  ofTenant(ref, 'snapshots', (options) => dynabase.tenants.snapshots(ref, options));

export const quotaQuery = (ref: string) =>
  ofTenant(ref, 'quota', (options) => dynabase.limits.quota(ref, options));

export const statusLinkQuery = (ref: string) =>
  queryOptions({
    // Not below the tenant: what happens to it does not change its address.
    queryKey: ['status-link', ref],
    queryFn: ({ signal }) => dynabase.health.statusLink(ref, { signal }),
    ...STEADY,
  });

export const stringsQuery = (ref: string) =>
  ofTenant(ref, 'strings', (options) => dynabase.inside.connectionStrings(ref, {}, options));

export const decisionsQuery = (ref: string) =>
  ofTenant(ref, 'decisions', (options) =>
    first(dynabase.tenants.decisions(ref, {}, options), LISTED_MAX),
  );

/** Longer spans are told by the hour: of minutes no more than a week's fit into one answer. */
const BY_MINUTE_UP_TO_H = 72;

/** Of the last `hours`, ending now; asked again when the hours change or a minute has passed. */
export const usageQuery = (ref: string, hours: number) =>
  queryOptions({
    queryKey: ['tenant', ref, 'usage', hours],
    queryFn: ({ signal }) => {
      const from = new Date(Date.now() - hours * 3_600_000).toISOString();
      const step = hours > BY_MINUTE_UP_TO_H ? 'hour' : 'minute';
      return dynabase.tenants.usage(ref, { from, step }, { signal });
    },
    // Use is written by the minute, and no event tells of it.
    refetchInterval: 60_000,
  });

export const operationsQuery = (query: Omit<QueryOf<'listOperations'>, 'after'> = {}) =>
  queryOptions({
    queryKey: ['operations', query],
    queryFn: ({ signal }) => first(dynabase.operations.list(query, { signal }), LISTED_MAX),
  });

export const auditQuery = (query: Omit<QueryOf<'listAudit'>, 'after'> = {}) =>
  queryOptions({
    queryKey: ['audit', query],
    queryFn: ({ signal }) => first(dynabase.access.audit(query, { signal }), LISTED_MAX),
  });

export const webhooksQuery = queryOptions({
  queryKey: ['webhooks'],
  queryFn: ({ signal }) => first(dynabase.webhooks.list({}, { signal }), LISTED_MAX),
});

export const deliveriesQuery = (webhook: string) =>
  queryOptions({
    queryKey: ['webhooks', webhook, 'deliveries'],
    queryFn: ({ signal }) => first(dynabase.webhooks.deliveries(webhook, {}, { signal }), 50),
  });

export const customersQuery = (query: Omit<QueryOf<'listCustomers'>, 'after'> = {}) =>
  queryOptions({
    queryKey: ['customers', query],
    queryFn: ({ signal }) => first(dynabase.customers.list(query, { signal }), LISTED_MAX),
  });

export const keysQuery = (query: Omit<QueryOf<'listKeys'>, 'after'> = {}) =>
  queryOptions({
    queryKey: ['keys', query],
    queryFn: ({ signal }) => first(dynabase.keys.list(query, { signal }), LISTED_MAX),
  });

/** Of the operator, or of one customer. */
export const peopleQuery = (customer: string | null) =>
  queryOptions({
    queryKey: ['people', customer],
    queryFn: ({ signal }) => first(dynabase.people.list(customer, { signal }), LISTED_MAX),
  });

type CostKey = NonNullable<QueryOf<'getCosts'>['by']>;

/** Of those that cost most a page of them; all days, tiers and plans. */
const COST_LINES: Readonly<Record<CostKey, number>> = {
  ...{ tenant: 20, customer: 20, plan: 20, tier: 20 },
  ...{ day: 400 },
};

/** Of this month, unless `days` says how many. */
export const costsQuery = (by: CostKey, days: number | null = null) =>
  queryOptions({
    queryKey: ['costs', by, days],
    queryFn: ({ signal }) => {
      const from = days === null ? {} : { from: daysAgo(days) };
      return dynabase.economics.costs({ by, ...from, limit: COST_LINES[by] }, { signal });
    },
    staleTime: 60_000,
  });

const daysAgo = (days: number): string => new Date(Date.now() - days * 86_400_000).toISOString();

export const costAlertsQuery = queryOptions({
  queryKey: ['costs', 'alerts'],
  queryFn: ({ signal }) => dynabase.economics.alerts({ signal }),
});

export const priceBooksQuery = queryOptions({
  queryKey: ['costs', 'books'],
  queryFn: ({ signal }) => dynabase.economics.priceBooks({ signal }),
});

export const kpisQuery = queryOptions({
  queryKey: ['kpis'],
  queryFn: ({ signal }) => dynabase.health.kpis({ signal }),
  staleTime: 60_000,
});

/** Wakes of the last hour. No event tells of what is over: it is asked for while somebody looks. */
export const fleetQuery = queryOptions({
  queryKey: ['fleet'],
  queryFn: ({ signal }) => dynabase.health.fleet({ signal }),
  refetchInterval: 15_000,
});

export const tierFlowsQuery = queryOptions({
  queryKey: ['tier-flows'],
  queryFn: ({ signal }) => dynabase.health.tierFlows({}, { signal }),
  staleTime: 60_000,
});

export const tariffsQuery = queryOptions({
  queryKey: ['costs', 'tariffs'],
  queryFn: ({ signal }) => dynabase.economics.tariffs({ signal }),
});

export const budgetsQuery = queryOptions({
  queryKey: ['costs', 'budgets'],
  queryFn: ({ signal }) => dynabase.economics.budgets({ signal }),
});

export const invoicesQuery = (customer: string | null = null) =>
  queryOptions({
    queryKey: ['invoices', 'of', customer],
    queryFn: ({ signal }) =>
      first(
        dynabase.billing.invoices(customer === null ? {} : { customer }, { signal }),
        LISTED_MAX,
      ),
  });

export const issuersQuery = queryOptions({
  queryKey: ['issuers'],
  queryFn: ({ signal }) => dynabase.tokenIssuers.list({ signal }),
});

export const planQuotaQuery = (plan: Tenant['plan']) =>
  queryOptions({
    queryKey: ['plan-quota', plan],
    queryFn: ({ signal }) => dynabase.limits.planQuota(plan, { signal }),
  });

/** What is asked about one customer: `part` says what. */
const ofCustomer = <T>(
  id: string,
  part: string,
  ask: (options: { readonly signal: AbortSignal }) => Promise<T>,
) => queryOptions({ queryKey: ['customers', id, part], queryFn: ({ signal }) => ask({ signal }) });

export const customerQuery = (id: string) =>
  ofCustomer(id, 'itself', (options) => dynabase.customers.get(id, options));

export const customerCostQuery = (id: string) =>
  ofCustomer(id, 'cost', (options) => dynabase.economics.customerCost(id, {}, options));

export const customerQuotaQuery = (id: string) =>
  ofCustomer(id, 'quota', (options) => dynabase.limits.customerQuota(id, options));

export const addressesQuery = (id: string) =>
  ofCustomer(id, 'addresses', (options) => dynabase.limits.customerAddresses(id, options));

export const creditsQuery = (id: string) =>
  ofCustomer(id, 'credits', (options) => dynabase.billing.credits(id, options));

export const customerTenantsQuery = (id: string) =>
  ofCustomer(id, 'tenants', (options) =>
    first(dynabase.tenants.list({ customer: id }, options), LISTED_MAX),
  );

/** Hours of a week, the one that is not over among them: as many as one answer holds, and each hour of each day once. */
export const WEEK_HOURS = 167;

/** Of all tenants by the hour, over a week. */
export const fleetUsageQuery = queryOptions({
  queryKey: ['usage', 'fleet'],
  queryFn: ({ signal }) =>
    dynabase.usage.ofAll({ from: daysAgo(WEEK_HOURS / 24), step: 'hour' }, { signal }),
  staleTime: 60_000,
});

export const whyQuery = (ref: string) =>
  ofTenant(ref, 'why', (options) => dynabase.awake.why(ref, {}, options));

export const awakeTimesQuery = (ref: string) =>
  ofTenant(ref, 'awake', (options) => first(dynabase.awake.times(ref, {}, options), LISTED_MAX));
