/** Failures around prices, plans' prices and invoices. */
import type { FaultSpec, None } from './fault-spec.ts';

export const MONEY_FAULTS = {
  BAD_PRICES: {
    kind: 'client',
    sqlstate: '22023',
    http: 400,
    retry: 'never',
    message: (p: { why: string }) => `the prices cannot be used: ${p.why}`,
  },
  PERIOD_CLOSED: {
    kind: 'client',
    sqlstate: '55000',
    http: 409,
    retry: 'never',
    message: (p: { customer: string; month: string; number: string }) =>
      `month ${p.month} is closed for customer "${p.customer}": invoice ${p.number} stands as it is; correct it by a credit or an adjustment in an open month`,
  },
  MONTH_OPEN: {
    kind: 'client',
    sqlstate: '55000',
    http: 409,
    retry: 'never',
    message: (p: { month: string; until: string }) =>
      `month ${p.month} cannot be closed before ${p.until}`,
  },
  USE_FORGOTTEN: {
    kind: 'client',
    sqlstate: '55000',
    http: 409,
    retry: 'never',
    message: (p: { month: string; from: string }) =>
      `nobody can say any more what was used in ${p.month}: hours are kept since ${p.from}`,
  },
  SELLER_MISSING: {
    kind: 'client',
    sqlstate: '55000',
    http: 409,
    retry: 'never',
    message: (_: None) => 'nobody is named as the seller, so no invoice can be issued',
  },
  INVOICE_UNKNOWN: {
    kind: 'client',
    sqlstate: '42704',
    http: 404,
    retry: 'never',
    message: (p: { invoice: string }) => `invoice "${p.invoice}" does not exist`,
  },
  PAYMENTS_OFF: {
    kind: 'client',
    sqlstate: '55000',
    http: 409,
    retry: 'never',
    message: (_: None) => 'no payment provider is set up',
  },
  PAYMENTS_REFUSED: {
    kind: 'control',
    sqlstate: '58000',
    http: 502,
    retry: 'soon',
    message: (p: { why: string }) => `the payment provider did not do it: ${p.why}`,
  },
  PAYMENT_MESSAGE_FORGED: {
    kind: 'client',
    sqlstate: '28000',
    http: 400,
    retry: 'never',
    message: (_: None) => 'the message is not signed by the payment provider',
  },
  PRICE_BOOK_UNKNOWN: {
    kind: 'client',
    sqlstate: '42704',
    http: 404,
    retry: 'never',
    message: (p: { book: string }) => `there is no price book "${p.book}"`,
  },
  WHAT_IF_BUSY: {
    kind: 'quota',
    sqlstate: '53300',
    http: 429,
    retry: 'soon',
    message: (p: { max: number }) =>
      `as many simulations are under way as may be (${p.max}); try again when one has ended`,
  },
  WHAT_IF_NOTHING: {
    kind: 'client',
    sqlstate: '55000',
    http: 409,
    retry: 'never',
    message: (p: { days: number }) =>
      `nothing was recorded in the last ${p.days} days that could be replayed`,
  },
} as const satisfies Record<string, FaultSpec>;
