import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { customerNumber, rowOf, tenantNumber, using, utc } from '../testing/ledger-rows.ts';
import {
  closedInvoice,
  draftedInvoice,
  type InvoiceInput,
  isIntact,
  REVERSE_CHARGE,
} from './invoice.ts';
import { printCsv, printHtml, printJson } from './invoice-text.ts';
import { amount, NOTHING } from './money.ts';
import { monthOf } from './month.ts';
import type { Subscription } from './plans.ts';
import { parseTariffs } from './tariffs.ts';

const GB = 1_000_000_000n;

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

const on = (tenant: number, change: Partial<Subscription> = {}): Subscription => ({
  ...{ tenant: tenantNumber(tenant), customer: customerNumber(1), plan: 'starter' },
  ...{ from: utc('2026-01-01'), to: null, trialUntil: null },
  ...change,
});

const tariffs = parseTariffs(
  JSON.stringify({
    versions: [
      { plans: { starter: { included: { egress: '1' }, overage: { egress: '0.125' } } } },
      { from: '2027-01-01', plans: { starter: { month: '99' } } },
    ],
  }),
);

const middle = utc('2026-11-11T00:00Z');

/** Two starters, of which one went up after ten days, and one that is another customer's. */
const input: InvoiceInput = {
  number: '2026-0042',
  issuedAt: utc('2026-12-01T06:00Z'),
  seller: { name: 'Ogel', address: ['1 Data Lane', 'Berlin'], taxId: 'VAT DE1' },
  customer: customerNumber(1),
  buyer: { name: 'Acme & <Sons>', address: ['2 Road'], taxId: null },
  billing: {
    tariffs,
    month: monthOf(utc('2026-11-01')),
    subscriptions: [
      on(1),
      on(2, { to: middle }),
      on(2, { plan: 'professional', from: middle }),
      on(3, { customer: customerNumber(2) }),
    ],
    rows: [
      rowOf(1, { plan: 'starter', use: using({ egress: 4n * GB }) }),
      rowOf(3, { plan: 'starter', customer: customerNumber(2), use: using({ egress: 90n * GB }) }),
    ],
  },
  names: new Map([
    [tenantNumber(1), '=cmd'],
    [tenantNumber(2), 'shop, "eu"'],
  ]),
  adjustments: [{ says: 'Missed in October', amount: amount('1.005') }],
  credits: [
    { id: 'cr1', says: 'Thanks', amount: amount('5.005') },
    { id: 'cr2', says: 'Welcome', amount: amount('100') },
  ],
  taxes: [{ name: 'VAT 19 %', rate: 1_900, reverseCharge: false }],
};

const lines = (change: Partial<InvoiceInput>) =>
  draftedInvoice({ ...input, ...change }).lines.map(({ kind, says, quantity, amount: sum }) => [
    ...[kind, says, quantity, sum],
  ]);

test('an invoice has plans and use by line, adjustments, credits and taxes', () => {
  expect(lines({ credits: [input.credits[0] ?? never()] })).toEqual([
    ['subscription', 'Plan starter, 2 databases', '1.333333', amount('13.33')],
    [
      ...['overage', 'Plan starter, data sent beyond what is included, 1 database', '3'],
      amount('0.38'),
    ],
    ['subscription', 'Plan professional, 1 database', '0.666667', amount('16.67')],
    ['adjustment', 'Missed in October', null, amount('1')],
    ['credit', 'Thanks', null, amount('-5')],
    ['tax', 'VAT 19 %', '19', amount('5.01')],
  ]);
});

function never(): never {
  throw new Error('there is one');
}

test('credits go as far as there is something to pay, and the rest stays', () => {
  const invoice = draftedInvoice(input);
  expect(invoice.charged).toBe(amount('31.38'));
  expect(invoice.net).toBe(NOTHING);
  expect(invoice.total).toBe(NOTHING);
  expect(invoice.creditsLeft).toEqual([
    { id: 'cr1', says: 'Thanks', amount: amount('0.005') },
    { id: 'cr2', says: 'Welcome', amount: amount('73.62') },
  ]);
});

test('where the recipient owes the tax the line is nothing and says why', () => {
  const tax = { name: 'VAT', rate: 1_900, reverseCharge: true };
  const invoice = draftedInvoice({ ...input, credits: [], taxes: [tax] });
  expect(invoice.lines.at(-1)).toMatchObject({
    kind: 'tax',
    amount: NOTHING,
    note: REVERSE_CHARGE,
  });
  expect(invoice.total).toBe(amount('31.38'));
  expect(printHtml(invoice)).toContain('Article 196');
});

test('an invoice is its text and a digest of that', () => {
  const closed = closedInvoice(draftedInvoice(input), sha256);
  expect(isIntact(closed, sha256)).toBe(true);
  expect(isIntact({ ...closed, text: closed.text.replace('0.38', '0.83') }, sha256)).toBe(false);
});

test('the order in which rows and subscriptions come is nothing to an invoice', () => {
  const billing = {
    ...input.billing,
    rows: [...input.billing.rows].reverse(),
    subscriptions: [...input.billing.subscriptions].reverse(),
  };
  expect(draftedInvoice({ ...input, billing })).toEqual(draftedInvoice(input));
});

test('as JSON an invoice has all amounts as exact text', () => {
  const whole = JSON.parse(printJson(draftedInvoice(input)));
  expect(whole).toMatchObject({
    ...{ format: 'dynabase-invoice-1', number: '2026-0042', issued: '2026-12-01' },
    ...{ month: '2026-11', from: '2026-11-01T00:00:00.000Z', to: '2026-12-01T00:00:00.000Z' },
    ...{ currency: 'USD', customer: customerNumber(1), charged: '31.38', total: '0.00' },
  });
  expect(whole.lines[0]).toEqual({
    ...{ kind: 'subscription', says: 'Plan starter, 2 databases', quantity: '1.333333' },
    ...{ unit: 'database-month', price: '10.00', amount: '13.33', note: null },
    details: [
      { database: '=cmd', amount: '10.00' },
      { database: 'shop, "eu"', amount: '3.33' },
    ],
  });
});

test('as CSV it has a row for each database, which add up, and no formula', () => {
  const text = printCsv(draftedInvoice(input));
  const rows = text.trimEnd().split('\r\n');
  expect(rows[0]).toBe(
    'invoice,month,customer,kind,description,database,quantity,unit,price,amount,currency',
  );
  const start = `2026-0042,2026-11,${customerNumber(1)},subscription,"Plan starter, 2 databases"`;
  expect(rows.slice(1, 3)).toEqual([
    `${start},'=cmd,1.333333,database-month,10.00,10.00,USD`,
    `${start},"shop, ""eu""",,database-month,10.00,3.33,USD`,
  ]);
  const cents = rows.slice(1).map((row) => Math.round(Number(row.split(',').at(-2)) * 100));
  expect(cents.reduce((sum, one) => sum + one, 0)).toBe(0);
  expect(cents).toContain(-500);
});

test('as a page it prints without scripts, and what people are called is no markup', () => {
  const page = printHtml(draftedInvoice({ ...input, number: '<1>' }));
  expect(page).not.toMatch(/<script|onload|http:|https:|<Sons>|<1>/);
  expect(page).toContain('Acme &amp; &lt;Sons&gt;');
  expect(page).toContain('for 2026-11-01 to 2026-11-30 (UTC)');
  expect(page).toContain('@media print');
  expect(page).toContain('shop, &quot;eu&quot;');
  expect(page.match(/<table>/g)).toHaveLength(2);
  // A line that is about one database names it.
  const one = { ...input.billing, subscriptions: input.billing.subscriptions.slice(0, 1) };
  expect(printHtml(draftedInvoice({ ...input, billing: one }))).toMatch(
    /Plan starter, 1 database: [^<]+<\/td>/,
  );
});

test('a tax line has its rate, once also where its name has it', () => {
  const taxed = (name: string, rate: number) =>
    draftedInvoice({ ...input, credits: [], taxes: [{ name, rate, reverseCharge: false }] });
  expect(taxed('VAT', 550).lines.at(-1)).toMatchObject({ quantity: '5.5', unit: '%' });
  expect(printHtml(taxed('VAT', 1_900))).toContain('>VAT, 19 %</th>');
  expect(printHtml(taxed('MwSt. 19 %', 1_900))).toContain('>MwSt. 19 %</th>');
  expect(printCsv(taxed('VAT', 1_900))).toContain(',tax,VAT,,19,%,,5.96,USD');
});

test.each(['=1', '+1', '-1-1', '@x', '\t=1', '\r=1', '\n=1', '＝1', '＠x'])(
  'a cell that begins as %j is text for every spreadsheet',
  (says) => {
    const adjustments = [{ says, amount: amount('1') }];
    expect(printCsv(draftedInvoice({ ...input, adjustments }))).toContain(`'${says}`);
  },
);
