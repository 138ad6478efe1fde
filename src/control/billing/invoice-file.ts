/** A closed invoice from its text, to print it in other forms: the text is all that counts. */
import { assert } from '../../domain/assert.ts';
import type { CustomerId } from '../../domain/ids.ts';
import { type Timestamp, timestamp } from '../../domain/units.ts';
import type { Invoice, Line, Party } from '../../economics/invoice.ts';
import { type InvoiceLook, printCsv, printHtml } from '../../economics/invoice-text.ts';
import { amount, type Currency } from '../../economics/money.ts';

export const INVOICE_FORMATS = ['json', 'csv', 'html'] as const;

export type InvoiceFormat = (typeof INVOICE_FORMATS)[number];

type LineText = Omit<Line, 'price' | 'amount' | 'details'> & {
  readonly price: string | null;
  readonly amount: string;
  readonly details: readonly { readonly database: string; readonly amount: string }[];
};

type InvoiceText = {
  readonly format: string;
  readonly number: string;
  readonly issued: string;
  readonly month: string;
  readonly from: string;
  readonly to: string;
  readonly currency: Currency;
  readonly customer: CustomerId;
  readonly seller: Party;
  readonly buyer: Party;
  readonly lines: readonly LineText[];
  readonly charged: string;
  readonly net: string;
  readonly total: string;
  readonly creditsLeft: readonly { id: string; says: string; amount: string }[];
};

/** What `printJson` wrote. */
export function readInvoice(text: string): Invoice {
  const read: InvoiceText = JSON.parse(text);
  assert(read.format === 'dynabase-invoice-1', `an invoice of form ${read.format}`);
  const { number, month, currency, customer, seller, buyer } = read;
  return {
    ...{ number, month, currency, customer, seller, buyer },
    ...{ issuedAt: at(read.issued), from: at(read.from), to: at(read.to) },
    lines: read.lines.map(lineOf),
    ...{ charged: amount(read.charged), net: amount(read.net), total: amount(read.total) },
    creditsLeft: read.creditsLeft.map((one) => ({ ...one, amount: amount(one.amount) })),
  };
}

const lineOf = ({ price, amount: sum, details, ...line }: LineText): Line => ({
  ...line,
  price: price === null ? null : amount(price),
  amount: amount(sum),
  details: details.map((one) => ({ tenant: one.database, amount: amount(one.amount) })),
});

const at = (text: string): Timestamp => timestamp(Date.parse(text));

export function formatted(text: string, format: InvoiceFormat, look: InvoiceLook): string {
  switch (format) {
    case 'json':
      return text;
    case 'csv':
      return printCsv(readInvoice(text));
    case 'html':
      return printHtml(readInvoice(text), look);
    default:
      return format satisfies never;
  }
}
