/** Tenants by page: in the order and of the kind that is asked for. */
import { type Kysely, type RawBuilder, sql } from 'kysely';
import type { TenantPage, TenantQuery, TenantSort } from '../domain/catalog.ts';
import { fault } from '../domain/faults.ts';
import type { Tables } from './schema.ts';
import { tenantOf } from './tenant-row.ts';

const PAGE_MAX = 1_000;

const COLUMNS = {
  name: 'name',
  createdAt: 'created_at',
  tierSince: 'tier_since',
  stateSince: 'state_since',
  state: 'state',
} as const satisfies Record<TenantSort, string>;

/** Throws `BAD_REQUEST` unless the limit is 1 to 1,000. */
export async function listTenants(db: Kysely<Tables>, query: TenantQuery): Promise<TenantPage> {
  const { after, limit, sort = 'name', descending = false } = query;
  if (!Number.isInteger(limit) || limit < 1 || limit > PAGE_MAX) {
    throw fault('BAD_REQUEST', { why: `limit must be 1 to ${PAGE_MAX}` });
  }
  const direction = descending ? 'desc' : 'asc';
  const order = orderOf(sort);
  let page = db
    .selectFrom('tenants')
    .selectAll()
    .select(sortValue(sort).as('sort_value'))
    .orderBy(order, direction)
    .limit(limit + 1);
  if (sort !== 'name') page = page.orderBy('name', direction);
  if (after !== null) {
    const behind = sql.raw(descending ? '<' : '>');
    page = page.where(
      sort === 'name'
        ? sql<boolean>`name ${behind} ${after}`
        : sql<boolean>`(${order}, name) ${behind} (${placed(sort, query.afterValue ?? '')}, ${after})`,
    );
  }
  const { state, customer, tier, plan, home, search } = query;
  if (state !== null) page = page.where('state', '=', state);
  if (customer !== undefined) page = page.where('customer_id', '=', customer);
  if (tier !== undefined) page = page.where('tier', '=', tier);
  if (plan !== undefined) page = page.where('plan', '=', plan);
  if (home !== undefined) page = page.where('home', '=', home);
  if (search !== undefined) page = page.where(named(query, search));
  const rows = await page.execute();
  const last = rows.length > limit ? rows[limit - 1] : undefined;
  const tenants = rows.slice(0, limit).map(tenantOf);
  const nextValue = sort === 'name' ? null : (last?.sort_value ?? null);
  return { tenants, next: (last && tenants.at(-1)?.name) ?? null, nextValue };
}

/**
 * A part of a name may be anywhere in it: all names are looked at, in the index of names if nothing else is asked for. To
 * look at the rows instead takes ten times as long.
 */
function named(query: TenantQuery, search: string): RawBuilder<boolean> {
  const isPart = sql<boolean>`strpos(name, ${search}) > 0`;
  const { after, limit, sort = 'name', descending = false } = query;
  const { customer = null, state, tier = null, plan = null, home = null } = query;
  const isPlain = [customer, state, tier, plan, home].every((filter) => filter === null);
  if (sort !== 'name' || !isPlain) return isPart;
  const [behind, direction] = descending ? [sql`<`, sql`desc`] : [sql`>`, sql`asc`];
  const place = after === null ? sql`true` : sql`name ${behind} ${after}`;
  return sql`name = any(array(
    select name from dynabase.tenants where ${isPart} and ${place} order by name ${direction} limit ${limit + 1}
  ))`;
}

/** States byte by byte, as names are. */
const orderOf = (sort: TenantSort): RawBuilder<unknown> =>
  sort === 'state' ? sql`state collate "C"` : sql.ref(COLUMNS[sort]);

/** As exact as it is stored: times are read as milliseconds everywhere else. */
const sortValue = (sort: TenantSort): RawBuilder<string> =>
  sort === 'name' || sort === 'state'
    ? sql<string>`${sql.ref(COLUMNS[sort])}::text`
    : sql<string>`(extract(epoch from ${sql.ref(COLUMNS[sort])}) * 1000000)::bigint::text`;

const placed = (sort: TenantSort, value: string): RawBuilder<unknown> =>
  sort === 'state'
    ? sql`${value}`
    : sql`(timestamptz 'epoch' + ${value}::bigint * interval '1 microsecond')`;
