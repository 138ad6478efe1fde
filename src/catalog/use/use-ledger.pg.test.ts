import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { CustomerId, TenantId } from '../../domain/ids.ts';
import type { UseBatch } from '../../domain/metering.ts';
import type { Tenant } from '../../domain/tenant.ts';
import { hours, minutes, type Timestamp, timestamp } from '../../domain/units.ts';
import { addedUse, NO_USE, type Use, type UseRow } from '../../domain/use.ts';
import { draft } from '../../testing/drafts.ts';
import { MemoryLog } from '../../testing/memory-log.ts';
import { type RealPostgres, realPostgres } from '../../testing/real-postgres.ts';
import { openCatalog } from '../open-catalog.ts';
import type { PgCatalog } from '../pg-catalog.ts';

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

beforeEach(reset);

afterAll(async () => {
  await catalog.close();
  await postgres[Symbol.asyncDispose]();
});

async function reset(): Promise<void> {
  await postgres.sql('delete from dynabase.tenants');
  await postgres.sql(
    'truncate dynabase.use_spans, dynabase.use_rests, dynabase.use_minutes, dynabase.use_hours, dynabase.use_days, dynabase.traffic_hours, dynabase.usage_batches, public.moment',
  );
  await postgres.sql('insert into public.moment values (now())');
  await itIs(0);
}

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

test('a deleted tenant stays in the ledger, to whom it was', async () => {
  const gone = await created('gone');
  await itIs(30);
  await catalog.removeTenant((await catalog.move(gone, { kind: 'deleting' })).id);
  await itIs(600);
  expect(sum(await rows(), (row) => row.seconds)).toBe(1_800n);
});

test('an awake time that nobody has vouched for is not counted as one', async () => {
  const up = await awake(await created('lost'));
  await itIs(120);
  await asleep(up);
  const found = await rows();
  expect(sum(found, (row) => row.use.awake)).toBe(0n);
  expect(sum(found, (row) => row.seconds)).toBe(7_200n);
});

test('another plan, tier or customer begins a row of its own', async () => {
  const customer = await catalog.stores.customers.insert({
    ...{ id: 'cu_000000000001' as CustomerId, name: 'Acme', externalId: null },
    ...{ plan: 'free', tenantsMax: null },
  });
  const { id } = await created('acme');
  await itIs(10);
  await catalog.configure(id, { plan: 'professional' });
  await itIs(20);
  await catalog.configure(id, { tier: 'HOT' });
  await itIs(30);
  await catalog.configure(id, { customer: customer.id });
  await itIs(60);
  const found = await rows();
  expect(found.map(({ plan, tier, customer, seconds }) => [plan, tier, customer, seconds])).toEqual(
    [
      ['free', 'COLD', null, 600n],
      ['professional', 'COLD', null, 600n],
      ['professional', 'HOT', null, 600n],
      ['professional', 'HOT', customer.id, 1_800n],
    ],
  );
  expect(sum(await rows({ customer: customer.id }), (row) => row.seconds)).toBe(1_800n);
});

test('a customer with more tenants than a page has is told whole and each hour once, deleted ones too', async () => {
  const customer = await catalog.stores.customers.insert({
    ...{ id: 'cu_000000000002' as CustomerId, name: 'Many', externalId: null },
    ...{ plan: 'free', tenantsMax: null },
  });
  const ids: TenantId[] = [];
  for (let i = 0; i < 35; i++) {
    const { id } = await created(`many-${i}`);
    await catalog.configure(id, { customer: customer.id });
    ids.push(id);
  }
  await itIs(200);
  // Deleted so long ago that nothing but its hours is left.
  const gone = ids[17] ?? expect.fail('there are 35');
  await postgres.sql('delete from dynabase.tenants where id = $1', [gone]);
  await postgres.sql('delete from dynabase.use_spans where tenant_id = $1', [gone]);
  const found = await rows({ customer: customer.id });
  const keys = found.map(({ tenant, hour }) => `${tenant} ${hour}`);
  expect(new Set(keys).size).toBe(keys.length);
  expect(new Set(found.map(({ tenant }) => tenant))).toEqual(new Set(ids));
  expect(keys).toEqual(keys.toSorted());
  expect(sum(found, (row) => row.seconds)).toBe(35n * 12_000n);
  const ofAll = await rows();
  expect(ofAll.filter((row) => row.customer === customer.id)).toHaveLength(found.length);
});

/** What may happen to one of two tenants, so many minutes after the last. */
const step = fc.record({
  who: fc.nat(1),
  after: fc.oneof(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 4_000 })),
  what: fc.constantFrom('wake', 'sleep', 'count', 'again', 'plan', 'grow', 'forget'),
});

test('whatever happens, minutes, hours, days and rows add up to the same, which is all there was', async () => {
  const cases = fc.array(step, { minLength: 5, maxLength: 15 });
  await fc.assert(
    fc.asyncProperty(cases, async (history) => {
      await reset();
      const tenants = [await created('one'), await created('two')];
      let now = 0;
      let used = 0n;
      let last: UseBatch | null = null;
      for (const { who, after, what } of history) {
        now += after / 7;
        await itIs(now);
        const tenant = tenants[who] ?? expect.fail('there are two');
        const { kind } = tenant.state;
        if (what === 'wake' && kind === 'suspended') tenants[who] = await awake(tenant);
        if (what === 'sleep' && kind === 'running') tenants[who] = await asleep(tenant);
        if (what === 'plan')
          await catalog.configure(tenant.id, { plan: now % 2 > 1 ? 'free' : 'starter' });
        if (what === 'grow') await catalog.noteLevels(tenant.id, { l3: Math.round(now * 1_000) });
        if (what === 'again' && last !== null) await catalog.stores.use.count(last);
        if (what === 'forget') await catalog.stores.use.forget(FORGET_NOTHING);
        if (what !== 'count') continue;
        const use = { memory: BigInt(Math.round(now * 9_973)), cpu: 1_000_003n, written: 4_097n };
        const running = tenants.filter(({ state }) => state.kind === 'running');
        last = batch(now, {
          seen: running.map(({ id }) => seen(id, now)),
          used: running.map(({ id }) => ({ tenant: id, at: past(now), use })),
        });
        used += BigInt(running.length) * use.memory;
        await catalog.stores.use.count(last);
      }
      now += 1;
      await itIs(now);
      for (const [who, tenant] of tenants.entries())
        if (tenant.state.kind === 'running') tenants[who] = await asleep(tenant);
      const span = { from: past(-720), to: past(now + 1) };
      const { useHistory } = catalog.stores;
      const [hours, days, minutes] = await Promise.all([
        useHistory.used({ ...span, step: 'hour' }),
        useHistory.used({ ...span, step: 'day' }),
        useHistory.used({ ...span, step: 'minute' }),
      ]);
      const whole = total(hours);
      expect(total(days)).toEqual(whole);
      expect(whole.seconds).toBe(2n * BigInt(Math.floor(past(now) / 1_000) - past(0) / 1_000));
      expect(whole.use.memory).toBe(used);
      const awakeOnly = (use: Use) => [use.memory, use.cpu, use.written, use.awake, use.wakes];
      expect(awakeOnly(total(minutes).use)).toEqual(awakeOnly(whole.use));
      const found: UseRow[] = [];
      for await (const row of catalog.stores.use.rows(span)) found.push(row);
      expect(total(found)).toEqual(whole);
      const each: UseRow[] = [];
      for (const { id } of tenants)
        for await (const row of catalog.stores.use.rows({ ...span, tenant: id })) each.push(row);
      expect(total(each)).toEqual(whole);
      await expectParted(past(now));
    }),
    { numRuns: 4 },
  );
});

type Window = { readonly from: Timestamp; readonly to: Timestamp };

async function rowsWithin(window: Window & { readonly tenants?: readonly TenantId[] }) {
  const found: UseRow[] = [];
  for await (const row of catalog.stores.use.rows(window)) found.push(row);
  return found.toSorted(byHour);
}

/** Who rests has the same row in each hour. */
async function expanded(window: Window): Promise<readonly UseRow[]> {
  const { resting, others } = await catalog.stores.use.parted(window);
  const found = [...(await rowsWithin({ ...window, tenants: others }))];
  for (let hour = window.from; hour < window.to; hour = timestamp(hour + hours(1))) {
    found.push(...resting.map((row) => ({ ...row, hour })));
  }
  expect(new Set([...others, ...resting.map(({ tenant }) => tenant)]).size).toBe(
    others.length + resting.length,
  );
  return found.toSorted(byHour);
}

async function expectParted(now: Timestamp): Promise<void> {
  const present = timestamp(now - (now % hours(1)));
  const running = { from: present, to: timestamp(present + hours(1)) };
  expect(await expanded(running)).toEqual(await rowsWithin(running));
  for (let from = past(-60); from < present; from = timestamp(from + hours(4))) {
    const window = { from, to: timestamp(Math.min(present, from + hours(4))) };
    expect(await expanded(window)).toEqual(await rowsWithin(window));
  }
}

const byHour = (one: UseRow, other: UseRow): number =>
  one.hour - other.hour || (`${one.tenant} ${one.plan}` < `${other.tenant} ${other.plan}` ? -1 : 1);

const FORGET_NOTHING = { minutes: hours(24 * 40_000), hours: hours(24 * 40_000) };

const total = (parts: readonly { readonly seconds: bigint; readonly use: Use }[]) =>
  parts.reduce(
    (all, { seconds, use }) => ({ seconds: all.seconds + seconds, use: addedUse(all.use, use) }),
    { seconds: 0n, use: NO_USE },
  );

test('what went to clients is counted to its minute', async () => {
  const acme = await awake(await created('acme'));
  const minute = { tenant: acme.id, minute: past(7), sessions: 1, queries: 1, byRobots: 0 };
  const rest = { transactions: 1, errors: {}, bytesIn: 1, latency: [1], classes: [1] };
  const record = { ...minute, ...rest, bytesOut: 93, latencySumUs: 5 };
  await catalog.add([record, { ...record, minute: past(8) }], 'egress');
  const found = await catalog.stores.use.minutes(acme.id, { from: past(0), to: past(60) });
  const sent = found.filter(({ use }) => use.egress > 0n);
  expect(sent.map((one) => [one.minute, one.use.egress])).toEqual([
    [past(7), 93n],
    [past(8), 93n],
  ]);
  const query = { from: past(0), to: past(60), step: 'hour' as const, tenant: acme.id };
  expect(await catalog.stores.useHistory.traffic(query)).toMatchObject([
    { at: past(0), queries: 2, bytesOut: 186, latency: [2], classes: [2] },
  ]);
});
