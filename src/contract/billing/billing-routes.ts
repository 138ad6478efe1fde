/** The routes of invoices, credits, and the payment provider. */
import { Type } from 'typebox';
import { After, CustomerParam, Limit } from '../access/customer-routes.ts';
import type { OperationName } from '../operations.ts';
import { KeyHeader, ok, type Route } from '../route.ts';
import {
  BillingProfile,
  BillingProfileChange,
  BillingSettings,
  BillingSettingsChange,
  Credit,
  CreditList,
  Invoice,
  InvoiceDraft,
  InvoiceNumber,
  InvoicePage,
  InvoiceRendering,
  InvoiceVerdicts,
  MonthClosed,
  MonthName,
  NewCredit,
  PaymentPortal,
  Reconciliation,
} from './billing.ts';

const InvoiceParam = Type.Object({ invoice: InvoiceNumber });

const strict = { additionalProperties: false } as const;

const InvoiceQuery = Type.Object(
  {
    after: After,
    limit: Limit,
    month: Type.Optional(MonthName),
    customer: Type.Optional(
      Type.String({
        ...{ minLength: 1, maxLength: 63, examples: ['cu_4f9k2m0q7x1z'] },
        description: 'For the operator: those of one customer.',
      }),
    ),
  },
  strict,
);

const OPERATOR_BILLS = { scope: 'operator', right: 'billing' } as const;
const OPERATOR_READS = { scope: 'operator', right: 'read' } as const;
const CUSTOMER_READS = { scope: 'customer', right: 'read' } as const;

const OF_CUSTOMER = ['CUSTOMER_UNKNOWN', 'CATALOG_DOWN'] as const;

export const BILLING_ROUTES = {
  listInvoices: {
    tag: 'billing',
    summary: 'List invoices, the latest first',
    access: CUSTOMER_READS,
    query: InvoiceQuery,
    success: ok(InvoicePage),
    faults: ['CUSTOMER_UNKNOWN', 'CATALOG_DOWN'],
  },
  getInvoice: {
    tag: 'billing',
    summary: 'Show an invoice',
    description:
      'With `Accept: text/html` or `text/csv` it is answered as a page to print, or as a table, and not as JSON; so with `?format=html` or `?format=csv`.',
    access: CUSTOMER_READS,
    params: InvoiceParam,
    success: ok(Invoice),
    faults: ['INVOICE_UNKNOWN', 'CATALOG_DOWN'],
  },
  renderInvoice: {
    tag: 'billing',
    summary: 'Get an invoice as a file, within JSON',
    description: 'A PDF is what a browser prints of the page.',
    access: CUSTOMER_READS,
    params: InvoiceParam,
    query: Type.Object(
      { format: Type.Optional(Type.Enum(['json', 'csv', 'html'], { type: 'string' })) },
      strict,
    ),
    success: ok(InvoiceRendering),
    faults: ['INVOICE_UNKNOWN', 'CATALOG_DOWN'],
  },
  draftInvoice: {
    tag: 'billing',
    summary: 'What the invoice of a month would say now',
    description: 'Of this month if none is named. Nothing is written, and the number is none.',
    access: CUSTOMER_READS,
    params: CustomerParam,
    query: Type.Object({ month: Type.Optional(MonthName) }, strict),
    success: ok(InvoiceDraft),
    faults: ['USE_FORGOTTEN', ...OF_CUSTOMER],
  },
  closeMonth: {
    tag: 'billing',
    summary: 'Close a month: every customer gets its invoice',
    description:
      'Invoices are never changed afterwards. Repeating it does no harm: who has an invoice gets no second one.',
    access: OPERATOR_BILLS,
    body: Type.Object({ month: MonthName }, strict),
    success: ok(MonthClosed),
    faults: [
      'MONTH_OPEN',
      'SELLER_MISSING',
      'USE_FORGOTTEN',
      'PERIOD_CLOSED',
      'CUSTOMER_UNKNOWN',
      'CATALOG_DOWN',
    ],
  },
  verifyInvoices: {
    tag: 'billing',
    summary: 'Make invoices again from the ledger, and compare',
    description:
      'All of them, or those of a month, or one. With `correct` what the ledger says otherwise today is put right in an open month: by an adjustment, or a credit.',
    access: OPERATOR_BILLS,
    body: Type.Object(
      {
        invoice: Type.Optional(InvoiceNumber),
        month: Type.Optional(MonthName),
        correct: Type.Optional(Type.Boolean({ default: false })),
      },
      strict,
    ),
    success: ok(InvoiceVerdicts),
    faults: ['INVOICE_UNKNOWN', 'CATALOG_DOWN'],
  },
  getBillingSettings: {
    tag: 'billing',
    summary: 'Show who sells, and when months are closed',
    access: OPERATOR_READS,
    success: ok(BillingSettings),
    faults: ['CATALOG_DOWN'],
  },
  changeBillingSettings: {
    tag: 'billing',
    summary: 'Change who sells, and when months are closed',
    description: 'What is left out stays; lists and `meters` are replaced. Closed invoices stay.',
    access: OPERATOR_BILLS,
    body: BillingSettingsChange,
    success: ok(BillingSettings),
    faults: ['USE_FORGOTTEN', 'CATALOG_DOWN'],
  },
  reconcilePayments: {
    tag: 'billing',
    summary: 'Compare our books with those of the payment provider',
    description: 'Tells where they differ; with `mend` what it has not been told is told now.',
    access: OPERATOR_BILLS,
    body: Type.Object({ month: MonthName, mend: Type.Optional(Type.Boolean()) }, strict),
    success: ok(Reconciliation),
    faults: ['PAYMENTS_OFF', 'PAYMENTS_REFUSED', 'CATALOG_DOWN'],
  },
  getBillingProfile: {
    tag: 'billing',
    summary: 'Show to whom a customer’s invoices are made out',
    access: CUSTOMER_READS,
    params: CustomerParam,
    success: ok(BillingProfile),
    faults: OF_CUSTOMER,
  },
  changeBillingProfile: {
    tag: 'billing',
    summary: 'Change to whom a customer’s invoices are made out',
    description:
      'Of later invoices. Taxes are for the operator to set; where the recipient owes one, there must be a tax id.',
    access: { scope: 'customer', right: 'billing' },
    params: CustomerParam,
    body: BillingProfileChange,
    success: ok(BillingProfile),
    faults: OF_CUSTOMER,
  },
  listCredits: {
    tag: 'billing',
    summary: 'List a customer’s credits and adjustments',
    access: CUSTOMER_READS,
    params: CustomerParam,
    success: ok(CreditList),
    faults: OF_CUSTOMER,
  },
  addCredit: {
    tag: 'billing',
    summary: 'Give a customer a credit, or bill what was too little',
    description: 'It is used by its next invoice, and by later ones as far as it goes.',
    access: OPERATOR_BILLS,
    params: CustomerParam,
    body: NewCredit,
    headers: KeyHeader,
    success: { status: 201, shape: Credit },
    faults: ['CUSTOMER_UNKNOWN', 'IDEMPOTENCY_KEY_REUSED', 'CATALOG_DOWN'],
  },
  openPaymentPortal: {
    tag: 'billing',
    summary: 'Open a page of the payment provider for a customer',
    access: { scope: 'customer', right: 'billing' },
    params: CustomerParam,
    success: ok(PaymentPortal),
    faults: ['PAYMENTS_OFF', 'PAYMENTS_REFUSED', 'CUSTOMER_UNKNOWN', 'CATALOG_DOWN'],
  },
} as const satisfies Partial<Record<OperationName, Route>>;
