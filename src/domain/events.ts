/**
 * What has happened, for whoever wants to hear of it.
 *
 * Events tell of what is done already: nobody waits for a listener, and who was away asks for the state again. The
 * port is the only way in, so that what publishes knows nothing of who listens.
 */
import type { Json } from './decision.ts';
import type { CustomerId, TenantId, TenantName } from './ids.ts';
import type { Timestamp } from './units.ts';

export const EVENT_TYPES = [
  'tenant.created',
  /** Its first client since it came to be: `data` has its `applicationName` and `role`. */
  'tenant.connected',
  /** It has moved: `data` has `from` and `to`. */
  'tenant.state',
  /** Its settings, owner or quotas are others now: `data` names what was changed, with the values. */
  'tenant.changed',
  'tenant.deleted',
  /** The policy, or a person, has decided about it. */
  'tenant.decision',
  /** It will be deleted by itself before long. */
  'tenant.expiring',
  /** It was nobody's, and is a customer's now. */
  'tenant.claimed',
  /** A soft limit is passed; a hard one holds the tenant; it is let go. */
  'quota.soft',
  'quota.hard',
  'quota.lifted',
  /** A budget is used up to a part, a margin is negative, or an hour cost what no hour should. */
  'cost.alert',
  'operation.begun',
  'operation.ended',
  'key.created',
  'key.rotated',
  'key.deleted',
  'customer.created',
  'customer.changed',
  'customer.deleted',
  /** A customer's month is billed: `data` has the invoice's number. */
  'invoice.closed',
  'invoice.paid',
  /** A payment has failed, in the provider's words; nothing else follows from it by itself. */
  'invoice.payment-failed',
  'webhook.test',
  'webhook.disabled',
  /** Told to one listener alone: events that it would have heard of are no longer kept. */
  'events.missed',
  /** Told to one listener alone, and the last that it hears: it takes them more slowly than they come. */
  'events.cut',
] as const;

export type EventType = (typeof EVENT_TYPES)[number];

/** Of whom an event tells. */
export type EventTenant = { readonly id: TenantId; readonly name: TenantName };

export type EventData = { readonly [key: string]: Json };

export type Event = {
  /** `ev_`, when the server started, and a number that grows; unique over all starts. */
  readonly id: string;
  readonly at: Timestamp;
  readonly type: EventType;
  /** Null for what is of no tenant. */
  readonly tenant: EventTenant | null;
  /** Whose matter it is; null for what only the operator hears of. */
  readonly customer: CustomerId | null;
  /** No secret is ever in it. */
  readonly data: EventData;
};

export type NewEvent = Pick<Event, 'type'> & Partial<Pick<Event, 'tenant' | 'customer' | 'data'>>;

/** What a listener wants to hear; what is not given is not asked for. */
export type EventFilter = {
  readonly customer?: CustomerId | undefined;
  readonly tenant?: TenantId | undefined;
  /** Types, `tenant.*` for all of a kind, or `*`. */
  readonly types?: readonly string[] | undefined;
};

export type EventListener = (event: Event) => void;

export interface Events {
  /** Never throws, and waits for nobody. */
  publish(event: NewEvent): void;
  /** Calls `listener` for what is published from now on. The answer ends it. */
  subscribe(filter: EventFilter, listener: EventListener): () => void;
}

/** Whether `filter` lets the event through. */
export function wanted({ customer, tenant, types }: EventFilter, event: Event): boolean {
  if (customer !== undefined && event.customer !== customer) return false;
  if (tenant !== undefined && event.tenant?.id !== tenant) return false;
  return types === undefined || types.some((pattern) => isOfType(pattern, event.type));
}

function isOfType(pattern: string, type: EventType): boolean {
  if (pattern === '*' || pattern === type) return true;
  return pattern.endsWith('.*') && type.startsWith(pattern.slice(0, -1));
}

/** Whether some type of event is meant by `pattern`. */
export const isEventPattern = (pattern: string): boolean =>
  EVENT_TYPES.some((type) => isOfType(pattern, type));
