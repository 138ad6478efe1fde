import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AwakeCause, AwakeInterval } from '../../domain/awake.ts';
import type { TenantId } from '../../domain/ids.ts';
import type { Level } from '../../domain/levels.ts';
import type { PageReading } from '../../domain/metering.ts';
import type { Tenant } from '../../domain/tenant.ts';
import { hours, later, minutes, ms, type Timestamp, timestamp } from '../../domain/units.ts';
import type { VisitorClass } from '../../domain/visitors.ts';
import { draft } from '../../testing/drafts.ts';
import { MemoryLog } from '../../testing/memory-log.ts';
import { type RealPostgres, realPostgres } from '../../testing/real-postgres.ts';
import { openCatalog } from '../open-catalog.ts';
import type { PgCatalog } from '../pg-catalog.ts';

const DAY = hours(24);
const NOW = timestamp(Date.now() - (Date.now() % DAY) + hours(12));

let postgres: RealPostgres;
let catalog: PgCatalog;

beforeAll(async () => {
  postgres = await realPostgres();
  catalog = await openCatalog({ connection: postgres.connection, log: new MemoryLog() });
});

afterAll(async () => {
  await catalog.close();
  await postgres[Symbol.asyncDispose]();
});

/** As it is after its first wake: its files came from a husk. */
async function running(name: string): Promise<Tenant> {
  const asleep = await catalog.move(await catalog.insertTenant(draft(name)), { kind: 'suspended' });
  const waking = await catalog.move(asleep, { kind: 'waking', attempt: 1 });
  await postgres.sql(`update dynabase.tenants set home = 'local' where id = '${asleep.id}'`);
  return await catalog.move(waking, { kind: 'running' });
}

const session = (visitor: VisitorClass, kind: 'session' | 'expected' = 'session'): AwakeCause => ({
  kind,
  who: { role: 'app', applicationName: 'psql', from: '10.0.0.1', visitor },
});

type Wake = { readonly cause: AwakeCause; readonly level: Level | null; readonly at: Timestamp };

const interval = (tenant: TenantId, { cause, level, at }: Wake): AwakeInterval => ({
  ...{ tenant, cause, level, customer: null, waited: 0, ended: null },
  ...{ from: at, to: later(at, ms(1)), wakeMs: ms(9) },
  segments: [{ from: at, to: later(at, ms(1)), kept: { kind: 'work', who: null } }],
});

async function served(tenant: TenantId, step: 'hour' | 'day' = 'hour') {
  const span = { from: later(NOW, ms(-3 * DAY)), to: later(NOW, DAY) };
  const found = await catalog.stores.useHistory.served({ ...span, tenant, step });
  return found.map(({ at, from, what, times }) => [(at - NOW) / hours(1), from, what, times]);
}

test('each wake is counted once, at its hour, by the level that served it and who it was for', async () => {
  const { id } = await running('woken');
  const { awake } = catalog.stores;
  const wakes: readonly Wake[] = [
    { cause: session('person', 'expected'), level: 'L2', at: NOW },
    { cause: session('monitor'), level: 'L2', at: later(NOW, minutes(10)) },
    { cause: session('person'), level: 'L3', at: later(NOW, hours(1)) },
    { cause: { kind: 'prewarm', because: 'soon' }, level: 'L4', at: later(NOW, hours(2)) },
    { cause: { kind: 'found' }, level: null, at: later(NOW, hours(3)) },
  ];
  const all = wakes.map((wake) => interval(id, wake));
  for (const one of all) await awake.save([one], NOW);
  // What is written again, since the outcome was not known or it has grown, is counted already.
  await awake.save(all, NOW);
  expect(await served(id)).toEqual([
    [0, 'L2', 'robot', 1],
    [0, 'husk', 'person', 1],
    [1, 'L3', 'person', 1],
    [2, 'L4', 'prewarm', 1],
    [3, 'L1', 'found', 1],
  ]);
  // Who came in the end was a program.
  await awake.save([interval(id, { ...wakes[0], cause: session('poller') } as Wake)], NOW);
  expect((await served(id)).slice(0, 2)).toEqual([
    [0, 'L2', 'robot', 1],
    [0, 'husk', 'robot', 1],
  ]);
});

const reading = (
  run: string,
  at: number,
  pages: readonly [number, number, number],
): PageReading => ({
  ...{ run, at: later(NOW, ms(at)), cachedBytes: null },
  ...{ l1: pages[0], l2: pages[1], l3: pages[2] },
});

const count = (id: TenantId, ...readings: readonly PageReading[]): Promise<void> =>
  catalog.stores.use.countPages(new Map([[id, readings]]));

test('pages of a run are counted once, however often and in whatever order they are told', async () => {
  const { id } = await running('read');
  await count(id, reading('one', 0, [100, 20, 3]));
  await count(id, reading('one', 0, [100, 20, 3]));
  await count(id, reading('one', hours(1), [150, 20, 4]), reading('two', hours(1), [7, 0, 1]));
  await count(id, reading('one', hours(1), [120, 20, 3]));
  await count(id, reading('one', hours(1), [151, 20, 4]));
  expect(await served(id)).toEqual([
    [0, 'L1', 'page', 100],
    [0, 'L2', 'page', 20],
    [0, 'L3', 'page', 3],
    [1, 'L1', 'page', 58],
    [1, 'L3', 'page', 2],
  ]);
  // Of a tenant that is gone nothing more is counted, and what was stays.
  await postgres.sql(`delete from dynabase.tenants where id = '${id}'`);
  await count(id, reading('three', hours(1), [1_000, 0, 0]));
  expect((await served(id)).at(-2)).toEqual([1, 'L1', 'page', 58]);
});

test('what an awake tenant has in the page cache counts from when it was looked at', async () => {
  const tenant = await running('cached');
  const { id } = tenant;
  await count(id, { ...reading('one', 0, [1, 0, 0]), cachedBytes: 8_192 });
  expect((await catalog.levels(id)).l2).toBe(8_192);
  const asleep = await catalog.move(await catalog.move(tenant, { kind: 'suspending' }), {
    kind: 'suspended',
  });
  await catalog.noteLevels(asleep.id, { l2: 4_096 });
  // It was looked at before it came to rest, and is told late.
  await count(id, { ...reading('one', 1, [1, 0, 0]), cachedBytes: 16_384 });
  expect((await catalog.levels(id)).l2).toBe(4_096);
  const spans = await postgres.sql(
    `select l2_bytes from dynabase.use_spans where tenant_id = '${id}'`,
  );
  expect(spans).toMatchObject([{ l2_bytes: '4096' }]);
});

test('of hours that are forgotten the days are kept', async () => {
  const { id } = await running('old');
  await count(
    id,
    reading('one', -2 * DAY, [10, 0, 0]),
    reading('two', -2 * DAY + hours(1), [5, 0, 0]),
  );
  await count(id, reading('three', 0, [1, 0, 0]));
  const before = await served(id, 'day');
  expect(before).toEqual([
    [-60, 'L1', 'page', 15],
    [-12, 'L1', 'page', 1],
  ]);
  // At whatever time of the day this runs, between the last two of these hours.
  const kept = { minutes: DAY, hours: ms(DAY + hours(1)) };
  for (let times = 0; await catalog.stores.use.forget(kept); times++) expect(times).toBeLessThan(9);
  expect(await served(id)).toEqual([[0, 'L1', 'page', 1]]);
  expect(await served(id, 'day')).toEqual(before);
});
