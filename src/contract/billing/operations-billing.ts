import type { Operation } from '../operations.ts';

const CUSTOMER = '/v1/customers/:customer';

/** Invoices, what customers have with us, and the payment provider. */
export const BILLING_OPERATIONS = {
  listInvoices: { method: 'GET', path: '/v1/invoices', repeat: 'safe' },
  getInvoice: { method: 'GET', path: '/v1/invoices/:invoice', repeat: 'safe' },
  renderInvoice: { method: 'GET', path: '/v1/invoices/:invoice/rendering', repeat: 'safe' },
  draftInvoice: { method: 'GET', path: `${CUSTOMER}/invoice-draft`, repeat: 'safe' },
  closeMonth: { method: 'POST', path: '/v1/billing/close', repeat: 'safe', long: true },
  verifyInvoices: { method: 'POST', path: '/v1/billing/verify', repeat: 'safe', long: true },
  getBillingSettings: { method: 'GET', path: '/v1/billing/settings', repeat: 'safe' },
  changeBillingSettings: { method: 'PATCH', path: '/v1/billing/settings', repeat: 'safe' },
  reconcilePayments: { method: 'POST', path: '/v1/billing/reconcile', repeat: 'safe', long: true },
  getBillingProfile: { method: 'GET', path: `${CUSTOMER}/billing`, repeat: 'safe' },
  changeBillingProfile: { method: 'PATCH', path: `${CUSTOMER}/billing`, repeat: 'safe' },
  listCredits: { method: 'GET', path: `${CUSTOMER}/credits`, repeat: 'safe' },
  addCredit: { method: 'POST', path: `${CUSTOMER}/credits`, repeat: 'keyed' },
  openPaymentPortal: { method: 'POST', path: `${CUSTOMER}/payment-portal`, repeat: 'never' },
} as const satisfies Record<string, Operation>;
