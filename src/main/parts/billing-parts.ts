/** Invoices, and Stripe where somebody has a key for it. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { PaymentSender } from '../../billing/payment-sender.ts';
import { loadStripe, StripeDoor } from '../../billing/stripe-door.ts';
import { StripeProvider } from '../../billing/stripe-provider.ts';
import type { PgCatalog } from '../../catalog/pg-catalog.ts';
import type { BILLING_OPTIONS } from '../../cli/options/billing-options.ts';
import type { ServerOptions } from '../../cli/options/options.ts';
import { BillingClerk } from '../../control/billing/billing-clerk.ts';
import { BillingDesk } from '../../control/billing/billing-desk.ts';
import type { BillingDesks } from '../../control/billing/billing-desks.ts';
import { InvoiceDesk } from '../../control/billing/invoice-desk.ts';
import { readInvoice } from '../../control/billing/invoice-file.ts';
import { tariffsKept } from '../../control/economics/price-desk.ts';
import type { Clock } from '../../domain/clock.ts';
import type { Events } from '../../domain/events.ts';
import { fault } from '../../domain/faults.ts';
import type { Log } from '../../domain/log.ts';
import type { PaymentProvider } from '../../domain/payment.ts';
import type { Random } from '../../domain/random.ts';
import { minutes } from '../../domain/units.ts';

/** How often is looked whether a month is due. */
const LOOK_EVERY = minutes(15);

export type BillingParts = {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly events: Events;
  readonly catalog: PgCatalog;
  readonly options: Pick<ServerOptions, keyof typeof BILLING_OPTIONS>;
};

export type OpenBilling = { readonly desks: BillingDesks; close(): Promise<void> };

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Throws `PAYMENTS_REFUSED` if there is a key and nothing to use it with, `BAD_OPTION` for a file that cannot be read. */
export async function openBilling(parts: BillingParts): Promise<OpenBilling> {
  const { catalog, clock, log } = parts;
  const { billing: store, use: ledger } = catalog.stores;
  const tariffs = tariffsIn(catalog);
  const world = { ...parts, store, ledger, tariffs, digest: sha256 };
  const invoices = new InvoiceDesk(world);
  const stripe = await openStripe(parts);
  const clerk = new BillingClerk({ clock, log, invoices, lookEvery: LOOK_EVERY });
  clerk.start();
  return {
    desks: { billing: new BillingDesk(world), invoices, payments: stripe?.provider ?? null },
    close: async () => {
      await stripe?.sender.close();
      await clerk.close();
    },
  };
}

/** Asked for anew each time, which is once for a customer's month. */
const tariffsIn =
  ({ stores }: PgCatalog) =>
  () =>
    tariffsKept(stores.prices);

async function openStripe(
  parts: BillingParts,
): Promise<{ readonly provider: PaymentProvider; readonly sender: PaymentSender } | null> {
  const { options, catalog } = parts;
  const key = await secretOf(options.stripeKey, options.stripeKeyFile, 'stripeKeyFile');
  if (key === null) return null;
  const webhookSecret = await secretOf(
    options.stripeWebhookSecret,
    options.stripeWebhookSecretFile,
    'stripeWebhookSecretFile',
  );
  const url = options.stripeUrl === null ? {} : { url: new URL(options.stripeUrl) };
  const door = new StripeDoor(await loadStripe({ key, ...url }));
  const { billing, payments: store, use: ledger } = catalog.stores;
  const tariffs = tariffsIn(catalog);
  const shared = { ...parts, door, billing, store, ledger, tariffs, readInvoice, digest: sha256 };
  const sender = new PaymentSender(shared);
  sender.start();
  return { provider: new StripeProvider({ ...shared, webhookSecret }), sender };
}

/** From the environment, or from a file; null for neither. */
async function secretOf(
  text: string | null,
  file: string | null,
  option: string,
): Promise<string | null> {
  if (text !== null || file === null) return text;
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (cause) {
    throw fault('BAD_OPTION', { option, why: `${file} cannot be read` }, { cause });
  }
}
