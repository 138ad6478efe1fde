import type { Delivery, Webhook } from '../../contract/events/webhook.ts';
import type { Desks } from '../../control/desks.ts';
import { type Caller, customerOf } from '../../domain/caller.ts';
import { fault } from '../../domain/faults.ts';
import { type CustomerId, isId } from '../../domain/ids.ts';
import { timestamp } from '../../domain/units.ts';
import type { DeliveryPlace, Webhook as Hook, Delivery as Sent } from '../../domain/webhook.ts';
import { moment } from '../moment.ts';
import type { Actions } from './actions.ts';

const PAGE_DEFAULT = 100;

type WebhookAction =
  | 'createWebhook'
  | 'listWebhooks'
  | 'getWebhook'
  | 'changeWebhook'
  | 'deleteWebhook'
  | 'testWebhook'
  | 'rotateWebhookSecret'
  | 'listDeliveries'
  | 'redeliver';

export function webhookActions({
  webhooks,
  customers,
}: Pick<Desks, 'webhooks' | 'customers'>): Pick<Actions, WebhookAction> {
  const ownerOf = async (caller: Caller, given: string | undefined): Promise<CustomerId | null> => {
    const own = customerOf(caller);
    if (given === undefined || given === own) return own;
    if (own !== null) throw fault('CUSTOMER_UNKNOWN', { customer: given });
    return (await customers.find(given)).id;
  };
  return {
    createWebhook: async ({ body, caller }) => {
      const { url, events = ['*'] } = body;
      const customer = await ownerOf(caller, body.customer);
      const { webhook, secret } = await webhooks.create({ url, events, customer });
      return { ...print(webhook), secret };
    },
    listWebhooks: async ({ query: { after, limit = PAGE_DEFAULT }, caller }) => {
      const page = webhooks.list(caller, { after, limit });
      return { webhooks: page.webhooks.map(print), next: page.next };
    },
    getWebhook: async ({ params, caller }) => print(webhooks.find(params.webhook, caller)),
    changeWebhook: async ({ params, body, caller }) =>
      print(await webhooks.change(params.webhook, caller, body)),
    deleteWebhook: async ({ params, caller }) => {
      await webhooks.remove(params.webhook, caller);
      return undefined;
    },
    testWebhook: async ({ params, caller }) =>
      printDelivery(await webhooks.test(params.webhook, caller)),
    rotateWebhookSecret: async ({ params, caller }) => {
      const { webhook, secret } = await webhooks.rotate(params.webhook, caller);
      return { ...print(webhook), secret };
    },
    listDeliveries: async ({ params, query: { after, limit = PAGE_DEFAULT }, caller }) => {
      const place = after === undefined ? undefined : readCursor(after);
      const wanted = { after: place, limit: limit + 1 };
      const found = await webhooks.deliveries(params.webhook, caller, wanted);
      const shown = found.slice(0, limit);
      const last = found.length > limit ? shown.at(-1) : undefined;
      const next = last === undefined ? null : `${last.createdAt}.${last.id}`;
      return { deliveries: shown.map(printDelivery), next };
    },
    redeliver: async ({ params, caller }) =>
      printDelivery(await webhooks.redeliver(params.webhook, params.delivery, caller)),
  };
}

function readCursor(text: string): DeliveryPlace {
  const [, at, id = ''] = /^(\d{1,15})\.(.*)$/.exec(text) ?? [];
  if (!isId('dl', id)) throw fault('BAD_REQUEST', { why: '"after" is not the "next" of a page' });
  return { createdAt: timestamp(Number(at)), id };
}

function print({ id, customer, url, events, isActive, failingSince, createdAt }: Hook): Webhook {
  return {
    ...{ id, customer, url, events: [...events], isActive, createdAt: moment(createdAt) },
    failingSince: failingSince === null ? null : moment(failingSince),
  };
}

function printDelivery(sent: Sent): Delivery {
  const { id, event, payload, attempts, nextAt, deliveredAt, lastStatus, lastError } = sent;
  return {
    ...{ id, event, payload, attempts, lastStatus, lastError, createdAt: moment(sent.createdAt) },
    nextAt: nextAt === null ? null : moment(nextAt),
    deliveredAt: deliveredAt === null ? null : moment(deliveredAt),
  };
}
