/** Failures around prices, plans' prices and invoices. */
import type { FaultSpec } from './fault-spec.ts';

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
} as const satisfies Record<string, FaultSpec>;
