/** Pages of tenants in memory, as the catalog gives them. */
import type { TenantPage, TenantQuery, TenantSort } from '../domain/catalog.ts';
import type { Tenant } from '../domain/tenant.ts';

/** One page of `all`. */
export function pageOfTenants(all: Iterable<Tenant>, query: TenantQuery): TenantPage {
  const { after, limit, sort = 'name', descending = false } = query;
  const direction = descending ? -1 : 1;
  const place = after === null ? null : { value: query.afterValue ?? '', name: after };
  const found = [...all]
    .filter((tenant) => isWanted(tenant, query))
    .map((tenant) => ({ tenant, value: sortValue(sort, tenant), name: tenant.name }))
    .filter((one) => place === null || compare(one, place, sort) * direction > 0)
    .sort((a, b) => compare(a, b, sort) * direction);
  const shown = found.slice(0, limit);
  const last = found.length > limit ? shown.at(-1) : undefined;
  return {
    tenants: shown.map(({ tenant }) => tenant),
    next: last?.name ?? null,
    nextValue: last === undefined || sort === 'name' ? null : last.value,
  };
}

function isWanted(tenant: Tenant, query: TenantQuery): boolean {
  const { state, customer, tier, plan, home, search } = query;
  return (
    (state === null || tenant.state.kind === state) &&
    (customer === undefined || tenant.customer === customer) &&
    (tier === undefined || tenant.tier === tier) &&
    (plan === undefined || tenant.plan === plan) &&
    (home === undefined || tenant.home.kind === home) &&
    (search === undefined || tenant.name.includes(search))
  );
}

function sortValue(sort: TenantSort, { name, createdAt, tierSince, stateSince, state }: Tenant) {
  const values = { name, createdAt, tierSince, stateSince, state: state.kind };
  const value = values[sort];
  return typeof value === 'number' ? String(value * 1_000) : value;
}

type Place = { readonly value: string; readonly name: string };

function compare(a: Place, b: Place, sort: TenantSort): number {
  const isTime = sort !== 'name' && sort !== 'state';
  const byValue = isTime ? Number(a.value) - Number(b.value) : inOrder(a.value, b.value);
  return (sort === 'name' ? 0 : byValue) || inOrder(a.name, b.name);
}

const inOrder = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
