/** Makes keys, changes their secrets and takes them back; nobody gives away more than they have. */
import type { ApiKey, KeyStore } from '../../domain/api-key.ts';
import { type Caller, RIGHTS_OF, type Role, type Scope } from '../../domain/caller.ts';
import type { Clock } from '../../domain/clock.ts';
import type { Events } from '../../domain/events.ts';
import { fault } from '../../domain/faults.ts';
import { type CustomerId, isId, type KeyId, newId, type TenantId } from '../../domain/ids.ts';
import type { Random } from '../../domain/random.ts';
import type { Secrecy } from '../../domain/secrecy.ts';
import type { Tenant } from '../../domain/tenant.ts';
import { type DurationMs, later } from '../../domain/units.ts';
import type { KeyRing } from './key-ring.ts';

export type KeyWorld = {
  readonly clock: Clock;
  readonly random: Random;
  readonly store: KeyStore;
  readonly ring: KeyRing;
  readonly secrecy: Secrecy;
  readonly events: Events;
  readonly tenantById: (id: TenantId) => Promise<Tenant | undefined>;
};

export type NewKey = Pick<ApiKey, 'name' | 'scope' | 'role' | 'isReadOnly' | 'expiresAt'>;

/** A key whose secret is shown here and nowhere else. */
export type KeySecret = { readonly key: ApiKey; readonly secret: string };

export type KeyListing = { readonly keys: readonly ApiKey[]; readonly next: string | null };

export type KeyFilter = {
  readonly customer?: CustomerId | undefined;
  readonly tenant?: TenantId | undefined;
  readonly after?: string | undefined;
  readonly limit: number;
};

/** As many as a SHA-256 has. */
const SECRET_BYTES = 32;

export class KeyDesk {
  readonly #world: KeyWorld;

  constructor(world: KeyWorld) {
    this.#world = world;
  }

  /** Throws `FORBIDDEN` for one that reaches further, may more or lives longer than its maker. */
  async create(request: NewKey, caller: Caller): Promise<KeySecret> {
    const { clock } = this.#world;
    await this.#requireReach(caller, request.scope);
    requireRights(caller, request);
    requireEnd(caller, request);
    if (request.expiresAt !== null && request.expiresAt <= clock.wall()) {
      throw fault('BAD_REQUEST', { why: '"expiresAt" is past' });
    }
    const createdBy = `${caller.kind} ${caller.id}`;
    const made = await this.issue({ ...request, kind: 'key', person: null, createdBy });
    const { id, name, role, scope } = made.key;
    const customer = scope.kind === 'customer' ? scope.customer : null;
    const data = { id, name, role, scope: scope.kind };
    this.#world.events.publish({ type: 'key.created', customer, data });
    return made;
  }

  /** A key of any kind, by whatever right it is made. */
  async issue(draft: NewKey & Pick<ApiKey, 'kind' | 'person' | 'createdBy'>): Promise<KeySecret> {
    const { random, ring, secrecy, store } = this.#world;
    const id = newId('key', random);
    const secret = this.#secretOf(id);
    const key = await store.insert({ ...draft, id, hash: secrecy.hash(secret) });
    ring.forget(id);
    return { key, secret };
  }

  /** Throws `KEY_UNKNOWN` for one outside the caller's scope, too. */
  async show(id: string, caller: Caller): Promise<ApiKey> {
    const stored = isId('key', id) ? await this.#world.store.byId(id) : undefined;
    if (stored === undefined || !(await this.#covers(caller, stored.key.scope))) {
      throw fault('KEY_UNKNOWN', { key: id });
    }
    return stored.key;
  }

  /** Confined to what the caller's scope covers. */
  async list(filter: KeyFilter, { scope }: Caller): Promise<KeyListing> {
    if (isElsewhere(filter, scope)) return { keys: [], next: null };
    const confined =
      scope.kind === 'customer'
        ? { ...filter, customer: scope.customer }
        : scope.kind === 'tenant'
          ? { ...filter, tenant: scope.tenant }
          : filter;
    const found = await this.#world.store.list({ ...confined, limit: filter.limit + 1 });
    const keys = found.slice(0, filter.limit);
    return { keys, next: found.length > filter.limit ? (keys.at(-1)?.id ?? null) : null };
  }

  /** The secret of now is taken for `grace` more. Sessions and personal keys are made anew instead. */
  async rotate(id: string, grace: DurationMs, caller: Caller): Promise<KeySecret> {
    const { clock, events, ring, secrecy, store } = this.#world;
    const before = await this.show(id, caller);
    requireRights(caller, before);
    requireEnd(caller, before);
    if (before.kind !== 'key') {
      throw fault('BAD_REQUEST', { why: 'a key of a person is not rotated; log in again' });
    }
    const secret = this.#secretOf(before.id);
    const oldUntil = grace === 0 ? null : later(clock.wall(), grace);
    const key = await store.rotate(before.id, { hash: secrecy.hash(secret), oldUntil });
    await this.#endSessionsOf(key.id);
    ring.forget(key.id);
    const customer = key.scope.kind === 'customer' ? key.scope.customer : null;
    events.publish({ type: 'key.rotated', customer, data: { id: key.id, name: key.name } });
    return { key, secret };
  }

  async revoke(id: string, caller: Caller): Promise<ApiKey> {
    const { events, ring, store } = this.#world;
    const key = await this.show(id, caller);
    requireRights(caller, key);
    await store.remove(key.id);
    await this.#endSessionsOf(key.id);
    ring.forget(key.id);
    const customer = key.scope.kind === 'customer' ? key.scope.customer : null;
    events.publish({ type: 'key.deleted', customer, data: { id: key.id, name: key.name } });
    return key;
  }

  /** Whoever has opened a browser session with a key has no more than the key. */
  async #endSessionsOf(id: KeyId): Promise<void> {
    await this.#world.store.removeOpenedBy(id);
    this.#world.ring.forgetAll();
  }

  #secretOf(id: string): string {
    const chance = Buffer.from(this.#world.random.bytes(SECRET_BYTES)).toString('base64url');
    return `dyb_${id.slice('key_'.length)}_${chance}`;
  }

  async #requireReach(caller: Caller, scope: ApiKey['scope']): Promise<void> {
    if (await this.#covers(caller, scope)) return;
    if (scope.kind === 'tenant') throw fault('TENANT_UNKNOWN', { tenant: scope.tenant });
    if (scope.kind === 'customer') throw fault('CUSTOMER_UNKNOWN', { customer: scope.customer });
    throw fault('FORBIDDEN', { why: `a key of the operator reaches further than its maker` });
  }

  async #covers(caller: Caller, scope: ApiKey['scope']): Promise<boolean> {
    const own = caller.scope;
    if (own.kind === 'operator') return true;
    if (own.kind === 'tenant') return scope.kind === 'tenant' && scope.tenant === own.tenant;
    if (own.kind !== 'customer' || scope.kind === 'operator') return false;
    if (scope.kind === 'customer') return scope.customer === own.customer;
    return (await this.#world.tenantById(scope.tenant))?.customer === own.customer;
  }
}

/** Throws `FORBIDDEN` unless every right of the key is one of its maker's. */
function requireRights(caller: Caller, key: { readonly role: Role }): void {
  const own = RIGHTS_OF[caller.role];
  if (!caller.isReadOnly && RIGHTS_OF[key.role].every((right) => own.includes(right))) return;
  throw fault('FORBIDDEN', { why: `a key of role ${key.role} may more than its maker` });
}

/** Throws `FORBIDDEN` for a key that would go on where its maker's has ended. */
function requireEnd({ endsAt }: Caller, { expiresAt }: Pick<ApiKey, 'expiresAt'>): void {
  if (endsAt === undefined || (expiresAt !== null && expiresAt <= endsAt)) return;
  const why = `its own key ends at ${new Date(endsAt).toISOString()}, and no key of its making later`;
  throw fault('FORBIDDEN', { why });
}

/** What is asked for is outside of the scope, where for this caller nothing is. */
const isElsewhere = ({ customer, tenant }: KeyFilter, scope: Scope): boolean =>
  (scope.kind === 'customer' && customer !== undefined && customer !== scope.customer) ||
  (scope.kind === 'tenant' && tenant !== undefined && tenant !== scope.tenant);
