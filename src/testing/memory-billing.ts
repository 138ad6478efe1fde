/** What the catalog keeps of billing, in memory. A transaction is a call that ends: what throws in it has done nothing. */
import {
  BILLING_DEFAULT,
  type BillingItem,
  type BillingProfile,
  type BillingProfileChange,
  type BillingSettings,
  type BillingStore,
  type Closing,
  type ClosingGiven,
  type InvoiceHead,
  type InvoiceQuery,
  type PaymentState,
  type PlanChange,
  type StoredInvoice,
} from '../domain/billing.ts';
import { fault } from '../domain/faults.ts';
import type { CustomerId } from '../domain/ids.ts';
import type { Timestamp } from '../domain/units.ts';

type NameOf = (customer: CustomerId) => string | undefined | Promise<string | undefined>;

export class MemoryBilling implements BillingStore {
  changes: PlanChange[] = [];
  readonly invoices: (StoredInvoice & { ordinal: number })[] = [];
  readonly months = new Set<string>();
  readonly payments = new Map<string, PaymentState>();
  readonly #profiles = new Map<CustomerId, BillingProfile>();
  #items: BillingItem[] = [];
  #settings = BILLING_DEFAULT;
  /** Names of customers that nobody has told of; undefined for those that are not there. */
  readonly #nameOf: NameOf;

  constructor(nameOf: NameOf = () => undefined) {
    this.#nameOf = nameOf;
  }

  async settings(): Promise<BillingSettings> {
    return this.#settings;
  }

  async saveSettings(settings: BillingSettings): Promise<void> {
    this.#settings = settings;
  }

  async planChanges(
    { tenant: only, customer }: Parameters<BillingStore['planChanges']>[0],
    { from, to }: { readonly from: Timestamp; readonly to: Timestamp },
  ): Promise<readonly PlanChange[]> {
    const own = new Set(
      this.changes
        .filter((one) => customer === undefined || one.customer === customer)
        .filter((one) => only === undefined || one.tenant === only)
        .map((one) => one.tenant),
    );
    const gone = new Set(
      this.changes.filter(({ plan, at }) => plan === null && at < from).map((one) => one.tenant),
    );
    return this.changes.filter(({ tenant, at }) => own.has(tenant) && !gone.has(tenant) && at < to);
  }

  async payers(to: Timestamp): Promise<readonly CustomerId[]> {
    const had = this.changes.filter(({ at }) => at < to).map(({ customer }) => customer);
    const open = this.#items.filter(({ remaining }) => remaining > 0n).map((one) => one.customer);
    return [...new Set([...had, ...open])].filter((one) => one !== null).sort();
  }

  async profile(customer: CustomerId): Promise<BillingProfile | undefined> {
    const name = await this.#nameOf(customer);
    const known = this.#profiles.get(customer);
    if (known !== undefined) return { ...known, name: name ?? known.name };
    if (name === undefined) return undefined;
    return { customer, name, legalName: null, address: [], taxId: null, taxes: [], failed: null };
  }

  async changeProfile(customer: CustomerId, change: BillingProfileChange): Promise<BillingProfile> {
    const before = await this.profile(customer);
    if (before === undefined) throw fault('CUSTOMER_UNKNOWN', { customer });
    const after = { ...before, ...change };
    this.#profiles.set(customer, after);
    return after;
  }

  readonly failures = new Map<CustomerId, BillingProfile['failed']>();

  noteFailed(customer: CustomerId, failed: BillingProfile['failed']): void {
    this.failures.set(customer, failed);
  }

  async addItem(item: BillingItem): Promise<void> {
    if (!this.#items.some(({ id }) => id === item.id)) this.#items.push(item);
  }

  async items(customer: CustomerId): Promise<readonly BillingItem[]> {
    return this.#items.filter((item) => item.customer === customer);
  }

  async close(
    customer: CustomerId,
    month: string,
    make: (given: ClosingGiven) => Closing | null,
  ): Promise<StoredInvoice | null> {
    const stands = await this.ofMonth(customer, month);
    if (stands !== undefined) {
      throw fault('PERIOD_CLOSED', { customer, month, number: stands.number });
    }
    const ordinal = (this.invoices.at(-1)?.ordinal ?? 0) + 1;
    const items = (await this.items(customer)).filter(({ remaining }) => remaining > 0n);
    const made = make({ ordinal, items });
    if (made === null) return null;
    const { remaining, ...closing } = made;
    const stored = { ...closing, customer, month, ordinal, payment: null };
    this.invoices.push(stored);
    this.#items = this.#items.map((item) => ({
      ...item,
      remaining: remaining.get(item.id) ?? item.remaining,
    }));
    return stored;
  }

  async list({ customer, month, after, limit }: InvoiceQuery): Promise<readonly InvoiceHead[]> {
    const all = this.invoices
      .filter((one) => customer === undefined || one.customer === customer)
      .filter((one) => month === undefined || one.month === month)
      .reverse();
    const from = after === undefined ? 0 : all.findIndex(({ number }) => number === after) + 1;
    return all.slice(from, from + limit).map((one) => this.#paid(one));
  }

  async byNumber(number: string): Promise<StoredInvoice | undefined> {
    const found = this.invoices.find((one) => one.number === number);
    return found && this.#paid(found);
  }

  async ofMonth(customer: CustomerId, month: string): Promise<StoredInvoice | undefined> {
    return this.invoices.find((one) => one.customer === customer && one.month === month);
  }

  async walk(
    after: number,
    limit: number,
  ): Promise<readonly (StoredInvoice & { ordinal: number })[]> {
    return this.invoices.filter(({ ordinal }) => ordinal > after).slice(0, limit);
  }

  async markMonth(month: string): Promise<void> {
    this.months.add(month);
  }

  async isMarked(month: string): Promise<boolean> {
    return this.months.has(month);
  }

  #paid = (stored: StoredInvoice): StoredInvoice => ({
    ...stored,
    payment: this.payments.get(stored.number) ?? null,
  });
}
