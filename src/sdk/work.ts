/** Long work, webhooks and the settings of the server. */
import type { OperationName } from '../contract/operations.ts';
import type { AnswerOf, QueryOf } from '../contract/routes.ts';
import type { Settings, SettingsChange } from '../contract/settings.ts';
import type {
  Delivery,
  NewWebhook,
  Webhook,
  WebhookChange,
  WebhookSecret,
} from '../contract/webhook.ts';
import type { WorkOperation } from '../contract/work.ts';
import type { CallOptions, Input, Transport } from './transport.ts';

const PAGE_SIZE = 100;

/** One look waits for this long, well below what proxies allow. */
const LOOK_FOR = '30s';

/** Operations that can be begun without waiting for their end. */
export type WorkName = Extract<
  OperationName,
  | 'createTenant'
  | 'deleteTenant'
  | 'wakeTenant'
  | 'suspendTenant'
  | 'restartTenant'
  | 'archiveTenant'
  | 'createSnapshot'
  | 'restoreSnapshot'
  | 'forkTenant'
  | 'recoverTenants'
>;

export class Operations {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Begins what the operation of the API does, and resolves at once. */
  async begin<N extends WorkName>(
    name: N,
    input: Partial<Pick<Input<N>, 'params' | 'body'>>,
    options?: CallOptions,
  ): Promise<WorkOperation> {
    const call = { ...input, query: { wait: '0s' } } as Partial<Input<N>>;
    return (await this.#transport.call(name, call, options)) as unknown as WorkOperation;
  }

  get(operation: string, options?: CallOptions): Promise<WorkOperation> {
    return this.#transport.call('getOperation', { params: { operation } }, options);
  }

  /** Resolves when it has ended, however that is; `answer` is there for who has begun it, once. */
  async ended(operation: string, options: CallOptions = {}): Promise<WorkOperation> {
    for (;;) {
      options.signal?.throwIfAborted();
      const call = { params: { operation }, query: { wait: LOOK_FOR } };
      const found: WorkOperation = await this.#transport.call('getOperation', call, options);
      if (found.status !== 'running') return found;
    }
  }

  /** Where that leaves all as it was. */
  cancel(operation: string, options?: CallOptions): Promise<WorkOperation> {
    return this.#transport.call('cancelOperation', { params: { operation } }, options);
  }

  /** The latest first, fetched page by page as the loop asks for them. */
  async *list(
    query: Omit<QueryOf<'listOperations'>, 'after'> = {},
    options?: CallOptions,
  ): AsyncGenerator<WorkOperation, void, void> {
    let place: { after?: string } = {};
    for (;;) {
      const asked = { query: { limit: PAGE_SIZE, ...query, ...place } };
      const page: AnswerOf<'listOperations'> = await this.#transport.call(
        'listOperations',
        asked,
        options,
      );
      yield* page.operations;
      if (page.next === null) return;
      place = { after: page.next };
    }
  }
}

export class Webhooks {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** The answer holds the secret that signs, which is shown only here. */
  create(webhook: NewWebhook, options?: CallOptions): Promise<WebhookSecret> {
    return this.#transport.call('createWebhook', { body: webhook }, options);
  }

  async *list(options?: CallOptions): AsyncGenerator<Webhook, void, void> {
    let place: { after?: string } = {};
    for (;;) {
      const asked = { query: { limit: PAGE_SIZE, ...place } };
      const page: AnswerOf<'listWebhooks'> = await this.#transport.call(
        'listWebhooks',
        asked,
        options,
      );
      yield* page.webhooks;
      if (page.next === null) return;
      place = { after: page.next };
    }
  }

  get(webhook: string, options?: CallOptions): Promise<Webhook> {
    return this.#transport.call('getWebhook', { params: { webhook } }, options);
  }

  change(webhook: string, body: WebhookChange, options?: CallOptions): Promise<Webhook> {
    return this.#transport.call('changeWebhook', { params: { webhook }, body }, options);
  }

  async delete(webhook: string, options?: CallOptions): Promise<void> {
    await this.#transport.call('deleteWebhook', { params: { webhook } }, options);
  }

  test(webhook: string, options?: CallOptions): Promise<Delivery> {
    return this.#transport.call('testWebhook', { params: { webhook } }, options);
  }

  /** The one before signs too for a day. */
  rotateSecret(webhook: string, options?: CallOptions): Promise<WebhookSecret> {
    return this.#transport.call('rotateWebhookSecret', { params: { webhook } }, options);
  }

  /** The latest first. */
  async *deliveries(webhook: string, options?: CallOptions): AsyncGenerator<Delivery, void, void> {
    let place: { after?: string } = {};
    for (;;) {
      const asked = { params: { webhook }, query: { limit: PAGE_SIZE, ...place } };
      const page: AnswerOf<'listDeliveries'> = await this.#transport.call(
        'listDeliveries',
        asked,
        options,
      );
      yield* page.deliveries;
      if (page.next === null) return;
      place = { after: page.next };
    }
  }

  redeliver(webhook: string, delivery: string, options?: CallOptions): Promise<Delivery> {
    return this.#transport.call('redeliver', { params: { webhook, delivery } }, options);
  }
}

export class ServerSettings {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  get(options?: CallOptions): Promise<Settings> {
    return this.#transport.call('getSettings', {}, options);
  }

  /** What is left out stays. */
  change(change: SettingsChange, options?: CallOptions): Promise<Settings> {
    return this.#transport.call('changeSettings', { body: change }, options);
  }
}
