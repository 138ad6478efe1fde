/** What pages of customers ask. `me` is the caller's own customer. */
import { queryOptions } from '@tanstack/react-query';
import type { Tenant } from '../../sdk/index.ts';
import { dynabase } from '../server/client.ts';

const ME = 'me';

const DATABASES_MAX = 1_000;

async function first<T>(list: AsyncGenerator<T, void>, max: number): Promise<readonly T[]> {
  const rows: T[] = [];
  for await (const row of list) {
    if (rows.length === max) break;
    rows.push(row);
  }
  return rows;
}

export const databasesQuery = queryOptions({
  queryKey: ['tenants', 'own'],
  queryFn: ({ signal }): Promise<readonly Tenant[]> =>
    first(dynabase.tenants.list({}, { signal }), DATABASES_MAX),
});

export const customerQuery = queryOptions({
  queryKey: ['customers', ME],
  queryFn: ({ signal }) => dynabase.customers.get(ME, { signal }),
});

export const chargedQuery = queryOptions({
  queryKey: ['costs', ME],
  queryFn: ({ signal }) => dynabase.economics.customerCost(ME, {}, { signal }),
  staleTime: 60_000,
});

export const chargedForQuery = (ref: string) =>
  queryOptions({
    queryKey: ['costs', 'of', ref],
    queryFn: ({ signal }) => dynabase.economics.cost(ref, {}, { signal }),
    staleTime: 60_000,
  });

export const invoicesQuery = queryOptions({
  queryKey: ['invoices'],
  queryFn: ({ signal }) => first(dynabase.billing.invoices({}, { signal }), 120),
});

export const profileQuery = queryOptions({
  queryKey: ['customers', ME, 'billing'],
  queryFn: ({ signal }) => dynabase.billing.profile(ME, { signal }),
});

export const budgetsQuery = queryOptions({
  queryKey: ['costs', 'budgets'],
  queryFn: ({ signal }) => dynabase.economics.budgets({ signal }),
});

export const addressesQuery = queryOptions({
  queryKey: ['customers', ME, 'addresses'],
  queryFn: ({ signal }) => dynabase.limits.customerAddresses(ME, { signal }),
});

export const customerQuotaQuery = queryOptions({
  queryKey: ['customers', ME, 'quota'],
  queryFn: ({ signal }) => dynabase.limits.customerQuota(ME, { signal }),
});

export const weekQuery = (ref: string) =>
  queryOptions({
    queryKey: ['tenant', ref, 'week'],
    queryFn: ({ signal }) => {
      const from = new Date(Date.now() - 7 * 86_400_000).toISOString();
      return dynabase.tenants.usage(ref, { from, step: 'hour' }, { signal });
    },
    staleTime: 60_000,
  });
