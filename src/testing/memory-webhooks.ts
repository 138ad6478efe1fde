import { fault } from '../domain/faults.ts';
import type { DeliveryId, WebhookId } from '../domain/ids.ts';
import type { Timestamp } from '../domain/units.ts';
import type {
  Delivery,
  DeliveryPlace,
  HookSender,
  Parcel,
  Receipt,
  StoredWebhook,
  WebhookChange,
  WebhookStore,
} from '../domain/webhook.ts';

/** Webhooks in memory; survive a "restart". */
export class MemoryWebhooks implements WebhookStore {
  readonly #webhooks = new Map<WebhookId, StoredWebhook>();
  readonly #deliveries = new Map<DeliveryId, Delivery>();

  async insert(webhook: StoredWebhook, max: number): Promise<void> {
    const own = [...this.#webhooks.values()].filter((one) => one.customer === webhook.customer);
    if (own.length >= max) throw fault('WEBHOOKS_FULL', { max });
    this.#webhooks.set(webhook.id, webhook);
  }

  async all(): Promise<readonly StoredWebhook[]> {
    return [...this.#webhooks.values()];
  }

  async change(id: WebhookId, change: WebhookChange): Promise<void> {
    const known = this.#webhooks.get(id);
    if (known) this.#webhooks.set(id, { ...known, ...change });
  }

  async remove(id: WebhookId): Promise<void> {
    this.#webhooks.delete(id);
    for (const one of this.#deliveries.values()) {
      if (one.webhook === id) this.#deliveries.delete(one.id);
    }
  }

  async addDeliveries(all: readonly Delivery[]): Promise<void> {
    for (const one of all) if (this.#webhooks.has(one.webhook)) this.#deliveries.set(one.id, one);
  }

  async due(now: Timestamp, perWebhook: number): Promise<readonly Delivery[]> {
    const due = [...this.#deliveries.values()]
      .filter(({ nextAt, webhook }) => {
        const isDue = nextAt !== null && nextAt <= now;
        return isDue && this.#webhooks.get(webhook)?.isActive === true;
      })
      .sort((a, b) => (a.nextAt ?? 0) - (b.nextAt ?? 0));
    const taken = new Map<WebhookId, number>();
    return due.filter(({ webhook }) => {
      const count = (taken.get(webhook) ?? 0) + 1;
      taken.set(webhook, count);
      return count <= perWebhook;
    });
  }

  async record(delivery: Delivery): Promise<void> {
    if (this.#deliveries.has(delivery.id)) this.#deliveries.set(delivery.id, delivery);
  }

  async delivery(id: DeliveryId): Promise<Delivery | undefined> {
    return this.#deliveries.get(id);
  }

  async deliveries(
    webhook: WebhookId,
    { after, limit }: { readonly after?: DeliveryPlace | undefined; readonly limit: number },
  ): Promise<readonly Delivery[]> {
    return [...this.#deliveries.values()]
      .filter((one) => one.webhook === webhook)
      .sort((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? 1 : -1))
      .filter((one) => after === undefined || isBehind(one, after))
      .slice(0, limit);
  }

  async forget(before: Timestamp, limit: number): Promise<number> {
    const old = [...this.#deliveries.values()]
      .filter(({ nextAt, createdAt }) => nextAt === null && createdAt < before)
      .slice(0, limit);
    for (const { id } of old) this.#deliveries.delete(id);
    return old.length;
  }
}

const isBehind = (one: Delivery, place: DeliveryPlace): boolean =>
  one.createdAt < place.createdAt || (one.createdAt === place.createdAt && one.id < place.id);

/** Keeps what it is to send, and answers as it is told. */
export class MemorySender implements HookSender {
  readonly sent: Parcel[] = [];
  answer: (parcel: Parcel) => Promise<Receipt> = async () => ({ status: 204 });

  check(url: string): void {
    if (!url.startsWith('https://'))
      throw fault('BAD_WEBHOOK_URL', { why: 'it must begin with https' });
  }

  async send(parcel: Parcel): Promise<Receipt> {
    this.sent.push(parcel);
    return await this.answer(parcel);
  }
}
