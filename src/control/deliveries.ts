/**
 * Sends events to webhooks: at least once, again and again for three days, and to one whether or not another answers.
 *
 * A delivery is written before it is tried, so a restart goes on with it. Each webhook has few tries under way at once,
 * and all together have a bound: a dead server keeps its own place busy and nobody else's. One that has taken nothing
 * for five days, or says that it is gone, is no longer sent anything until a person makes it active again.
 */
import type { Clock } from '../domain/clock.ts';
import { type Event, type Events, wanted } from '../domain/events.ts';
import { type CustomerId, type DeliveryId, newId, type WebhookId } from '../domain/ids.ts';
import type { Log } from '../domain/log.ts';
import type { Random } from '../domain/random.ts';
import type { Secrecy } from '../domain/secrecy.ts';
import { type DurationMs, hours, later, minutes, ms, seconds } from '../domain/units.ts';
import type {
  Delivery,
  HookSender,
  Receipt,
  StoredWebhook,
  WebhookStore,
} from '../domain/webhook.ts';
import type { EventBus } from './event-bus.ts';
import { eventJson } from './event-json.ts';
import type { SettingsDesk } from './settings.ts';
import { secretsOf } from './webhooks.ts';

/** Waits after each try that failed. Source: Standard Webhooks, "Deliverability and reliability". */
const WAITS: readonly DurationMs[] = [
  ...[seconds(5), minutes(5), minutes(30)],
  ...[2, 5, 10, 14, 20, 24].map(hours),
];

/** A wait may be this much shorter or longer, so that not all come again at once. */
const JITTER = 0.2;

const DISABLED_AFTER = hours(24 * 5);

/** Longest wait for one answer. */
const ANSWERED_WITHIN = seconds(15);

const AT_ONCE = 32;
const AT_ONCE_PER_WEBHOOK = 2;

/** How often what is due is looked for. */
const LOOK_EVERY = seconds(5);

const FORGOTTEN_AT_ONCE = 500;

const PAYLOAD_BYTES_MAX = 65_536;

/** Of a server that says that it wants no more. */
const GONE = 410;

export type DeliveriesWorld = {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly events: EventBus & Events;
  readonly secrecy: Pick<Secrecy, 'unseal'>;
  readonly store: WebhookStore;
  readonly sender: HookSender;
  readonly settings: SettingsDesk;
};

export class Deliveries {
  readonly #world: DeliveriesWorld;
  readonly #webhooks = new Map<WebhookId, StoredWebhook>();
  /** Whose they are; those of null hear of everything. An event concerns two of these at most. */
  readonly #ofOwner = new Map<CustomerId | null, Set<WebhookId>>();
  readonly #busy = new Map<WebhookId, Set<DeliveryId>>();
  /** Tries that ended since the catalog was asked what is due: its answer may still name them. */
  readonly #ended = new Set<DeliveryId>();
  /** Not written yet. */
  #fresh: Delivery[] = [];
  #writing: Promise<void> | null = null;
  #looking: Promise<void> | null = null;
  #underWay = 0;
  #cancelTimer = (): void => {};
  #unsubscribe = (): void => {};
  readonly #tries = new Set<Promise<void>>();
  readonly #closing = new AbortController();

  /** Throws `CATALOG_DOWN`. */
  static async open(world: DeliveriesWorld): Promise<Deliveries> {
    const deliveries = new Deliveries(world);
    for (const webhook of await world.store.all()) deliveries.know(webhook);
    deliveries.#unsubscribe = world.events.subscribe({}, (event) => deliveries.#take(event));
    deliveries.#lookLater();
    return deliveries;
  }

  private constructor(world: DeliveriesWorld) {
    this.#world = world;
  }

  webhooks(): IterableIterator<StoredWebhook> {
    return this.#webhooks.values();
  }

  webhook(id: WebhookId): StoredWebhook | undefined {
    return this.#webhooks.get(id);
  }

  know(webhook: StoredWebhook): void {
    const { id, customer } = webhook;
    this.#webhooks.set(id, webhook);
    const own = this.#ofOwner.get(customer) ?? new Set();
    this.#ofOwner.set(customer, own.add(id));
  }

  forget(id: WebhookId): void {
    const owner = this.#webhooks.get(id)?.customer ?? null;
    this.#webhooks.delete(id);
    const own = this.#ofOwner.get(owner);
    own?.delete(id);
    if (own?.size === 0) this.#ofOwner.delete(owner);
  }

  async test(webhook: StoredWebhook): Promise<Delivery> {
    const data = { text: 'this webhook works' };
    const event = this.#world.events.aside({ type: 'webhook.test', data });
    const delivery = this.#deliveryOf(webhook, event);
    await this.#world.store.addDeliveries([delivery]);
    this.#look();
    return delivery;
  }

  async again(delivery: Delivery): Promise<Delivery> {
    const { clock, store } = this.#world;
    const fresh = { ...delivery, attempts: 0, nextAt: clock.wall(), deliveredAt: null };
    await store.record(fresh);
    this.#look();
    return fresh;
  }

  /** Ends the tries that are under way: they are made again by the next run. */
  async close(): Promise<void> {
    this.#unsubscribe();
    this.#cancelTimer();
    this.#closing.abort();
    await this.#writing;
    await this.#looking;
    await Promise.all(this.#tries);
  }

  get #isClosed(): boolean {
    return this.#closing.signal.aborted;
  }

  #take(event: Event): void {
    const { customer } = event;
    const isGone = customer !== null && event.type === 'customer.deleted';
    // The catalog has deleted its webhooks with it.
    if (isGone) for (const id of [...this.#idsOf(customer)]) this.forget(id);
    for (const owner of customer === null ? [null] : [null, customer]) {
      for (const id of this.#idsOf(owner)) this.#queue(id, event);
    }
    if (this.#fresh.length > 0) this.#writing ??= this.#write();
  }

  #idsOf(owner: CustomerId | null): Iterable<WebhookId> {
    return this.#ofOwner.get(owner) ?? [];
  }

  #queue(id: WebhookId, event: Event): void {
    const webhook = this.#webhooks.get(id);
    if (webhook === undefined || !webhook.isActive) return;
    if (wanted({ types: webhook.events }, event))
      this.#fresh.push(this.#deliveryOf(webhook, event));
  }

  #deliveryOf({ id: webhook }: StoredWebhook, event: Event): Delivery {
    const { clock, random } = this.#world;
    const now = clock.wall();
    return {
      ...{ id: newId('dl', random), webhook, event: event.type, payload: payloadOf(event) },
      ...{ createdAt: now, attempts: 0, nextAt: now },
      ...{ deliveredAt: null, lastStatus: null, lastError: null },
    };
  }

  /** All that has come meanwhile goes in one statement. */
  async #write(): Promise<void> {
    const { store, log } = this.#world;
    try {
      while (this.#fresh.length > 0) {
        const some = this.#fresh.splice(0, 500);
        await store.addDeliveries(some).catch((error: unknown) => {
          log.error('events for webhooks were not kept', { events: some.length, error });
        });
      }
    } finally {
      this.#writing = null;
    }
    this.#look();
  }

  #lookLater(): void {
    this.#cancelTimer = this.#world.clock.timer(LOOK_EVERY, () => {
      this.#look();
      if (!this.#isClosed) this.#lookLater();
    });
  }

  #look(): void {
    if (this.#isClosed || this.#looking !== null || this.#webhooks.size === 0) return;
    this.#looking = this.#begin()
      .catch((error: unknown) => this.#world.log.warn('webhooks wait for the catalog', { error }))
      .finally(() => {
        this.#looking = null;
      });
  }

  async #begin(): Promise<void> {
    const { store, clock, settings } = this.#world;
    const { keptMs } = settings.current().webhooks;
    await store.forget(later(clock.wall(), ms(-keptMs)), FORGOTTEN_AT_ONCE);
    this.#ended.clear();
    for (const delivery of await store.due(clock.wall(), 2 * AT_ONCE_PER_WEBHOOK)) {
      const busy = this.#busy.get(delivery.webhook) ?? new Set();
      const isTried = busy.has(delivery.id) || this.#ended.has(delivery.id);
      if (isTried || busy.size >= AT_ONCE_PER_WEBHOOK) continue;
      if (this.#underWay >= AT_ONCE) return;
      this.#busy.set(delivery.webhook, busy.add(delivery.id));
      this.#underWay += 1;
      const tried = this.#try(delivery)
        .catch((error: unknown) => {
          this.#world.log.warn('how a delivery went is not written', { error });
          return false;
        })
        .then((more) => {
          this.#underWay -= 1;
          busy.delete(delivery.id);
          if (this.#looking !== null) this.#ended.add(delivery.id);
          if (busy.size === 0) this.#busy.delete(delivery.webhook);
          // One that takes what it gets may have the next.
          if (more) this.#lookSoon();
          this.#tries.delete(tried);
        });
      this.#tries.add(tried);
    }
  }

  /** After the look that is under way. */
  #lookSoon(): void {
    const now = this.#looking ?? Promise.resolve();
    now.then(() => this.#look());
  }

  /** Whether it has arrived. */
  async #try(delivery: Delivery): Promise<boolean> {
    const { clock, store, sender, secrecy } = this.#world;
    const webhook = this.#webhooks.get(delivery.webhook);
    if (webhook === undefined) return false;
    const { id, payload } = delivery;
    const secrets = secretsOf(secrecy, webhook, clock.wall());
    const parcel = { id, payload, url: webhook.url, at: clock.wall(), secrets };
    const receipt: Receipt =
      secrets.length === 0
        ? { error: 'its secret cannot be read any more; rotate it' }
        : await sender.send({ ...parcel, within: ANSWERED_WITHIN, signal: this.#closing.signal });
    const arrived = 'status' in receipt && receipt.status >= 200 && receipt.status < 300;
    // Nobody knows how it would have gone, and it is as due as it was.
    if (this.#isClosed && !arrived) return false;
    await store.record({ ...delivery, ...this.#outcome(delivery, receipt, arrived) });
    await this.#judge(webhook, receipt, arrived);
    return arrived;
  }

  #outcome({ attempts }: Delivery, receipt: Receipt, arrived: boolean): Partial<Delivery> {
    const { clock, random } = this.#world;
    const now = clock.wall();
    const status = 'status' in receipt ? receipt.status : null;
    const words = 'error' in receipt ? receipt.error : `it has answered ${receipt.status}`;
    const told = { attempts: attempts + 1, lastStatus: status, lastError: arrived ? null : words };
    if (arrived) return { ...told, deliveredAt: now, nextAt: null };
    const wait = WAITS[attempts];
    if (wait === undefined) return { ...told, nextAt: null };
    const varied = wait * (1 - JITTER + 2 * JITTER * random.next());
    return { ...told, nextAt: later(now, ms(Math.round(varied))) };
  }

  /** Notes since when it fails, and gives up one that fails for days. */
  async #judge(webhook: StoredWebhook, receipt: Receipt, arrived: boolean): Promise<void> {
    const { clock, store, events } = this.#world;
    const now = clock.wall();
    const { id, failingSince: since, customer } = webhook;
    if (arrived && since === null) return;
    const failingSince = arrived ? null : (since ?? now);
    const isGone = 'status' in receipt && receipt.status === GONE;
    const isLong = failingSince !== null && now - failingSince >= DISABLED_AFTER;
    const isActive = webhook.isActive && !isGone && !isLong;
    if (failingSince === since && isActive === webhook.isActive) return;
    await store.change(id, { failingSince, isActive });
    const present = this.#webhooks.get(id);
    if (present !== undefined) this.know({ ...present, failingSince, isActive });
    if (isActive || !webhook.isActive) return;
    const why = isGone ? 'it said that it is gone' : 'nothing arrived there for five days';
    events.publish({ type: 'webhook.disabled', customer, data: { webhook: id, why } });
  }
}

/** Source: Standard Webhooks, "Payload structure". */
function payloadOf(event: Event): string {
  const json = eventJson(event);
  const { type, at: timestamp } = json;
  const payload = JSON.stringify({ type, timestamp, data: json });
  if (payload.length <= PAYLOAD_BYTES_MAX) return payload;
  return JSON.stringify({ type, timestamp, data: { ...json, data: { isTooLarge: true } } });
}
