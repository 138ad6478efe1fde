/**
 * What is kept of money: price books and tariffs, what settled days have cost, budgets, and what was told of them.
 *
 * Amounts are whole millionths of millionths of the currency's unit; see `economics/money.ts`.
 */
import type { Json } from './decision.ts';
import type { CustomerId, TenantId } from './ids.ts';
import type { Plan, Tier } from './tier.ts';
import type { Timestamp } from './units.ts';
import type { Use } from './use.ts';

/** One text of a price book, as it was put. */
export type BookText = {
  readonly name: string;
  readonly revision: number;
  readonly document: string;
};

/** Which book holds from an hour on. */
export type BookInForce = { readonly since: Timestamp; readonly name: string };

export interface PriceStore {
  /** The newest text of each book. */
  books(): Promise<readonly BookText[]>;
  /** Adds the next revision, and says which. */
  putBook(name: string, document: string): Promise<number>;
  /** In their order. */
  inForce(): Promise<readonly BookInForce[]>;
  /** What was to hold from then on, or later, holds no more. */
  use(book: BookInForce): Promise<void>;
  /** Null before any were put. */
  tariffs(): Promise<{ readonly revision: number; readonly document: string } | null>;
  putTariffs(document: string): Promise<number>;
}

/** Whose a cost is: what differs in any of these is kept apart. */
export type CostPlace = {
  readonly tenant: TenantId;
  /** Null for a tenant of nobody. */
  readonly customer: CustomerId | null;
  readonly plan: Plan;
  readonly tier: Tier;
};

/** What was used and what it cost. */
export type CostSums = {
  readonly seconds: bigint;
  readonly use: Use;
  readonly attributed: bigint;
  readonly shared: bigint;
  /** What the same would have cost without sleep. */
  readonly alwaysOn: bigint;
};

export type CostShare = CostPlace & CostSums;

/** The whole fleet in one day of UTC. */
export type FleetDay = {
  readonly day: Timestamp;
  readonly book: { readonly name: string; readonly revision: number };
  readonly currency: string;
  readonly tenants: number;
  /** All that was paid, by hour: 24 of them. What a minimum adds is in the last. */
  readonly hours: readonly bigint[];
  /** Of our own processes. */
  readonly overheadUse: Use;
  readonly overhead: bigint;
  readonly idle: bigint;
  readonly minimum: bigint;
  /** Of these three, what no tenant bears. */
  readonly unborne: bigint;
  readonly machines: bigint;
  readonly total: bigint;
  readonly alwaysOn: bigint;
};

/** Whole days in [from, to). */
export type CostQuery = {
  readonly from: Timestamp;
  readonly to: Timestamp;
  readonly tenant?: TenantId | undefined;
  readonly customer?: CustomerId | undefined;
};

/** What is settled. A day is written once, whole, and never changed. */
export interface CostStore {
  /** Where the last settled day ends; null before any was settled. */
  settledUntil(): Promise<Timestamp | null>;
  /** Whether it was written: another server may have been first. */
  settle(day: FleetDay, shares: readonly CostShare[]): Promise<boolean>;
  days(query: Pick<CostQuery, 'from' | 'to'>): Promise<readonly FleetDay[]>;
  /** Summed by month and place. */
  byMonth(query: CostQuery): Promise<readonly (CostShare & { readonly month: Timestamp })[]>;
  /** Summed by day, plan and tier, in the order of days. */
  byDay(
    query: CostQuery,
  ): Promise<readonly (Omit<CostShare, 'tenant' | 'customer' | 'use'> & { day: Timestamp })[]>;
  /** Adds to what our own processes used in an hour. */
  addOverhead(hour: Timestamp, use: Use): Promise<void>;
  overhead(
    span: Pick<CostQuery, 'from' | 'to'>,
  ): Promise<readonly { readonly hour: Timestamp; readonly use: Use }[]>;
}

/** Of the operator's cost, or of what customers are charged. */
export const BUDGET_MEASURES = ['cost', 'charges'] as const;
export type BudgetMeasure = (typeof BUDGET_MEASURES)[number];

export type BudgetOwner =
  | { readonly kind: 'fleet' }
  | { readonly kind: 'tenant'; readonly id: TenantId }
  | { readonly kind: 'customer'; readonly id: CustomerId };

/** How much a month of UTC may come to. */
export type Budget = {
  readonly owner: BudgetOwner;
  readonly measure: BudgetMeasure;
  readonly amount: bigint;
  /** Whether its end is the end of use. */
  readonly isCapped: boolean;
  /** Who is written to, besides those who hear of events. */
  readonly emails: readonly string[];
};

/** `fleet`, or the id. */
export const ownerKey = (owner: BudgetOwner): string =>
  owner.kind === 'fleet' ? 'fleet' : owner.id;

export type StoredAlert = {
  readonly id: number;
  readonly at: Timestamp;
  readonly owner: BudgetOwner;
  /** Of the tenant, where it is about one. */
  readonly customer: CustomerId | null;
  readonly measure: BudgetMeasure;
  readonly kind: string;
  readonly data: { readonly [key: string]: Json };
};

export type NewAlert = Omit<StoredAlert, 'id' | 'at'>;

/** One letter to one recipient. */
export type Mail = { readonly to: string; readonly subject: string; readonly text: string };

export type StoredMail = Mail & { readonly id: number; readonly attempts: number };

/** What was told before, of one owner and measure. */
export type AlertMemory = {
  readonly owner: BudgetOwner;
  readonly measure: BudgetMeasure;
  readonly state: { readonly [key: string]: Json };
};

export interface BudgetStore {
  all(): Promise<readonly Budget[]>;
  set(budget: Budget): Promise<void>;
  remove(owner: BudgetOwner, measure: BudgetMeasure): Promise<void>;
  memories(): Promise<readonly AlertMemory[]>;
  /** One write: what was told is remembered exactly when it is told, and letters are on their way. */
  tell(
    memory: AlertMemory,
    alerts: readonly NewAlert[],
    mails: readonly Mail[],
  ): Promise<readonly StoredAlert[]>;
  alerts(query: {
    readonly customer?: CustomerId | undefined;
    readonly limit: number;
  }): Promise<readonly StoredAlert[]>;
  /** Letters that are due, oldest first; who takes them has them alone for a while. */
  takeMails(max: number, again: Timestamp): Promise<readonly StoredMail[]>;
  /** It could not be sent, and is tried again then. */
  postponeMail(id: number, until: Timestamp): Promise<void>;
  /** It was sent, or is given up. */
  removeMail(id: number): Promise<void>;
}

export interface MailSender {
  /** Rejects with what a person can read, without secrets; also when `signal` aborts. */
  send(mail: Mail, signal: AbortSignal): Promise<void>;
}
