/** Events sent to somebody's server. Source: the Standard Webhooks specification, 1.0. */
import type { CustomerId, DeliveryId, WebhookId } from './ids.ts';
import type { DurationMs, Timestamp } from './units.ts';

export type Webhook = {
  readonly id: WebhookId;
  /** Whose events it gets; null for the operator's, which gets all. */
  readonly customer: CustomerId | null;
  readonly url: string;
  /** Types of events, `tenant.*` for all of a kind, or `*`. */
  readonly events: readonly string[];
  readonly isActive: boolean;
  /** Since when nothing has arrived there; null if the last one did. */
  readonly failingSince: Timestamp | null;
  readonly createdAt: Timestamp;
};

/** What it signs with, sealed. */
export type StoredWebhook = Webhook & { readonly secret: string };

export type WebhookChange = Partial<
  Pick<StoredWebhook, 'url' | 'events' | 'isActive' | 'failingSince' | 'secret'>
>;

export type Delivery = {
  readonly id: DeliveryId;
  readonly webhook: WebhookId;
  /** Type of the event. */
  readonly event: string;
  readonly payload: string;
  readonly createdAt: Timestamp;
  readonly attempts: number;
  /** When it is tried next; null once it was delivered, or given up. */
  readonly nextAt: Timestamp | null;
  readonly deliveredAt: Timestamp | null;
  readonly lastStatus: number | null;
  readonly lastError: string | null;
};

/** All throw `CATALOG_DOWN`. */
export interface WebhookStore {
  /** Throws `WEBHOOKS_FULL` if the owner has `max` already. */
  insert(webhook: StoredWebhook, max: number): Promise<void>;
  /** All there are. */
  all(): Promise<readonly StoredWebhook[]>;
  /** No effect on one that is gone. */
  change(id: WebhookId, change: WebhookChange): Promise<void>;
  /** Its deliveries go with it. */
  remove(id: WebhookId): Promise<void>;
  /** Those of webhooks that are gone are left out. */
  addDeliveries(all: readonly Delivery[]): Promise<void>;
  /** Of active webhooks, what is due before `now`: of each at most `perWebhook`, who waits longest first. */
  due(now: Timestamp, perWebhook: number): Promise<readonly Delivery[]>;
  /** Writes how it stands. */
  record(delivery: Delivery): Promise<void>;
  delivery(id: DeliveryId): Promise<Delivery | undefined>;
  /** The latest first. */
  deliveries(
    webhook: WebhookId,
    query: { readonly after?: DeliveryPlace | undefined; readonly limit: number },
  ): Promise<readonly Delivery[]>;
  /** Forgets at most `limit` that nobody waits for, made before `before`; answers how many. */
  forget(before: Timestamp, limit: number): Promise<number>;
}

export type DeliveryPlace = { readonly createdAt: Timestamp; readonly id: DeliveryId };

export type Parcel = {
  readonly id: DeliveryId;
  readonly url: string;
  readonly at: Timestamp;
  readonly payload: string;
  /** It is signed with each. */
  readonly secrets: readonly string[];
  readonly within: DurationMs;
  /** Ends the try. */
  readonly signal: AbortSignal;
};

/** What came of a try: the status that was answered, or why nothing was. */
export type Receipt = { readonly status: number } | { readonly error: string };

/** Puts parcels on the way. */
export interface HookSender {
  /** Throws `BAD_WEBHOOK_URL` for an address that nothing is ever sent to. */
  check(url: string): void;
  /** Never throws. */
  send(parcel: Parcel): Promise<Receipt>;
}
