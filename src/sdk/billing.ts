/** Invoices, what customers have with you, and the payment provider. */
import type {
  BillingProfile,
  BillingProfileChange,
  BillingSettings,
  BillingSettingsChange,
  Credit,
  Invoice,
  InvoiceDraft,
  InvoiceHead,
  InvoicePage,
  InvoiceRendering,
  InvoiceVerdicts,
  MonthClosed,
  NewCredit,
  PaymentPortal,
  Reconciliation,
} from '../contract/billing/billing.ts';
import type { BodyOf, QueryOf } from '../contract/routes.ts';
import { onPages, PAGE_SIZE } from './pages.ts';
import type { CallOptions, Transport } from './transport.ts';

/** What was closed is never changed; what was wrong in it is put right in an open month. */
export class Billing {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Invoices, the latest first, fetched page by page as the loop asks for them. */
  invoices(
    query: Omit<QueryOf<'listInvoices'>, 'after'> = {},
    options?: CallOptions,
  ): AsyncGenerator<InvoiceHead, void, void> {
    return onPages(
      (place) => {
        const asked = { limit: PAGE_SIZE, ...query, ...place };
        return this.#transport.call('listInvoices', { query: asked }, options);
      },
      ({ invoices }: InvoicePage) => invoices,
    );
  }

  /** An invoice, with its text as it was closed. */
  invoice(invoice: string, options?: CallOptions): Promise<Invoice> {
    return this.#transport.call('getInvoice', { params: { invoice } }, options);
  }

  /** An invoice as a page to print, as a table, or as JSON. */
  render(
    invoice: string,
    query: QueryOf<'renderInvoice'> = {},
    options?: CallOptions,
  ): Promise<InvoiceRendering> {
    return this.#transport.call('renderInvoice', { params: { invoice }, query }, options);
  }

  /** What the invoice of a month would say now; of this month if none is named. */
  draft(
    customer: string,
    query: QueryOf<'draftInvoice'> = {},
    options?: CallOptions,
  ): Promise<InvoiceDraft> {
    return this.#transport.call('draftInvoice', { params: { customer }, query }, options);
  }

  /** Gives every customer its invoice for the month. Repeating it does no harm. */
  close(month: string, options?: CallOptions): Promise<MonthClosed> {
    return this.#transport.call('closeMonth', { body: { month } }, options);
  }

  /** Makes invoices again from the ledger, and compares them text for text. */
  verify(which: BodyOf<'verifyInvoices'> = {}, options?: CallOptions): Promise<InvoiceVerdicts> {
    return this.#transport.call('verifyInvoices', { body: which }, options);
  }

  /** Who sells, and when months are closed. */
  settings(options?: CallOptions): Promise<BillingSettings> {
    return this.#transport.call('getBillingSettings', {}, options);
  }

  /** What is left out stays. Closed invoices stay as they are. */
  changeSettings(change: BillingSettingsChange, options?: CallOptions): Promise<BillingSettings> {
    return this.#transport.call('changeBillingSettings', { body: change }, options);
  }

  /** To whom a customer's invoices are made out, and how they are taxed. */
  profile(customer: string, options?: CallOptions): Promise<BillingProfile> {
    return this.#transport.call('getBillingProfile', { params: { customer } }, options);
  }

  /** Of later invoices. */
  changeProfile(
    customer: string,
    change: BillingProfileChange,
    options?: CallOptions,
  ): Promise<BillingProfile> {
    const call = { params: { customer }, body: change };
    return this.#transport.call('changeBillingProfile', call, options);
  }

  /** What a customer has with you, and what it was billed too little; the oldest first. */
  async credits(customer: string, options?: CallOptions): Promise<readonly Credit[]> {
    const call = { params: { customer } };
    return (await this.#transport.call('listCredits', call, options)).credits;
  }

  /** It is used by the customer's next invoice. */
  addCredit(customer: string, credit: NewCredit, options?: CallOptions): Promise<Credit> {
    return this.#transport.call('addCredit', { params: { customer }, body: credit }, options);
  }

  /** Where your books and the payment provider's differ; `mend` tells it what it lacks. */
  reconcile(which: BodyOf<'reconcilePayments'>, options?: CallOptions): Promise<Reconciliation> {
    return this.#transport.call('reconcilePayments', { body: which }, options);
  }

  /** A page of the payment provider, where the customer sees and pays. */
  portal(customer: string, options?: CallOptions): Promise<PaymentPortal> {
    return this.#transport.call('openPaymentPortal', { params: { customer } }, options);
  }
}
