/** Invoices and use in memory, and the real package of Stripe that talks to its double. */
import { createHash } from 'node:crypto';
import { PaymentSender } from '../billing/payment-sender.ts';
import { loadStripe, StripeDoor } from '../billing/stripe-door.ts';
import { StripeProvider } from '../billing/stripe-provider.ts';
import { InvoiceDesk } from '../control/billing/invoice-desk.ts';
import { readInvoice } from '../control/billing/invoice-file.ts';
import { EventBus } from '../control/event-bus.ts';
import type { BillingSettings } from '../domain/billing.ts';
import type { PaymentStore } from '../domain/payment.ts';
import type { Timestamp } from '../domain/units.ts';
import { TARIFFS } from '../economics/tariffs.ts';
import { VirtualClock } from '../sim/virtual-clock.ts';
import { MemoryBilling } from './memory-billing.ts';
import { MemoryLog } from './memory-log.ts';
import { MemoryPayments } from './memory-payments.ts';
import { PlainLedger } from './plain-ledger.ts';
import { StripeDouble } from './stripe-double.ts';

/** Signs what the double says. */
export const PAYMENT_SECRET = 'whsec_double';

const digest = (text: string): string => createHash('sha256').update(text).digest('hex');

export type PaymentWorld = Awaited<ReturnType<typeof paymentWorld>>;

export async function paymentWorld(start: Timestamp, meters: BillingSettings['meters']) {
  const clock = new VirtualClock(start);
  const log = new MemoryLog();
  const events = new EventBus({ clock, log });
  const double = await StripeDouble.start(clock);
  for (const { event } of Object.values(meters)) double.books.addMeter(event);
  const billing = new MemoryBilling((id) => `Customer ${id}`);
  const store = new MemoryPayments(billing);
  const ledger = new PlainLedger();
  const door = new StripeDoor(await loadStripe({ key: double.key, url: double.url }));
  const tariffs = async () => TARIFFS;
  const shared = { clock, log, events, door, billing, ledger, tariffs, digest, readInvoice };
  const sender = (on: PaymentStore = store) => new PaymentSender({ ...shared, store: on });
  const provider = new StripeProvider({ ...shared, store, webhookSecret: PAYMENT_SECRET });
  const invoices = new InvoiceDesk({ ...shared, store: billing });
  const set = async (tells: 'meters' | 'invoices') => {
    const seller = { name: 'Ogel', address: [], taxId: null, logoText: '', footer: [] };
    const before = await billing.settings();
    await billing.saveSettings({ ...before, seller, tells, prices: ['price_1'], meters });
  };
  return { ...shared, double, store, sender, provider, invoices, set };
}
