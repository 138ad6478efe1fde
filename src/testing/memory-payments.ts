/** What a provider is told, in memory, beside the invoices of `MemoryBilling`. */
import type { PaymentState } from '../domain/billing.ts';
import type { CustomerId } from '../domain/ids.ts';
import type {
  MeterTold,
  MeterUsed,
  NewOutboxItem,
  OutboxItem,
  PaymentMessage,
  PaymentStore,
} from '../domain/payment.ts';
import type { Timestamp } from '../domain/units.ts';
import type { MemoryBilling } from './memory-billing.ts';

type Row = OutboxItem & {
  nextAt: Timestamp | null;
  doneAt: Timestamp | null;
  error: string | null;
};

export class MemoryPayments implements PaymentStore {
  rows: Row[] = [];
  readonly accounts = new Map<CustomerId, string>();
  readonly #billing: MemoryBilling;
  readonly #used = new Map<string, MeterUsed>();
  readonly #taken = new Map<string, Timestamp>();
  readonly #standings = new Map<string, PaymentMessage>();
  #told: Timestamp | null = null;

  constructor(billing: MemoryBilling) {
    this.#billing = billing;
  }

  async account(customer: CustomerId): Promise<string | undefined> {
    return this.accounts.get(customer);
  }

  async customerOf(providerId: string): Promise<CustomerId | undefined> {
    return [...this.accounts].find(([, id]) => id === providerId)?.[0];
  }

  async saveAccount(customer: CustomerId, providerId: string): Promise<void> {
    if (!this.accounts.has(customer)) this.accounts.set(customer, providerId);
  }

  async toldUntil(start: Timestamp): Promise<Timestamp> {
    this.#told ??= start;
    return this.#told;
  }

  async used(month: string): Promise<readonly MeterUsed[]> {
    return [...this.#used.values()].filter((one) => one.month === month);
  }

  async tell({ from, to, used, items }: Parameters<PaymentStore['tell']>[0]): Promise<boolean> {
    if (this.#told !== from) return false;
    this.#told = to;
    for (const one of used) this.#used.set(`${one.customer} ${one.month} ${one.meter}`, one);
    for (const item of items) this.#add(item, to);
    return true;
  }

  async tellInvoices(since: Timestamp, now: Timestamp): Promise<number> {
    const before = this.rows.length;
    for (const { number, customer, closedAt, total } of this.#billing.invoices) {
      if (closedAt < since || total <= 0n) continue;
      this.#add({ key: `invoice ${number}`, customer, news: { kind: 'invoice', number } }, now);
    }
    return this.rows.length - before;
  }

  #add(item: NewOutboxItem, nextAt: Timestamp): void {
    if (this.rows.some(({ key }) => key === item.key)) return;
    const id = this.rows.length + 1;
    this.rows.push({ ...item, id, attempts: 0, begunAt: null, nextAt, doneAt: null, error: null });
  }

  async due(now: Timestamp, limit: number): Promise<readonly OutboxItem[]> {
    return this.rows.filter(({ nextAt }) => nextAt !== null && nextAt <= now).slice(0, limit);
  }

  #change(id: number, change: Partial<Row>): void {
    this.rows = this.rows.map((row) => (row.id === id ? { ...row, ...change } : row));
  }

  async begin(id: number, at: Timestamp): Promise<void> {
    const row = this.rows.find((one) => one.id === id);
    this.#change(id, { attempts: (row?.attempts ?? 0) + 1, begunAt: row?.begunAt ?? at });
  }

  async done(id: number, at: Timestamp): Promise<void> {
    this.#change(id, { nextAt: null, doneAt: at, error: null });
  }

  async failed(id: number, why: string, nextAt: Timestamp | null): Promise<void> {
    this.#change(id, { nextAt, error: why });
  }

  async again(keys: readonly string[], now: Timestamp): Promise<void> {
    this.rows = this.rows.map((row) =>
      keys.includes(row.key) || row.doneAt === null ? { ...row, nextAt: now, doneAt: null } : row,
    );
  }

  async metersTold(
    { from, to }: { readonly from: Timestamp; readonly to: Timestamp },
    freshFrom: Timestamp,
  ): Promise<readonly MeterTold[]> {
    const sums = new Map<string, MeterTold>();
    for (const { customer, news, doneAt } of this.rows) {
      if (news.kind !== 'meter' || news.hour < from || news.hour >= to) continue;
      const { meter, event } = news;
      const key = `${customer} ${meter}`;
      const { value, waiting, fresh } = sums.get(key) ?? { value: 0n, waiting: 0, fresh: 0n };
      sums.set(key, {
        ...{ customer, meter, event, value: value + BigInt(news.value) },
        waiting: waiting + (doneAt === null ? 1 : 0),
        fresh: fresh + (doneAt !== null && doneAt >= freshFrom ? BigInt(news.value) : 0n),
      });
    }
    return [...sums.values()];
  }

  async waiting(): Promise<{ readonly items: number; readonly lastError: string | null }> {
    const open = this.rows.filter(({ doneAt }) => doneAt === null);
    return { items: open.length, lastError: open.find(({ error }) => error)?.error ?? null };
  }

  async notePayment(number: string, state: PaymentState): Promise<void> {
    const before = this.#billing.payments.get(number);
    if (before !== 'paid' && before !== 'void') this.#billing.payments.set(number, state);
  }

  async take(message: PaymentMessage): Promise<boolean> {
    const { id, at, saidAt, number, state, providerId, customer } = message;
    if (this.#taken.has(id)) return false;
    this.#taken.set(id, at);
    const known = this.#standings.get(providerId);
    const isLast = isEnd(state) || known === undefined || known.saidAt <= saidAt;
    if (!isLast || (known !== undefined && isEnd(known.state))) return false;
    this.#standings.set(providerId, message);
    if (number !== null) await this.notePayment(number, state);
    if (customer === null) return true;
    const [failed] = [...this.#standings.values()]
      .filter((one) => one.customer === customer && one.state === 'failed')
      .sort((one, other) => one.saidAt - other.saidAt);
    this.#billing.noteFailed(customer, failed ? { at: failed.saidAt, note: failed.note } : null);
    return true;
  }

  async forgetMessages(before: Timestamp): Promise<void> {
    for (const [id, at] of this.#taken) if (at < before) this.#taken.delete(id);
  }
}

const isEnd = (state: PaymentState): boolean => state === 'paid' || state === 'void';
