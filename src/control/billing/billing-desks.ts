import type { PaymentProvider } from '../../domain/payment.ts';
import type { BillingDesk } from './billing-desk.ts';
import type { InvoiceDesk } from './invoice-desk.ts';

export type BillingDesks = {
  readonly billing: BillingDesk;
  readonly invoices: InvoiceDesk;
  /** Null where there is none. */
  readonly payments: PaymentProvider | null;
};
