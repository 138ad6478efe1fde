/** What the operations of billing do. */
import type {
  Credit,
  InvoiceHead as HeadShape,
  BillingProfile as ProfileShape,
  BillingSettings as SettingsShape,
} from '../../contract/billing/billing.ts';
import type { BillingDesks } from '../../control/billing/billing-desks.ts';
import { monthNamed } from '../../control/billing/invoice-desk.ts';
import { formatted, type InvoiceFormat } from '../../control/billing/invoice-file.ts';
import { moneyText } from '../../control/economics/money-text.ts';
import type {
  BillingItem,
  BillingProfile,
  BillingSettings,
  InvoiceHead,
} from '../../domain/billing.ts';
import { customerOf } from '../../domain/caller.ts';
import type { Clock } from '../../domain/clock.ts';
import { fault } from '../../domain/faults.ts';
import type { PaymentProvider } from '../../domain/payment.ts';
import { customerId, customerListed } from '../access/asked-customer.ts';
import { moment } from '../moment.ts';
import type { Actions } from './actions.ts';

const PAGE_DEFAULT = 100;

type InvoiceAction =
  | 'listInvoices'
  | 'getInvoice'
  | 'renderInvoice'
  | 'draftInvoice'
  | 'closeMonth'
  | 'verifyInvoices';

type PartyAction =
  | 'getBillingSettings'
  | 'changeBillingSettings'
  | 'getBillingProfile'
  | 'changeBillingProfile'
  | 'listCredits'
  | 'addCredit'
  | 'reconcilePayments'
  | 'openPaymentPortal';

export const billingActions = (
  desks: BillingDesks,
  clock: Clock,
): Pick<Actions, InvoiceAction | PartyAction> => ({
  ...invoiceActions(desks, clock),
  ...partyActions(desks),
});

export const CONTENT_TYPES: Readonly<Record<InvoiceFormat, string>> = {
  json: 'application/json; charset=utf-8',
  csv: 'text/csv; charset=utf-8; header=present',
  html: 'text/html; charset=utf-8',
};

function invoiceActions(
  { invoices, billing }: BillingDesks,
  clock: Clock,
): Pick<Actions, InvoiceAction> {
  return {
    listInvoices: async ({ query, caller }) => {
      const { month, after, limit = PAGE_DEFAULT } = query;
      const customer = customerListed(caller, query.customer);
      const found = await invoices.list({ customer, month, after, limit: limit + 1 });
      const shown = found.slice(0, limit);
      const next = found.length > limit ? (shown.at(-1)?.number ?? null) : null;
      return { invoices: shown.map(printHead), next };
    },
    getInvoice: async ({ params, caller }) => {
      const found = await invoices.find(params.invoice, customerOf(caller));
      return { ...printHead(found), text: found.text, digest: found.digest };
    },
    renderInvoice: async ({ params, query: { format = 'html' }, caller }) => {
      const { text } = await invoices.find(params.invoice, customerOf(caller));
      const { seller } = await billing.settings();
      return {
        format,
        contentType: CONTENT_TYPES[format],
        content: formatted(text, format, seller),
      };
    },
    draftInvoice: async ({ params, query }) => {
      const name = query.month ?? new Date(clock.wall()).toISOString().slice(0, 'YYYY-MM'.length);
      const { text, invoice } = await invoices.draft(customerId(params.customer), monthNamed(name));
      const { currency, total } = invoice;
      const month = name;
      return { customer: params.customer, month, currency, total: moneyText(total), text };
    },
    closeMonth: async ({ body }) => {
      const { month, numbers, skipped } = await invoices.close(monthNamed(body.month));
      return { month, numbers: [...numbers], skipped };
    },
    verifyInvoices: async ({ body: { invoice: number, month, correct = false } }) => {
      const verdicts = [];
      for await (const one of invoices.verify({ number, month }, correct)) {
        const { corrections, difference } = one;
        verdicts.push({
          ...one,
          corrections: [...corrections],
          difference: moneyText(difference),
        });
      }
      return { verdicts, allGood: verdicts.every(({ isGood }) => isGood) };
    },
  };
}

function partyActions({ billing, payments }: BillingDesks): Pick<Actions, PartyAction> {
  return {
    getBillingSettings: async () => printSettings(await billing.settings()),
    changeBillingSettings: async ({ body, audit }) => {
      const before = await billing.settings();
      const { seller, ...rest } = body;
      const after = await billing.changeSettings({
        ...rest,
        ...(seller === undefined ? {} : { seller: { ...before.seller, ...seller } }),
      });
      audit.changed(before, after);
      return printSettings(after);
    },
    getBillingProfile: async ({ params }) =>
      printProfile(await billing.profile(customerId(params.customer))),
    changeBillingProfile: async ({ params, body, caller, audit }) => {
      if (body.taxes !== undefined && caller.scope.kind !== 'operator') {
        throw fault('FORBIDDEN', { why: 'taxes are for the operator to set' });
      }
      const id = customerId(params.customer);
      const before = await billing.profile(id);
      const after = await billing.changeProfile(id, body);
      audit.changed(printProfile(before), printProfile(after));
      return printProfile(after);
    },
    listCredits: async ({ params }) => ({
      credits: (await billing.items(customerId(params.customer))).map(printItem),
    }),
    addCredit: async ({ params, body: { amount, says, kind = 'credit' } }) => {
      const customer = customerId(params.customer);
      return printItem(await billing.addItem({ customer, amount, says, kind }));
    },
    reconcilePayments: async ({ body: { month, mend = false } }) => {
      const provider = givenProvider(payments);
      const differences = [...(await provider.reconcile(monthNamed(month), mend))];
      const { items, lastError } = await provider.waiting();
      return { month, differences, waiting: items, lastError };
    },
    openPaymentPortal: async ({ params }) => ({
      url: await givenProvider(payments).portal(customerId(params.customer)),
    }),
  };
}

function givenProvider(payments: PaymentProvider | null): PaymentProvider {
  if (payments === null) throw fault('PAYMENTS_OFF', {});
  return payments;
}

const printHead = (head: InvoiceHead): HeadShape => ({
  ...{ number: head.number, customer: head.customer, month: head.month },
  ...{ currency: head.currency, total: moneyText(head.total), payment: head.payment },
  closedAt: moment(head.closedAt),
});

const printItem = (item: BillingItem): Credit => ({
  ...{ id: item.id, customer: item.customer, kind: item.kind, says: item.says },
  ...{ currency: item.currency, createdAt: moment(item.createdAt) },
  ...{ amount: moneyText(item.amount), remaining: moneyText(item.remaining) },
});

const printProfile = ({ failed, address, taxes, ...profile }: BillingProfile): ProfileShape => ({
  ...profile,
  address: [...address],
  taxes: taxes.map((tax) => ({ ...tax })),
  failed: failed === null ? null : { at: moment(failed.at), note: failed.note },
});

const printSettings = ({ seller, prices, ...settings }: BillingSettings): SettingsShape => ({
  ...settings,
  prices: [...prices],
  seller: { ...seller, address: [...seller.address], footer: [...seller.footer] },
});
