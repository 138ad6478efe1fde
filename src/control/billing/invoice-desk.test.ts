/** Months closed over random histories, with crashes at every step: nothing lost, nothing billed twice, no gap in the numbers. */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { BillingStore, PlanChange } from '../../domain/billing.ts';
import type { CustomerId, TenantId } from '../../domain/ids.ts';
import { hours, later } from '../../domain/units.ts';
import { amount, NOTHING, plus } from '../../economics/money.ts';
import { monthOf } from '../../economics/month.ts';
import type { Subscription } from '../../economics/plans.ts';
import { chargedIn, chargesOf } from '../../economics/plans.ts';
import { parseTariffs } from '../../economics/tariffs.ts';
import { VirtualClock } from '../../sim/virtual-clock.ts';
import { dyingStore } from '../../testing/dying-store.ts';
import {
  customerNumber,
  historyArbitrary,
  rowOf,
  tenantNumber,
  using,
  utc,
} from '../../testing/ledger-rows.ts';
import { MemoryBilling } from '../../testing/memory-billing.ts';
import { MemoryLog } from '../../testing/memory-log.ts';
import { PlainLedger } from '../../testing/plain-ledger.ts';
import { EventBus } from '../event-bus.ts';
import { BillingClerk } from './billing-clerk.ts';
import { foldedRows, subscriptionsOf } from './billing-history.ts';
import { InvoiceDesk, monthNamed } from './invoice-desk.ts';
import { formatted, readInvoice } from './invoice-file.ts';

const november = monthOf(utc('2026-11-01'));

const SELLER = {
  name: 'Ogel',
  address: ['1 Data Lane'],
  taxId: null,
  logoText: 'OGEL',
  footer: ['IBAN 1'],
};

const tariffs = parseTariffs(
  JSON.stringify({
    versions: [
      {
        plans: {
          starter: {
            included: { egress: '1' },
            overage: { egress: '0.09', memory: '7' },
            trialDays: 14,
          },
          professional: { overage: { wakes: '0.001', stored: '0.3' } },
        },
      },
    ],
  }),
);

const digest = (text: string): string => createHash('sha256').update(text).digest('hex');

async function opened(store = new MemoryBilling((id) => `Customer ${id}`)) {
  const clock = new VirtualClock(later(november.to, hours(6)));
  const log = new MemoryLog();
  const ledger = new PlainLedger();
  const events = new EventBus({ clock, log });
  await store.saveSettings({ ...(await store.settings()), seller: SELLER });
  const desk = (on: BillingStore = store) =>
    new InvoiceDesk({
      store: on,
      ledger,
      tariffs: async () => tariffs,
      digest,
      clock,
      log,
      events,
    });
  return { clock, log, store, ledger, events, desk };
}

const change = (tenant: number, at: string, more: Partial<PlanChange> = {}): PlanChange => ({
  ...{ tenant: tenantNumber(tenant), name: `db${tenant}`, customer: customerNumber(1) },
  ...{ plan: 'professional', at: utc(at) },
  ...more,
});

/** The history of the catalog that gives these subscriptions. */
const changesOf = (subscriptions: readonly Subscription[]): PlanChange[] => {
  const ends = new Map<TenantId, Subscription>();
  for (const one of subscriptions) ends.set(one.tenant, one);
  return subscriptions.flatMap((one) => {
    const { tenant, customer, plan, from, to } = one;
    const last = ends.get(tenant) === one && to !== null;
    const begun = { tenant, name: tenant, customer, plan, at: from };
    return last ? [begun, { ...begun, plan: null, at: to }] : [begun];
  });
};

describe('who was on which plan', () => {
  test('is what was changed, in order; another name changes nothing', () => {
    const spells = subscriptionsOf(
      [
        change(1, '2026-11-01'),
        change(1, '2026-11-03', { name: 'new' }),
        change(1, '2026-11-10', { plan: 'enterprise' }),
        change(1, '2026-11-20', { customer: null }),
        change(1, '2026-11-25', { customer: customerNumber(2) }),
        change(1, '2026-11-28', { plan: null }),
        change(2, '2026-11-05'),
      ],
      tariffs,
    );
    expect(spells.map(({ customer, plan, from, to }) => [customer, plan, from, to])).toEqual([
      [customerNumber(1), 'professional', utc('2026-11-01'), utc('2026-11-10')],
      [customerNumber(1), 'enterprise', utc('2026-11-10'), utc('2026-11-20')],
      [customerNumber(2), 'professional', utc('2026-11-25'), utc('2026-11-28')],
      [customerNumber(1), 'professional', utc('2026-11-05'), null],
    ]);
  });

  test('has one trial of each plan, which goes on for who comes back within it and not after', () => {
    const spells = subscriptionsOf(
      [
        change(1, '2026-11-01', { plan: 'starter' }),
        change(1, '2026-11-03'),
        change(1, '2026-11-05', { plan: 'starter' }),
        change(1, '2026-11-20'),
        change(1, '2026-11-25', { plan: 'starter' }),
        change(1, '2026-11-26', { plan: 'starter', customer: customerNumber(2) }),
      ],
      tariffs,
    );
    expect(spells.map(({ trialUntil }) => trialUntil)).toEqual([
      utc('2026-11-15'),
      null,
      utc('2026-11-15'),
      null,
      null,
      utc('2026-12-10'),
    ]);
  });

  test('folded rows are charged as all of them are', async () => {
    await fc.assert(
      fc.asyncProperty(historyArbitrary(november), async ({ subscriptions, rows }) => {
        const all = async function* () {
          yield* rows;
        };
        const folded = await foldedRows(all(), subscriptions);
        const billing = { tariffs, month: november, subscriptions };
        expect(chargesOf({ ...billing, rows: folded })).toEqual(chargesOf({ ...billing, rows }));
      }),
      { numRuns: 100 },
    );
  });
});

test('over random histories and crashes at every step each customer is billed once, what economics charges, without a gap', async () => {
  await fc.assert(
    fc.asyncProperty(
      historyArbitrary(november),
      fc.array(fc.tuple(fc.nat(30), fc.constantFrom('before', 'after' as const)), { maxLength: 6 }),
      fc.array(fc.tuple(fc.nat(3), fc.bigInt(1n, 40n)), { maxLength: 4 }),
      async (history, crashes, credits) => {
        const { store, ledger, desk, clock } = await opened();
        store.changes = changesOf(history.subscriptions);
        ledger.all = history.rows;
        for (const [at, [who, size]] of credits.entries()) {
          const worth = { amount: size * 10n ** 12n, remaining: size * 10n ** 12n };
          await store.addItem({
            ...{ id: `c${at}`, customer: customerNumber(who), kind: 'credit', says: 'Thanks' },
            ...{ currency: 'USD', createdAt: clock.wall(), ...worth },
          });
        }
        for (const [n, when] of crashes) {
          await desk(dyingStore(store, n, when as 'before' | 'after'))
            .close(november)
            .catch(() => undefined);
        }
        await desk().close(november);
        const again = await desk().close(november);
        expect(again.numbers).toEqual([]);
        expect(store.invoices.map(({ number }) => number)).toEqual(
          store.invoices.map((_, at) => String(at + 1).padStart(6, '0')),
        );
        const payers = store.invoices.map(({ customer }) => customer);
        expect(new Set(payers).size).toBe(payers.length);
        await expectConserved(history, store);
        for await (const verdict of desk().verify({}, false)) {
          expect(verdict).toMatchObject({ isIntact: true, isSame: true, difference: 0n });
        }
      },
    ),
    { numRuns: 60 },
  );
});

/** What invoices say is what economics charges, each line to half a cent; credits are used once. */
async function expectConserved(
  { rows }: { readonly rows: PlainLedger['all'] },
  store: MemoryBilling,
): Promise<void> {
  const subscriptions = subscriptionsOf(store.changes, tariffs);
  const charges = chargesOf({ tariffs, month: november, subscriptions, rows });
  for (const customer of [0, 1, 2, 3].map(customerNumber)) {
    const own = chargedIn(charges.filter((one) => one.customer === customer));
    const stored = store.invoices.find((one) => one.customer === customer);
    const invoice = stored && readInvoice(stored.text);
    const lines = invoice?.lines.filter(({ details }) => details.length > 0) ?? [];
    const off = Math.abs(Number((invoice?.charged ?? NOTHING) - own));
    expect(off).toBeLessThanOrEqual(
      Math.max(lines.length, own < 5n * 10n ** 9n * 8n ? 8 : 0) * 5e9,
    );
    const items = await store.items(customer);
    const used = items.reduce((sum, item) => sum + item.amount - item.remaining, 0n);
    const set = (invoice?.lines ?? []).filter(({ kind }) => kind === 'credit');
    expect(used).toBe(set.reduce((sum, line) => sum - line.amount, 0n));
  }
}

const NOVEMBER_CHANGES = [change(1, '2026-10-20'), change(2, '2026-11-11', { plan: 'enterprise' })];

test('a month is closed when it is over and its use is counted, and in nobody’s name not at all', async () => {
  const { store, desk, clock } = await opened();
  store.changes = NOVEMBER_CHANGES;
  await expect(desk().close(monthOf(november.to))).rejects.toMatchObject({ code: 'MONTH_OPEN' });
  await store.saveSettings({ ...(await store.settings()), graceHours: 7 });
  await expect(desk().close(november)).rejects.toMatchObject({ code: 'MONTH_OPEN' });
  await clock.advance(hours(1));
  await store.saveSettings({ ...(await store.settings()), seller: { ...SELLER, name: '' } });
  await expect(desk().close(november)).rejects.toMatchObject({ code: 'SELLER_MISSING' });
  expect(store.invoices).toEqual([]);
});

test('the clerk closes what is due from the month on that was said, in order, and tries again what failed', async () => {
  const { store, desk, clock, log } = await opened();
  store.changes = NOVEMBER_CHANGES;
  let failing = true;
  const invoices = {
    closeDue: async () => {
      if (failing) throw new Error('no catalog');
      return await desk().closeDue();
    },
  };
  const levels = () => log.lines.map(({ level }) => level);
  const clerk = new BillingClerk({ clock, log, invoices, lookEvery: hours(1) });
  clerk.start();
  await clock.advance(hours(3));
  expect(levels()).toEqual(['warn', 'warn', 'warn']);
  await clock.advance(hours(2));
  // Told to a person, once.
  expect(levels()).toEqual(['warn', 'warn', 'warn', 'error', 'warn', 'warn']);
  failing = false;
  await clock.advance(hours(1));
  expect(store.invoices).toEqual([]);
  await store.saveSettings({ ...(await store.settings()), closesFrom: '2026-10' });
  await clock.advance(hours(1));
  expect(store.invoices.map(({ number, month }) => [number, month])).toEqual([
    ['000001', '2026-10'],
    ['000002', '2026-11'],
  ]);
  await clerk.close();
});

test('taxes, adjustments and credits of the customer are on it, and a draft says the same before', async () => {
  const { store, desk, clock } = await opened();
  store.changes = NOVEMBER_CHANGES;
  const customer = customerNumber(1);
  const taxes = [{ name: 'VAT 19 %', rate: 1_900, reverseCharge: false }];
  await store.changeProfile(customer, { legalName: 'Acme Ltd', taxes, taxId: 'VAT DE1' });
  for (const [id, kind, sum] of [
    ['a', 'adjustment', '2.50'],
    ['c', 'credit', '1000'],
  ] as const) {
    const worth = { amount: amount(sum), remaining: amount(sum) };
    await store.addItem({
      id,
      kind,
      customer,
      says: id,
      currency: 'USD',
      createdAt: clock.wall(),
      ...worth,
    });
  }
  const draft = await desk().draft(customer, november);
  expect(draft.invoice.buyer.name).toBe('Acme Ltd');
  expect(draft.invoice.lines.map(({ kind }) => kind)).toEqual([
    ...['subscription', 'subscription', 'adjustment', 'credit', 'tax'],
  ]);
  await desk().close(november);
  const [stored] = store.invoices;
  expect(stored?.text).toBe(draft.text.replace('"draft"', '"000001"'));
  expect((await desk().draft(customer, november)).text).toBe(stored?.text);
  const left = (await store.items(customer)).map(({ id, remaining }) => [id, remaining]);
  expect(left).toEqual([
    ['a', 0n],
    ['c', amount('1000') - (draft.invoice.charged as bigint)],
  ]);
});

test('what was tampered with is found, and use that comes late is put right in open months, each once', async () => {
  const { store, ledger, desk } = await opened();
  store.changes = NOVEMBER_CHANGES;
  await desk().close(november);
  const found = async (correct: boolean) => {
    for await (const verdict of desk().verify({ month: '2026-11' }, correct)) return verdict;
    return undefined;
  };
  const lateWakes = (wakes: bigint) => {
    const use = using({ wakes });
    ledger.all = [rowOf(1, { plan: 'professional', use, customer: customerNumber(1) })];
  };
  lateWakes(5_000n);
  const open = { isIntact: true, isSame: false, isGood: false, corrections: [] };
  expect(await found(false)).toMatchObject({ ...open, difference: amount('5') });
  const settled = { isIntact: true, isSame: false, isGood: true, difference: 0n };
  const [first, second] = ['correction-000001', 'correction-000001-2'];
  expect(await found(true)).toMatchObject({ ...settled, corrections: [first] });
  expect(await found(true)).toMatchObject({ ...settled, corrections: [first] });
  // More comes, and then less than was billed by then.
  lateWakes(7_000n);
  expect(await found(false)).toMatchObject({ isGood: false, difference: amount('2') });
  expect(await found(true)).toMatchObject({ ...settled, corrections: [first, second] });
  lateWakes(1_000n);
  expect(await found(true)).toMatchObject({ ...settled, corrections: { length: 3 } });
  const items = await store.items(customerNumber(1));
  expect(items.map(({ kind, amount: sum }) => [kind, sum])).toEqual([
    ['adjustment', amount('5')],
    ['adjustment', amount('2')],
    ['credit', amount('6')],
  ]);
  const [stored] = store.invoices;
  if (stored !== undefined)
    store.invoices[0] = { ...stored, text: stored.text.replace('Ogel', 'Ogle') };
  expect(await found(false)).toMatchObject({ isIntact: false, isGood: false });
});

test('of a month whose hours are forgotten nothing is billed, drafted or put right', async () => {
  const { store, ledger, desk } = await opened();
  store.changes = NOVEMBER_CHANGES;
  const use = using({ wakes: 5_000n });
  ledger.all = [rowOf(1, { plan: 'professional', use, customer: customerNumber(1) })];
  await desk().close(november);
  ledger.kept = later(november.from, hours(1));
  ledger.all = [];
  for await (const verdict of desk().verify({}, true)) {
    expect(verdict).toMatchObject({ isSame: null, difference: 0n, corrections: [], isGood: true });
  }
  expect(await store.items(customerNumber(1))).toEqual([]);
  store.invoices.length = 0;
  const forgotten = expect.objectContaining({ code: 'USE_FORGOTTEN' });
  await expect(desk().close(november)).rejects.toEqual(forgotten);
  await expect(desk().draft(customerNumber(1), november)).rejects.toEqual(forgotten);
  expect(store.invoices).toEqual([]);
});

test('a closed invoice prints in every form from its text alone', async () => {
  const { store, desk } = await opened();
  store.changes = NOVEMBER_CHANGES;
  await desk().close(november);
  const text = store.invoices[0]?.text ?? '';
  expect(formatted(text, 'json', SELLER)).toBe(text);
  expect(formatted(text, 'csv', SELLER)).toContain('000001,2026-11,');
  const page = formatted(text, 'html', SELLER);
  expect(page).toContain('<p class="logo">OGEL</p>');
  expect(page).toContain('<footer>IBAN 1</footer>');
  const others = await desk().find('000001', customerNumber(1) as CustomerId);
  expect(others.total).toBe(plus(readInvoice(text).total, NOTHING));
  await expect(desk().find('000001', customerNumber(2))).rejects.toMatchObject({
    code: 'INVOICE_UNKNOWN',
  });
});

test('months have names', () => {
  expect(monthNamed('2026-11').from).toBe(november.from);
  for (const name of ['2026-13', '2026-1', 'x', '2026-00']) {
    expect(() => monthNamed(name)).toThrow(expect.objectContaining({ code: 'BAD_REQUEST' }));
  }
});
