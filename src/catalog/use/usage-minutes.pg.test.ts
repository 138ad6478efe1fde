import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { parseTenantId, type TenantId } from '../../domain/ids.ts';
import { type Timestamp, timestamp } from '../../domain/units.ts';
import { LATENCY_BOUNDS_US, type UsageMinute } from '../../domain/usage.ts';
import { draft } from '../../testing/drafts.ts';
import { MemoryLog } from '../../testing/memory-log.ts';
import { type RealPostgres, realPostgres } from '../../testing/real-postgres.ts';
import { openCatalog } from '../open-catalog.ts';
import type { PgCatalog } from '../pg-catalog.ts';

const NOON = 1_893_499_200_000;
const BUCKETS = LATENCY_BOUNDS_US.length + 1;
const EVER: readonly [Timestamp, Timestamp] = [timestamp(0), timestamp(4_000_000_000_000)];

let postgres: RealPostgres;
let catalog: PgCatalog;
let acme: TenantId;
let batches = 0;

beforeAll(async () => {
  postgres = await realPostgres();
  catalog = await openCatalog({ connection: postgres.connection, log: new MemoryLog() });
});

beforeEach(async () => {
  await postgres.sql('truncate dynabase.usage_minutes, dynabase.usage_batches');
  await postgres.sql('delete from dynabase.tenants');
  acme = (await catalog.insertTenant(draft('acme'))).id;
});

afterAll(async () => {
  await catalog.close();
  await postgres[Symbol.asyncDispose]();
});

const minuteAt = (minutes: number): Timestamp => timestamp(NOON + minutes * 60_000);

const nextBatch = (): string => `batch ${++batches}`;

const used = (tenant: TenantId, change: Partial<UsageMinute> = {}): UsageMinute => ({
  tenant,
  minute: minuteAt(0),
  sessions: 1,
  queries: 20,
  byRobots: 3,
  transactions: 10,
  errors: { 42: 3 },
  bytesIn: 1_000,
  bytesOut: 5_000_000_000,
  latency: Array.from({ length: BUCKETS }, (_, bucket) => bucket),
  classes: [1, 2, 3],
  latencySumUs: 123_456,
  ...change,
});

test('a minute comes back as it was written', async () => {
  await catalog.add([used(acme)], nextBatch());
  expect(await catalog.usage(acme, ...EVER)).toEqual([used(acme)]);
});

test('parts of a minute add up, each count to its own', async () => {
  await catalog.add([used(acme)], nextBatch());
  await catalog.add([used(acme, { errors: { 42: 1, 23: 5 } })], nextBatch());
  await catalog.add([used(acme, { errors: {} })], nextBatch());
  expect(await catalog.usage(acme, ...EVER)).toEqual([
    {
      tenant: acme,
      minute: minuteAt(0),
      sessions: 3,
      queries: 60,
      byRobots: 9,
      transactions: 30,
      errors: { 42: 4, 23: 5 },
      bytesIn: 3_000,
      bytesOut: 15_000_000_000,
      latency: Array.from({ length: BUCKETS }, (_, bucket) => 3 * bucket),
      classes: [3, 6, 9],
      latencySumUs: 370_368,
    },
  ]);
});

test('records of one minute in one batch add up as well', async () => {
  await catalog.add([used(acme), used(acme, { errors: { 57: 2 } })], nextBatch());
  const [minute] = await catalog.usage(acme, ...EVER);
  expect([minute?.queries, minute?.errors]).toEqual([40, { 42: 3, 57: 2 }]);
});

test('a batch that is offered again counts once, also when both offers are under way', async () => {
  const batch = nextBatch();
  const offers = Array.from({ length: 5 }, () => catalog.add([used(acme)], batch));
  expect((await Promise.all(offers)).filter((isNew) => isNew)).toHaveLength(1);
  expect(await catalog.add([used(acme)], batch)).toBe(false);
  expect(await catalog.usage(acme, ...EVER)).toEqual([used(acme)]);
});

test('minutes are given from the first to before the last, oldest first', async () => {
  const minutes = [3, 1, 2, 0].map((at) => used(acme, { minute: minuteAt(at) }));
  await catalog.add(minutes, nextBatch());
  const given = await catalog.usage(acme, minuteAt(1), minuteAt(3));
  expect(given.map(({ minute }) => minute)).toEqual([minuteAt(1), minuteAt(2)]);
});

test('a record of a tenant that is gone is dropped, and the others are kept', async () => {
  const gone = parseTenantId('tn_000000000000');
  await catalog.add([used(gone), used(acme)], nextBatch());
  expect([await catalog.usage(gone, ...EVER), await catalog.usage(acme, ...EVER)]).toEqual([
    [],
    [used(acme)],
  ]);
});

test('a batch of nothing is nothing', async () => {
  await catalog.add([], nextBatch());
  expect(await postgres.sql('select from dynabase.usage_batches')).toEqual([]);
});

test('ids of batches are forgotten after a week', async () => {
  await catalog.add([used(acme)], 'old');
  await catalog.add([used(acme)], 'young');
  await postgres.sql(
    `update dynabase.usage_batches set added_at = now() - interval '8 days' where id = 'old'`,
  );
  await catalog.add([used(acme)], 'new');
  const kept = await postgres.sql('select id from dynabase.usage_batches order by id');
  expect(kept).toEqual([{ id: 'new' }, { id: 'young' }]);
});

test('writers whose batches overlap in opposite orders do not wait in a circle', async () => {
  const forth = Array.from({ length: 2_000 }, (_, at) => used(acme, { minute: minuteAt(at) }));
  const back = forth.toReversed();
  await Promise.all([forth, back, forth, back].map((batch) => catalog.add(batch, nextBatch())));
  const minutes = await catalog.usage(acme, ...EVER);
  expect(minutes.map(({ queries }) => queries)).toEqual(Array(2_000).fill(80));
});

test('more minutes than ten thousand are cut, and can be asked for further', async () => {
  const minutes = Array.from({ length: 10_001 }, (_, at) => used(acme, { minute: minuteAt(at) }));
  await catalog.add(minutes, nextBatch());
  const first = await catalog.usage(acme, ...EVER);
  const rest = await catalog.usage(acme, minuteAt(10_000), EVER[1]);
  expect([first.length, rest.length]).toEqual([10_000, 1]);
});
