/** One customer's month: gathered, made into an invoice, closed, and made again. */
import type {
  BillingItem,
  BillingProfile,
  BillingSettings,
  BillingStore,
  Closing,
  ClosingGiven,
  StoredInvoice,
} from '../../domain/billing.ts';
import { fault } from '../../domain/faults.ts';
import type { CustomerId } from '../../domain/ids.ts';
import type { UseLedger } from '../../domain/metering.ts';
import type { Timestamp } from '../../domain/units.ts';
import {
  closedInvoice,
  type Digest,
  draftedInvoice,
  type Invoice,
  type InvoiceInput,
  type Party,
} from '../../economics/invoice.ts';
import type { Amount } from '../../economics/money.ts';
import type { Month } from '../../economics/month.ts';
import type { Billing } from '../../economics/plans.ts';
import type { TariffBook } from '../../economics/tariffs.ts';
import { foldedRows, namesIn, subscriptionsOf } from './billing-history.ts';
import { type Basis, readBasis, writeBasis } from './invoice-basis.ts';

export type BillingWorld = {
  readonly store: BillingStore;
  readonly ledger: Pick<UseLedger, 'rows' | 'keptFrom'>;
  /** As they are now. */
  readonly tariffs: () => Promise<TariffBook>;
  readonly digest: Digest;
};

/** What a customer's month is made of but what only its closing gives: number, time and credits. */
export type Gathered = {
  readonly customer: CustomerId;
  readonly month: Month;
  readonly billing: Billing;
  readonly profile: BillingProfile;
  readonly settings: BillingSettings;
  readonly names: Basis['names'];
};

/** Throws `CUSTOMER_UNKNOWN`, `USE_FORGOTTEN`, `CATALOG_DOWN`. */
export async function gathered(
  world: BillingWorld,
  customer: CustomerId,
  month: Month,
  settings: BillingSettings,
): Promise<Gathered> {
  const profile = await world.store.profile(customer);
  if (profile === undefined) throw fault('CUSTOMER_UNKNOWN', { customer });
  const kept = await world.ledger.keptFrom();
  if (kept > month.from) {
    throw fault('USE_FORGOTTEN', { month: month.name, from: new Date(kept).toISOString() });
  }
  const tariffs = await world.tariffs();
  const { billing, names } = await history(world, { customer, month, tariffs });
  return { customer, month, billing, profile, settings, names };
}

async function history(
  { store, ledger }: BillingWorld,
  wish: { readonly customer: CustomerId; readonly month: Month; readonly tariffs: TariffBook },
): Promise<{ readonly billing: Billing; readonly names: Basis['names'] }> {
  const { customer, month, tariffs } = wish;
  const changes = await store.planChanges({ customer }, month);
  const subscriptions = subscriptionsOf(changes, tariffs);
  const rows = ledger.rows({ from: month.from, to: month.to, customer });
  return {
    billing: { tariffs, month, subscriptions, rows: await foldedRows(rows, subscriptions) },
    names: namesIn(changes),
  };
}

/** As it would stand if it were closed with what is given; nothing is written. */
export function draftOf(
  { customer, billing, ...known }: Gathered,
  given: {
    readonly number: string;
    readonly at: Timestamp;
    readonly items: readonly BillingItem[];
  },
): { readonly invoice: Invoice; readonly basis: Basis } {
  const basis = basisOf({ ...known, tariffs: billing.tariffs }, given);
  return { invoice: draftedInvoice(inputOf(basis, customer, billing)), basis };
}

function inputOf(basis: Basis, customer: CustomerId, billing: Billing): InvoiceInput {
  const { tariffs: _, ...rest } = basis;
  return { ...rest, customer, billing };
}

function basisOf(
  known: Pick<Gathered, 'profile' | 'settings' | 'names'> & { readonly tariffs: TariffBook },
  given: {
    readonly number: string;
    readonly at: Timestamp;
    readonly items: readonly BillingItem[];
  },
): Basis {
  const { profile, settings, names, tariffs } = known;
  const { seller } = settings;
  const usable = given.items.filter(({ currency }) => currency === tariffs.currency);
  const of = (kind: BillingItem['kind']) => usable.filter((item) => item.kind === kind);
  return {
    ...{ number: given.number, issuedAt: given.at, tariffs, names, taxes: profile.taxes },
    seller: { name: seller.name, address: seller.address, taxId: seller.taxId },
    buyer: buyerOf(profile),
    credits: of('credit').map(({ id, says, remaining }) => ({
      ...{ id, says, amount: remaining as Amount },
    })),
    adjustments: of('adjustment').map(({ says, amount }) => ({ says, amount: amount as Amount })),
  };
}

const buyerOf = ({ name, legalName, address, taxId }: BillingProfile): Party => ({
  ...{ name: legalName ?? name, address, taxId },
});

/** `000042`, behind the seller’s prefix: what is sorted by it is sorted by time. */
export const numberOf = (prefix: string, ordinal: number): string =>
  `${prefix}${String(ordinal).padStart(6, '0')}`;

/** Null if nothing is to be paid and nothing was used up: nobody wants a paper of nothing. */
export function closingOf(
  known: Gathered,
  { ordinal, items }: ClosingGiven,
  { at, digest }: { readonly at: Timestamp; readonly digest: Digest },
): Closing | null {
  const number = numberOf(known.settings.numberPrefix, ordinal);
  const { invoice, basis } = draftOf(known, { number, at, items });
  if (invoice.lines.every(({ amount }) => amount === 0n)) return null;
  const closed = closedInvoice(invoice, digest);
  const { currency, total } = invoice;
  return {
    ...{ number, currency, total, closedAt: at, basis: writeBasis(basis) },
    ...{ text: closed.text, digest: closed.digest },
    remaining: remainingOf(items, invoice),
  };
}

/** An adjustment is used as a whole; of a credit the invoice says what is left. */
function remainingOf(
  items: readonly BillingItem[],
  { creditsLeft, currency }: Invoice,
): ReadonlyMap<string, bigint> {
  const left = new Map<string, bigint>(creditsLeft.map(({ id, amount }) => [id, amount]));
  for (const item of items) {
    if (item.kind === 'adjustment' && item.currency === currency) left.set(item.id, 0n);
  }
  return left;
}

/** The invoice as the ledger gives it today, by what it was made of then. */
export async function remade(
  world: BillingWorld,
  stored: Pick<StoredInvoice, 'customer' | 'basis'>,
  month: Month,
): Promise<Invoice> {
  const basis = readBasis(stored.basis);
  const { customer } = stored;
  const { billing } = await history(world, { customer, month, tariffs: basis.tariffs });
  return draftedInvoice(inputOf(basis, customer, billing));
}
