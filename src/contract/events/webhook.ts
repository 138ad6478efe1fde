import { type Static, Type } from 'typebox';
import { Count, Moment } from '../values.ts';

const momentOrNull = (description: string) =>
  Type.Union([Moment(''), Type.Null()], { description });

export const WebhookId = Type.String({
  minLength: 1,
  maxLength: 63,
  description: 'Id of the webhook.',
  examples: ['wh_4f9k2m0q7x1z'],
});

const Url = Type.String({
  minLength: 1,
  maxLength: 2_000,
  description: 'Where to. HTTPS, and on the public internet.',
  examples: ['https://example.com/hooks/dynabase'],
});

const Patterns = Type.Array(Type.String({ minLength: 1, maxLength: 63 }), {
  minItems: 1,
  maxItems: 32,
  uniqueItems: true,
  description: 'Types of events, `tenant.*` for all of a kind, `*` for all.',
  examples: [['tenant.state', 'operation.*']],
});

const webhookFields = {
  id: WebhookId,
  customer: Type.Union([Type.String(), Type.Null()], {
    description: 'Whose events it gets; null for those of all, which is the operator’s.',
    examples: ['cu_4f9k2m0q7x1z'],
  }),
  url: Url,
  events: Patterns,
  isActive: Type.Boolean({
    description: 'Whether anything is sent; false after five days in which nothing arrived.',
  }),
  failingSince: momentOrNull('Since when nothing has arrived there; null if the last one did.'),
  createdAt: Moment('When it was made.'),
};

const strict = { additionalProperties: false } as const;

export const Webhook = Type.Object(webhookFields, { $id: 'Webhook', ...strict });
export type Webhook = Static<typeof Webhook>;

export const WebhookSecret = Type.Object(
  {
    ...webhookFields,
    secret: Type.String({
      description: 'Signs what is sent, as Standard Webhooks says. Shown once.',
      examples: ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'],
    }),
  },
  { $id: 'WebhookSecret', ...strict },
);
export type WebhookSecret = Static<typeof WebhookSecret>;

export const NewWebhook = Type.Object(
  {
    url: Url,
    events: Type.Optional(Patterns),
    customer: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 63,
        description: 'For the operator: whose events it gets. A customer’s own are its own.',
        examples: ['cu_4f9k2m0q7x1z'],
      }),
    ),
  },
  { $id: 'NewWebhook', ...strict },
);
export type NewWebhook = Static<typeof NewWebhook>;

export const WebhookChange = Type.Object(
  {
    url: Type.Optional(Url),
    events: Type.Optional(Patterns),
    isActive: Type.Optional(Type.Boolean()),
  },
  { $id: 'WebhookChange', ...strict, minProperties: 1 },
);
export type WebhookChange = Static<typeof WebhookChange>;

const next = Type.Union([Type.String(), Type.Null()], {
  description: 'Send it as `after` to get the next page; null at the end.',
});

export const WebhookPage = Type.Object(
  { webhooks: Type.Array(Webhook, { description: 'Sorted by id.' }), next },
  { $id: 'WebhookPage', ...strict },
);
export type WebhookPage = Static<typeof WebhookPage>;

export const Delivery = Type.Object(
  {
    id: Type.String({
      description: 'Sent as `webhook-id`: the same with every try.',
      examples: ['dl_4f9k2m0q7x1z'],
    }),
    event: Type.String({ description: 'Type of the event.', examples: ['tenant.state'] }),
    payload: Type.String({ description: 'What is sent, as it is signed.' }),
    createdAt: Moment('When the event happened.'),
    attempts: Count('Tries until now.'),
    nextAt: momentOrNull('When it is tried next; null once it has arrived or was given up.'),
    deliveredAt: momentOrNull('When it arrived.'),
    lastStatus: Type.Union([Type.Integer(), Type.Null()], {
      description: 'HTTP status of the last answer.',
      examples: [200],
    }),
    lastError: Type.Union([Type.String(), Type.Null()], {
      description: 'Why the last try failed.',
      examples: ['it has not answered in time'],
    }),
  },
  { $id: 'Delivery', ...strict },
);
export type Delivery = Static<typeof Delivery>;

export const DeliveryPage = Type.Object(
  { deliveries: Type.Array(Delivery, { description: 'The latest first.' }), next },
  { $id: 'DeliveryPage', ...strict },
);
export type DeliveryPage = Static<typeof DeliveryPage>;
