/**
 * A payment provider, and what it is still to be told.
 *
 * Our ledger stays the truth. What the provider is to know is written to an outbox first, under a key that names it for ever,
 * and told as often as it takes; the provider knows the key, so that telling it twice is telling it once.
 */
import type { PaymentState } from './billing.ts';
import type { CustomerId } from './ids.ts';
import type { Timestamp } from './units.ts';
import type { Meter } from './use.ts';

/** What was used in an hour, in the provider's whole units. */
export type MeterNews = {
  readonly kind: 'meter';
  readonly meter: Meter;
  /** What the provider calls the meter. */
  readonly event: string;
  readonly value: string;
  /** The hour's beginning. */
  readonly hour: Timestamp;
};

/** An invoice that was closed. */
export type InvoiceNews = { readonly kind: 'invoice'; readonly number: string };

export type News = MeterNews | InvoiceNews;

export type OutboxItem = {
  readonly id: number;
  readonly key: string;
  readonly customer: CustomerId;
  readonly news: News;
  readonly attempts: number;
  /** When it was first tried: what came of that may be unknown. */
  readonly begunAt: Timestamp | null;
};

export type NewOutboxItem = Pick<OutboxItem, 'key' | 'customer' | 'news'>;

/** What a customer has used of a meter in a month, until the hour that was told last. */
export type MeterUsed = {
  readonly customer: CustomerId;
  readonly month: string;
  readonly meter: Meter;
  readonly used: bigint;
};

/** What a message of the provider says of an invoice there. */
export type PaymentMessage = {
  readonly id: string;
  /** When it came. */
  readonly at: Timestamp;
  /** When the provider says that it happened: messages come in any order. */
  readonly saidAt: Timestamp;
  readonly providerId: string;
  readonly state: PaymentState;
  readonly note: string;
  /** Of our invoice; null for one that the provider has made by itself. */
  readonly number: string | null;
  /** Null for a customer that we do not know. */
  readonly customer: CustomerId | null;
};

export type MeterTold = {
  readonly customer: CustomerId;
  readonly meter: Meter;
  readonly event: string;
  /** In the provider's units. */
  readonly value: bigint;
  /** Of how many items nobody knows yet that they have arrived. */
  readonly waiting: number;
  /** How much of it has arrived since the time that was given only: the provider may not have counted that yet. */
  readonly fresh: bigint;
};

export interface PaymentStore {
  account(customer: CustomerId): Promise<string | undefined>;
  customerOf(providerId: string): Promise<CustomerId | undefined>;
  /** The first one stands. */
  saveAccount(customer: CustomerId, providerId: string): Promise<void>;

  /** Up to which hour use is in the outbox; `start` if nothing is, which is kept then. */
  toldUntil(start: Timestamp): Promise<Timestamp>;
  used(month: string): Promise<readonly MeterUsed[]>;
  /**
   * Moves on from one hour to the next, with what that adds, in one transaction. False, and nothing done, if somebody else has
   * moved on from there.
   */
  tell(hour: {
    readonly from: Timestamp;
    readonly to: Timestamp;
    readonly used: readonly MeterUsed[];
    readonly items: readonly NewOutboxItem[];
  }): Promise<boolean>;
  /** Puts invoices that were closed since then into the outbox, of those that are not there; returns how many. */
  tellInvoices(since: Timestamp, now: Timestamp): Promise<number>;

  due(now: Timestamp, limit: number): Promise<readonly OutboxItem[]>;
  /** Written before it is tried. */
  begin(id: number, at: Timestamp): Promise<void>;
  done(id: number, at: Timestamp): Promise<void>;
  /** Null for `nextAt` gives it up. */
  failed(id: number, why: string, nextAt: Timestamp | null): Promise<void>;
  /** Tries at once what has failed or was given up; the keys of what is to be told again although it was told. */
  again(keys: readonly string[], now: Timestamp): Promise<void>;
  /** In the outbox, of the month. */
  metersTold(
    month: { readonly from: Timestamp; readonly to: Timestamp },
    freshFrom: Timestamp,
  ): Promise<readonly MeterTold[]>;
  waiting(): Promise<{ readonly items: number; readonly lastError: string | null }>;

  notePayment(
    number: string,
    state: PaymentState,
    providerId: string,
    at: Timestamp,
  ): Promise<void>;
  /**
   * All that a message changes, and that it was taken. False, and nothing changed, for one that was taken before, and for one
   * behind which something later is known already: what is paid or void stays so.
   */
  take(message: PaymentMessage): Promise<boolean>;
  forgetMessages(before: Timestamp): Promise<void>;
}

/** Where our books and the provider's differ. */
export type Difference = {
  readonly customer: CustomerId;
  /** A meter, or the number of an invoice. */
  readonly what: string;
  readonly ours: string;
  readonly theirs: string;
  /** What was done about it; null for nothing. */
  readonly mended: string | null;
};

export interface PaymentProvider {
  /** The body as it came, and its signature. Throws `PAYMENT_MESSAGE_FORGED`. */
  receive(body: Uint8Array, signature: string): Promise<void>;
  /** Throws `PAYMENTS_REFUSED`. */
  reconcile(
    month: { readonly name: string; readonly from: Timestamp; readonly to: Timestamp },
    mend: boolean,
  ): Promise<readonly Difference[]>;
  /** Where the customer sees and pays what it owes. Throws `PAYMENTS_REFUSED`. */
  portal(customer: CustomerId): Promise<string>;
  /** What is still to be told. */
  waiting(): Promise<{ readonly items: number; readonly lastError: string | null }>;
}
