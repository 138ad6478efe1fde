/** Webhooks: whose, where to, and for what. `deliveries.ts` sends. */
import { type Caller, customerOf } from '../domain/caller.ts';
import type { Clock } from '../domain/clock.ts';
import { isEventPattern } from '../domain/events.ts';
import { fault } from '../domain/faults.ts';
import { type CustomerId, isId, newId } from '../domain/ids.ts';
import type { Random } from '../domain/random.ts';
import type { Secrecy } from '../domain/secrecy.ts';
import { hours, later, type Timestamp } from '../domain/units.ts';
import type {
  Delivery,
  DeliveryPlace,
  HookSender,
  StoredWebhook,
  Webhook,
  WebhookStore,
} from '../domain/webhook.ts';
import type { Deliveries } from './deliveries.ts';
import type { SettingsDesk } from './settings.ts';

const SECRET_BYTES = 32;

/** How long the secret before the last one signs too, so that the receiver can change it in peace. */
const OLD_SECRET_FOR = hours(24);

/** What is sealed. */
type Secrets = { readonly secret: string; readonly old?: string; readonly oldUntil?: number };

export type NewWebhook = {
  readonly url: string;
  readonly events: readonly string[];
  readonly customer: CustomerId | null;
};

export type WebhookWorld = {
  readonly clock: Clock;
  readonly random: Random;
  readonly secrecy: Pick<Secrecy, 'seal' | 'unseal'>;
  readonly store: WebhookStore;
  readonly sender: HookSender;
  readonly settings: SettingsDesk;
  readonly deliveries: Deliveries;
};

export class WebhookDesk {
  readonly #world: WebhookWorld;

  constructor(world: WebhookWorld) {
    this.#world = world;
  }

  /** The secret is shown only here. Throws `BAD_WEBHOOK_URL`, `WEBHOOKS_FULL`, `BAD_REQUEST`. */
  async create(wish: NewWebhook): Promise<{ readonly webhook: Webhook; readonly secret: string }> {
    const { clock, random, store, sender, settings, deliveries } = this.#world;
    sender.check(wish.url);
    mustBePatterns(wish.events);
    const secret = this.#newSecret();
    const id = newId('wh', random);
    const webhook: StoredWebhook = {
      ...wish,
      ...{ id, secret: this.#sealed(id, { secret }) },
      ...{ isActive: true, failingSince: null, createdAt: clock.wall() },
    };
    await store.insert(webhook, settings.current().webhooks.perOwnerMax);
    deliveries.know(webhook);
    return { webhook, secret };
  }

  /** Sorted by id. */
  list(
    caller: Caller,
    { after, limit }: { readonly after?: string | undefined; readonly limit: number },
  ) {
    const own = [...this.#world.deliveries.webhooks()]
      .filter((webhook) => covers(caller, webhook))
      .filter(({ id }) => after === undefined || id > after)
      .sort((a, b) => (a.id < b.id ? -1 : 1));
    const webhooks: readonly Webhook[] = own.slice(0, limit);
    return { webhooks, next: own.length > limit ? (webhooks.at(-1)?.id ?? null) : null };
  }

  /** Throws `WEBHOOK_UNKNOWN`, as all that take an id do. */
  find(id: string, caller: Caller): StoredWebhook {
    const found = isId('wh', id) ? this.#world.deliveries.webhook(id) : undefined;
    if (found === undefined || !covers(caller, found))
      throw fault('WEBHOOK_UNKNOWN', { webhook: id });
    return found;
  }

  /** One that is made active again begins anew. Throws `BAD_WEBHOOK_URL`. */
  async change(
    id: string,
    caller: Caller,
    change: Partial<Pick<Webhook, 'url' | 'events' | 'isActive'>>,
  ): Promise<Webhook> {
    const { store, sender, deliveries } = this.#world;
    const webhook = this.find(id, caller);
    if (change.url !== undefined) sender.check(change.url);
    if (change.events !== undefined) mustBePatterns(change.events);
    const anew = change.isActive === true ? { failingSince: null } : {};
    await store.change(webhook.id, { ...change, ...anew });
    const changed = { ...webhook, ...change, ...anew };
    deliveries.know(changed);
    return changed;
  }

  async remove(id: string, caller: Caller): Promise<void> {
    const webhook = this.find(id, caller);
    await this.#world.store.remove(webhook.id);
    this.#world.deliveries.forget(webhook.id);
  }

  /** The one before signs too for a day. */
  async rotate(id: string, caller: Caller) {
    const { clock, store, deliveries } = this.#world;
    const webhook = this.find(id, caller);
    const [old] = secretsOf(this.#world.secrecy, webhook, clock.wall());
    const secret = this.#newSecret();
    const oldUntil = later(clock.wall(), OLD_SECRET_FOR);
    const sealed = this.#sealed(webhook.id, {
      secret,
      ...(old === undefined ? {} : { old, oldUntil }),
    });
    await store.change(webhook.id, { secret: sealed });
    deliveries.know({ ...webhook, secret: sealed });
    return { webhook, secret };
  }

  /** Sends an event of type `webhook.test` there. */
  async test(id: string, caller: Caller): Promise<Delivery> {
    return await this.#world.deliveries.test(this.find(id, caller));
  }

  async deliveries(
    id: string,
    caller: Caller,
    query: { readonly after?: DeliveryPlace | undefined; readonly limit: number },
  ): Promise<readonly Delivery[]> {
    return await this.#world.store.deliveries(this.find(id, caller).id, query);
  }

  /** Sends it again, under the same id. Throws `DELIVERY_UNKNOWN`. */
  async redeliver(id: string, delivery: string, caller: Caller): Promise<Delivery> {
    const { store, deliveries } = this.#world;
    const webhook = this.find(id, caller);
    const found = isId('dl', delivery) ? await store.delivery(delivery) : undefined;
    if (found?.webhook !== webhook.id) throw fault('DELIVERY_UNKNOWN', { delivery });
    return await deliveries.again(found);
  }

  #newSecret(): string {
    return `whsec_${base64(this.#world.random.bytes(SECRET_BYTES))}`;
  }

  #sealed(id: string, secrets: Secrets): string {
    return this.#world.secrecy.seal(`webhook ${id}`, JSON.stringify(secrets));
  }
}

/** What it signs with now, the newest first; none if the seal is not ours. */
export function secretsOf(
  secrecy: Pick<Secrecy, 'unseal'>,
  { id, secret }: Pick<StoredWebhook, 'id' | 'secret'>,
  now: Timestamp,
): readonly string[] {
  const text = secrecy.unseal(`webhook ${id}`, secret);
  if (text === undefined) return [];
  const secrets: Secrets = JSON.parse(text);
  const { old, oldUntil = 0 } = secrets;
  return [secrets.secret, ...(old !== undefined && oldUntil > now ? [old] : [])];
}

function mustBePatterns(events: readonly string[]): void {
  const unknown = events.find((pattern) => !isEventPattern(pattern));
  if (unknown === undefined) return;
  throw fault('BAD_REQUEST', { why: `there are no events of type "${unknown}"` });
}

/** A customer's own; for the operator all. */
const covers = (caller: Caller, { customer }: Webhook): boolean =>
  caller.scope.kind === 'operator' || customerOf(caller) === customer;

function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}
