/** Options of the payment provider. */
import type { Option } from './option.ts';
import { path, text, url } from './parse.ts';

export const BILLING_OPTIONS = {
  stripeKeyFile: {
    parse: path,
    value: 'file',
    of: 'server',
    doc: 'File with the secret key of Stripe; without one nothing is told to it',
  },
  stripeKey: { parse: text, of: 'server', secret: true, doc: 'The secret key of Stripe itself' },
  stripeWebhookSecretFile: {
    parse: path,
    value: 'file',
    of: 'server',
    doc: 'File with the secret that signs what Stripe sends to /v1/billing/stripe',
  },
  stripeWebhookSecret: {
    parse: text,
    of: 'server',
    secret: true,
    doc: 'The secret that signs what Stripe sends',
  },
  stripeUrl: {
    parse: url(['http:', 'https:']),
    value: 'url',
    of: 'server',
    doc: 'Where Stripe is, if not where it always is: for tests',
  },
} as const satisfies Readonly<Record<string, Option<unknown>>>;
