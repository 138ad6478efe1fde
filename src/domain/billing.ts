/**
 * What the catalog keeps of billing: who was on which plan, what customers were billed, and what they have with us.
 *
 * Amounts are millionths of a millionth of the currency's unit, as in `economics/money.ts`; months are `2026-11`.
 */
import type { CustomerId, TenantId } from './ids.ts';
import type { Plan } from './tier.ts';
import type { Timestamp } from './units.ts';

/** From `at` on the tenant was this customer's and on this plan, until the next change. */
export type PlanChange = {
  readonly tenant: TenantId;
  /** As it was called then. */
  readonly name: string;
  /** Null for nobody's. */
  readonly customer: CustomerId | null;
  /** Null once it is gone. */
  readonly plan: Plan | null;
  readonly at: Timestamp;
};

export type TaxSetting = {
  readonly name: string;
  /** In hundredths of a percent: 1900 for 19 %. */
  readonly rate: number;
  readonly reverseCharge: boolean;
};

/** To whom invoices are made out. */
export type BillingProfile = {
  readonly customer: CustomerId;
  /** What the customer is called. */
  readonly name: string;
  /** In place of that on invoices; null for none. */
  readonly legalName: string | null;
  readonly address: readonly string[];
  readonly taxId: string | null;
  readonly taxes: readonly TaxSetting[];
  /** A payment has failed, and none has succeeded since; null if nothing is wrong. */
  readonly failed: { readonly at: Timestamp; readonly note: string } | null;
};

export type BillingProfileChange = Partial<
  Pick<BillingProfile, 'legalName' | 'address' | 'taxId' | 'taxes'>
>;

/** A credit is what a customer has with us; an adjustment is what an earlier month was billed too little. */
export const ITEM_KINDS = ['credit', 'adjustment'] as const;

export type ItemKind = (typeof ITEM_KINDS)[number];

export type BillingItem = {
  readonly id: string;
  readonly customer: CustomerId;
  readonly kind: ItemKind;
  readonly says: string;
  readonly currency: string;
  readonly amount: bigint;
  /** What no invoice has used yet. */
  readonly remaining: bigint;
  readonly createdAt: Timestamp;
};

/** How an invoice stands with the payment provider; null for one that it has not been told of. */
export const PAYMENT_STATES = ['open', 'paid', 'failed', 'void'] as const;

export type PaymentState = (typeof PAYMENT_STATES)[number];

/** What is seen of an invoice in a list. */
export type InvoiceHead = {
  readonly number: string;
  readonly customer: CustomerId;
  readonly month: string;
  readonly currency: string;
  readonly total: bigint;
  readonly closedAt: Timestamp;
  readonly payment: PaymentState | null;
};

export type StoredInvoice = InvoiceHead & {
  /** As it was closed; nothing else counts. */
  readonly text: string;
  readonly digest: string;
  /** What it was made of besides the ledger. */
  readonly basis: string;
};

/** What an invoice is given in the transaction that closes it. */
export type ClosingGiven = {
  /** Behind the last invoice's. */
  readonly ordinal: number;
  /** Those that are not used up, the oldest first. */
  readonly items: readonly BillingItem[];
};

export type Closing = Omit<StoredInvoice, 'customer' | 'month' | 'payment'> & {
  /** What is left of items that it has used. */
  readonly remaining: ReadonlyMap<string, bigint>;
};

export type InvoiceQuery = {
  readonly customer?: CustomerId | undefined;
  readonly month?: string | undefined;
  /** The `number` of the last one of the page before. */
  readonly after?: string | undefined;
  readonly limit: number;
};

/** What the operator sets; kept as one. */
export type BillingSettings = {
  /** At the head of invoices. Nothing is closed before it has a name. */
  readonly seller: {
    readonly name: string;
    readonly address: readonly string[];
    readonly taxId: string | null;
    /** In large letters above all, in place of a picture; empty for none. */
    readonly logoText: string;
    /** At the end: bank account, terms. */
    readonly footer: readonly string[];
  };
  /** What numbers of invoices begin with. */
  readonly numberPrefix: string;
  /** This month and later ones are closed without being asked for; null for none. */
  readonly closesFrom: string | null;
  /** After the end of the month: what was used is counted by then. */
  readonly graceHours: number;
  /** What the payment provider is told: closed invoices, what was used, or nothing. */
  readonly tells: 'invoices' | 'meters' | 'nothing';
  /** Prices of the provider that a customer's subscription there is made of. */
  readonly prices: readonly string[];
  /** Which meters the provider is told of: under which name, and how many base units are one there. */
  readonly meters: Readonly<Record<string, { readonly event: string; readonly per: string }>>;
};

export const BILLING_DEFAULT: BillingSettings = {
  seller: { name: '', address: [], taxId: null, logoText: '', footer: [] },
  ...{ numberPrefix: '', closesFrom: null, graceHours: 6 },
  ...{ tells: 'nothing', prices: [], meters: {} },
};

export interface BillingStore {
  settings(): Promise<BillingSettings>;
  saveSettings(settings: BillingSettings): Promise<void>;

  /**
   * Of one tenant, of all that were ever the customer's, or of all there are: before `to`, by tenant and time; without those that
   * were gone before `from`.
   */
  planChanges(
    of: { readonly tenant?: TenantId | undefined; readonly customer?: CustomerId | undefined },
    span: { readonly from: Timestamp; readonly to: Timestamp },
  ): Promise<readonly PlanChange[]>;
  /** Whoever has had a tenant before `to`, or has something open. */
  payers(to: Timestamp): Promise<readonly CustomerId[]>;

  /** Undefined for one that never was. */
  profile(customer: CustomerId): Promise<BillingProfile | undefined>;
  /** Throws `CUSTOMER_UNKNOWN`. */
  changeProfile(customer: CustomerId, change: BillingProfileChange): Promise<BillingProfile>;

  addItem(item: BillingItem): Promise<void>;
  /** The oldest first. */
  items(customer: CustomerId): Promise<readonly BillingItem[]>;

  /**
   * Writes what `make` makes of what it is given, and uses up its items, in one transaction: after a crash either all of it is
   * there or nothing, and the number was not taken. One closing after the other. Null, and nothing written, if `make` says so.
   * Throws `PERIOD_CLOSED` if the customer has an invoice for the month.
   */
  close(
    customer: CustomerId,
    month: string,
    make: (given: ClosingGiven) => Closing | null,
  ): Promise<StoredInvoice | null>;
  /** The latest first. */
  list(query: InvoiceQuery): Promise<readonly InvoiceHead[]>;
  byNumber(number: string): Promise<StoredInvoice | undefined>;
  ofMonth(customer: CustomerId, month: string): Promise<StoredInvoice | undefined>;
  /** By number, the first first: for who checks all of them. */
  walk(after: number, limit: number): Promise<readonly (StoredInvoice & { ordinal: number })[]>;

  /** Every customer has its invoice. */
  markMonth(month: string, at: Timestamp): Promise<void>;
  isMarked(month: string): Promise<boolean>;
}
