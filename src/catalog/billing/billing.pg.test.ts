/** Billing in the real catalog: what is written with a tenant, what stays as it is, numbers without gaps. */
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { BillingItem, Closing, ClosingGiven } from '../../domain/billing.ts';
import { type CustomerId, newId } from '../../domain/ids.ts';
import { hours, later, ms, timestamp } from '../../domain/units.ts';
import { SeededRandom } from '../../sim/seeded-random.ts';
import { draft } from '../../testing/drafts.ts';
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

const random = new SeededRandom(9);
const NOW = timestamp(1_900_000_000_000);
const EVER = { from: timestamp(0), to: timestamp(4_000_000_000_000) };

async function customer(name: string): Promise<CustomerId> {
  const id = newId('cu', random);
  await catalog.stores.customers.insert({
    ...{ id, name, externalId: null, plan: 'starter', tenantsMax: null },
  });
  return id;
}

test('whatever changes a tenant’s plan, owner or being there is written down with it, and nothing else is', async () => {
  const { billing } = catalog.stores;
  const [one, other] = [await customer('One'), await customer('Other')];
  const made = await catalog.insertTenant(draft('shop', { plan: 'free', customer: one }));
  const { id } = made;
  await catalog.configure(id, { plan: 'starter' });
  await catalog.configure(id, { suspendAfter: ms(5_000) });
  await catalog.configure(id, { plan: 'starter' });
  await catalog.configure(id, { customer: other });
  const settled = await catalog.move(made, { kind: 'suspended' });
  await catalog.move(settled, { kind: 'deleting' });
  await catalog.removeTenant(id);
  const seen = await billing.planChanges({ customer: one }, EVER);
  expect(seen.map((change) => [change.name, change.customer, change.plan])).toEqual([
    ['shop', one, 'free'],
    ['shop', one, 'starter'],
    ['shop', other, 'starter'],
    ['shop', other, null],
  ]);
  const times = seen.map(({ at }) => at);
  expect(times).toEqual([...times].sort((a, b) => a - b));
  expect(await billing.planChanges({ customer: other }, EVER)).toEqual(seen);
  const last = times.at(-1) ?? NOW;
  expect(
    await billing.planChanges({ customer: one }, { ...EVER, from: later(last, ms(10)) }),
  ).toEqual([]);
  expect(await billing.payers(EVER.to)).toEqual([one, other].sort());
});

test('a claimed database is the customer’s from then on, and one whose creation failed is nobody’s', async () => {
  const { billing, claims } = catalog.stores;
  const payer = await customer('Claimant');
  const expiresAt = EVER.to;
  const { id } = await catalog.insertTenant(draft('claimable', { expiresAt }));
  const hash = new Uint8Array([1, 2, 3]);
  await claims.insert(id, hash, { operator: {}, own: {} });
  await claims.claim(hash, { customer: payer, plan: 'professional' });
  expect(
    (await billing.planChanges({ customer: payer }, EVER)).map((one) => [one.customer, one.plan]),
  ).toEqual([
    [null, 'free'],
    [payer, 'professional'],
  ]);
  await expect(catalog.insertTenant(draft('claimable', { customer: payer }))).rejects.toMatchObject(
    { code: 'TENANT_EXISTS' },
  );
  expect(await billing.planChanges({ customer: payer }, EVER)).toHaveLength(2);
});

const closing = ({ ordinal, items }: ClosingGiven, spent: bigint): Closing => ({
  ...{ number: `T${ordinal}`, currency: 'USD', total: 12_500_000_000_001n, closedAt: NOW },
  ...{ text: `text ${ordinal}\n`, digest: 'd', basis: '{}' },
  remaining: new Map(items.map(({ id, remaining }) => [id, remaining - spent])),
});

const item = (of: CustomerId, id: string, amount: bigint): BillingItem => ({
  ...{ id, customer: of, kind: 'credit', says: 'Thanks', currency: 'USD' },
  ...{ amount, remaining: amount, createdAt: NOW },
});

test('numbers have no gap however many close at once and whatever fails, and credits go with them', async () => {
  const { billing } = catalog.stores;
  const payers = await Promise.all(Array.from({ length: 12 }, (_, n) => customer(`Payer ${n}`)));
  for (const [n, payer] of payers.entries()) await billing.addItem(item(payer, `c${n}`, 10n));
  await Promise.allSettled(
    payers.map((payer, n) =>
      billing.close(payer, '2026-11', (given) => {
        if (n % 3 === 1) throw new Error('died');
        return n % 3 === 2 ? null : closing(given, 4n);
      }),
    ),
  );
  for (const payer of payers) {
    await billing.close(payer, '2026-11', (given) => closing(given, 4n)).catch(() => undefined);
  }
  const all = await billing.walk(0, 100);
  expect(all.map(({ number }) => number)).toEqual(all.map((_, at) => `T${at + 1}`));
  expect(new Set(all.map((one) => one.customer)).size).toBe(12);
  for (const [n, payer] of payers.entries()) {
    expect(await billing.items(payer)).toEqual([{ ...item(payer, `c${n}`, 10n), remaining: 6n }]);
    const stands = billing.close(payer, '2026-11', (given) => closing(given, 0n));
    await expect(stands).rejects.toMatchObject({ code: 'PERIOD_CLOSED' });
  }
  const [first] = payers;
  const mine = await billing.list({ customer: first, limit: 5 });
  expect(mine).toMatchObject([{ customer: first, total: 12_500_000_000_001n, payment: null }]);
  expect(await billing.byNumber('T3')).toEqual(expect.objectContaining({ text: 'text 3\n' }));
  expect((await billing.list({ after: 'T3', limit: 5 })).map(({ number }) => number)).toEqual([
    ...['T2', 'T1'],
  ]);
});

test('what was closed, and who was on which plan, cannot be changed by anybody', async () => {
  const client = new pg.Client(clientConfig(postgres.connection, PATIENCE));
  await client.connect();
  try {
    for (const statement of [
      `update dynabase.invoices set text = 'x'`,
      `delete from dynabase.invoices`,
      `truncate dynabase.invoices cascade`,
      `update dynabase.plan_changes set plan = 'free'`,
      `delete from dynabase.plan_changes`,
    ]) {
      await expect(client.query(statement)).rejects.toMatchObject({ code: '55000' });
    }
  } finally {
    await client.end();
  }
});

test('who is billed outlives the customer, and settings are kept', async () => {
  const { billing, customers } = catalog.stores;
  const id = await customer('Leaving');
  const taxes = [{ name: 'VAT', rate: 1_900, reverseCharge: false }];
  await billing.changeProfile(id, { legalName: 'Leaving Ltd', address: ['1 Road'], taxes });
  await customers.change(id, { name: 'Left' });
  await customers.remove(id);
  expect(await billing.profile(id)).toEqual({
    ...{ customer: id, name: 'Left', legalName: 'Leaving Ltd', address: ['1 Road'] },
    ...{ taxId: null, taxes, failed: null },
  });
  const unknown = newId('cu', random);
  await expect(billing.changeProfile(unknown, {})).rejects.toMatchObject({
    code: 'CUSTOMER_UNKNOWN',
  });
  const before = await billing.settings();
  await billing.saveSettings({ ...before, closesFrom: '2026-11' });
  expect(await billing.settings()).toEqual({ ...before, closesFrom: '2026-11' });
  expect(await billing.isMarked('2026-11')).toBe(false);
  await billing.markMonth('2026-11', NOW);
  await billing.markMonth('2026-11', NOW);
  expect(await billing.isMarked('2026-11')).toBe(true);
});

test('the outbox moves on once an hour, keeps what has not arrived, and takes each message once', async () => {
  const { payments } = catalog.stores;
  const payer = await customer('Told');
  expect(await payments.toldUntil(NOW)).toBe(NOW);
  const to = later(NOW, ms(3_600_000));
  const hour = {
    ...{ from: NOW, to },
    used: [{ customer: payer, month: '2030-03', meter: 'egress', used: 10n ** 22n } as const],
    items: [
      {
        key: 'k1',
        customer: payer,
        news: { kind: 'meter', meter: 'egress', event: 'sent', value: '7', hour: NOW } as const,
      },
    ],
  };
  expect(await payments.tell(hour)).toBe(true);
  expect(await payments.tell(hour)).toBe(false);
  expect(await payments.toldUntil(NOW)).toBe(to);
  expect(await payments.used('2030-03')).toEqual(hour.used);
  expect(await payments.due(NOW, 9)).toEqual([]);
  const [due] = await payments.due(to, 9);
  expect(due).toMatchObject({ key: 'k1', news: hour.items[0]?.news, attempts: 0, begunAt: null });
  await payments.begin(due?.id ?? 0, to);
  await payments.failed(due?.id ?? 0, 'away', later(to, ms(1_000)));
  expect(await payments.due(to, 9)).toEqual([]);
  expect(await payments.waiting()).toEqual({ items: 1, lastError: 'away' });
  const [again] = await payments.due(later(to, ms(1_000)), 9);
  expect(again).toMatchObject({ attempts: 1, begunAt: to });
  const month = { from: NOW, to };
  expect(await payments.metersTold(month, NOW)).toMatchObject([
    { event: 'sent', value: 7n, waiting: 1, fresh: 0n },
  ]);
  await payments.done(due?.id ?? 0, to);
  expect(await payments.metersTold(month, to)).toMatchObject([{ value: 7n, fresh: 7n }]);
  expect(await payments.metersTold(month, later(to, ms(1)))).toMatchObject([{ fresh: 0n }]);
  expect(await payments.waiting()).toEqual({ items: 0, lastError: null });
  expect(await payments.tellInvoices(timestamp(0), to)).toBe(12);
  expect(await payments.tellInvoices(timestamp(0), to)).toBe(0);

  await payments.saveAccount(payer, 'cus_1');
  await payments.saveAccount(payer, 'cus_2');
  expect(await payments.account(payer)).toBe('cus_1');
  expect(await payments.customerOf('cus_1')).toBe(payer);
});

test('who is told something else is told of what comes from then on', async () => {
  const { payments, billing } = catalog.stores;
  const settings = await billing.settings();
  await billing.saveSettings({ ...settings, tells: 'invoices' });
  const begun = later(NOW, ms(1));
  const now = later(NOW, ms(2));
  expect(await payments.toldUntil(begun)).toBe(begun);
  await billing.saveSettings({ ...settings, tells: 'invoices', graceHours: 9 });
  expect(await payments.toldUntil(now)).toBe(begun);
  await billing.saveSettings({ ...settings, tells: 'meters' });
  expect(await payments.toldUntil(now)).toBe(now);
});

test('messages that come in any order leave what happened last, and what is owed since when', async () => {
  const { payments, billing } = catalog.stores;
  const payer = await customer('Late');
  const at = (minute: number) => later(NOW, ms(60_000 * minute));
  const message = (
    minute: number,
    state: 'failed' | 'paid',
    of: string,
    number: string | null,
  ) => ({
    ...{
      id: `evt_${minute} ${state} ${of}`,
      at: at(90),
      saidAt: at(minute),
      state,
      number,
      customer: payer,
    },
    ...{ providerId: of, note: `try ${minute}` },
  });
  const failed = async () => (await billing.profile(payer))?.failed;
  expect(await payments.take(message(1, 'failed', 'in_1', 'T1'))).toBe(true);
  expect(await payments.take(message(1, 'failed', 'in_1', 'T1'))).toBe(false);
  expect(await payments.take(message(3, 'failed', 'in_1', 'T1'))).toBe(true);
  expect(await payments.take(message(2, 'failed', 'in_1', 'T1'))).toBe(false);
  expect(await failed()).toEqual({ at: at(3), note: 'try 3' });
  expect((await billing.byNumber('T1'))?.payment).toBe('failed');
  expect(await payments.take(message(2, 'failed', 'in_9', null))).toBe(true);
  expect(await failed()).toEqual({ at: at(2), note: 'try 2' });
  // It was paid before the try that failed is told of.
  expect(await payments.take(message(5, 'paid', 'in_9', null))).toBe(true);
  expect(await payments.take(message(4, 'failed', 'in_9', null))).toBe(false);
  expect(await failed()).toEqual({ at: at(3), note: 'try 3' });
  expect(await payments.take(message(3, 'paid', 'in_1', 'T1'))).toBe(true);
  expect(await payments.take(message(6, 'failed', 'in_1', 'T1'))).toBe(false);
  expect(await failed()).toBeNull();
  expect((await billing.byNumber('T1'))?.payment).toBe('paid');
});

test('what hours are kept since never goes back, however long they are kept later', async () => {
  const { use } = catalog.stores;
  expect(await use.keptFrom()).toBe(0);
  const keeping = (days: number) => ({ minutes: hours(1), hours: hours(24 * days) });
  await use.forget(keeping(10));
  const first = await use.keptFrom();
  expect(Date.now() - first).toBeGreaterThanOrEqual(hours(240));
  await use.forget(keeping(400));
  expect(await use.keptFrom()).toBe(first);
  await use.forget(keeping(9));
  expect(await use.keptFrom()).toBeGreaterThan(first + hours(23));
});
