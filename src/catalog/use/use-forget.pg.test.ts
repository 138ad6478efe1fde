import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TenantId } from '../../domain/ids.ts';
import { hours, later, minutes, type Timestamp, timestamp } from '../../domain/units.ts';
import { addedUse, NO_USE } from '../../domain/use.ts';
import { draft } from '../../testing/drafts.ts';
import { MemoryLog } from '../../testing/memory-log.ts';
import { type RealPostgres, realPostgres } from '../../testing/real-postgres.ts';
import { clientConfig, PATIENCE } from '../connections.ts';
import { MIGRATIONS_DIR, migrate, readMigrations } from '../migrate.ts';
import { openCatalog } from '../open-catalog.ts';
import type { PgCatalog } from '../pg-catalog.ts';

const BEFORE_METERING = 8;
const TENANT = 'tn_000000000001';
const KEPT = { minutes: hours(24), hours: hours(48) };

let postgres: RealPostgres;
let catalog: PgCatalog;
let now: Timestamp;

/** A catalog with what an older program has counted in it. */
beforeAll(async () => {
  postgres = await realPostgres();
  const all = await readMigrations(MIGRATIONS_DIR);
  const client = new pg.Client(clientConfig(postgres.connection, PATIENCE));
  await client.connect();
  await migrate(client, all.slice(0, BEFORE_METERING), new MemoryLog());
  await client.query(`insert into dynabase.tenants (id, name, plan, tier, state, home, vault)
    values ('${TENANT}', 'old', 'free', 'COLD', 'suspended', 'none', '${TENANT}')`);
  await client.query(`insert into dynabase.usage_minutes
    (tenant_id, minute, sessions, queries, transactions, errors, bytes_in, bytes_out, latency, latency_sum_us, by_robots)
    select '${TENANT}', date_trunc('hour', now()) - interval '1 hour' + minute * interval '1 minute', 1, 2, 3, '{"42": 1}', 4, 5,
      (select array_agg(place) from generate_series(1, 17) as place), 6, 0
    from generate_series(0, 1) as minute`);
  await client.end();
  catalog = await openCatalog({ connection: postgres.connection, log: new MemoryLog() });
  now = timestamp(Date.now());
});

afterAll(async () => {
  await catalog.close();
  await postgres[Symbol.asyncDispose]();
});

test('what an older program counted is there by the hour, with finer latencies', async () => {
  const span = { from: later(now, hours(-3)), to: now, tenant: TENANT as TenantId };
  const [hour, ...others] = await catalog.stores.useHistory.traffic({ ...span, step: 'hour' });
  expect(others).toEqual([]);
  expect(hour).toMatchObject({ sessions: 2, queries: 4, bytesOut: 10, errors: { 42: 2 } });
  // 100, 250 and 500 us, and what is slower than all.
  expect([0, 3, 5, 36].map((bucket) => hour?.latency[bucket])).toEqual([2, 4, 6, 34]);
  expect(hour?.latency.reduce((sum, count) => sum + count, 0)).toBe(2 * 153);
});

test('what is forgotten by the minute and hour stays in the days', async () => {
  const { use, useHistory } = catalog.stores;
  const tenant = await catalog.insertTenant(draft('acme'));
  const asleep = await catalog.move(tenant, { kind: 'suspended' });
  await catalog.move(await catalog.move(asleep, { kind: 'waking', attempt: 1 }), {
    kind: 'running',
  });
  const at = timestamp(now - (now % hours(24)) - hours(24 * 5));
  // It rested for two days, and has been awake for a few hours since.
  await postgres.sql(`insert into dynabase.use_rests values ('${tenant.id}', to_timestamp(${at / 1_000}),
    to_timestamp(${at / 1_000 + 36 * 3_600}), '', 'free', 'COLD', 1, 2, 3, 4)`);
  const pieces = Array.from({ length: 300 }, (_, n) => ({
    tenant: tenant.id,
    at: later(at, minutes(36 * 60 + n)),
    use: { memory: 1_000n, cpu: 7n, written: 3n },
  }));
  await use.count({ name: 'once', until: at, seen: [], used: pieces });
  const minute = {
    tenant: tenant.id,
    minute: at,
    sessions: 1,
    queries: 2,
    byRobots: 0,
    errors: {},
  };
  const rest = {
    transactions: 1,
    bytesIn: 1,
    bytesOut: 9,
    latency: [1],
    classes: [1],
    latencySumUs: 5,
  };
  await catalog.add([{ ...minute, ...rest }], 'asked');
  const span = { from: at, to: later(at, hours(24 * 4)), tenant: tenant.id };
  const days = async () => {
    const used = await useHistory.used({ ...span, step: 'day' });
    const asked = await useHistory.traffic({ ...span, step: 'day' });
    return { used, asked };
  };
  const before = await days();
  expect(before.used.reduce((sum, { use: one }) => addedUse(sum, one), NO_USE)).toMatchObject({
    ...{ memory: 300_000n, cpu: 2_100n, written: 900n, egress: 9n },
    ...{ l2: 129_600n, l3: 259_200n, l4: 388_800n, stored: 518_400n },
  });
  for (let times = 0; await use.forget(KEPT); times++) expect(times).toBeLessThan(10);
  expect(await days()).toEqual(before);
  expect(await useHistory.used({ ...span, step: 'hour' })).toEqual([]);
  expect(await useHistory.traffic({ ...span, step: 'hour' })).toEqual([]);
  expect(await use.minutes(tenant.id, span)).toEqual([]);
  expect(await catalog.usage(tenant.id, span.from, span.to)).toEqual([]);
});
