/** What URLs may say. What is unknown or wrong is left out: a link of yesterday still opens something. */
import {
  STATEMENT_SORTS,
  TENANT_HOMES,
  TENANT_PLANS,
  TENANT_SORTS,
  TENANT_STATES,
  TENANT_TIERS,
  WORK_KINDS,
  WORK_STATUSES,
} from '../contract/limits.ts';

type Search = Readonly<Record<string, unknown>>;

/** `{ name: value }` if the value is one of those there are. */
function one<N extends string, V extends string>(
  search: Search,
  name: N,
  values: readonly V[],
): { readonly [K in N]?: V } {
  const found = values.find((value) => value === search[name]);
  return (found === undefined ? {} : { [name]: found }) as { readonly [K in N]?: V };
}

function text<N extends string>(
  search: Search,
  name: N,
  lengthMax = 63,
): { readonly [K in N]?: string } {
  const found = search[name];
  const isSaid = (typeof found === 'string' && found !== '') || typeof found === 'number';
  return (isSaid ? { [name]: String(found).slice(0, lengthMax) } : {}) as {
    readonly [K in N]?: string;
  };
}

export const tenantFilter = (search: Search) => ({
  ...text(search, 'search'),
  ...text(search, 'customer'),
  ...one(search, 'state', TENANT_STATES),
  ...one(search, 'tier', TENANT_TIERS),
  ...one(search, 'plan', TENANT_PLANS),
  ...one(search, 'home', TENANT_HOMES),
  ...one(search, 'sort', TENANT_SORTS),
  ...one(search, 'order', ['asc', 'desc']),
});

export const TENANT_TABS = [
  'overview',
  'awake',
  'pattern',
  'sessions',
  'queries',
  'snapshots',
  'decisions',
  'connect',
  'settings',
] as const;

export type TenantTab = (typeof TENANT_TABS)[number];

export const DATABASE_TABS = [
  ...(['overview', 'connect', 'sql', 'tables', 'queries', 'backups', 'settings'] as const),
] as const;

export type DatabaseTab = (typeof DATABASE_TABS)[number];

/** Which table is open stands in the URL too, by schema and name, with what of it is shown and in which order. */
export const databaseTab = (search: Search) => ({
  ...one(search, 'tab', DATABASE_TABS),
  ...one(search, 'by', STATEMENT_SORTS),
  ...text(search, 'schema'),
  ...text(search, 'table'),
  ...text(search, 'sort'),
  ...one(search, 'order', ['desc']),
  ...text(search, 'column'),
  ...text(search, 'how'),
  ...text(search, 'value', VALUE_MAX),
  ...anchor(search, 'behind'),
  ...anchor(search, 'before'),
  ...pageNumber(search),
});

/** A value that rows are looked for by. */
const VALUE_MAX = 500;

/** Values that a row is found again by; NULL is null. */
function anchor<N extends string>(
  search: Search,
  name: N,
): { readonly [K in N]?: readonly (string | null)[] } {
  const found = search[name];
  const isOne =
    Array.isArray(found) && found.every((value) => typeof value === 'string' || value === null);
  const kept: Readonly<Record<string, readonly (string | null)[]>> = isOne ? { [name]: found } : {};
  return kept as { readonly [K in N]?: readonly (string | null)[] };
}

/** From two on: the first is where one begins. */
function pageNumber({ page }: Search): { readonly page?: number } {
  return typeof page === 'number' && Number.isSafeInteger(page) && page > 1 ? { page } : {};
}

/** Hours that the charts of a tenant span. */
export const SPANS = ['1', '6', '24', '72'] as const;

export const tenantTab = (search: Search) => ({
  ...one(search, 'tab', TENANT_TABS),
  ...one(search, 'by', STATEMENT_SORTS),
  ...one({ hours: search.hours === undefined ? undefined : String(search.hours) }, 'hours', SPANS),
});

export const operationFilter = (search: Search) => ({
  ...one(search, 'status', WORK_STATUSES),
  ...one(search, 'kind', WORK_KINDS),
});

export const textFilter = (search: Search) => text(search, 'search');

export const CUSTOMER_TABS = ['tenants', 'billing', 'limits', 'access'] as const;

export const customerTab = (search: Search) => one(search, 'tab', CUSTOMER_TABS);

/** Filters, tabs and all. */
const PLACE_LENGTH_MAX = 2_000;

/** Where a login leads to, and the code of what the last one has failed with. */
export const loginPlace = (search: Search) => ({
  ...text(search, 'to', PLACE_LENGTH_MAX),
  ...text(search, 'failed'),
});
