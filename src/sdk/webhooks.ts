/** Events, sent to servers of yours by the Standard Webhooks specification. */

import type {
  Delivery,
  DeliveryPage,
  NewWebhook,
  Webhook,
  WebhookChange,
  WebhookPage,
  WebhookSecret,
} from '../contract/events/webhook.ts';
import type { QueryOf } from '../contract/routes.ts';
import { onPages, PAGE_SIZE } from './pages.ts';
import type { CallOptions, Transport } from './transport.ts';

/** Servers of yours that get events. What is not taken is sent again, nine times within three days. */
export class Webhooks {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** The answer holds the secret that signs what is sent, which is shown only here. */
  create(webhook: NewWebhook, options?: CallOptions): Promise<WebhookSecret> {
    return this.#transport.call('createWebhook', { body: webhook }, options);
  }

  /** Sorted by id, fetched page by page as the loop asks for them. */
  list(
    query: Omit<QueryOf<'listWebhooks'>, 'after'> = {},
    options?: CallOptions,
  ): AsyncGenerator<Webhook, void, void> {
    return onPages(
      (place) => {
        const asked = { limit: PAGE_SIZE, ...query, ...place };
        return this.#transport.call('listWebhooks', { query: asked }, options);
      },
      ({ webhooks }: WebhookPage) => webhooks,
    );
  }

  /** One of them. */
  get(webhook: string, options?: CallOptions): Promise<Webhook> {
    return this.#transport.call('getWebhook', { params: { webhook } }, options);
  }

  /** Another address, other events; or off, and on again. */
  change(webhook: string, change: WebhookChange, options?: CallOptions): Promise<Webhook> {
    return this.#transport.call('changeWebhook', { params: { webhook }, body: change }, options);
  }

  /** And what is still to be sent. */
  async delete(webhook: string, options?: CallOptions): Promise<void> {
    await this.#transport.call('deleteWebhook', { params: { webhook } }, options);
  }

  /** Sends an event of type `webhook.test` there. `deliveries` tells what came of it. */
  test(webhook: string, options?: CallOptions): Promise<Delivery> {
    return this.#transport.call('testWebhook', { params: { webhook } }, options);
  }

  /** For a day what is sent is signed with both secrets, so that the receiver can change. */
  rotateSecret(webhook: string, options?: CallOptions): Promise<WebhookSecret> {
    return this.#transport.call('rotateWebhookSecret', { params: { webhook } }, options);
  }

  /** What was sent, the latest first, fetched page by page as the loop asks for them. */
  deliveries(
    webhook: string,
    query: Omit<QueryOf<'listDeliveries'>, 'after'> = {},
    options?: CallOptions,
  ): AsyncGenerator<Delivery, void, void> {
    return onPages(
      (place) => {
        const call = { params: { webhook }, query: { limit: PAGE_SIZE, ...query, ...place } };
        return this.#transport.call('listDeliveries', call, options);
      },
      ({ deliveries }: DeliveryPage) => deliveries,
    );
  }

  /** Sends something again, under the same id. */
  redeliver(webhook: string, delivery: string, options?: CallOptions): Promise<Delivery> {
    return this.#transport.call('redeliver', { params: { webhook, delivery } }, options);
  }
}
