/** The real package against a strict double: whatever is lost on the way, Stripe has everything once. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { CustomerId } from '../domain/ids.ts';
import { type DurationMs, hours, later, minutes } from '../domain/units.ts';
import { monthOf } from '../economics/month.ts';
import { SeededRandom } from '../sim/seeded-random.ts';
import {
  customerNumber,
  hoursWithin,
  rowOf,
  tenantNumber,
  using,
  utc,
} from '../testing/ledger-rows.ts';
import {
  type PaymentWorld,
  paymentWorld,
  PAYMENT_SECRET as SECRET,
} from '../testing/payment-world.ts';
import type { StripeMishap } from '../testing/stripe-double.ts';
import { PaymentSender } from './payment-sender.ts';
import { loadStripe, StripeDoor } from './stripe-door.ts';
import { StripeProvider } from './stripe-provider.ts';

const december = monthOf(utc('2026-12-01'));
const november = monthOf(utc('2026-11-01'));
const START = utc('2026-12-01T06:00Z');
const METERS = { egress: { event: 'sent', per: '1000' }, wakes: { event: 'woken', per: '1' } };
const [ONE, TWO] = [customerNumber(1), customerNumber(2)];

let world: PaymentWorld;

beforeEach(async () => {
  world = await paymentWorld(START, METERS);
});

afterEach(() => world.double.close());

/** Works off the outbox as often as it takes. */
async function settle(wait: DurationMs = hours(1), times = 40): Promise<void> {
  for (let turn = 0; turn < times; turn++) {
    await world.sender().work();
    if ((await world.store.waiting()).items === 0) return;
    await world.clock.advance(wait);
  }
}

/** What is wrong with each request, by chance; the same with every run. */
function troubles(seed: number, chance: number): () => StripeMishap | null {
  const random = new SeededRandom(seed);
  const all: readonly StripeMishap[] = [429, 500, 'reset', 'lost answer', 'lost answer'];
  return () =>
    random.next() < chance ? (all[Math.floor(random.next() * all.length)] ?? null) : null;
}

const span = { from: START, to: later(START, hours(12)) };

const used = () =>
  hoursWithin(span.from, span.to).flatMap((hour, at) => [
    rowOf(1, { hour, plan: 'starter', use: using({ egress: 1_700n, wakes: 2n }) }),
    rowOf(2, { hour, plan: 'professional', use: using({ egress: BigInt(at) * 333n }) }),
    // Neither a capped plan nor nobody pays for more.
    rowOf(3, { hour, plan: 'free', use: using({ egress: 9_000n }) }),
    rowOf(4, { hour, plan: 'starter', customer: null, use: using({ egress: 9_000n }) }),
  ]);

async function meterHours(): Promise<void> {
  await world.set('meters');
  await world.sender().work();
  world.ledger.all = used();
  await world.clock.advance(hours(14));
}

function expectMetersTold(): void {
  const { double, store } = world;
  const [one, two] = [store.accounts.get(ONE) ?? '', store.accounts.get(TWO) ?? ''];
  expect(double.books.sumOf('sent', one)).toBe(20);
  expect(double.books.sumOf('woken', one)).toBe(24);
  expect(double.books.sumOf('sent', two)).toBe(21);
  expect(store.accounts.size).toBe(2);
  const subscribed = double.books.subscriptions.map(({ customer }) => customer);
  for (const account of store.accounts.values()) {
    expect(subscribed.filter((customer) => customer === account)).toHaveLength(1);
  }
}

test('what was used is told by the hour in whole units, and nothing is lost to rounding', async () => {
  await meterHours();
  await settle();
  expectMetersTold();
  expect(world.double.books.customers).toHaveLength(2);
  const { events } = world.double.books;
  expect(new Set(events.map(({ identifier }) => identifier)).size).toBe(events.length);
  expect(events.every(({ timestamp }) => timestamp % 3_600 === 0)).toBe(true);
});

test.each([1, 2, 3])(
  'whatever goes wrong on the way, each hour is counted once (%i)',
  async (seed) => {
    await meterHours();
    world.double.mishap = troubles(seed, 0.4);
    await settle(minutes(70));
    expectMetersTold();
  },
);

test('a provider that is away is left alone, and told to a person once it has been for hours', async () => {
  await meterHours();
  await world.sender().work();
  const tries = () => world.double.log.length;
  world.ledger.all = used().map((row) => ({ ...row, hour: later(row.hour, hours(12)) }));
  await world.clock.advance(hours(12));
  let asked = 0;
  world.double.mishap = () => {
    asked++;
    return 429;
  };
  const before = tries();
  await world.sender().work();
  // Each of those under way, and no more.
  expect(asked).toBeLessThan(15);
  expect(tries()).toBe(before);
  const sender = world.sender();
  const told = () => world.log.lines.filter(({ level }) => level === 'error').length;
  for (let hour = 0; hour < 4; hour++) {
    await sender.work();
    expect(told()).toBe(0);
    await world.clock.advance(hours(1));
  }
  for (let hour = 0; hour < 4; hour++) {
    await sender.work();
    await world.clock.advance(hours(1));
  }
  expect(told()).toBe(1);
});

test('what may have arrived before Stripe forgot its key is asked for, and not told twice', async () => {
  await meterHours();
  world.double.mishap = (request) => (request.endsWith('meter_events') ? 'lost answer' : null);
  await world.sender().work();
  while (world.store.rows.some(({ begunAt }) => begunAt === null)) {
    await world.sender().work();
    await world.clock.advance(minutes(1));
  }
  const told = world.double.books.events.length;
  expect(told).toBeGreaterThan(20);
  await world.clock.advance(hours(30));
  world.double.mishap = () => null;
  await settle();
  expect(world.double.books.events.length).toBe(told);
  expectMetersTold();
});

test.each(['before', 'after'] as const)(
  'a crash %s any step of the outbox tells nothing twice, and loses nothing',
  async (when) => {
    await meterHours();
    for (let step = 0; step < 60; step += 3) {
      let left = step;
      const dying = new Proxy(world.store, {
        get: (target, name) => {
          const value: unknown = Reflect.get(target, name, target);
          if (typeof value !== 'function') return value;
          return async (...given: unknown[]) => {
            const isDead = left-- <= 0;
            if (isDead && when === 'before') throw new Error('died');
            const done: unknown = await Reflect.apply(value, target, given);
            if (isDead) throw new Error('died');
            return done;
          };
        },
      });
      await world.sender(dying).work();
      await world.clock.advance(minutes(1));
    }
    await settle();
    expectMetersTold();
  },
);

async function closedMonth(): Promise<void> {
  await world.set('invoices');
  await world.sender().work();
  for (const [n, customer] of [ONE, TWO].entries()) {
    const name = `db${n}`;
    const plan = n === 0 ? 'starter' : 'enterprise';
    world.billing.changes.push({
      tenant: tenantNumber(n),
      name,
      customer,
      plan,
      at: utc('2026-11-16'),
    });
    await world.billing.changeProfile(customer, {
      taxes: [{ name: 'VAT', rate: 1_900, reverseCharge: false }],
    });
  }
  await world.invoices.close(november);
}

function expectInvoicesTold(): void {
  const { invoices } = world.double.books;
  const open = invoices.filter(({ status }) => status === 'open');
  expect(open.map(({ total }) => total).sort()).toEqual([2_975, 595]);
  expect(invoices).toHaveLength(2);
  const states = world.billing.invoices.map(({ number }) => world.billing.payments.get(number));
  expect(states).toEqual(['open', 'open']);
}

test.each([11, 12, 13])(
  'a closed invoice is Stripe’s once, line by line, whatever goes wrong (%i)',
  async (seed) => {
    await closedMonth();
    world.double.mishap = troubles(seed, 0.35);
    await settle(minutes(70));
    expectInvoicesTold();
  },
);

test('an invoice that was half told a week ago is gone on with', async () => {
  await closedMonth();
  let items = 0;
  world.double.mishap = (request) =>
    request.endsWith('invoiceitems') && ++items > 1 ? 'lost answer' : null;
  await world.sender().work();
  world.double.mishap = () => null;
  await world.clock.advance(hours(24 * 7));
  await settle();
  expectInvoicesTold();
});

const invoiceFor = (customer: CustomerId) =>
  world.double.books.invoices.find((one) => one.customer === world.store.accounts.get(customer));

test('what Stripe says of payments is believed if it is signed, fresh and new', async () => {
  await closedMonth();
  await settle();
  const stripes = invoiceFor(ONE);
  const number = String(Object(stripes?.metadata).dynabase_invoice);
  const heard: string[] = [];
  world.events.subscribe({ types: ['invoice.*'] }, ({ type }) => heard.push(type));
  const failed = { ...stripes, attempt_count: 2 };
  const message = world.double.message('invoice.payment_failed', failed, SECRET);
  const receive = (body: Uint8Array, signature: string) => world.provider.receive(body, signature);
  await receive(message.body, message.signature);
  await receive(message.body, message.signature);
  expect(heard).toEqual(['invoice.payment-failed']);
  expect(world.billing.payments.get(number)).toBe('failed');
  expect(world.billing.failures.get(ONE)).toMatchObject({ note: 'payment failed, attempt 2' });

  const paid = world.double.message('invoice.paid', failed, SECRET);
  await receive(paid.body, paid.signature);
  const late = world.double.message('invoice.payment_failed', failed, SECRET, 60);
  await receive(late.body, late.signature);
  expect(world.billing.payments.get(number)).toBe('paid');
  expect(world.billing.failures.get(ONE)).toBeNull();
  expect(heard).toEqual(['invoice.payment-failed', 'invoice.paid']);

  const forged = world.double.message('invoice.paid', failed, 'whsec_other');
  const old = world.double.message('invoice.paid', failed, SECRET, 301);
  const changed = Buffer.from(paid.body.toString().replace('invoice.paid', 'invoice.PAID'));
  for (const [body, signature] of [
    [forged.body, forged.signature],
    [old.body, old.signature],
    [changed, paid.signature],
    [paid.body, 'v1=1'],
    [paid.body, ''],
  ] as const) {
    await expect(receive(body, signature)).rejects.toMatchObject({
      code: 'PAYMENT_MESSAGE_FORGED',
    });
  }
});

test('books that differ are shown, and mended when asked', async () => {
  await meterHours();
  await settle();
  // Stripe has not counted yet what it has just been told: that is no difference, and nothing to be told again.
  expect(await world.provider.reconcile(december, true)).toEqual([]);
  await world.clock.advance(hours(2));
  expect(await world.provider.reconcile(december, false)).toEqual([]);
  const lost = world.double.books.events.findIndex(({ event }) => event === 'woken');
  world.double.books.events.splice(lost, 1);
  const shown = { customer: ONE, what: 'wakes', ours: '24', theirs: '22' };
  expect(await world.provider.reconcile(december, false)).toEqual([{ ...shown, mended: null }]);
  expect(await world.provider.reconcile(december, true)).toEqual([
    { ...shown, mended: '2 were told' },
  ]);
  // Asked again before that is counted, it is told once all the same.
  await world.provider.reconcile(december, true);
  await world.clock.advance(hours(1));
  expect(await world.provider.reconcile(december, false)).toEqual([]);
});

test('an invoice that Stripe has lost is told again, and one of another sum is shown', async () => {
  await closedMonth();
  await settle();
  expect(await world.provider.reconcile(november, false)).toEqual([]);
  const { invoices } = world.double.books;
  const [gone, other] = [invoiceFor(ONE), invoiceFor(TWO)];
  if (gone !== undefined) invoices.splice(invoices.indexOf(gone), 1);
  if (other !== undefined) other.total = 1;
  const found = await world.provider.reconcile(november, true);
  expect(found.map(({ customer, ours, theirs }) => [customer, ours, theirs])).toEqual([
    [TWO, '2975', '1'],
    [ONE, '595', 'none'],
  ]);
  await world.clock.advance(hours(25));
  await settle();
  expect(invoices.map(({ total }) => total)).toEqual([1, 595]);
});

test('an invoice whose payment has failed is open at Stripe, which is no difference', async () => {
  await closedMonth();
  await settle();
  const message = world.double.message('invoice.payment_failed', invoiceFor(ONE) ?? {}, SECRET);
  await world.provider.receive(message.body, message.signature);
  expect(await world.provider.reconcile(november, true)).toEqual([]);
  expect([...world.billing.payments.values()].sort()).toEqual(['failed', 'open']);
});

test('a wrong key is told in Stripe’s words, which do not hold it, and nothing is lost', async () => {
  await meterHours();
  const right = await loadStripe({ key: 'sk_test_wrong_and_secret', url: world.double.url });
  const door = new StripeDoor(right);
  await new PaymentSender({ ...world, door }).work();
  const { items, lastError } = await world.store.waiting();
  expect(items).toBeGreaterThan(20);
  expect(lastError).toContain('Invalid API Key');
  expect(JSON.stringify(world.log)).not.toContain('wrong_and_secret');
  const provider = new StripeProvider({ ...world, door, webhookSecret: null });
  await expect(provider.reconcile(december, false)).rejects.toMatchObject({
    code: 'PAYMENTS_REFUSED',
  });
  await settle();
  expectMetersTold();
});
