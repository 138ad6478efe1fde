/** Nothing is lost and nothing counted twice, however a month is cut: the sums agree to the last digit, and on paper to the cent. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { CustomerId } from '../domain/ids.ts';
import { METERS, NO_USE, type Use } from '../domain/use.ts';
import {
  customerNumber,
  type History,
  historyArbitrary,
  using,
  utc,
} from '../testing/ledger-rows.ts';
import { type Credit, draftedInvoice, type Invoice } from './invoice.ts';
import { marginsBy } from './margin.ts';
import { type Amount, minus, NOTHING, plus, sumOf } from './money.ts';
import { monthOf } from './month.ts';
import { chargedIn, chargesOf, earningsOf } from './plans.ts';
import { PRICE_BOOKS, PRICE_PRESETS } from './price-presets.ts';
import { parseTariffs } from './tariffs.ts';
import {
  type CostRow,
  type CostSum,
  costBy,
  costOf,
  costOfParts,
  hoursOf,
  totalOf,
} from './usage-cost.ts';

const november = monthOf(utc('2026-11-01'));

const tariffs = parseTariffs(
  JSON.stringify({
    versions: [
      {
        plans: {
          starter: { included: { egress: '1' }, overage: { egress: '0.09', memory: '7' } },
          professional: { overage: { wakes: '0.001', stored: '0.3', cpu: '33' } },
          enterprise: { included: { stored: '0.001' }, overage: { stored: '0.2' } },
        },
      },
    ],
  }),
);

/** Three parts of a use that are the whole. */
function thirds(use: Use): readonly Use[] {
  const third = using(Object.fromEntries(METERS.map((meter) => [meter, use[meter] / 3n])));
  const rest = METERS.map((meter) => [meter, use[meter] - 2n * third[meter]] as const);
  return [third, third, using(Object.fromEntries(rest))];
}

const overhead = using({ memory: 2_000_000_000_000n, cpu: 80_000_000n, l3: 1_000_000_000_000n });

const presets = fc.constantFrom(...PRICE_PRESETS);

test('costs by minute, hour, tenant, tier, plan and customer are the same sum, and with what nobody bears all that is paid', () => {
  fc.assert(
    fc.property(historyArbitrary(november), presets, ({ rows }, preset) => {
      const book = PRICE_BOOKS[preset];
      const hours = hoursOf(rows).map((hour) => ({ ...hour, overhead }));
      const cost = costOf(book, hours);
      const borne = sumOf(cost.rows.map(totalOf));
      expect(plus(borne, cost.unattributed.unborne)).toBe(cost.total);
      const keys: readonly ((row: CostRow) => unknown)[] = [
        ...[({ hour }: CostRow) => hour, ({ tenant }: CostRow) => tenant],
        ...[({ tier }: CostRow) => tier, ({ plan }: CostRow) => plan],
        ({ customer }) => customer,
      ];
      for (const keyOf of keys) {
        const sums: readonly CostSum[] = [...costBy(cost.rows, keyOf).values()];
        expect(sumOf(sums.map(({ total }) => total))).toBe(borne);
        for (const { attributed, shared, total } of sums) {
          expect(plus(attributed, shared)).toBe(total);
        }
        const used = sums.reduce((sum, { use }) => sum + use.egress, 0n);
        expect(used).toBe(rows.reduce((sum, { use }) => sum + use.egress, 0n));
      }
      for (const row of cost.rows) {
        expect(sumOf(Object.values(row.parts))).toBe(row.attributed);
        const minutes = thirds(row.use).map((use) => ({ use, seconds: row.seconds / 3n }));
        expect(sumOf(costOfParts(book, row, minutes))).toBe(totalOf(row));
      }
    }),
    { numRuns: 60 },
  );
});

test('an hour costs by itself what it costs among others, a minimum left out', () => {
  fc.assert(
    fc.property(historyArbitrary(november), presets, ({ rows }, preset) => {
      const book = PRICE_BOOKS[preset];
      const [version] = book.versions;
      const without = { ...book, versions: [{ ...version, minimum: NOTHING }] as const };
      const hours = hoursOf(rows).map((hour) => ({ ...hour, overhead }));
      const apart = hours.flatMap((hour) => costOf(without, [hour]).rows);
      expect(costOf(without, hours).rows).toEqual(apart);
    }),
    { numRuns: 40 },
  );
});

test('a use in parts costs what it costs whole, but for the last digit of each part', () => {
  fc.assert(
    fc.property(historyArbitrary(november), ({ rows }) => {
      const book = PRICE_BOOKS.railway;
      const [version] = book.versions;
      const without = { ...book, versions: [{ ...version, minimum: NOTHING }] as const };
      const parts = rows.flatMap((row) => thirds(row.use).map((use) => ({ ...row, use })));
      const whole = costOf(without, hoursOf(rows)).total;
      const inParts = costOf(without, hoursOf(parts)).total;
      const off = Number(minus(whole, inParts));
      // Half a millionth of a millionth for each meter of each row, either way.
      expect(Math.abs(off)).toBeLessThanOrEqual(rows.length * 4 * METERS.length * 0.5);
    }),
    { numRuns: 40 },
  );
});

test('who uses more costs more, and the others no less for it', () => {
  fc.assert(
    fc.property(
      historyArbitrary(november).filter(({ rows }) => rows.length > 0),
      fc.constantFrom(...METERS),
      fc.bigInt(1n, 10n ** 14n),
      (history, meter, more) => {
        const book = PRICE_BOOKS['vision-metered'];
        const [first, ...others] = history.rows;
        if (first === undefined) return;
        const use = { ...first.use, [meter]: first.use[meter] + more };
        const before = costOf(book, hoursOf(history.rows)).total;
        const after = costOf(book, hoursOf([{ ...first, use }, ...others])).total;
        expect(after >= before).toBe(true);
      },
    ),
    { numRuns: 60 },
  );
});

const CUSTOMERS = [0, 1, 2, 3].map(customerNumber);

function invoiceOf(history: History, customer: CustomerId, credits: readonly Credit[]): Invoice {
  const party = { name: 'A', address: [], taxId: null };
  const billing = { tariffs, month: november, ...history };
  return draftedInvoice({
    ...{ number: '1', issuedAt: november.to, seller: party, buyer: party, customer, billing },
    ...{ names: new Map(), adjustments: [], credits },
    taxes: [{ name: 'VAT 19 %', rate: 1_900, reverseCharge: false }],
  });
}

const credit = fc
  .bigInt(0n, 50n * 10n ** 12n)
  .map((n) => ({ id: 'c', says: 'Credit', amount: n as Amount }));

test('invoices are what was charged, each line to half a cent, and their parts are theirs to the cent', () => {
  fc.assert(
    fc.property(
      historyArbitrary(november),
      fc.array(credit, { maxLength: 3 }),
      (history, credits) => {
        const charges = chargesOf({ tariffs, month: november, ...history });
        let charged = NOTHING;
        for (const customer of CUSTOMERS) {
          const invoice = invoiceOf(history, customer, credits);
          const own = chargedIn(charges.filter((one) => one.customer === customer));
          charged = plus(charged, own);
          const off = Math.abs(Number(minus(invoice.charged, own)));
          const billed = invoice.lines.filter(({ details }) => details.length > 0);
          expect(off).toBeLessThanOrEqual(billed.length * 5e9);
          for (const { amount: line, details } of billed) {
            expect(sumOf(details.map((one) => one.amount))).toBe(line);
            expect(details.every((one) => one.amount >= 0n && one.amount % 10n ** 10n === 0n)).toBe(
              true,
            );
          }
          expectSound(invoice, credits);
        }
        expect(charged).toBe(chargedIn(charges));
      },
    ),
    { numRuns: 80 },
  );
});

/** It adds up, in whole cents; only credits are negative, and take no more than there is. */
function expectSound(invoice: Invoice, credits: readonly Credit[]): void {
  expect(sumOf(invoice.lines.map((line) => line.amount))).toBe(invoice.total);
  for (const { kind, amount: line } of invoice.lines) {
    expect(line % 10n ** 10n).toBe(0n);
    expect(kind === 'credit' ? line < 0n : line >= 0n).toBe(true);
  }
  expect(invoice.net >= 0n && invoice.total >= invoice.net).toBe(true);
  const had = sumOf(credits.map((one) => one.amount));
  const left = sumOf(invoice.creditsLeft.map((one) => one.amount));
  expect(minus(had, left)).toBe(minus(invoice.charged, invoice.net));
  // As long as something is to be paid, no whole cent of credit is kept back.
  if (invoice.net > 0n)
    expect(invoice.creditsLeft.every((one) => one.amount < 10n ** 10n)).toBe(true);
}

test('revenue laid on hours is what was charged, and margins by anything are the same profit', () => {
  fc.assert(
    fc.property(historyArbitrary(november), presets, (history, preset) => {
      const charges = chargesOf({ tariffs, month: november, ...history });
      const earnings = earningsOf(charges, history.rows);
      expect(sumOf(earnings.map((one) => one.amount))).toBe(chargedIn(charges));
      const { rows } = costOf(PRICE_BOOKS[preset], hoursOf(history.rows));
      const profit = minus(chargedIn(charges), sumOf(rows.map(totalOf)));
      for (const key of ['plan', 'tier', 'tenant', 'customer', 'hour'] as const) {
        const margins = [...marginsBy(earnings, rows, (one) => one[key]).values()];
        expect(sumOf(margins.map((one) => one.profit))).toBe(profit);
      }
    }),
    { numRuns: 60 },
  );
});

test('nothing used by nobody costs nothing', () => {
  expect(costOf(PRICE_BOOKS.vision, [{ hour: november.from, rows: [], overhead: NO_USE }])).toEqual(
    {
      ...{ rows: [], machines: NOTHING, total: NOTHING },
      unattributed: { overhead: NOTHING, idle: NOTHING, minimum: NOTHING, unborne: NOTHING },
    },
  );
});
