/**
 * What we ask of Stripe, in its own words. Every request that makes something has a key, by which Stripe knows it again for a
 * day; what is older is looked for before it is made.
 *
 * Sources: docs.stripe.com "Idempotent requests", "Meter events", "Invoices"; OpenAPI v2596.
 */
import type Stripe from 'stripe';
import type { BillingProfile, PaymentState } from '../domain/billing.ts';
import { fault } from '../domain/faults.ts';
import type { InvoiceNews, MeterNews } from '../domain/payment.ts';
import { seconds, type Timestamp } from '../domain/units.ts';
import type { Invoice } from '../economics/invoice.ts';
import { type Currency, coinOf } from '../economics/money.ts';

export type StripeOptions = {
  readonly key: string;
  /** Where Stripe is, if not where it always is. */
  readonly url?: URL;
};

/** How our customers and invoices are called in what Stripe keeps for us. */
const CUSTOMER_MARK = 'dynabase_customer';
const NUMBER_MARK = 'dynabase_invoice';
const LINE_MARK = 'dynabase_line';

const TIMEOUT = seconds(30);

/** Pages of Stripe have a hundred rows at most. */
const PAGE = 100;

/** Loaded only here: whoever does not use Stripe needs no package for it. Throws `PAYMENTS_REFUSED` if it is not installed. */
export async function loadStripe({ key, url }: StripeOptions): Promise<Stripe> {
  const made = await import('stripe').catch((cause: unknown) => {
    const why = 'the package "stripe" is not installed; run "npm install stripe"';
    throw fault('PAYMENTS_REFUSED', { why }, { cause });
  });
  return new made.default(key, {
    // A request that is lost comes again from the outbox, with the same key.
    ...{ maxNetworkRetries: 0, telemetry: false, timeout: TIMEOUT },
    // The other one tries again by itself where a connection was cut, after a wait.
    httpClient: made.default.createFetchHttpClient(),
    ...(url === undefined
      ? {}
      : {
          host: url.hostname,
          port: url.port,
          protocol: url.protocol === 'http:' ? 'http' : 'https',
        }),
  });
}

/** What Stripe has of one of our invoices. */
export type StripeInvoice = {
  readonly id: string;
  readonly number: string;
  readonly state: PaymentState | 'draft';
  /** In the smallest coins. */
  readonly total: bigint;
};

export class StripeDoor {
  readonly #stripe: Stripe;

  constructor(stripe: Stripe) {
    this.#stripe = stripe;
  }

  /** What Stripe calls it; one that was made before is found if `isRepeated`. */
  async createCustomer(profile: BillingProfile, isRepeated: boolean): Promise<string> {
    const { customer, name, legalName } = profile;
    if (isRepeated) {
      const query = `metadata['${CUSTOMER_MARK}']:'${customer}'`;
      const { data } = await this.#stripe.customers.search({ query, limit: 1 });
      if (data[0] !== undefined) return data[0].id;
    }
    const made = await this.#stripe.customers.create(
      {
        name: legalName ?? name,
        metadata: { [CUSTOMER_MARK]: customer },
        ...(profile.address.length === 0 ? {} : { address: { line1: profile.address.join(', ') } }),
      },
      { idempotencyKey: `customer ${customer}` },
    );
    return made.id;
  }

  /** The subscription by which Stripe charges what it is told; none is made if there is one with these prices. */
  async subscribe(account: string, prices: readonly string[]): Promise<void> {
    if (prices.length === 0) return;
    const listed = this.#stripe.subscriptions.list({ customer: account, limit: PAGE });
    for await (const one of listed) {
      const has = new Set(one.items.data.map(({ price }) => price.id));
      if (prices.every((price) => has.has(price))) return;
    }
    await this.#stripe.subscriptions.create(
      { customer: account, items: prices.map((price) => ({ price })) },
      { idempotencyKey: `subscription ${account} ${prices.join(' ')}` },
    );
  }

  async sendMeter(
    account: string,
    key: string,
    { event, value, hour }: Pick<MeterNews, 'event' | 'value' | 'hour'>,
  ): Promise<void> {
    await this.#stripe.billing.meterEvents.create(
      {
        event_name: event,
        payload: { stripe_customer_id: account, value },
        identifier: key,
        timestamp: hour / 1_000,
      },
      { idempotencyKey: key },
    );
  }

  /** What Stripe has counted in a span of whole hours. */
  async meterSum(
    meter: string,
    account: string,
    { from, to }: { readonly from: Timestamp; readonly to: Timestamp },
  ): Promise<bigint> {
    const span = { start_time: from / 1_000, end_time: to / 1_000 };
    const listed = this.#stripe.billing.meters.listEventSummaries(meter, {
      ...{ customer: account, ...span, limit: PAGE },
    });
    let sum = 0n;
    for await (const { aggregated_value } of listed) sum += BigInt(Math.round(aggregated_value));
    return sum;
  }

  /** What Stripe calls its meters, by the events that they count. */
  async meters(): Promise<ReadonlyMap<string, string>> {
    const found = new Map<string, string>();
    for await (const { event_name, id } of this.#stripe.billing.meters.list({ limit: PAGE })) {
      found.set(event_name, id);
    }
    return found;
  }

  /**
   * Makes our invoice Stripe's, line by line, and has it paid. What an earlier attempt has made of it is found and gone on
   * with, however long ago that was.
   */
  async sendInvoice(
    account: string,
    key: string,
    invoice: Invoice,
    isRepeated: boolean,
  ): Promise<StripeInvoice> {
    const found = isRepeated ? await this.findInvoice(account, invoice) : undefined;
    if (found !== undefined && found.state !== 'draft') return found;
    const id = found?.id ?? (await this.#createInvoice(account, key, invoice));
    const has = found === undefined ? new Set<string>() : await this.#linesOf(id);
    const currency = invoice.currency.toLowerCase();
    for (const [at, { says, amount }] of invoice.lines.entries()) {
      if (amount === 0n || has.has(String(at))) continue;
      await this.#stripe.invoiceItems.create(
        {
          ...{ customer: account, invoice: id, currency, description: says },
          amount: Number(coinsOf(amount, invoice.currency)),
          metadata: { [LINE_MARK]: String(at) },
        },
        { idempotencyKey: `${key} line ${at}` },
      );
    }
    const done = await this.#stripe.invoices.finalizeInvoice(
      id,
      { auto_advance: true },
      { idempotencyKey: `${key} finalize` },
    );
    return invoiceOf(done, invoice.number);
  }

  async #createInvoice(account: string, key: string, invoice: Invoice): Promise<string> {
    const made = await this.#stripe.invoices.create(
      {
        ...{ customer: account, currency: invoice.currency.toLowerCase(), auto_advance: false },
        // Nothing but our lines is on it.
        pending_invoice_items_behavior: 'exclude',
        metadata: { [NUMBER_MARK]: invoice.number },
        description: `Invoice ${invoice.number} for ${invoice.month}`,
      },
      { idempotencyKey: `${key} create` },
    );
    return made.id ?? '';
  }

  async #linesOf(invoice: string): Promise<ReadonlySet<string>> {
    const has = new Set<string>();
    for await (const { metadata } of this.#stripe.invoiceItems.list({ invoice, limit: PAGE })) {
      const line = metadata?.[LINE_MARK];
      if (line !== undefined) has.add(line);
    }
    return has;
  }

  async findInvoice(
    account: string,
    { number }: Pick<InvoiceNews, 'number'>,
  ): Promise<StripeInvoice | undefined> {
    for await (const one of this.#stripe.invoices.list({ customer: account, limit: PAGE })) {
      if (one.metadata?.[NUMBER_MARK] === number) return invoiceOf(one, number);
    }
    return undefined;
  }

  async portal(account: string): Promise<string> {
    return (await this.#stripe.billingPortal.sessions.create({ customer: account })).url;
  }

  /** A message of Stripe; undefined for one that is not signed by it, or is older than five minutes. */
  read(
    body: Uint8Array,
    signature: string,
    { secret, now }: { readonly secret: string; readonly now: Timestamp },
  ): Stripe.Event | undefined {
    try {
      return this.#stripe.webhooks.constructEvent(
        Buffer.from(body),
        signature,
        secret,
        TOLERANCE_S,
        undefined,
        now,
      );
    } catch {
      return undefined;
    }
  }
}

const TOLERANCE_S = 300;

const STATES: Readonly<Record<string, StripeInvoice['state']>> = {
  ...{ draft: 'draft', open: 'open', paid: 'paid', void: 'void', uncollectible: 'failed' },
};

const invoiceOf = (invoice: Stripe.Invoice, number: string): StripeInvoice => ({
  ...{ id: invoice.id ?? '', number, total: BigInt(invoice.total) },
  state: STATES[invoice.status ?? ''] ?? 'open',
});

export const coinsOf = (amount: bigint, currency: Currency): bigint => amount / coinOf(currency);

/** Which of our customers and invoices a message is about. */
export const numberIn = (invoice: Stripe.Invoice): string | null =>
  invoice.metadata?.[NUMBER_MARK] ?? null;

/** Whether Stripe refuses it because of what it is, and not because of the moment. */
export const isRefusal = (error: unknown): boolean =>
  typeof error === 'object' &&
  error !== null &&
  'type' in error &&
  error.type === 'StripeInvalidRequestError';

/** In its own words. It names keys by their last digits only. */
export const wordsOf = (error: unknown): string =>
  error instanceof Error ? error.message.slice(0, 500) : 'unknown';
