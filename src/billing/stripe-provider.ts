/** Stripe as our payment provider: what it tells us, and how its books agree with ours. */
import type Stripe from 'stripe';
import type { BillingStore, PaymentState } from '../domain/billing.ts';
import type { Clock } from '../domain/clock.ts';
import type { Events } from '../domain/events.ts';
import { fault, isFault } from '../domain/faults.ts';
import type { CustomerId } from '../domain/ids.ts';
import type {
  Difference,
  PaymentMessage,
  PaymentProvider,
  PaymentStore,
} from '../domain/payment.ts';
import { hours, later, ms, timestamp } from '../domain/units.ts';
import type { Invoice } from '../economics/invoice.ts';
import { HOUR_MS, hourOf } from '../economics/month.ts';
import { coinsOf, numberIn, type StripeDoor, wordsOf } from './stripe-door.ts';

export type ProviderWorld = {
  readonly clock: Clock;
  readonly events: Events;
  readonly door: StripeDoor;
  readonly store: PaymentStore;
  readonly billing: Pick<BillingStore, 'settings' | 'list' | 'byNumber'>;
  readonly readInvoice: (text: string) => Invoice;
  /** Signs what Stripe tells us; null if nothing is to be believed. */
  readonly webhookSecret: string | null;
};

/** By the types of messages that we act on, what they say of an invoice. */
const MEANINGS: Readonly<Record<string, PaymentState>> = {
  'invoice.paid': 'paid',
  'invoice.payment_failed': 'failed',
  'invoice.marked_uncollectible': 'failed',
  'invoice.voided': 'void',
};

/** Stripe counts what it is told some time later. Source: docs.stripe.com, "Record usage for billing". */
const COUNTED_AFTER = hours(1);

/** Invoices of one answer of the catalog. */
const PAGE = 500;

export class StripeProvider implements PaymentProvider {
  readonly #world: ProviderWorld;

  constructor(world: ProviderWorld) {
    this.#world = world;
  }

  async receive(body: Uint8Array, signature: string): Promise<void> {
    const { door, clock, webhookSecret: secret, store } = this.#world;
    const now = clock.wall();
    const event = secret === null ? undefined : door.read(body, signature, { secret, now });
    if (event === undefined) throw fault('PAYMENT_MESSAGE_FORGED', {});
    const state = MEANINGS[event.type];
    if (state === undefined) return;
    const invoice = event.data.object as Stripe.Invoice;
    const message = await this.#messageOf(event, state, invoice);
    // Stripe sends again what it is not sure has arrived, and not in the order in which it happened.
    if (await store.take(message)) this.#tell(message, invoice);
  }

  async #messageOf(
    { id, created }: Pick<Stripe.Event, 'id' | 'created'>,
    state: PaymentState,
    invoice: Stripe.Invoice,
  ): Promise<PaymentMessage> {
    const { store, clock } = this.#world;
    const { customer: account } = invoice;
    const providerId = typeof account === 'string' ? account : (account?.id ?? '');
    return {
      ...{ id, state, at: clock.wall(), saidAt: timestamp(created * 1_000) },
      ...{ providerId: invoice.id ?? '', number: numberIn(invoice), note: noteOf(invoice) },
      customer: (await store.customerOf(providerId)) ?? null,
    };
  }

  #tell({ customer, state, note, number: ours }: PaymentMessage, invoice: Stripe.Invoice): void {
    const { events } = this.#world;
    if (customer === null || (state !== 'paid' && state !== 'failed')) return;
    const number = ours ?? invoice.number ?? null;
    if (state === 'paid') events.publish({ type: 'invoice.paid', customer, data: { number } });
    else events.publish({ type: 'invoice.payment-failed', customer, data: { number, note } });
  }

  async reconcile(
    month: Parameters<PaymentProvider['reconcile']>[0],
    mend: boolean,
  ): Promise<readonly Difference[]> {
    const { tells } = await this.#world.billing.settings();
    try {
      if (tells === 'meters') return await this.#reconcileMeters(month, mend);
      return tells === 'invoices' ? await this.#reconcileInvoices(month.name, mend) : [];
    } catch (error) {
      throw refused(error);
    }
  }

  /** What is in the outbox against what Stripe has counted. What is missing is told, under a key of its own. */
  async #reconcileMeters(
    month: Parameters<PaymentProvider['reconcile']>[0],
    mend: boolean,
  ): Promise<readonly Difference[]> {
    const { door, store, clock } = this.#world;
    const meters = await door.meters();
    const found: Difference[] = [];
    const freshFrom = later(clock.wall(), ms(-COUNTED_AFTER));
    for (const told of await store.metersTold(month, freshFrom)) {
      const { customer, meter, event, value, waiting, fresh } = told;
      const id = meters.get(event);
      const account = await store.account(customer);
      const theirs =
        id === undefined || account === undefined ? 0n : await door.meterSum(id, account, month);
      // What was told just now may be counted there or not: to tell it again would be to bill it twice.
      const missing = value - fresh - theirs;
      if (waiting === 0 && missing <= 0n && theirs <= value) continue;
      let mended: string | null = null;
      if (mend && waiting > 0) {
        await store.again([], clock.wall());
        mended = `${waiting} still to be told are told now`;
      } else if (mend && missing > 0n && account !== undefined && id !== undefined) {
        const key = `mend ${customer} ${month.name} ${meter} ${theirs} ${value}`;
        // Stripe takes nothing that is older than 35 days, nor of the future.
        const hour = timestamp(Math.min(hourOf(clock.wall()), month.to - HOUR_MS));
        await door.sendMeter(account, key, { event, value: missing.toString(), hour });
        mended = `${missing} were told`;
      }
      const sums = { ours: value.toString(), theirs: theirs.toString() };
      found.push({ customer, what: meter, ...sums, mended });
    }
    return found;
  }

  async #reconcileInvoices(month: string, mend: boolean): Promise<readonly Difference[]> {
    const { billing } = this.#world;
    const found: Difference[] = [];
    for (let after: string | undefined; ; ) {
      const page = await billing.list({ month, after, limit: PAGE });
      for (const { number, customer } of page) {
        const difference = await this.#reconcileInvoice(number, customer, mend);
        if (difference !== null) found.push(difference);
      }
      after = page.at(-1)?.number;
      if (after === undefined) return found;
    }
  }

  async #reconcileInvoice(
    number: string,
    customer: CustomerId,
    mend: boolean,
  ): Promise<Difference | null> {
    const { store, door, billing, readInvoice, clock } = this.#world;
    const stored = await billing.byNumber(number);
    if (stored === undefined || stored.total === 0n) return null;
    const { total, currency } = readInvoice(stored.text);
    const ours = coinsOf(total, currency).toString();
    const account = await store.account(customer);
    const theirs = account && (await door.findInvoice(account, { number }));
    if (!theirs || theirs.state === 'draft') {
      if (mend) await store.again([`invoice ${number}`], clock.wall());
      const state = theirs ? 'draft' : 'none';
      return {
        customer,
        what: number,
        ours,
        theirs: state,
        mended: mend ? 'it is told now' : null,
      };
    }
    if (theirs.total.toString() !== ours) {
      return { customer, what: number, ours, theirs: theirs.total.toString(), mended: null };
    }
    if (isSameState(stored.payment, theirs.state)) return null;
    if (mend) await store.notePayment(number, theirs.state, theirs.id, clock.wall());
    const states = { ours: stored.payment ?? 'not told', theirs: theirs.state };
    return { customer, what: number, ...states, mended: mend ? 'its state is noted' : null };
  }

  async portal(customer: CustomerId): Promise<string> {
    const account = await this.#world.store.account(customer);
    if (account === undefined) {
      throw fault('PAYMENTS_REFUSED', { why: 'it has not been told of this customer yet' });
    }
    try {
      return await this.#world.door.portal(account);
    } catch (error) {
      throw refused(error);
    }
  }

  waiting() {
    return this.#world.store.waiting();
  }
}

/** An invoice whose payment has failed is open there. */
const isSameState = (ours: PaymentState | null, theirs: PaymentState): boolean =>
  ours === theirs || (ours === 'failed' && theirs === 'open');

const refused = (error: unknown): Error =>
  isFault(error, 'CATALOG_DOWN')
    ? error
    : fault('PAYMENTS_REFUSED', { why: wordsOf(error) }, { cause: error });

const noteOf = ({ last_finalization_error: error, attempt_count: count }: Stripe.Invoice): string =>
  error?.message ?? `payment failed, attempt ${count}`;
