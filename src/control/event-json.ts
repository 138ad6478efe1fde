import type { Json } from '../domain/decision.ts';
import type { Event } from '../domain/events.ts';

export type EventJson = {
  readonly id: string;
  readonly at: string;
  readonly type: string;
  readonly tenant: { readonly id: string; readonly name: string } | null;
  readonly customer: string | null;
  readonly data: { readonly [key: string]: Json };
};

/** The event as all doors tell it. */
export function eventJson({ id, at, type, tenant, customer, data }: Event): EventJson {
  return {
    ...{ id, at: new Date(at).toISOString(), type },
    ...{ tenant: tenant && { id: tenant.id, name: tenant.name }, customer, data },
  };
}
