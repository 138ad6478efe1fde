/**
 * A customer's invoice for a month, made from the ledger's rows.
 *
 * Here and nowhere else money is rounded to coins: each line once, half to even. The total is the sum of the
 * lines as they stand, and what a line says of single databases is allocated from it, so that nothing on the
 * paper disagrees with itself. No line is negative but credits.
 *
 *   subscriptions and what was used beyond them   from the charges, a line for each plan and meter
 *   adjustments                                   what an earlier month was billed too little
 *   credits                                       as far as there is something to set them off against
 *   taxes                                         on what is left, each once on the whole
 *
 * An invoice that was closed is its text and a digest of that. It is never made anew: what was wrong in it is
 * put right in a later one.
 */
import { assert } from '../domain/assert.ts';
import type { CustomerId, TenantId } from '../domain/ids.ts';
import type { Plan } from '../domain/tier.ts';
import type { Timestamp } from '../domain/units.ts';
import { type Meter, UNIT_OF } from '../domain/use.ts';
import { printJson } from './invoice-text.ts';
import {
  type Amount,
  allocated,
  type Currency,
  coinOf,
  decimalOf,
  least,
  minus,
  NOTHING,
  ONE,
  plus,
  scaled,
  sumOf,
  toCoins,
} from './money.ts';
import { type Billing, type Charge, chargesOf } from './plans.ts';

export type Party = {
  readonly name: string;
  readonly address: readonly string[];
  /** As `VAT DE123456789`; null if it has none. */
  readonly taxId: string | null;
};

/** Money that a customer has with us, before taxes; used up in the order given. */
export type Credit = { readonly id: string; readonly says: string; readonly amount: Amount };

/** What an earlier month was billed too little. */
export type Adjustment = { readonly says: string; readonly amount: Amount };

export type Tax = {
  readonly name: string;
  /** In hundredths of a percent: 1900 for 19 %. */
  readonly rate: number;
  /** The customer owes it to his own state: a line of nothing, and a note. */
  readonly reverseCharge: boolean;
};

export type InvoiceInput = {
  /** Numbering without gaps is the caller's. */
  readonly number: string;
  readonly issuedAt: Timestamp;
  readonly seller: Party;
  readonly customer: CustomerId;
  readonly buyer: Party;
  /** Of others, too: they are left out. */
  readonly billing: Billing;
  /** What people call the databases; the id where a name is not known. */
  readonly names: ReadonlyMap<TenantId, string>;
  readonly adjustments: readonly Adjustment[];
  readonly credits: readonly Credit[];
  readonly taxes: readonly Tax[];
};

export type LineKind = 'subscription' | 'overage' | 'adjustment' | 'credit' | 'tax';

export type Line = {
  readonly kind: LineKind;
  readonly says: string;
  /** In `unit`, rounded for display: the amount is not made from it. */
  readonly quantity: string | null;
  readonly unit: string | null;
  readonly price: Amount | null;
  readonly amount: Amount;
  /** By database; together the line. */
  readonly details: readonly { readonly tenant: string; readonly amount: Amount }[];
  readonly note: string | null;
};

export type Invoice = Pick<
  InvoiceInput,
  'number' | 'issuedAt' | 'seller' | 'customer' | 'buyer'
> & {
  readonly currency: Currency;
  /** `2026-11`. */
  readonly month: string;
  readonly from: Timestamp;
  readonly to: Timestamp;
  readonly lines: readonly Line[];
  /** Of subscriptions, use and adjustments; after credits; with taxes. */
  readonly charged: Amount;
  readonly net: Amount;
  readonly total: Amount;
  /** What remains of each credit for later. */
  readonly creditsLeft: readonly Credit[];
};

/** An invoice that stands. */
export type ClosedInvoice = Pick<Invoice, 'number' | 'customer' | 'month'> & {
  /** As `printJson` wrote it. */
  readonly text: string;
  readonly digest: string;
};

/** A digest of text that nobody can forge, as SHA-256. */
export type Digest = (text: string) => string;

export const REVERSE_CHARGE =
  'Reverse charge: tax is to be accounted for by the recipient (Article 196, Directive 2006/112/EC)';

export function draftedInvoice(input: InvoiceInput): Invoice {
  const { customer, billing } = input;
  const { month, tariffs } = billing;
  const { currency } = tariffs;
  const subscriptions = billing.subscriptions.filter((one) => one.customer === customer);
  const charges = chargesOf({ ...billing, subscriptions });
  const charging = [
    ...linesOf(charges, currency, input.names),
    ...input.adjustments.map((one) => adjustmentLine(one, currency)),
  ];
  const charged = totalOf(charging);
  const credits = creditLines(input.credits, charged, currency);
  const net = plus(charged, totalOf(credits.lines));
  const taxes = input.taxes.map((tax) => taxLine(tax, net, currency));
  const { number, issuedAt, seller, buyer } = input;
  return {
    ...{ number, issuedAt, seller, customer, buyer, currency },
    ...{ month: month.name, from: month.from, to: month.to },
    lines: [...charging, ...credits.lines, ...taxes],
    charged,
    net,
    total: plus(net, totalOf(taxes)),
    creditsLeft: credits.left,
  };
}

export function closedInvoice(invoice: Invoice, digest: Digest): ClosedInvoice {
  const text = printJson(invoice);
  const { number, customer, month } = invoice;
  return { number, customer, month, text, digest: digest(text) };
}

/** Whether the text is still the one that was closed. */
export const isIntact = ({ text, digest }: ClosedInvoice, of: Digest): boolean =>
  of(text) === digest;

const totalOf = (lines: readonly Line[]): Amount => sumOf(lines.map(({ amount }) => amount));

/** A line for each plan and meter, in the order of the charges. */
function linesOf(
  charges: readonly Charge[],
  currency: Currency,
  names: InvoiceInput['names'],
): readonly Line[] {
  const groups = new Map<string, Charge[]>();
  for (const charge of charges) {
    const key = `${charge.plan} ${charge.meter}`;
    const group = groups.get(key) ?? [];
    group.push(charge);
    groups.set(key, group);
  }
  return [...groups.values()].flatMap(([first, ...rest]) =>
    first === undefined ? [] : [lineOf(first, [first, ...rest], currency, names)],
  );
}

function lineOf(
  { plan, meter, price, per }: Charge,
  charges: readonly Charge[],
  currency: Currency,
  names: InvoiceInput['names'],
): Line {
  const amount = toCoins(sumOf(charges.map((charge) => charge.amount)), currency);
  const weights = charges.map((charge) => charge.amount);
  const parts = allocated(amount, weights, coinOf(currency));
  const quantity = charges.reduce((sum, charge) => sum + charge.quantity, 0n);
  return {
    kind: meter === null ? 'subscription' : 'overage',
    says: sayingOf(plan, meter, charges.length),
    quantity: shortened(scaled(ONE as Amount, quantity, per)),
    unit: meter === null ? 'database-month' : UNIT_OF[meter],
    price,
    amount,
    details: charges.map(({ tenant }, at) => ({
      tenant: names.get(tenant) ?? tenant,
      amount: parts[at] ?? NOTHING,
    })),
    note: null,
  };
}

const METER_NAMES: Readonly<Record<Meter, string>> = {
  memory: 'memory',
  cpu: 'processor time',
  awake: 'time awake',
  l2: 'page cache',
  l3: 'local disk',
  l4: 'archive',
  stored: 'data stored',
  written: 'data written',
  egress: 'data sent',
  wakes: 'wakes',
};

function sayingOf(plan: Plan, meter: Meter | null, count: number): string {
  const databases = count === 1 ? '1 database' : `${count} databases`;
  return meter === null
    ? `Plan ${plan}, ${databases}`
    : `Plan ${plan}, ${METER_NAMES[meter]} beyond what is included, ${databases}`;
}

/** Six decimals will do for people. */
const shortened = (value: bigint): string => decimalOf(toMillionths(value));
const toMillionths = (value: bigint): bigint => ((value + 500_000n) / 1_000_000n) * 1_000_000n;

const BARE = { quantity: null, unit: null, price: null, details: [], note: null } as const;

function adjustmentLine({ says, amount }: Adjustment, currency: Currency): Line {
  assert(amount >= 0n, 'an adjustment adds; what takes away is a credit');
  return { ...BARE, kind: 'adjustment', says, amount: toCoins(amount, currency) };
}

function creditLines(
  credits: readonly Credit[],
  charged: Amount,
  currency: Currency,
): { readonly lines: readonly Line[]; readonly left: readonly Credit[] } {
  const coin = coinOf(currency);
  const lines: Line[] = [];
  const left: Credit[] = [];
  let open = charged;
  for (const credit of credits) {
    assert(credit.amount >= 0n, 'a credit is the customer’s, never ours');
    // Whole coins only; what is less stays with the customer.
    const used = least(open, (credit.amount - (credit.amount % coin)) as Amount);
    open = minus(open, used);
    left.push({ ...credit, amount: minus(credit.amount, used) });
    if (used > 0n) {
      lines.push({ ...BARE, kind: 'credit', says: credit.says, amount: minus(NOTHING, used) });
    }
  }
  return { lines, left };
}

function taxLine({ name, rate, reverseCharge }: Tax, net: Amount, currency: Currency): Line {
  assert(Number.isInteger(rate) && rate >= 0, 'a tax has a rate in hundredths of a percent');
  return {
    ...BARE,
    kind: 'tax',
    says: name,
    ...(reverseCharge ? {} : { quantity: percentOf(rate), unit: '%' }),
    amount: reverseCharge ? NOTHING : toCoins(scaled(net, BigInt(rate), 10_000n), currency),
    note: reverseCharge ? REVERSE_CHARGE : null,
  };
}

const percentOf = (hundredths: number): string => String(hundredths / 100);
