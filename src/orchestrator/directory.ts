/**
 * Names and credentials for the proxy, remembered so that a login to an awake tenant asks the
 * catalog nothing. Bounded: the entry least lately used gives way. What changes is forgotten, and
 * asked anew by the next login.
 */
import type { Credential, Door } from '../domain/gate.ts';
import type { TenantId, TenantName } from '../domain/ids.ts';
import type { Tenant } from '../domain/tenant.ts';
import { MAX_PIN_IDLE_DEFAULT, SESSIONS_MAX_DEFAULT } from '../domain/tier.ts';
import type { Verifier } from '../domain/verifier.ts';
import type { World } from './world.ts';

/** Tenants remembered; about 500 bytes each. */
export const DIRECTORY_TENANTS_MAX = 20_000;

/** Roles remembered of one tenant; a tenant with more asks the catalog for the rest. */
export const DIRECTORY_ROLES_MAX = 32;

type Entry = {
  readonly door: Door;
  readonly whose: Pick<Tenant, 'id' | 'plan' | 'customer'>;
  readonly verifiers: Map<string, Verifier>;
};

type DirectoryWorld = Pick<
  World,
  'catalog' | 'settings' | 'tickets' | 'host' | 'rulesOf' | 'allowance'
>;

export class Directory {
  readonly #world: DirectoryWorld;
  readonly #byName = new Map<TenantName, Entry>();
  readonly #names = new Map<TenantId, TenantName>();

  constructor(world: DirectoryWorld) {
    this.#world = world;
  }

  async door(name: TenantName): Promise<Door | undefined> {
    const known = this.#byName.get(name);
    if (known !== undefined) {
      this.#byName.delete(name);
      this.#byName.set(name, known);
      return this.#bounded(known);
    }
    const tenant = await this.#world.catalog.tenantByName(name);
    if (tenant === undefined || tenant.state.kind === 'deleting') return undefined;
    return this.#bounded(this.#remember(tenant));
  }

  async credential(tenant: TenantId, role: string): Promise<Credential | undefined> {
    const ticket = this.#world.tickets.find(tenant, role);
    if (ticket !== undefined) {
      const { verifier, rights } = ticket;
      return { verifier, instead: this.#world.host.ticketKey(tenant, rights) };
    }
    const name = this.#names.get(tenant);
    const verifiers = name === undefined ? undefined : this.#byName.get(name)?.verifiers;
    const verifier = verifiers?.get(role) ?? (await this.#world.catalog.verifier(tenant, role));
    if (verifier === undefined) return undefined;
    if (verifiers !== undefined && verifiers.size < DIRECTORY_ROLES_MAX) {
      verifiers.set(role, verifier);
    }
    return { verifier, instead: null };
  }

  /** The catalog's row, its roles or its settings have changed, or it is gone. */
  forget(tenant: TenantId): void {
    const name = this.#names.get(tenant);
    if (name !== undefined) this.#byName.delete(name);
    this.#names.delete(tenant);
  }

  /** The tenant has another tier: its door is another one, its roles are what they were. */
  retiered(tenant: Tenant): void {
    const known = this.#byName.get(tenant.name);
    if (known !== undefined) {
      this.#byName.set(tenant.name, { ...known, door: doorOf(tenant, this.#world) });
    }
  }

  /** With what changes from one login to the next. */
  #bounded({ door, whose }: Entry): Door {
    const { allowance } = this.#world;
    const refusal = allowance.refusalOf(whose);
    const most = allowance.sessionsMaxOf(whose);
    const lists = allowance.addressesOf(whose);
    if (refusal === null && most === null && lists.length === 0) return door;
    return {
      ...door,
      refusal,
      sessionsMax: Math.min(door.sessionsMax, most ?? door.sessionsMax),
      allowedAddresses: [...(door.allowedAddresses ?? []), ...lists],
    };
  }

  #remember(tenant: Tenant): Entry {
    const door = doorOf(tenant, this.#world);
    const { id, plan, customer } = tenant;
    const whose = { id, plan, customer };
    const entry = { door, whose, verifiers: new Map<string, Verifier>() };
    this.#byName.set(tenant.name, entry);
    this.#names.set(tenant.id, tenant.name);
    if (this.#byName.size > DIRECTORY_TENANTS_MAX) {
      const [oldest] = this.#byName.values();
      if (oldest !== undefined) this.forget(oldest.door.tenant);
    }
    return entry;
  }
}

/** A parked session costs kilobytes, not a backend: the size class bounds backends alone. */
function doorOf(
  tenant: Tenant,
  { settings, rulesOf }: Pick<DirectoryWorld, 'settings' | 'rulesOf'>,
): Door {
  const { connectionsMax } = rulesOf(tenant).tiers[tenant.tier].size;
  const pinIdle = tenant.maxPinIdle ?? settings.maxPinIdle ?? MAX_PIN_IDLE_DEFAULT;
  const mayPinForEver = tenant.tier === 'PERSISTENT' || pinIdle === 0;
  return {
    tenant: tenant.id,
    name: tenant.name,
    sessionsMax: tenant.sessionsMax ?? settings.sessionsMax ?? SESSIONS_MAX_DEFAULT,
    backendsMax: Math.min(connectionsMax, settings.backendsMax ?? connectionsMax),
    maxPinIdle: mayPinForEver ? null : pinIdle,
    ...(tenant.allowedAddresses.length > 0 && { allowedAddresses: [tenant.allowedAddresses] }),
  };
}
