import { expect, test } from 'vitest';
import { hours, minutes } from '../../domain/units.ts';
import type { UseRow } from '../../domain/use.ts';
import { amount, sumOf } from '../../economics/money.ts';
import { PRICE_BOOKS } from '../../economics/price-presets.ts';
import { costOf, hoursOf } from '../../economics/usage-cost.ts';
import { VirtualClock } from '../../sim/virtual-clock.ts';
import { accruedCharges } from '../../testing/accrued-charges.ts';
import { hoursWithin, rowOf, tenantNumber, using, utc } from '../../testing/ledger-rows.ts';
import { GivenLedger, MemoryCosts, MemoryPrices } from '../../testing/memory-economics.ts';
import { MemoryLog } from '../../testing/memory-log.ts';
import { CostDays } from './cost-days.ts';
import { CostDesk } from './cost-desk.ts';
import { PriceDesk } from './price-desk.ts';

const START = utc('2026-11-10T12:00Z');

/** Three tenants that are there all of the time, in two plans and tiers, and are awake one hour a day. */
const rowsWithin = (from: string, to: string): readonly UseRow[] =>
  hoursWithin(utc(from), utc(to)).flatMap((hour) =>
    [1, 2, 3].map((n) =>
      rowOf(n, {
        ...{ hour, plan: n === 1 ? 'free' : 'starter', tier: n === 3 ? 'HOT' : 'COLD' },
        use: using({ l3: 40_000_000n * 3_600n, stored: 40_000_000n * 3_600n }),
      }),
    ),
  );

async function fleet(book: string | null = 'vision', start = START) {
  const clock = new VirtualClock(start);
  const [store, ledger, log] = [new MemoryCosts(), new GivenLedger(), new MemoryLog()];
  const settledUntil = () => store.settledUntil();
  const prices = await PriceDesk.open({ clock, store: new MemoryPrices(), settledUntil });
  if (book !== null) await prices.use(book);
  const days = new CostDays({ clock, log, ledger, store, prices, pause: async () => {} });
  const namesOf = async () => new Map([[tenantNumber(1) as string, 'acme']]);
  const pause = async () => {};
  const desk = new CostDesk({
    ...{ clock, log, store, days, prices, namesOf, pause, charges: accruedCharges },
  });
  return { clock, store, ledger, log, prices, days, desk };
}

test('a server that was off for a week settles the days it missed, each once, and tells nothing twice', async () => {
  const { clock, store, ledger, days, log } = await fleet();
  await store.addOverhead(utc('2026-11-03T10:00Z'), using({ cpu: 1n }));
  ledger.given = rowsWithin('2026-11-03', '2026-11-10T13:00Z');
  await days.settle();
  expect(await store.settledUntil()).toBe(utc('2026-11-10'));
  expect(log.lines.filter(({ level }) => level === 'warn')).toEqual([]);
  const settled = await store.days({ from: utc('2026-11-01'), to: utc('2026-12-01') });
  expect(settled.map(({ tenants }) => tenants)).toEqual([3, 3, 3, 3, 3, 3, 3]);
  // What comes late changes nothing that was told.
  ledger.given = [];
  await days.settle();
  expect(await store.days({ from: utc('2026-11-01'), to: utc('2026-12-01') })).toEqual(settled);
  await clock.advance(hours(12));
  await days.settle();
  expect(await store.settledUntil()).toBe(utc('2026-11-10'));
  await clock.advance(minutes(16));
  await days.settle();
  expect(await store.settledUntil()).toBe(utc('2026-11-11'));
});

test.each(['vision', 'vision-metered', 'railway', 'own-hardware'] as const)(
  'by %s settled days and the running one are together what all rows cost, by whatever they are summed',
  async (name) => {
    const { store, ledger, days, desk } = await fleet(name);
    await store.addOverhead(utc('2026-11-08T00:00Z'), using({ memory: 10n ** 13n }));
    ledger.given = rowsWithin('2026-11-08', '2026-11-10T13:00Z');
    await days.settle();
    const span = { from: utc('2026-11-08'), to: utc('2026-11-11') };
    const wish = { limit: 2, marginMills: 750 };
    const reports = await Promise.all(
      (['tenant', 'tier', 'plan', 'customer', 'day'] as const).map((by) =>
        desk.report(span, { by, ...wish }),
      ),
    );
    const overhead = new Map([[utc('2026-11-08'), using({ memory: 10n ** 13n })]]);
    const whole = [8, 9, 10].map((day) => {
      const [from, to] = [
        `2026-11-${day}`,
        day === 10 ? '2026-11-10T13:00Z' : `2026-11-${day + 1}`,
      ];
      const fleetHours = hoursOf(
        rowsWithin(from.replace('-8', '-08').replace('-9', '-09'), to.replace('-9', '-09')),
      );
      return costOf(
        PRICE_BOOKS[name],
        fleetHours.map((hour) => ({ ...hour, overhead: overhead.get(hour.hour) ?? hour.overhead })),
      ).total;
    });
    for (const { total, lines, others, unattributed } of reports) {
      expect(total.cost).toBe(sumOf(whole));
      const listed = sumOf(
        [...lines, ...(others === null ? [] : [others])].map(({ cost }) => cost),
      );
      expect(listed + unattributed.unborne).toBe(total.cost);
      expect(total.revenue).toBe(reports[0]?.total.revenue);
    }
    const [byTenant] = reports;
    expect(byTenant?.lines.length).toBe(2);
    expect(byTenant?.others).not.toBeNull();
  },
);

test('the running day is reckoned once a minute, and its hours that are over once', async () => {
  const { clock, ledger, desk } = await fleet();
  ledger.given = rowsWithin('2026-11-10', '2026-11-10T13:00Z');
  const asked: string[] = [];
  const parted = ledger.parted.bind(ledger);
  ledger.parted = (span) => {
    asked.push(`${new Date(span.from).getUTCHours()}-${new Date(span.to).getUTCHours()}`);
    return parted(span);
  };
  const today = async () =>
    (await desk.report(desk.spanOf(undefined, undefined), { by: 'plan', limit: 9, marginMills: 0 }))
      .total;
  const first = await today();
  expect(await today()).toEqual(first);
  expect(asked).toEqual(['0-11', '11-12', '12-13']);
  await clock.advance(minutes(1));
  await today();
  expect(asked.slice(3)).toEqual(['11-12', '12-13']);
  await clock.advance(minutes(5));
  ledger.given = rowsWithin('2026-11-10', '2026-11-10T13:00Z').filter(
    ({ hour }) => hour >= utc('2026-11-10T11:00Z'),
  );
  // Hours that are over are known already.
  expect((await today()).cost).toBe(first.cost);
});

test('the first day begins with its first hour, its minimum lies on its hours, and it is too early for a margin', async () => {
  const { ledger, store, desk, days } = await fleet('railway');
  await store.addOverhead(utc('2026-11-10T10:00Z'), using({ cpu: 1n }));
  ledger.given = rowsWithin('2026-11-10T10:00Z', '2026-11-10T13:00Z').map((row) => ({
    ...row,
    plan: 'enterprise',
  }));
  const [today] = await days.unsettled();
  const hourly = amount('20') / 720n;
  expect(today?.fleet.hours.map((cost) => cost / 10n ** 6n)).toEqual(
    Array.from({ length: 24 }, (_, hour) => (hour < 10 || hour > 12 ? 0n : hourly / 10n ** 6n)),
  );
  const span = desk.spanOf(undefined, undefined);
  const report = await desk.report(span, { by: 'plan', limit: 9, marginMills: 750 });
  const { total, projection, unattributed } = report;
  expect(total).toMatchObject({ margin: null, marginUnknown: 'too early' });
  // The running hour is in what the month has come to so far.
  expect(projection.measured).toBe(total.cost);
  // The minimum is no part of what own use is compared with.
  expect(unattributed.minimum).toBeGreaterThan(total.alwaysOn);
  expect(total.reduction).toBeCloseTo(1 - Number(total.attributed) / Number(total.alwaysOn));
});

test('a customer is told what it is charged, and its month as it will be', async () => {
  const { ledger, store, days, desk, prices } = await fleet('vision', utc('2026-11-16T00:00Z'));
  await prices.setTariffs(
    JSON.stringify({
      versions: [{ plans: { starter: { month: '12', overage: { stored: '10' } } } }],
    }),
  );
  await store.addOverhead(utc('2026-11-01'), using({ cpu: 1n }));
  ledger.given = rowsWithin('2026-11-01', '2026-11-16T01:00Z').filter(
    ({ tenant }) => tenant === tenantNumber(2),
  );
  await days.settle();
  const own = await desk.own(
    { tenant: tenantNumber(2) },
    { from: utc('2026-11-01'), to: utc('2026-11-16') },
  );
  // Half of November: half of 12, and 0.04 GB stored for half a month at 10.
  expect([...own.chargedFor].map(([meter, amount]) => [meter, Number(amount) / 1e12])).toEqual([
    [null, 6],
    ['stored', 0.2],
  ]);
  expect(Number(own.chargedAtMonthEnd) / 1e12).toBeCloseTo(12.4, 1);
  expect(Number(own.line.cost) / 1e12).toBeCloseTo(0.05, 3);
  expect(own.suggestedPrice).toBe(10n ** 12n);
});

test('prices of days that are settled stay: of the book in force, of another one, and of plans', async () => {
  const { store, ledger, days, prices } = await fleet(null);
  await prices.put('ours', JSON.stringify({ preset: 'vision', versions: [] }));
  await prices.use('ours');
  await store.addOverhead(utc('2026-11-09'), using({ cpu: 1n }));
  ledger.given = rowsWithin('2026-11-09', '2026-11-10T13:00Z');
  await days.settle();
  const hot = (from: string | undefined, month: string) =>
    JSON.stringify({
      preset: 'vision',
      versions: [{ ...(from && { from }), tiers: { HOT: { month } } }],
    });
  await expect(prices.put('ours', hot(undefined, '6'))).rejects.toMatchObject({
    code: 'BAD_PRICES',
  });
  await expect(prices.put('ours', hot('2026-11-09', '6'))).rejects.toMatchObject({
    code: 'BAD_PRICES',
  });
  expect((await prices.put('ours', hot('2026-11-11', '6'))).revision).toBe(2);
  // Nothing was changed by what was put again.
  expect((await prices.put('ours', hot('2026-11-11', '6'))).revision).toBe(2);
  await expect(prices.put('vision', hot(undefined, '6'))).rejects.toMatchObject({
    code: 'BAD_PRICES',
  });
  await expect(
    prices.setTariffs(JSON.stringify({ versions: [{ plans: { starter: { month: '1' } } }] })),
  ).rejects.toMatchObject({ code: 'BAD_PRICES' });
  await prices.setTariffs(
    JSON.stringify({ versions: [{ from: '2026-12-01', plans: { starter: { month: '1' } } }] }),
  );
  // Another book holds from today on.
  await prices.use('railway');
  expect([prices.at(utc('2026-11-09')).name, prices.book.name]).toEqual(['ours', 'railway']);
  await prices.put('euros', JSON.stringify({ currency: 'EUR', versions: [] }));
  await expect(prices.use('euros')).rejects.toMatchObject({ code: 'BAD_PRICES' });
  await expect(prices.use('none')).rejects.toMatchObject({ code: 'PRICE_BOOK_UNKNOWN' });
});

test('tariffs in another currency than costs give no margin: nothing is ever converted', async () => {
  const { ledger, desk, prices } = await fleet();
  await prices.setTariffs(JSON.stringify({ currency: 'EUR', versions: [] }));
  ledger.given = rowsWithin('2026-11-10', '2026-11-10T13:00Z');
  const span = desk.spanOf(undefined, undefined);
  const { total, advice } = await desk.report(span, { by: 'plan', limit: 9, marginMills: 750 });
  expect({ ...total, advice }).toMatchObject({
    revenue: null,
    profit: null,
    margin: null,
    advice: [],
  });
});
