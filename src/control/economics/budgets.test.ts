import { expect, test } from 'vitest';
import type { Caller } from '../../domain/caller.ts';
import type { MailSender } from '../../domain/economics.ts';
import type { Event } from '../../domain/events.ts';
import type { TenantId } from '../../domain/ids.ts';
import { hours, minutes } from '../../domain/units.ts';
import type { UseRow } from '../../domain/use.ts';
import { VirtualClock } from '../../sim/virtual-clock.ts';
import { accruedCharges } from '../../testing/accrued-charges.ts';
import {
  customerNumber,
  hoursWithin,
  rowOf,
  tenantNumber,
  using,
  utc,
} from '../../testing/ledger-rows.ts';
import {
  GivenLedger,
  MemoryBudgets,
  MemoryCosts,
  MemoryPrices,
} from '../../testing/memory-economics.ts';
import { MemoryLog } from '../../testing/memory-log.ts';
import { MemoryQuotas } from '../../testing/memory-quotas.ts';
import { EventBus } from '../event-bus.ts';
import { AllowanceBook } from '../quotas/allowance-book.ts';
import { BudgetDesk } from './budget-desk.ts';
import { BudgetHolds } from './budget-holds.ts';
import { BudgetWatch } from './budget-watch.ts';
import { CostDays } from './cost-days.ts';
import { CostDesk } from './cost-desk.ts';
import { MailRound } from './mail-round.ts';
import { PriceDesk } from './price-desk.ts';

const START = utc('2026-11-02T00:30Z');
const TENANT = tenantNumber(1);

const OPERATOR: Caller = {
  ...{ kind: 'admin-key', id: 'admin', name: 'admin', role: 'admin', isReadOnly: false },
  scope: { kind: 'operator' },
};
const CUSTOMER: Caller = { ...OPERATOR, scope: { kind: 'customer', customer: customerNumber(1) } };

async function watched() {
  const clock = new VirtualClock(START);
  const log = new MemoryLog();
  const events = new EventBus({ clock, log });
  const told: Event[] = [];
  events.subscribe({}, (event) => told.push(event));
  const [costStore, ledger] = [new MemoryCosts(), new GivenLedger()];
  // Our own processes were there since the month began.
  await costStore.addOverhead(utc('2026-11-01'), using({ cpu: 1n }));
  const store = new MemoryBudgets(() => clock.wall());
  const settledUntil = () => costStore.settledUntil();
  const prices = await PriceDesk.open({ clock, store: new MemoryPrices(), settledUntil });
  await prices.use('vision');
  const days = new CostDays({
    clock,
    log,
    ledger,
    store: costStore,
    prices,
    pause: async () => {},
  });
  const namesOf = async () => new Map([[TENANT as string, 'acme']]);
  const costs = new CostDesk({
    ...{ clock, log, store: costStore, days, prices, namesOf },
    ...{ charges: accruedCharges, pause: async () => {} },
  });
  const book = new AllowanceBook(clock);
  const halted: TenantId[] = [];
  const quotas = new MemoryQuotas(() => []);
  const lifecycle = { halt: async (id: TenantId) => void halted.push(id) };
  const holds = () => new BudgetHolds({ clock, log, events, book, store: quotas, lifecycle });
  const parts = { clock, log, events, costs, prices, namesOf, store };
  const watch = new BudgetWatch({ ...parts, holds: holds() });
  const again = () => new BudgetWatch({ ...parts, holds: holds() });
  const tenantsOf = async () => ({ customer: customerNumber(1), plan: 'free' as const });
  const desk = new BudgetDesk({ clock, store, watch, tenantsOf });
  /** So many hours of a PERSISTENT tenant, 20 a month: 720 of them are November. */
  const use = (count: number, change: Partial<UseRow> = {}): void => {
    ledger.given = hoursWithin(utc('2026-11-01'), utc('2026-12-01'))
      .slice(0, count)
      .map((hour) => rowOf(1, { hour, tier: 'PERSISTENT', ...change }));
  };
  return {
    clock,
    log,
    told,
    store,
    ledger,
    prices,
    watch,
    again,
    desk,
    book,
    halted,
    use,
    costStore,
    days,
  };
}

const isHeld = (book: AllowanceBook) =>
  book.holdOf({ id: TENANT, customer: customerNumber(1) })?.quota ?? null;

test('a budget is told of at its parts, once each, also after a crash; the highest of several alone', async () => {
  const { clock, watch, again, desk, use, told, store } = await watched();
  // 24 hours of 720 are 0.667.
  use(24);
  const owner = { kind: 'tenant', id: TENANT } as const;
  const emails = ['ops@example.com'];
  await desk.set(owner, { amount: '10', hardCap: false, emails }, OPERATOR);
  expect(told).toEqual([]);
  await desk.set(owner, { amount: '0.5', hardCap: false, emails }, OPERATOR);
  await watch.look();
  await watch.look();
  await again().look();
  const alerts = told.filter(({ type }) => type === 'cost.alert');
  expect(alerts.map(({ data, customer }) => [data.kind, data.part, data.owner, customer])).toEqual([
    ['budget', 100, TENANT, null],
  ]);
  const mails = await store.takeMails(10, clock.wall());
  expect(mails.map(({ to, subject }) => [to, subject])).toEqual([
    ['ops@example.com', 'DynaBase: Budget 100 %, tenant acme'],
  ]);
  expect((await desk.alerts(OPERATOR)).map(({ kind }) => kind)).toEqual(['budget']);
  // What it costs is no matter of the customer's.
  expect(await desk.alerts(CUSTOMER)).toEqual([]);
  expect(await desk.list(CUSTOMER)).toEqual([]);
});

test('a hard cap holds the tenant until the month ends or the budget is raised; for a free tenant it is hard by itself', async () => {
  const { clock, watch, again, desk, use, told, book, halted } = await watched();
  use(24);
  const owner = { kind: 'tenant', id: TENANT } as const;
  const set = await desk.set(owner, { amount: '0.01' }, OPERATOR);
  expect(set?.isCapped).toBe(true);
  expect([isHeld(book), halted]).toEqual(['budget', [TENANT]]);
  await again().look();
  expect(halted).toEqual([TENANT]);
  await desk.set(owner, { amount: '100' }, OPERATOR);
  expect(isHeld(book)).toBeNull();
  await desk.set(owner, { amount: '0.01' }, OPERATOR);
  expect(isHeld(book)).toBe('budget');
  await desk.set(owner, { amount: null }, OPERATOR);
  expect(isHeld(book)).toBeNull();
  const types = told.map(({ type }) => type).filter((type) => type.startsWith('quota'));
  expect(types).toEqual(['quota.hard', 'quota.lifted', 'quota.hard', 'quota.lifted']);
  await desk.set(owner, { amount: '0.01' }, OPERATOR);
  await clock.advance(hours(24 * 29));
  await watch.look();
  expect(isHeld(book)).toBeNull();
});

test('a customer bounds what it is charged, and is told of that alone', async () => {
  const { desk, use, told } = await watched();
  use(24, { plan: 'enterprise' });
  const owner = { kind: 'customer', id: customerNumber(1) } as const;
  const set = await desk.set(owner, { amount: '1', emails: [] }, CUSTOMER);
  // A day and an hour of 720 hours at 50, of which the ledger has 24.
  expect(set).toMatchObject({ measure: 'charges', isCapped: false });
  expect(told.map(({ type, customer, data }) => [type, customer, data.part])).toContainEqual([
    'cost.alert',
    customerNumber(1),
    100,
  ]);
  expect((await desk.list(CUSTOMER)).length).toBe(1);
  expect((await desk.alerts(CUSTOMER)).length).toBe(1);
  const viewer: Caller = { ...CUSTOMER, role: 'viewer' };
  await expect(desk.set(owner, { amount: '1' }, viewer)).rejects.toMatchObject({
    code: 'FORBIDDEN',
  });
  await expect(
    desk.set({ kind: 'fleet' }, { amount: '1', hardCap: true }, OPERATOR),
  ).rejects.toMatchObject({ code: 'BAD_REQUEST' });
});

test('a plan that never costs more gives what it includes, and no more', async () => {
  const { watch, prices, use, book } = await watched();
  await prices.setTariffs(
    JSON.stringify({ versions: [{ plans: { free: { included: { egress: '1' } } } }] }),
  );
  use(24, { use: using({ egress: 40_000_000n }) });
  await watch.look();
  expect(isHeld(book)).toBeNull();
  await prices.setTariffs(
    JSON.stringify({ versions: [{ plans: { free: { included: { egress: '0.95' } } } }] }),
  );
  await watch.look();
  expect(isHeld(book)).toBe('included');
});

test('who costs more than it brings in is told of once, and so is an hour that costs what none should', async () => {
  const { clock, watch, use, told, days } = await watched();
  // 20 a month for one that pays 10.
  use(30, { plan: 'starter' });
  await days.settle();
  await watch.look();
  await clock.advance(minutes(20));
  await watch.look();
  const kinds = told.map(({ data }) => [data.kind, data.owner]);
  expect(kinds).toEqual([
    ['negative margin', 'fleet'],
    ['negative margin', TENANT],
  ]);
});

test('nobody is told of the margin of a fleet whose tenants have not been there for a day', async () => {
  const { watch, use, told } = await watched();
  use(23, { plan: 'starter' });
  await watch.look();
  expect(told).toEqual([]);
});

test("a tenant's day that costs what none of its days has is told of once, to whom the fleet's budget names", async () => {
  const { clock, watch, again, desk, ledger, days, store, told, prices } = await watched();
  await prices.put(
    'by-use',
    JSON.stringify({ currency: 'USD', versions: [{ prices: { egress: '0.01' } }] }),
  );
  await prices.use('by-use');
  const emails = ['ops@example.com'];
  await desk.set({ kind: 'fleet' }, { amount: '1000', emails }, OPERATOR);
  // A GB an hour, and from the tenth on a hundred; the other is too young to be judged.
  ledger.given = hoursWithin(utc('2026-11-01'), utc('2026-11-10T03:00Z')).flatMap((hour) => {
    const isDear = hour >= utc('2026-11-10');
    const gigabytes = (n: bigint) => using({ egress: n * 1_000_000_000n });
    const young = rowOf(2, { hour, use: gigabytes(100n) });
    return [rowOf(1, { hour, use: gigabytes(isDear ? 100n : 1n) }), ...(isDear ? [young] : [])];
  });
  await clock.advance(hours(8 * 24 - 1));
  await days.settle();
  await watch.look();
  expect(told.filter(({ type }) => type === 'cost.alert')).toEqual([]);
  await clock.advance(hours(4));
  await days.settle();
  await watch.look();
  await again().look();
  const alerts = told.filter(({ data }) => data.kind === 'unusual day');
  expect(alerts.map(({ data }) => [data.owner, data.dearest])).toEqual([[TENANT, '0.24']]);
  const mails = await store.takeMails(10, clock.wall());
  expect(mails.map(({ subject }) => subject)).toContain('DynaBase: Unusual cost, tenant acme');
});

test('letters go once; a server that hangs or refuses is tried again, and never told what it may not be', async () => {
  const clock = new VirtualClock(START);
  const log = new MemoryLog();
  const store = new MemoryBudgets(() => clock.wall());
  const owner = { kind: 'fleet' } as const;
  const letter = { to: 'a@example.com', subject: 's', text: 't' };
  await store.tell({ owner, measure: 'cost', state: {} }, [], [letter]);
  const tries: string[] = [];
  let answer: MailSender['send'] = (_, signal) =>
    new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(new Error('it took too long')));
    });
  const send: MailSender['send'] = (mail, signal) => {
    tries.push(mail.to);
    return answer(mail, signal);
  };
  const round = new MailRound({ clock, log, store, sender: { send } });
  const hanging = round.look();
  await clock.advance(minutes(1));
  await hanging;
  expect(tries.length).toBe(1);
  answer = () => Promise.reject(new Error('the mail server answered 451'));
  await clock.advance(minutes(11));
  await round.look();
  expect(tries.length).toBe(2);
  await round.look();
  expect(tries.length).toBe(2);
  answer = () => Promise.resolve();
  await clock.advance(minutes(31));
  await round.look();
  await clock.advance(hours(24));
  await round.look();
  expect(tries.length).toBe(3);
  expect(log.lines.filter(({ level }) => level === 'warn').length).toBe(2);
  await round.close();
});

test('a customer sees the budget of a tenant that has used nothing, and none of a tenant that has gone to another', async () => {
  const { desk, use } = await watched();
  const owner = { kind: 'tenant', id: TENANT } as const;
  await desk.set(owner, { amount: '5' }, CUSTOMER);
  const other: Caller = { ...OPERATOR, scope: { kind: 'customer', customer: customerNumber(2) } };
  expect((await desk.list(CUSTOMER)).map(({ amount }) => amount)).toHaveLength(1);
  expect(await desk.list(other)).toEqual([]);
  // It was the other's when it was used.
  use(24, { customer: customerNumber(2) });
  expect(await desk.list(other)).toEqual([]);
});

test('a customer changes one budget so often, that letters are few; the operator as often as it likes', async () => {
  const { clock, desk } = await watched();
  const owner = { kind: 'tenant', id: TENANT } as const;
  const set = (caller: Caller, amount: number) => desk.set(owner, { amount: `${amount}` }, caller);
  for (let at = 1; at <= 20; at++) await set(CUSTOMER, at);
  await expect(set(CUSTOMER, 21)).rejects.toMatchObject({ code: 'RATE_LIMITED' });
  for (let at = 1; at <= 21; at++) await set(OPERATOR, at);
  await clock.advance(minutes(5));
  expect((await set(CUSTOMER, 22))?.spent).toBe(0n);
});

test('what a hold is told by says nothing of what it costs the operator, and what a customer has set for itself', async () => {
  const { desk, use, book, told } = await watched();
  use(24);
  const owner = { kind: 'tenant', id: TENANT } as const;
  const limits = () => book.marksOf(owner).map(({ quota, limit }) => [quota, limit]);
  await desk.set(owner, { amount: '0.6', hardCap: true }, OPERATOR);
  expect(limits()).toEqual([['budget', 0]]);
  const held = told.filter(({ type }) => type === 'quota.hard');
  expect(held.map(({ data }) => [data.limit, data.used])).toEqual([[0, 0]]);
  await desk.set(owner, { amount: null }, OPERATOR);
  expect(limits()).toEqual([]);
});
