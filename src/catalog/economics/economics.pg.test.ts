/** Prices, settled days and budgets, in the real catalog and in memory: the same promises. */
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type {
  Budget,
  BudgetStore,
  CostShare,
  CostStore,
  FleetDay,
  PriceStore,
} from '../../domain/economics.ts';
import { hours, later, timestamp } from '../../domain/units.ts';
import { NO_USE } from '../../domain/use.ts';
import { draft } from '../../testing/drafts.ts';
import { customerNumber, tenantNumber, using, utc } from '../../testing/ledger-rows.ts';
import { MemoryBudgets, MemoryCosts, MemoryPrices } from '../../testing/memory-economics.ts';
import { MemoryLog } from '../../testing/memory-log.ts';
import { type RealPostgres, realPostgres } from '../../testing/real-postgres.ts';
import { clientConfig, PATIENCE } from '../connections.ts';
import { openCatalog } from '../open-catalog.ts';
import type { PgCatalog } from '../pg-catalog.ts';

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

const HUGE = 123_456_789_012_345_678_901_234n;

const share = (n: number, change: Partial<CostShare> = {}): CostShare => ({
  ...{ tenant: tenantNumber(n), customer: customerNumber(1), plan: 'free', tier: 'COLD' },
  ...{ seconds: 86_400n, use: using({ memory: HUGE, wakes: 3n }) },
  ...{ attributed: 7n, shared: 2n, alwaysOn: HUGE },
  ...change,
});

const fleetDay = (day: string): FleetDay => ({
  ...{ day: utc(day), book: { name: 'vision', revision: 0 }, currency: 'USD', tenants: 2 },
  hours: Array.from({ length: 24 }, (_, at) => BigInt(at) + HUGE),
  overheadUse: using({ cpu: HUGE }),
  ...{ overhead: 1n, idle: 2n, minimum: 3n, unborne: 4n, machines: 5n, total: HUGE, alwaysOn: 6n },
});

const PRICES: Readonly<Record<string, () => PriceStore>> = {
  PostgreSQL: () => catalog.stores.prices,
  memory: () => new MemoryPrices(),
};

describe.each(Object.entries(PRICES))('prices in %s', (_, open) => {
  test('a book is put by revisions, and which one holds from when is kept', async () => {
    const store = open();
    expect(await store.books()).toEqual([]);
    expect(await store.tariffs()).toBeNull();
    expect(await store.putBook('ours', '{"a":1}')).toBe(1);
    expect(await store.putBook('other', '{}')).toBe(1);
    expect(await store.putBook('ours', '{"a":2}')).toBe(2);
    expect(await store.books()).toEqual([
      { name: 'other', revision: 1, document: '{}' },
      { name: 'ours', revision: 2, document: '{"a":2}' },
    ]);
    const [first, second] = [utc('2026-11-01'), utc('2026-11-05')];
    await store.use({ since: first, name: 'vision' });
    await store.use({ since: second, name: 'ours' });
    expect(await store.inForce()).toEqual([
      { since: first, name: 'vision' },
      { since: second, name: 'ours' },
    ]);
    await store.use({ since: first, name: 'other' });
    expect(await store.inForce()).toEqual([{ since: first, name: 'other' }]);
    await store.putTariffs('{}');
    await store.putTariffs('{"currency":"EUR"}');
    expect(await store.tariffs()).toEqual({ revision: 2, document: '{"currency":"EUR"}' });
  });
});

const COSTS: Readonly<Record<string, () => CostStore>> = {
  PostgreSQL: () => catalog.stores.costs,
  memory: () => new MemoryCosts(),
};

describe.each(Object.entries(COSTS))('costs in %s', (_, open) => {
  test('a day is settled once, and read exactly as it was written, whole or summed', async () => {
    const store = open();
    expect(await store.settledUntil()).toBeNull();
    const nobody = share(2, { customer: null, plan: 'starter', tier: 'WARM' });
    expect(await store.settle(fleetDay('2026-11-30'), [share(1), nobody])).toBe(true);
    expect(await store.settle(fleetDay('2026-11-30'), [share(3)])).toBe(false);
    expect(await store.settle(fleetDay('2026-12-01'), [share(1), share(1, { tier: 'HOT' })])).toBe(
      true,
    );
    expect(await store.settledUntil()).toBe(utc('2026-12-02'));
    const all = { from: utc('2026-11-01'), to: utc('2027-01-01') };
    expect(await store.days(all)).toEqual([fleetDay('2026-11-30'), fleetDay('2026-12-01')]);
    const [november, december] = [utc('2026-11-01'), utc('2026-12-01')];
    expect(await store.byMonth(all)).toEqual([
      { ...share(1), month: november },
      { ...nobody, month: november },
      { ...share(1), month: december },
      { ...share(1, { tier: 'HOT' }), month: december },
    ]);
    expect(await store.byMonth({ ...all, tenant: tenantNumber(2) })).toEqual([
      { ...nobody, month: november },
    ]);
    // Of a month in which more is settled than was asked for, the days are summed that were.
    expect(await store.byMonth({ ...all, to: december })).toEqual([
      { ...share(1), month: november },
      { ...nobody, month: november },
    ]);
    expect(await store.settle(fleetDay('2026-12-02'), [share(1)])).toBe(true);
    const [twice] = await store.byMonth({ ...all, from: december });
    expect(twice).toEqual({
      ...share(1, { seconds: 172_800n, use: using({ memory: 2n * HUGE, wakes: 6n }) }),
      ...{ attributed: 14n, shared: 4n, alwaysOn: 2n * HUGE, month: december },
    });
    const first = { from: december, to: utc('2026-12-02') };
    expect(await store.byMonth(first)).toEqual([
      { ...share(1), month: december },
      { ...share(1, { tier: 'HOT' }), month: december },
    ]);
    expect((await store.byDay(first)).map(({ tier, seconds }) => [tier, seconds])).toEqual([
      ['COLD', 86_400n],
      ['HOT', 86_400n],
    ]);
    const ofCustomer = await store.byDay({ ...all, customer: customerNumber(1) });
    expect(ofCustomer.map(({ day, tier, attributed }) => [day, tier, attributed])).toEqual([
      [utc('2026-11-30'), 'COLD', 7n],
      [december, 'COLD', 7n],
      [december, 'HOT', 7n],
      [utc('2026-12-02'), 'COLD', 7n],
    ]);
  });

  test('what our own processes used is added up by hour', async () => {
    const store = open();
    const hour = utc('2026-11-02T09:00Z');
    await store.addOverhead(hour, using({ cpu: HUGE }));
    await store.addOverhead(hour, using({ cpu: 1n, memory: 2n }));
    await store.addOverhead(later(hour, hours(1)), NO_USE);
    const span = { from: hour, to: later(hour, hours(1)) };
    expect(await store.overhead(span)).toEqual([
      { hour, use: using({ cpu: HUGE + 1n, memory: 2n }) },
    ]);
  });
});

test('settled days cannot be changed, whoever tries', async () => {
  const client = new pg.Client(clientConfig(postgres.connection, PATIENCE));
  await client.connect();
  try {
    for (const attempt of [
      'update dynabase.cost_days set attributed = 0',
      'delete from dynabase.cost_days',
      'update dynabase.settled_days set total = 0',
      'delete from dynabase.settled_days',
      'update dynabase.cost_day_sums set seconds = 0',
    ]) {
      await expect(client.query(attempt)).rejects.toThrow(/is settled/);
    }
  } finally {
    await client.end();
  }
});

const BUDGETS: Readonly<Record<string, () => Promise<BudgetStore>>> = {
  PostgreSQL: async () => {
    await catalog.insertTenant(draft('budgeted'));
    return catalog.stores.budgets;
  },
  memory: async () => new MemoryBudgets(() => timestamp(Date.now())),
};

describe.each(Object.entries(BUDGETS))('budgets in %s', (_, open) => {
  test('budgets are set, replaced and removed; what was told is remembered with it; letters go once', async () => {
    const store = await open();
    const tenant = (await catalog.tenantByName(draft('budgeted').name))?.id ?? tenantNumber(9);
    const fleet: Budget = {
      ...{ owner: { kind: 'fleet' }, measure: 'cost', amount: HUGE, isCapped: false },
      emails: ['ops@example.com'],
    };
    const one: Budget = {
      ...{ owner: { kind: 'tenant', id: tenant }, measure: 'charges', amount: 5n },
      ...{ isCapped: true, emails: [] },
    };
    await store.set(fleet);
    await store.set({ ...one, amount: 4n });
    await store.set(one);
    expect(await store.all()).toEqual([fleet, one]);
    const { owner, measure } = one;
    const state = { month: '2026-11', part: 50 };
    const customer = customerNumber(1);
    const alert = { owner, customer, measure, kind: 'budget', data: { part: 50 } };
    const told = await store.tell(
      { owner, measure, state },
      [alert],
      [{ to: 'a@example.com', subject: 'half', text: 'half of it' }],
    );
    expect(told).toEqual([{ ...alert, id: expect.any(Number), at: expect.any(Number) }]);
    expect(await store.memories()).toEqual([{ owner, measure, state }]);
    expect(await store.alerts({ limit: 10 })).toEqual(told);
    expect(await store.alerts({ customer: customerNumber(2), limit: 10 })).toEqual([]);
    const again = timestamp(Date.now() + 60_000);
    const letters = await store.takeMails(10, again);
    expect(letters.map(({ to, attempts }) => [to, attempts])).toEqual([['a@example.com', 1]]);
    expect(await store.takeMails(10, again)).toEqual([]);
    for (const { id } of letters) await store.removeMail(id);
    await store.remove(owner, measure);
    expect(await store.all()).toEqual([fleet]);
  });
});
