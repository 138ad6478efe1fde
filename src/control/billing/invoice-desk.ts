/** Invoices: drafted, closed, looked at, checked against the ledger, and corrected in an open month. */
import type {
  BillingSettings,
  InvoiceHead,
  InvoiceQuery,
  StoredInvoice,
} from '../../domain/billing.ts';
import type { Clock } from '../../domain/clock.ts';
import type { Events } from '../../domain/events.ts';
import { fault } from '../../domain/faults.ts';
import type { CustomerId } from '../../domain/ids.ts';
import type { Log } from '../../domain/log.ts';
import { hours, later, type Timestamp, timestamp } from '../../domain/units.ts';
import { correctionOf, type Invoice, isIntact } from '../../economics/invoice.ts';
import { printJson } from '../../economics/invoice-text.ts';
import { NOTHING } from '../../economics/money.ts';
import { type Month, monthOf } from '../../economics/month.ts';
import { type BillingWorld, closingOf, draftOf, gathered, remade } from './invoice-closing.ts';
import { readInvoice } from './invoice-file.ts';

export type InvoiceWorld = BillingWorld & {
  readonly clock: Clock;
  readonly log: Log;
  readonly events: Events;
};

/** What is written on a draft in place of a number. */
const DRAFT = 'draft';

export type Closed = {
  readonly month: string;
  /** Numbers of those that were closed now. */
  readonly numbers: readonly string[];
  /** Customers that had their invoice already, or owe nothing. */
  readonly skipped: number;
};

export type Verdict = {
  readonly number: string;
  readonly customer: CustomerId;
  readonly month: string;
  /** The text is the one that was closed. */
  readonly isIntact: boolean;
  /** The ledger gives it again, text for text. */
  readonly isSame: boolean;
  /** What the ledger says more, or less: what a correction would be. */
  readonly difference: bigint;
  readonly currency: string;
  /** Id of the correction that stands in an open month. */
  readonly correction: string | null;
};

/** Invoices that are checked from one answer of the catalog. */
const WALK = 100;

export class InvoiceDesk {
  readonly #world: InvoiceWorld;
  #closing: Promise<unknown> = Promise.resolve();

  constructor(world: InvoiceWorld) {
    this.#world = world;
  }

  list(query: InvoiceQuery): Promise<readonly InvoiceHead[]> {
    return this.#world.store.list(query);
  }

  /** Throws `INVOICE_UNKNOWN`, also for one of another customer. */
  async find(number: string, customer: CustomerId | null): Promise<StoredInvoice> {
    const found = await this.#world.store.byNumber(number);
    if (found !== undefined && (customer === null || found.customer === customer)) return found;
    throw fault('INVOICE_UNKNOWN', { invoice: number });
  }

  /** As the month stands now; of a closed one the invoice that it has. Throws `CUSTOMER_UNKNOWN`. */
  async draft(
    customer: CustomerId,
    month: Month,
  ): Promise<{ readonly text: string; readonly invoice: Invoice }> {
    const { store, clock } = this.#world;
    const stored = await store.ofMonth(customer, month.name);
    if (stored !== undefined) return { text: stored.text, invoice: readInvoice(stored.text) };
    const known = await gathered(this.#world, customer, month, await store.settings());
    const items = (await store.items(customer)).filter(({ remaining }) => remaining > 0n);
    const { invoice } = draftOf(known, { number: DRAFT, at: clock.wall(), items });
    return { text: printJson(invoice), invoice };
  }

  /**
   * Gives every customer its invoice for the month. Repeating it does no harm: after a crash it goes on where it was.
   * Throws `MONTH_OPEN`, `SELLER_MISSING`.
   */
  async close(month: Month): Promise<Closed> {
    const turn = this.#closing.then(() => this.#close(month));
    this.#closing = turn.catch(() => undefined);
    return await turn;
  }

  async #close(month: Month): Promise<Closed> {
    const { store, clock, events } = this.#world;
    const settings = await store.settings();
    if (settings.seller.name === '') throw fault('SELLER_MISSING', {});
    const until = closesAt(month, settings);
    if (clock.wall() < until) {
      throw fault('MONTH_OPEN', { month: month.name, until: new Date(until).toISOString() });
    }
    const numbers: string[] = [];
    let skipped = 0;
    for (const customer of await store.payers(month.to)) {
      const closed = await this.#closeOne(customer, month, settings);
      if (closed === null) skipped++;
      else {
        numbers.push(closed.number);
        const { number, total } = readInvoice(closed.text);
        const data = { number, month: month.name, currency: closed.currency };
        events.publish({
          ...{ type: 'invoice.closed', customer },
          data: { ...data, isZero: total === NOTHING },
        });
      }
    }
    await store.markMonth(month.name, clock.wall());
    return { month: month.name, numbers, skipped };
  }

  async #closeOne(
    customer: CustomerId,
    month: Month,
    settings: BillingSettings,
  ): Promise<StoredInvoice | null> {
    const { store, clock, digest } = this.#world;
    if ((await store.ofMonth(customer, month.name)) !== undefined) return null;
    const known = await gathered(this.#world, customer, month, settings);
    const at = clock.wall();
    return await store.close(customer, month.name, (given) =>
      closingOf(known, given, { at, digest }),
    );
  }

  /** Months that are over and not marked, from the first that is to be closed; closed one after the other. */
  async closeDue(): Promise<readonly Closed[]> {
    const { store, clock } = this.#world;
    const settings = await store.settings();
    if (settings.closesFrom === null || settings.seller.name === '') return [];
    const done: Closed[] = [];
    let month = monthNamed(settings.closesFrom);
    while (clock.wall() >= closesAt(month, settings)) {
      if (!(await store.isMarked(month.name))) done.push(await this.close(month));
      month = monthOf(month.to);
    }
    return done;
  }

  /**
   * Makes invoices again from the ledger, and compares them text for text. With `correct` what differs is put right by
   * an adjustment or a credit in an open month, once.
   */
  async *verify(
    query: { readonly number?: string | undefined; readonly month?: string | undefined },
    correct: boolean,
  ): AsyncGenerator<Verdict, void, void> {
    const { store } = this.#world;
    if (query.number !== undefined) {
      yield await this.#verdict(await this.find(query.number, null), correct);
      return;
    }
    for (let after = 0; ; ) {
      const some = await store.walk(after, WALK);
      for (const stored of some) {
        if (query.month !== undefined && stored.month !== query.month) continue;
        yield await this.#verdict(stored, correct);
      }
      const last = some.at(-1);
      if (last === undefined) return;
      after = last.ordinal;
    }
  }

  async #verdict(stored: StoredInvoice, correct: boolean): Promise<Verdict> {
    const { number, customer, month, currency } = stored;
    const again = await remade(this.#world, stored, monthNamed(month));
    const before = readInvoice(stored.text);
    const difference = again.charged - before.charged;
    const id = `correction-${number}`;
    const known = (await this.#world.store.items(customer)).some((item) => item.id === id);
    if (correct && difference !== 0n && !known) await this.#correct(id, before, again);
    return {
      ...{ number, customer, month, currency, difference },
      isIntact: isIntact(stored, this.#world.digest),
      isSame: printJson(again) === stored.text,
      correction: known || (correct && difference !== 0n) ? id : null,
    };
  }

  async #correct(id: string, before: Invoice, after: Invoice): Promise<void> {
    const { store, clock } = this.#world;
    const put = correctionOf(before, after);
    if (put === null) return;
    const [kind, { says, amount }] =
      'credit' in put
        ? (['credit', put.credit] as const)
        : (['adjustment', put.adjustment] as const);
    await store.addItem({
      ...{ id, kind, says, amount, remaining: amount, createdAt: clock.wall() },
      ...{ customer: before.customer, currency: before.currency },
    });
  }
}

const closesAt = (month: Month, { graceHours }: BillingSettings): Timestamp =>
  later(month.to, hours(graceHours));

/** `2026-11`. Throws `BAD_REQUEST` for anything else. */
export function monthNamed(name: string): Month {
  const at = /^\d{4}-(0[1-9]|1[0-2])$/.test(name) ? Date.parse(`${name}-01T00:00:00Z`) : Number.NaN;
  if (Number.isNaN(at))
    throw fault('BAD_REQUEST', { why: `"${name}" is no month such as 2026-11` });
  return monthOf(timestamp(at));
}
