/**
 * The catalog, and who writes to it is heard of: every move of a tenant passes here, whoever has made it.
 *
 * An event is told when what it tells of is written, and never before. That costs the writer one object, after its
 * statement, and whoever asks the catalog for anything else one look into a map.
 */
import type { Catalog, TenantSettings } from '../domain/catalog.ts';
import type { Json } from '../domain/decision.ts';
import type { Events, EventTenant, EventType } from '../domain/events.ts';
import type { CustomerId, TenantId } from '../domain/ids.ts';
import type { Log } from '../domain/log.ts';
import type { PolicyStore, TenantDecision } from '../domain/policy-store.ts';
import type { Tenant } from '../domain/tenant.ts';
import { overseen } from './overseen.ts';

/** Tenants whose names are kept, for events that know only the id. */
const NAMES_MAX = 10_000;

type Told = Catalog & Pick<PolicyStore, 'recordDecisions'>;

type Named = { readonly tenant: EventTenant; readonly customer: CustomerId | null };

/** What `TenantSettings` are called in the API. */
const FIELDS: Readonly<Record<string, string>> = {
  suspendAfter: 'suspendAfterMs',
  maxPinIdle: 'maxPinIdleMs',
};

/** `catalog` itself, but for the methods that write what events tell of. */
export function tellingCatalog<C extends Told>(
  catalog: C,
  { events, log }: { readonly events: Events; readonly log: Log },
): C {
  return overseen<Told>(catalog, { own: new Teller(catalog, events, log).methods() }) as C;
}

type Telling = Pick<
  Told,
  'insertTenant' | 'move' | 'configure' | 'rotateOwner' | 'removeTenant' | 'recordDecisions'
>;

class Teller {
  readonly #catalog: Told;
  readonly #events: Events;
  readonly #log: Log;
  readonly #names = new Map<TenantId, Named>();

  constructor(catalog: Told, events: Events, log: Log) {
    this.#catalog = catalog;
    this.#events = events;
    this.#log = log;
  }

  methods(): Telling {
    const catalog = this.#catalog;
    return {
      insertTenant: async (draft) => {
        const tenant = await catalog.insertTenant(draft);
        this.#tell('tenant.created', tenant, { plan: tenant.plan, tier: tenant.tier });
        return tenant;
      },
      move: async (tenant, to, change) => {
        const moved = await catalog.move(tenant, to, change);
        const { kind } = moved.state;
        const why = moved.state.kind === 'failed' ? { reason: moved.state.reason } : {};
        const data = { from: tenant.state.kind, to: kind, home: moved.home.kind, ...why };
        this.#tell('tenant.state', moved, data);
        return moved;
      },
      configure: async (id, change) => {
        const tenant = await catalog.configure(id, change);
        const fields = fieldsOf(change);
        if (fields.length > 0) this.#tell('tenant.changed', tenant, { fields });
        return tenant;
      },
      rotateOwner: async (id, verifier) => {
        const tenant = await catalog.rotateOwner(id, verifier);
        this.#tell('tenant.changed', tenant, { fields: ['password'] });
        return tenant;
      },
      removeTenant: async (id) => {
        const tenant = await catalog.tenantById(id);
        await catalog.removeTenant(id);
        if (tenant !== undefined) this.#tell('tenant.deleted', tenant, {});
        this.#names.delete(id);
      },
      recordDecisions: async (all) => {
        await catalog.recordDecisions(all);
        // Names may have to be looked up, which is nothing to wait for.
        this.#tellDecisions(all).catch((error: unknown) => {
          this.#log.warn('decisions were not told', { error });
        });
      },
    };
  }

  async #tellDecisions(all: readonly TenantDecision[]): Promise<void> {
    for (const { tenant: id, decision } of all) {
      const named = this.#names.get(id) ?? this.#keep(await this.#catalog.tenantById(id));
      if (named === null) continue;
      const { kind, from, to, because } = decision;
      this.#events.publish({
        type: 'tenant.decision',
        ...named,
        data: { kind, from, to, because },
      });
    }
  }

  #tell(type: EventType, tenant: Tenant, data: { readonly [key: string]: Json }): void {
    const named = this.#keep(tenant);
    if (named !== null) this.#events.publish({ type, ...named, data });
  }

  #keep(found: Tenant | undefined): Named | null {
    if (found === undefined) return null;
    const { id, name, customer } = found;
    const named = { tenant: { id, name }, customer };
    this.#names.delete(id);
    this.#names.set(id, named);
    if (this.#names.size > NAMES_MAX) {
      const [oldest] = this.#names.keys();
      if (oldest !== undefined) this.#names.delete(oldest);
    }
    return named;
  }
}

const fieldsOf = (change: TenantSettings): readonly string[] =>
  Object.entries(change)
    .filter(([, value]) => value !== undefined)
    .map(([field]) => FIELDS[field] ?? field);
