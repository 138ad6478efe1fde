import { Type } from 'typebox';
import type { OperationName } from '../operations.ts';
import { KeyHeader, ok, type Route } from '../route.ts';
import {
  Delivery,
  DeliveryPage,
  NewWebhook,
  Webhook,
  WebhookChange,
  WebhookId,
  WebhookPage,
  WebhookSecret,
} from './webhook.ts';

const HookRef = Type.Object({ webhook: WebhookId });

const DeliveryRef = Type.Object({
  webhook: WebhookId,
  delivery: Type.String({
    minLength: 1,
    maxLength: 63,
    description: 'Id of the delivery.',
    examples: ['dl_4f9k2m0q7x1z'],
  }),
});

const PageQuery = Type.Object(
  {
    after: Type.Optional(Type.String({ maxLength: 100, description: 'The `next` of a page.' })),
    limit: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 1_000, default: 100, description: 'Page size.' }),
    ),
  },
  { additionalProperties: false },
);

const READ = { scope: 'customer', right: 'read' } as const;
const CHANGE = { scope: 'customer', right: 'change' } as const;

export const WEBHOOK_ROUTES = {
  createWebhook: {
    tag: 'webhooks',
    summary: 'Have events sent to a server of yours',
    description:
      'By the Standard Webhooks specification. Answers with the secret that signs, which is shown only here. What is not taken is sent again, nine times within three days.',
    access: CHANGE,
    body: NewWebhook,
    headers: KeyHeader,
    success: { status: 201, shape: WebhookSecret },
    faults: [
      'BAD_WEBHOOK_URL',
      'WEBHOOKS_FULL',
      'CUSTOMER_UNKNOWN',
      'IDEMPOTENCY_KEY_REUSED',
      'CATALOG_DOWN',
    ],
  },
  listWebhooks: {
    tag: 'webhooks',
    summary: 'List webhooks',
    access: READ,
    query: PageQuery,
    success: ok(WebhookPage),
    faults: ['CATALOG_DOWN'],
  },
  getWebhook: {
    tag: 'webhooks',
    summary: 'Show a webhook',
    access: READ,
    params: HookRef,
    success: ok(Webhook),
    faults: ['WEBHOOK_UNKNOWN', 'CATALOG_DOWN'],
  },
  changeWebhook: {
    tag: 'webhooks',
    summary: 'Change a webhook, or make it active again',
    access: CHANGE,
    params: HookRef,
    body: WebhookChange,
    success: ok(Webhook),
    faults: ['WEBHOOK_UNKNOWN', 'BAD_WEBHOOK_URL', 'CATALOG_DOWN'],
  },
  deleteWebhook: {
    tag: 'webhooks',
    summary: 'Delete a webhook and what is still to be sent',
    access: CHANGE,
    params: HookRef,
    success: { status: 204, shape: null },
    faults: ['WEBHOOK_UNKNOWN', 'CATALOG_DOWN'],
  },
  testWebhook: {
    tag: 'webhooks',
    summary: 'Send an event of type `webhook.test` there',
    access: CHANGE,
    params: HookRef,
    success: { status: 201, shape: Delivery },
    faults: ['WEBHOOK_UNKNOWN', 'CATALOG_DOWN'],
  },
  rotateWebhookSecret: {
    tag: 'webhooks',
    summary: 'Give a webhook another secret',
    description: 'For a day what is sent is signed with both, so that the receiver can change.',
    access: CHANGE,
    params: HookRef,
    headers: KeyHeader,
    success: ok(WebhookSecret),
    faults: ['WEBHOOK_UNKNOWN', 'IDEMPOTENCY_KEY_REUSED', 'CATALOG_DOWN'],
  },
  listDeliveries: {
    tag: 'webhooks',
    summary: 'List what was sent, and what came of it',
    access: READ,
    params: HookRef,
    query: PageQuery,
    success: ok(DeliveryPage),
    faults: ['WEBHOOK_UNKNOWN', 'CATALOG_DOWN'],
  },
  redeliver: {
    tag: 'webhooks',
    summary: 'Send something again, under the same id',
    access: CHANGE,
    params: DeliveryRef,
    success: ok(Delivery),
    faults: ['WEBHOOK_UNKNOWN', 'DELIVERY_UNKNOWN', 'CATALOG_DOWN'],
  },
} as const satisfies Partial<Record<OperationName, Route>>;
