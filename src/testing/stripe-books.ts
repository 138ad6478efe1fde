/** What Stripe keeps: customers, subscriptions, meters and invoices, in the shapes of its OpenAPI document. */
import type { Clock } from '../domain/clock.ts';

export type Form = ReadonlyMap<string, string>;

export class StripeRefusal extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

type Kept = { readonly id: string; [field: string]: unknown };

type MeterEvent = {
  readonly event: string;
  readonly customer: string;
  readonly identifier: string;
  readonly value: number;
  readonly timestamp: number;
  readonly at: number;
};

const DAY_S = 86_400;
const OLDEST_S = 35 * DAY_S;
const FUTURE_S = 300;

const PAGE_MAX = 100;

export class StripeBooks {
  readonly customers: Kept[] = [];
  readonly subscriptions: Kept[] = [];
  readonly invoices: Kept[] = [];
  readonly items: Kept[] = [];
  readonly meters: Kept[] = [];
  readonly events: MeterEvent[] = [];
  /** Smaller pages than were asked for: there is always a next one to be missed. */
  pageMax = 2;
  /** Events are taken at once and counted later. */
  countedAfterS = 600;
  readonly #clock: Clock;
  #last = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  newId(kind: string): string {
    return `${kind}_${String(++this.#last).padStart(8, '0')}`;
  }

  addMeter(event_name: string): void {
    this.meters.push({ id: this.newId('mtr'), object: 'billing.meter', event_name });
  }

  get(path: string, form: Form): object {
    const [, summaries] = /^\/v1\/billing\/meters\/(\w+)\/event_summaries$/.exec(path) ?? [];
    if (summaries !== undefined) return this.#summaries(summaries, form);
    const of = form.get('customer');
    const own = (all: readonly Kept[]) =>
      all.filter((one) => of === undefined || one.customer === of);
    switch (path) {
      case '/v1/customers/search':
        return this.#search(form);
      case '/v1/subscriptions':
        return this.#page(own(this.subscriptions), form, path);
      case '/v1/billing/meters':
        return this.#page(this.meters, form, path);
      case '/v1/invoices':
        return this.#page(own(this.invoices).toReversed(), form, path);
      case '/v1/invoiceitems':
        return this.#page(
          this.items.filter((item) => item.invoice === form.get('invoice')),
          form,
          path,
        );
      default:
        throw new StripeRefusal(404, 'resource_missing', `Unrecognized request URL ${path}`);
    }
  }

  post(path: string, form: Form): object {
    const [, invoice] = /^\/v1\/invoices\/(\w+)\/finalize$/.exec(path) ?? [];
    if (invoice !== undefined) return this.#finalize(invoice);
    switch (path) {
      case '/v1/customers':
        return keep(this.customers, {
          ...{ id: this.newId('cus'), object: 'customer', name: form.get('name') },
          metadata: metadataOf(form),
        });
      case '/v1/subscriptions':
        return this.#subscribe(form);
      case '/v1/billing/meter_events':
        return this.#meter(form);
      case '/v1/invoices':
        return keep(this.invoices, {
          ...{ id: this.newId('in'), object: 'invoice', status: 'draft', total: 0 },
          ...{ customer: this.#customer(form), currency: needed(form, 'currency') },
          metadata: metadataOf(form),
        });
      case '/v1/invoiceitems':
        return this.#item(form);
      case '/v1/billing_portal/sessions':
        return {
          id: this.newId('bps'),
          url: `https://billing.stripe.example/${this.#customer(form)}`,
        };
      default:
        throw new StripeRefusal(404, 'resource_missing', `Unrecognized request URL ${path}`);
    }
  }

  /** Of a meter: what was told of a span, and counted until then. */
  sumOf(
    event: string,
    customer: string,
    { from = 0, to = Number.POSITIVE_INFINITY, counted = Number.POSITIVE_INFINITY } = {},
  ): number {
    return this.events
      .filter((one) => one.event === event && one.customer === customer && one.at <= counted)
      .filter(({ timestamp }) => timestamp >= from && timestamp < to)
      .reduce((sum, { value }) => sum + value, 0);
  }

  #customer(form: Form): string {
    const id = needed(form, 'customer');
    if (this.customers.some((one) => one.id === id)) return id;
    throw new StripeRefusal(400, 'resource_missing', `No such customer: '${id}'`);
  }

  #subscribe(form: Form): object {
    const prices = [...form].filter(([name]) => /^items\[\d+\]\[price\]$/.test(name));
    const data = prices.map(([, price]) => ({ id: this.newId('si'), price: { id: price } }));
    return keep(this.subscriptions, {
      ...{ id: this.newId('sub'), object: 'subscription', customer: this.#customer(form) },
      items: { object: 'list', data, has_more: false },
    });
  }

  #meter(form: Form): object {
    const now = Math.floor(this.#clock.wall() / 1_000);
    const event = needed(form, 'event_name');
    const identifier = needed(form, 'identifier');
    const timestamp = Number(needed(form, 'timestamp'));
    const text = needed(form, 'payload[value]');
    const customer = needed(form, 'payload[stripe_customer_id]');
    const refuse = (why: string): never => {
      throw new StripeRefusal(400, 'parameter_invalid', why);
    };
    if (!this.meters.some((one) => one.event_name === event)) refuse(`No meter for ${event}`);
    if (!this.customers.some((one) => one.id === customer))
      refuse(`No such customer: '${customer}'`);
    if (identifier.length > 100) refuse('The identifier is too long');
    if (!/^\d{1,15}$/.test(text)) refuse('The value must be a number');
    if (timestamp < now - OLDEST_S) refuse('The timestamp is too far in the past');
    if (timestamp > now + FUTURE_S) refuse('The timestamp is in the future');
    const known = this.events.some((one) => one.identifier === identifier && now - one.at < DAY_S);
    if (known) refuse(`An event already exists with identifier ${identifier}.`);
    this.events.push({ event, customer, identifier, timestamp, value: Number(text), at: now });
    return { object: 'billing.meter_event', event_name: event, identifier, timestamp };
  }

  #summaries(meter: string, form: Form): object {
    const found = this.meters.find(({ id }) => id === meter);
    if (found === undefined) throw new StripeRefusal(404, 'resource_missing', 'No such meter');
    const start = Number(needed(form, 'start_time'));
    const end = Number(needed(form, 'end_time'));
    if (start % 60 !== 0 || end % 60 !== 0) {
      throw new StripeRefusal(400, 'parameter_invalid', 'Times must be whole minutes');
    }
    const counted = Math.floor(this.#clock.wall() / 1_000) - this.countedAfterS;
    const sum = this.sumOf(String(found.event_name), this.#customer(form), {
      ...{ from: start, to: end, counted },
    });
    const summary = { id: 'sum_1', object: 'billing.meter_event_summary', aggregated_value: sum };
    const data = [{ ...summary, meter, start_time: start, end_time: end }];
    return {
      object: 'list',
      data,
      has_more: false,
      url: `/v1/billing/meters/${meter}/event_summaries`,
    };
  }

  #item(form: Form): object {
    const invoice = this.#invoice(needed(form, 'invoice'));
    if (invoice.status !== 'draft') {
      throw new StripeRefusal(400, 'invoice_not_editable', 'This invoice is no longer editable');
    }
    const amount = Number(needed(form, 'amount'));
    if (!Number.isSafeInteger(amount)) throw new StripeRefusal(400, 'parameter_invalid', 'amount');
    invoice.total = Number(invoice.total) + amount;
    return keep(this.items, {
      ...{ id: this.newId('ii'), object: 'invoiceitem', customer: this.#customer(form), amount },
      ...{ invoice: invoice.id, metadata: metadataOf(form), description: form.get('description') },
    });
  }

  #finalize(id: string): object {
    const invoice = this.#invoice(id);
    if (invoice.status !== 'draft') {
      throw new StripeRefusal(400, 'invoice_not_editable', 'This invoice is already finalized');
    }
    invoice.status = 'open';
    return { ...invoice };
  }

  #invoice(id: string): Kept {
    const found = this.invoices.find((one) => one.id === id);
    if (found === undefined) throw new StripeRefusal(404, 'resource_missing', 'No such invoice');
    return found;
  }

  #search(form: Form): object {
    const [, name = '', value] = /^metadata\['(\w+)'\]:'(\w+)'$/.exec(needed(form, 'query')) ?? [];
    const data = this.customers.filter(
      ({ metadata }) => value !== undefined && Object(metadata)[name] === value,
    );
    return { object: 'search_result', data, has_more: false, url: '/v1/customers/search' };
  }

  #page(all: readonly Kept[], form: Form, url: string): object {
    const limit = Number(form.get('limit') ?? 10);
    if (limit > PAGE_MAX) throw new StripeRefusal(400, 'parameter_invalid', 'limit');
    const after = form.get('starting_after');
    const from = after === undefined ? 0 : all.findIndex(({ id }) => id === after) + 1;
    const data = all.slice(from, from + Math.min(limit, this.pageMax));
    return { object: 'list', data, has_more: from + data.length < all.length, url };
  }
}

function keep(all: Kept[], one: Kept): object {
  all.push(one);
  return { ...one };
}

function needed(form: Form, name: string): string {
  const value = form.get(name);
  if (value !== undefined) return value;
  throw new StripeRefusal(400, 'parameter_missing', `Missing required param: ${name}.`);
}

const metadataOf = (form: Form): object =>
  Object.fromEntries(
    [...form].flatMap(([name, value]) => {
      const key = /^metadata\[(\w+)\]$/.exec(name)?.[1];
      return key === undefined ? [] : [[key, value]];
    }),
  );
