/** The desks of billing over a catalog in memory, with a provider that agrees with everything. */
import { BillingDesk } from '../control/billing/billing-desk.ts';
import type { BillingDesks } from '../control/billing/billing-desks.ts';
import { InvoiceDesk } from '../control/billing/invoice-desk.ts';
import type { CustomerDesk } from '../control/customer-desk.ts';
import type { Clock } from '../domain/clock.ts';
import type { Events } from '../domain/events.ts';
import { fault, isFault } from '../domain/faults.ts';
import type { CustomerId } from '../domain/ids.ts';
import type { Log } from '../domain/log.ts';
import type { Random } from '../domain/random.ts';
import { TARIFFS } from '../economics/tariffs.ts';
import { MemoryBilling } from './memory-billing.ts';
import { PlainLedger } from './plain-ledger.ts';

export async function memoryBillingDesks(world: {
  readonly clock: Clock;
  readonly log: Log;
  readonly random: Random;
  readonly events: Events;
  readonly customers: Pick<CustomerDesk, 'find'>;
}): Promise<BillingDesks> {
  const nameOf = async (customer: CustomerId): Promise<string | undefined> => {
    try {
      return (await world.customers.find(customer)).name;
    } catch (error) {
      if (isFault(error, 'CUSTOMER_UNKNOWN')) return undefined;
      throw error;
    }
  };
  const store = new MemoryBilling(nameOf);
  const settings = await store.settings();
  await store.saveSettings({ ...settings, seller: { ...settings.seller, name: 'Seller' } });
  const all = { ...world, store, tariffs: async () => TARIFFS, ledger: new PlainLedger() };
  return {
    billing: new BillingDesk(all),
    invoices: new InvoiceDesk({ ...all, digest: (text) => `digest of ${text.length}` }),
    payments: {
      receive: async (_, signature) => {
        if (signature !== 'good') throw fault('PAYMENT_MESSAGE_FORGED', {});
      },
      reconcile: async () => [],
      portal: async () => 'https://pay.example/session',
      waiting: async () => ({ items: 0, lastError: null }),
    },
  };
}
