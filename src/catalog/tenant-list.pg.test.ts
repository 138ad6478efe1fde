/** Lists of tenants, in the real catalog and in memory: the same pages. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type Catalog,
  TENANT_SORTS,
  type TenantPage,
  type TenantQuery,
  type TenantSort,
} from '../domain/catalog.ts';
import type { Tenant } from '../domain/tenant.ts';
import { MemoryCatalog } from '../sim/memory-catalog.ts';
import { VirtualClock } from '../sim/virtual-clock.ts';
import { draft } from '../testing/drafts.ts';
import { MemoryLog } from '../testing/memory-log.ts';
import { type RealPostgres, realPostgres } from '../testing/real-postgres.ts';
import { openCatalog } from './open-catalog.ts';

let postgres: RealPostgres;
let real: Catalog;

beforeAll(async () => {
  postgres = await realPostgres();
  real = await openCatalog({ connection: postgres.connection, log: new MemoryLog() });
});

afterAll(async () => {
  await real.close();
  await postgres[Symbol.asyncDispose]();
});

const CATALOGS: Readonly<Record<string, () => Catalog>> = {
  PostgreSQL: () => real,
  memory: () => new MemoryCatalog(new VirtualClock()),
};

const NAMES = ['shop-b', 'bar', 'shop_a', 'shop%', 'a1', 'zoo', 'a-1', 'a_1'].map((name) =>
  name.replace('%', '5'),
);

/** All pages of a list. */
async function walked(
  catalog: Catalog,
  query: Omit<TenantQuery, 'after' | 'limit' | 'state'> & Partial<TenantQuery>,
): Promise<readonly Tenant[]> {
  const found: Tenant[] = [];
  let page: TenantPage | undefined;
  do {
    const place = page?.next
      ? { after: page.next, ...(page.nextValue && { afterValue: page.nextValue }) }
      : { after: null };
    page = await catalog.listTenants({ state: null, limit: 3, ...query, ...place });
    found.push(...page.tenants);
  } while (page.next !== null);
  return found;
}

describe.each(Object.entries(CATALOGS))('tenants in %s', (_, open) => {
  let catalog: Catalog;

  beforeAll(async () => {
    catalog = open();
    for (const name of NAMES) {
      const tenant = await catalog.insertTenant(draft(name));
      if (name.startsWith('shop')) await catalog.move(tenant, { kind: 'suspended' });
      if (name === 'zoo') await catalog.configure(tenant.id, { tier: 'HOT', plan: 'enterprise' });
    }
  });

  const KEYS: Readonly<Record<TenantSort, (tenant: Tenant) => string | number>> = {
    name: ({ name }) => name,
    createdAt: ({ createdAt }) => createdAt,
    tierSince: ({ tierSince }) => tierSince,
    stateSince: ({ stateSince }) => stateSince,
    state: ({ state }) => state.kind,
  };

  test.each(TENANT_SORTS)('come by %s, each once, forwards and backwards', async (sort) => {
    const forwards = await walked(catalog, { sort });
    const backwards = await walked(catalog, { sort, descending: true });
    expect(forwards.map(({ name }) => name).toSorted()).toEqual(NAMES.toSorted());
    expect(backwards.map(({ name }) => name)).toEqual(forwards.map(({ name }) => name).reverse());
    const keys = forwards.map(KEYS[sort]);
    expect(keys).toEqual(keys.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0)));
  });

  test('can be of one kind, whatever the order', async () => {
    const names = async (query: Partial<TenantQuery>) =>
      (await walked(catalog, query)).map(({ name }) => name).toSorted();
    const shops = NAMES.filter((name) => name.startsWith('shop')).toSorted();
    expect(await names({ search: 'shop' })).toEqual(shops);
    expect(await names({ search: 'shop_' })).toEqual(['shop_a']);
    expect(await names({ search: '%' })).toEqual([]);
    expect(await names({ state: 'suspended', sort: 'createdAt' })).toEqual(shops);
    expect(await names({ tier: 'HOT', sort: 'tierSince' })).toEqual(['zoo']);
    expect(await names({ plan: 'enterprise', sort: 'state', descending: true })).toEqual(['zoo']);
    expect(await names({ home: 'archive' })).toEqual([]);
    expect(await names({ home: 'none', search: 'shop' })).toEqual(shops);
  });
});

test('a page in any order, or of a part of a name, is read from an index, however many tenants there are', async () => {
  await postgres.sql(
    `insert into dynabase.tenants (id, vault, name, plan, tier, home, state, created_at)
    select id, id, 'many' || i, 'free', 'COLD', 'none', 'suspended', now() - i * interval '1 second'
    from generate_series(1, 20000) as i, concat('tn_', lpad(i::text, 12, 'm')) as id`,
  );
  await postgres.sql('vacuum analyze dynabase.tenants');
  const scanned = async () => {
    await postgres.sql('select pg_stat_clear_snapshot()');
    const [row] = await postgres.sql<{ seq_scan: string }>(
      "select seq_scan from pg_stat_user_tables where relname = 'tenants'",
    );
    return Number(row?.seq_scan);
  };
  const before = await scanned();
  const catalog = await openCatalog({ connection: postgres.connection, log: new MemoryLog() });
  for (const sort of TENANT_SORTS) {
    for (const descending of [false, true]) {
      const query = { state: null, limit: 50, sort, descending } as const;
      const { next, nextValue } = await catalog.listTenants({ ...query, after: null });
      const place = nextValue === null ? {} : { afterValue: nextValue };
      const page = await catalog.listTenants({ ...query, after: next, ...place });
      expect(page.tenants.length).toBe(50);
    }
  }
  const found = await catalog.listTenants({ after: null, limit: 50, state: null, search: 'ny777' });
  expect(found.tenants.map(({ name }) => name)[0]).toBe('many777');
  await catalog.close();
  await postgres.sqlUntilRows(
    `select where (select count(*) from pg_stat_activity
      where application_name = 'dynabase catalog') <= 1`,
  );
  expect(await scanned()).toBe(before);
});
