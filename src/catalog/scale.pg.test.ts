import { expect, test } from 'vitest';
import { parseTenantName } from '../domain/ids.ts';
import { TIERS } from '../domain/tier.ts';
import { timestamp } from '../domain/units.ts';
import { LATENCY_BOUNDS_US } from '../domain/usage.ts';
import { draft, verifierNumber } from '../testing/drafts.ts';
import { MemoryLog } from '../testing/memory-log.ts';
import { type RealPostgres, realPostgres } from '../testing/real-postgres.ts';
import { openCatalog } from './open-catalog.ts';

const TENANTS = 10_000;
const AWAKE = 20;
const PAGE = 50;

type Scans = { readonly whole: Readonly<Record<string, number>>; readonly found: number };

/** What PostgreSQL counted on the large tables: whole scans, and rows found by any index. */
async function scans(postgres: RealPostgres): Promise<Scans> {
  const whole = await postgres.sql<{ relname: string; seq_scan: string }>(`
    select relname, seq_scan from pg_stat_user_tables
    where relname in (
      'tenants', 'tenant_roles', 'usage_minutes', 'tenant_levels', 'ladder_steps'
    )`);
  const [index] = await postgres.sql<{ found: string }>(`
    select sum(idx_tup_read) as found from pg_stat_user_indexes where schemaname = 'dynabase'`);
  return {
    whole: Object.fromEntries(whole.map(({ relname, seq_scan }) => [relname, Number(seq_scan)])),
    found: Number(index?.found),
  };
}

/** The counts of a connection are complete when it is gone. */
const connectionsGone = (postgres: RealPostgres) =>
  postgres.sqlUntilRows(`
    select where not exists (
      select from pg_stat_activity where application_name = 'dynabase catalog'
    )`);

/** Tenants in the archive but for a few that are waking, each with something in every table. */
async function fill(postgres: RealPostgres): Promise<void> {
  await postgres.sql(
    `insert into dynabase.tenants (id, vault, name, plan, tier, home, snapshot, state, state_attempt)
    select id, id, 'tenant' || i, 'free', 'COLD',
      case when i % $1 = 0 then 'local' else 'archive' end,
      case when i % $1 <> 0 then 'sn_000000000001' end,
      case when i % $1 = 0 then 'waking' else 'suspended' end, case when i % $1 = 0 then 1 end
    from generate_series(1, $2::integer) as i, lpad(i::text, 12, '0') as digits,
      concat('tn_', digits) as id`,
    [TENANTS / AWAKE, TENANTS],
  );
  await postgres.sql(
    `insert into dynabase.tenant_roles
    select id, name, $1, true, true from dynabase.tenants`,
    [verifierNumber(0)],
  );
  await postgres.sql(
    `insert into dynabase.usage_minutes
    select id, to_timestamp(0), 1, 1, 1, '{}', 1, 1, '{}', 1 from dynabase.tenants`,
  );
  await postgres.sql(
    'insert into dynabase.tenant_levels (tenant_id) select id from dynabase.tenants',
  );
  await postgres.sql(
    `insert into dynabase.ladder_steps (tenant_id, at, kind, bytes, took_ms, because)
    select id, now(), 'wake', 0, 1, 'a client' from dynabase.tenants`,
  );
}

test('no question reads all tenants, however many sleep', async () => {
  await using postgres = await realPostgres();
  const connection = postgres.connection;
  const log = new MemoryLog();
  await (await openCatalog({ connection, log })).close();
  await fill(postgres);
  await postgres.sql('vacuum analyze');
  await connectionsGone(postgres);
  const before = await scans(postgres);

  const catalog = await openCatalog({ connection, log });
  const counts = await catalog.countTenants();
  const homes = await catalog.countHomes();
  await catalog.countTiers();
  const awake = await catalog.unrestedTenants();
  const rested = await catalog.dueForArchive({ limit: 10, restedBefore: later, tiers: TIERS });
  const dirty = await catalog.dueForSnapshot(later, 10);
  await catalog.fleetLevels();
  const middle = parseTenantName('tenant5');
  const page = await catalog.listTenants({ after: middle, limit: PAGE, state: null });
  const asleep = await catalog.listTenants({ after: middle, limit: PAGE, state: 'suspended' });
  const waking = await catalog.listTenants({ after: middle, limit: PAGE, state: 'waking' });
  const tenant = await catalog.tenantByName(middle);
  if (tenant === undefined) throw new Error('tenant5 is there');
  await catalog.tenantById(tenant.id);
  await catalog.verifier(tenant.id, tenant.name);
  await catalog.saveRoles(tenant.id, []);
  await catalog.rotateOwner(tenant.id, verifierNumber(1));
  await catalog.markSettled(tenant.id, verifierNumber(1));
  const moved = await catalog.move(tenant, { kind: 'waking', attempt: 1 });
  await catalog.add([{ ...used, tenant: tenant.id }], 'scale');
  await catalog.noteLevels(tenant.id, { l3: 1, hitsL1: 1 });
  await catalog.levels(tenant.id);
  await catalog.recordStep(tenant.id, step);
  await catalog.steps(tenant.id, 10);
  await catalog.usage(tenant.id, timestamp(0), timestamp(1));
  await catalog.removeTenant((await catalog.move(moved, { kind: 'deleting' })).id);
  await catalog.insertTenant(draft('newcomer'));
  await catalog.close();
  await connectionsGone(postgres);

  const after = await scans(postgres);
  expect([counts.suspended, counts.waking, awake.length]).toEqual([TENANTS - AWAKE, AWAKE, AWAKE]);
  expect([homes.local, homes.archive]).toEqual([AWAKE, TENANTS - AWAKE]);
  expect([rested, dirty]).toEqual([[], []]);
  expect([page.tenants.length, asleep.tenants.length, waking.next]).toEqual([PAGE, PAGE, null]);
  expect(after.whole).toEqual(before.whole);
  expect(after.found - before.found).toBeLessThan(2 * PAGE + 4 * AWAKE + 100);
});

const later = timestamp(4_102_444_800_000);

const step = {
  at: timestamp(1_893_499_200_000),
  kind: 'wake',
  bytes: 0,
  ms: 1,
  from: 'L3',
  because: 'a client',
} as const;

const used = {
  minute: timestamp(1_893_499_200_000),
  sessions: 1,
  queries: 1,
  byRobots: 0,
  transactions: 1,
  errors: {},
  bytesIn: 1,
  bytesOut: 1,
  latency: Array<number>(LATENCY_BOUNDS_US.length + 1).fill(0),
  classes: [],
  latencySumUs: 1,
};
