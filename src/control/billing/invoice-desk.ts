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
import { Serial } from '../../domain/serial.ts';
import { hours, later, type Timestamp, timestamp } from '../../domain/units.ts';
import { type Invoice, isIntact } from '../../economics/invoice.ts';
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
  /** The ledger gives it again, text for text; null where it no longer keeps the hours of that month. */
  readonly isSame: boolean | null;
  /** What the ledger says more, or less, than the invoice and its corrections together. */
  readonly difference: bigint;
  readonly currency: string;
  /** Ids of what has put it right in open months, the oldest first. */
  readonly corrections: readonly string[];
  /** Nothing is to be done: it was not tampered with, and what the ledger says otherwise is put right. */
  readonly isGood: boolean;
};

/** Invoices that are checked from one answer of the catalog. */
const WALK = 100;

export class InvoiceDesk {
  readonly #world: InvoiceWorld;
  readonly #turns = new Serial<'close'>();

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
  close(month: Month): Promise<Closed> {
    return this.#turns.run('close', () => this.#close(month));
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
   * an adjustment or a credit in an open month: each difference once, however often it is asked, and what comes to it
   * later by another one.
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
    const head = { number, customer, month, currency };
    const stands = isIntact(stored, this.#world.digest);
    const { corrections, corrected, nextId } = await this.#corrections(stored);
    const again = await this.#remade(stored);
    if (again === null) {
      const unknown = { isSame: null, difference: 0n, corrections };
      return { ...head, ...unknown, isIntact: stands, isGood: stands };
    }
    const isSame = printJson(again) === stored.text;
    const missing = again.charged - readInvoice(stored.text).charged - corrected;
    const isCorrected = correct && missing !== 0n;
    if (isCorrected) await this.#correct(nextId, stored, missing);
    const difference = isCorrected ? 0n : missing;
    const all = isCorrected ? [...corrections, nextId] : corrections;
    const isSettled = isSame || (difference === 0n && all.length > 0);
    return {
      ...{ ...head, isIntact: stands, isSame, difference, corrections: all },
      isGood: stands && isSettled,
    };
  }

  /** What has been put right of an invoice, and how the next correction is called: two who find the same one make it once. */
  async #corrections({ number, customer }: StoredInvoice) {
    const items = new Map((await this.#world.store.items(customer)).map((one) => [one.id, one]));
    const corrections: string[] = [];
    let corrected = 0n;
    for (;;) {
      const nextId = `correction-${number}${corrections.length === 0 ? '' : `-${corrections.length + 1}`}`;
      const item = items.get(nextId);
      if (item === undefined) return { corrections, corrected, nextId };
      corrections.push(nextId);
      corrected += item.kind === 'adjustment' ? item.amount : -item.amount;
    }
  }

  async #remade(stored: StoredInvoice): Promise<Invoice | null> {
    const month = monthNamed(stored.month);
    const { ledger } = this.#world;
    return (await ledger.keptFrom()) > month.from ? null : await remade(this.#world, stored, month);
  }

  async #correct(id: string, of: StoredInvoice, difference: bigint): Promise<void> {
    const { store, clock } = this.#world;
    const { customer, currency, number, month } = of;
    const amount = difference < 0n ? -difference : difference;
    await store.addItem({
      ...{ id, kind: difference < 0n ? 'credit' : 'adjustment', amount, remaining: amount },
      ...{ customer, currency, createdAt: clock.wall() },
      says: `Correction of invoice ${number} for ${month}`,
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
