/**
 * Tells of the first client of a tenant that has just come to be, once: who waits for it at a page sees it come.
 *
 * It stands before the gate and does nothing but look, and only while somebody's first client is awaited. A login that
 * the control plane has made for itself (the editor of SQL, `dynabase psql`) is no client. What is awaited is in memory alone: after
 * a restart of the server nobody's first client is told.
 */
import type { Events, EventTenant } from '../domain/events.ts';
import type { Gate, SessionClient } from '../domain/gate.ts';
import type { CustomerId, TenantId } from '../domain/ids.ts';
import { overseen } from './overseen.ts';
import { TICKET_PREFIX } from './tickets.ts';

/** Of tenants beyond that, those that have waited longest are given up. */
const AWAITED_MAX = 10_000;

type Awaited = { readonly tenant: EventTenant; readonly customer: CustomerId | null };

export class FirstClients {
  readonly #events: Events;
  readonly #awaited = new Map<TenantId, Awaited>();

  constructor(events: Events) {
    this.#events = events;
    events.subscribe({ types: ['tenant.*'] }, ({ type, tenant, customer }) => {
      if (tenant === null) return;
      if (type === 'tenant.deleted') this.#awaited.delete(tenant.id);
      else if (type === 'tenant.created') this.#await(tenant, customer);
      // It may be another customer's by now.
      else if (this.#awaited.has(tenant.id)) this.#awaited.set(tenant.id, { tenant, customer });
    });
  }

  /** `gate` itself, looked at. */
  gate(gate: Gate): Gate {
    const own: Partial<Gate> = {
      wake: (request) => {
        if (request.cause.kind === 'session') this.#saw(request.tenant, request.cause);
        return gate.wake(request);
      },
      use: (tenant, proxy, use) => {
        this.#saw(tenant, use.holder?.who ?? use.left);
        gate.use(tenant, proxy, use);
      },
    };
    return overseen(gate, { own });
  }

  #await(tenant: EventTenant, customer: CustomerId | null): void {
    this.#awaited.set(tenant.id, { tenant, customer });
    if (this.#awaited.size <= AWAITED_MAX) return;
    const [oldest] = this.#awaited.keys();
    if (oldest !== undefined) this.#awaited.delete(oldest);
  }

  #saw(tenant: TenantId, who: SessionClient | undefined): void {
    if (this.#awaited.size === 0 || who === undefined || who.role.startsWith(TICKET_PREFIX)) return;
    const awaited = this.#awaited.get(tenant);
    if (awaited === undefined) return;
    this.#awaited.delete(tenant);
    const { applicationName, role } = who;
    this.#events.publish({ type: 'tenant.connected', ...awaited, data: { applicationName, role } });
  }
}
