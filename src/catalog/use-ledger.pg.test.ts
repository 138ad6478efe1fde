import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { CustomerId, TenantId } from '../domain/ids.ts';
import type { UseBatch } from '../domain/metering.ts';
import type { Tenant } from '../domain/tenant.ts';
import { minutes, type Timestamp, timestamp } from '../domain/units.ts';
import type { UseRow } from '../domain/use.ts';
import { draft } from '../testing/drafts.ts';
import { MemoryLog } from '../testing/memory-log.ts';
import { type RealPostgres, realPostgres } from '../testing/real-postgres.ts';
import { openCatalog } from './open-catalog.ts';
import type { PgCatalog } from './pg-catalog.ts';

const NOON = 1_893_499_200_000;

let postgres: RealPostgres;
let catalog: PgCatalog;
let names = 0;

beforeAll(async () => {
  postgres = await realPostgres();
  catalog = await openCatalog({ connection: postgres.connection, log: new MemoryLog() });
  await postgres.sql('create table public.moment (at timestamptz)');
  await postgres.sql(`create or replace function dynabase.use_clock() returns timestamptz
    language sql stable as 'select at from public.moment'`);
});

beforeEach(async () => {
  await postgres.sql('delete from dynabase.tenants');
  await postgres.sql(
    'truncate dynabase.use_spans, dynabase.use_rests, dynabase.use_minutes, dynabase.use_hours, dynabase.use_days, public.moment',
  );
  await postgres.sql('insert into public.moment values (now())');
  await itIs(0);
});

afterAll(async () => {
  await catalog.close();
  await postgres[Symbol.asyncDispose]();
});

/** So many minutes past noon. */
const past = (min: number): Timestamp => timestamp(NOON + min * 60_000);

const itIs = (min: number) =>
  postgres.sql(`update public.moment set at = to_timestamp(${past(min)} / 1000.0)`);

async function awake(tenant: Tenant): Promise<Tenant> {
  return await catalog.move(await catalog.move(tenant, { kind: 'waking', attempt: 1 }), {
    kind: 'running',
  });
}

async function asleep(tenant: Tenant): Promise<Tenant> {
  return await catalog.move(await catalog.move(tenant, { kind: 'suspending' }), {
    kind: 'suspended',
  });
}

const created = async (name: string): Promise<Tenant> =>
  await catalog.move(await catalog.insertTenant(draft(name)), { kind: 'suspended' });

async function rows(query: { tenant?: TenantId; customer?: CustomerId | null } = {}) {
  const found: UseRow[] = [];
  const { use } = catalog.stores;
  for await (const row of use.rows({ from: past(-60), to: past(60 * 72), ...query }))
    found.push(row);
  return found;
}

const sum = (all: readonly UseRow[], of: (row: UseRow) => bigint): bigint =>
  all.reduce((total, row) => total + of(row), 0n);

const batch = (until: number, change: Partial<UseBatch> = {}): UseBatch => ({
  name: `batch ${++names}`,
  until: past(until),
  seen: [],
  used: [],
  ...change,
});

const seen = (tenant: TenantId, at: number) => ({
  ...{ tenant, run: '1-1', at: past(at), memoryBytes: 5_000_000 },
  ...{ cpuUs: 70_000, diskWrittenBytes: null },
});

test('the hours of a tenant add up to its life, however it lived', async () => {
  const acme = await created('acme');
  await itIs(10);
  const up = await awake(acme);
  await itIs(11);
  await catalog.stores.use.count(batch(11, { seen: [seen(acme.id, 11)] }));
  await itIs(12.5);
  const down = await asleep(up);
  await catalog.noteLevels(acme.id, { l3: 1_000 });
  await itIs(60 * 30 + 7);
  await awake(down);
  const found = await rows();
  expect(sum(found, (row) => row.seconds)).toBe(30n * 3_600n + 7n * 60n);
  expect(sum(found, (row) => row.use.awake)).toBe(150n);
  expect(sum(found, (row) => row.use.wakes)).toBe(2n);
  const sleptSince = 30n * 3_600n + 7n * 60n - 750n;
  expect(sum(found, (row) => row.use.l3)).toBe(1_000n * sleptSince);
  expect(sum(found, (row) => row.use.stored)).toBe(1_000n * sleptSince);
  const times = found.map(({ hour }) => hour);
  expect(times).toEqual(times.toSorted());
  expect(found.find(({ hour }) => hour === past(60))?.seconds).toBe(3_600n);
});

test('what a compute used goes to its minute, and once', async () => {
  const acme = await awake(await created('acme'));
  await itIs(2);
  const use = { memory: 300_000_000n, cpu: 12_345n, written: 8_192n };
  const offered = batch(2, {
    seen: [seen(acme.id, 2)],
    used: [
      { tenant: acme.id, at: past(0), use },
      { tenant: acme.id, at: past(1.5), use },
    ],
  });
  await catalog.stores.use.count(offered);
  await catalog.stores.use.count(offered);
  const found = await catalog.stores.use.minutes(acme.id, { from: past(0), to: past(60) });
  expect(found.map(({ minute, length }) => [minute, length])).toEqual([
    [past(0), minutes(1)],
    [past(1), minutes(1)],
  ]);
  expect(found[1]?.use).toMatchObject({ ...use, awake: 60n, wakes: 0n });
  expect(sum(await rows(), (row) => row.use.cpu)).toBe(2n * use.cpu);
  expect(await catalog.stores.use.points()).toEqual([seen(acme.id, 2)]);
});
