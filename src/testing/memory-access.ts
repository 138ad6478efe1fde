/** Who may call, and what they did, in memory: keeps the promises of the ports as the catalog does. */
import {
  type ApiKey,
  type KeyDraft,
  type KeyQuery,
  type KeyStore,
  type KeyUse,
  openerOf,
  type Rotation,
  type StoredKey,
} from '../domain/api-key.ts';
import type {
  AuditEnd,
  AuditEntry,
  AuditQuery,
  AuditStore,
  NewAuditEntry,
} from '../domain/audit.ts';
import type { Clock } from '../domain/clock.ts';
import type {
  Customer,
  CustomerChange,
  CustomerDraft,
  CustomerQuery,
  CustomerStore,
} from '../domain/customer.ts';
import { fault } from '../domain/faults.ts';
import type { CustomerId, IssuerId, KeyId } from '../domain/ids.ts';
import type { Person, PersonQuery, PersonStore } from '../domain/person.ts';
import type { Tenant } from '../domain/tenant.ts';
import type {
  IssuerChange,
  IssuerDraft,
  IssuerStore,
  TokenIssuer,
} from '../domain/token-issuer.ts';
import type { Timestamp } from '../domain/units.ts';

/** What the stores need to know of the world. */
export type MemoryAccessWorld = {
  readonly clock: Clock;
  readonly tenants: () => readonly Tenant[];
  readonly people?: () => PersonStore;
};

export type MemoryStores = ReturnType<typeof memoryStores>;

export function memoryStores(place: MemoryAccessWorld) {
  const people = new MemoryPeople(place);
  return {
    customers: new MemoryCustomers(place),
    keys: new MemoryKeys({ ...place, people: () => people }),
    people,
    issuers: new MemoryIssuers(place),
    audit: new MemoryAudit(place),
  };
}

class MemoryCustomers implements CustomerStore {
  readonly #world: MemoryAccessWorld;
  readonly #rows = new Map<CustomerId, Customer>();

  constructor(world: MemoryAccessWorld) {
    this.#world = world;
  }

  async insert(draft: CustomerDraft): Promise<Customer> {
    this.#requireFree(draft.externalId, draft.id);
    const now = this.#world.clock.wall();
    const customer = { ...draft, createdAt: now, changedAt: now };
    this.#rows.set(draft.id, customer);
    return customer;
  }

  async byId(id: CustomerId): Promise<Customer | undefined> {
    return this.#rows.get(id);
  }

  async byExternalId(externalId: string): Promise<Customer | undefined> {
    return [...this.#rows.values()].find((row) => row.externalId === externalId);
  }

  async list({ after, limit, plan, search, externalId }: CustomerQuery): Promise<Customer[]> {
    const place = (row: { name: string; id: string }): string => `${row.name}\0${row.id}`;
    const part = search?.toLowerCase() ?? '';
    return [...this.#rows.values()]
      .filter((row) => after === null || place(row) > place(after))
      .filter((row) => plan === undefined || row.plan === plan)
      .filter((row) => externalId === undefined || row.externalId === externalId)
      .filter((row) => `${row.name}\0${row.externalId ?? ''}`.toLowerCase().includes(part))
      .sort((a, b) => (place(a) < place(b) ? -1 : 1))
      .slice(0, limit);
  }

  async countTenants(id: CustomerId): Promise<number> {
    return this.#world.tenants().filter(({ customer }) => customer === id).length;
  }

  async change(id: CustomerId, change: CustomerChange): Promise<Customer> {
    const before = this.#rows.get(id);
    if (before === undefined) throw fault('CUSTOMER_UNKNOWN', { customer: id });
    this.#requireFree(change.externalId ?? null, id);
    const customer = { ...before, ...change, changedAt: this.#world.clock.wall() };
    this.#rows.set(id, customer);
    return customer;
  }

  async remove(id: CustomerId): Promise<void> {
    if ((await this.countTenants(id)) > 0) throw fault('CUSTOMER_BUSY', { customer: id });
    if (!this.#rows.delete(id)) throw fault('CUSTOMER_UNKNOWN', { customer: id });
  }

  #requireFree(externalId: string | null, id: CustomerId): void {
    if (externalId === null) return;
    const others = [...this.#rows.values()].filter((row) => row.id !== id);
    if (others.every((row) => row.externalId !== externalId)) return;
    throw fault('CUSTOMER_EXISTS', { externalId });
  }
}

class MemoryKeys implements KeyStore {
  readonly #world: MemoryAccessWorld;
  readonly #rows = new Map<KeyId, StoredKey>();

  constructor(world: MemoryAccessWorld) {
    this.#world = world;
  }

  async insert({ hash, ...draft }: KeyDraft): Promise<ApiKey> {
    const createdAt = this.#world.clock.wall();
    const unused = { lastUsedAt: null, lastUsedFrom: null, oldUntil: null };
    const key = { ...draft, ...unused, createdAt };
    this.#rows.set(key.id, { key, hash, oldHash: null });
    return key;
  }

  async byId(id: KeyId): Promise<StoredKey | undefined> {
    return this.#rows.get(id);
  }

  async list({ customer, tenant, person, after, limit }: KeyQuery): Promise<ApiKey[]> {
    return [...this.#rows.values()]
      .map(({ key }) => key)
      .filter(({ id }) => after === undefined || id > after)
      .filter((key) => person === undefined || key.person === person)
      .filter(({ scope }) => tenant === undefined || tenantOf(scope) === tenant)
      .filter(({ scope }) => customer === undefined || this.#isOf(scope, customer))
      .sort((a, b) => (a.id < b.id ? -1 : 1))
      .slice(0, limit);
  }

  async rotate(id: KeyId, { hash, oldUntil }: Rotation): Promise<ApiKey> {
    const before = this.#rows.get(id);
    if (before === undefined) throw fault('KEY_UNKNOWN', { key: id });
    const key = { ...before.key, oldUntil };
    this.#rows.set(id, { key, hash, oldHash: oldUntil === null ? null : before.hash });
    return key;
  }

  async remove(id: KeyId): Promise<void> {
    if (!this.#rows.delete(id)) throw fault('KEY_UNKNOWN', { key: id });
  }

  async removeOpenedBy(opener: KeyId): Promise<void> {
    for (const [id, { key }] of this.#rows) {
      if (key.kind === 'session' && key.createdBy === openerOf(opener)) this.#rows.delete(id);
    }
  }

  async removeOfPerson(person: string, customer: CustomerId | null): Promise<void> {
    for (const [id, { key }] of this.#rows) {
      const own = key.scope.kind === 'customer' ? key.scope.customer : null;
      if (key.person === person && own === customer) this.#rows.delete(id);
    }
  }

  async removeOfStrangers(admins: readonly string[]): Promise<void> {
    for (const [id, { key }] of this.#rows) {
      const { person, scope } = key;
      if (person === null || scope.kind !== 'operator' || admins.includes(person)) continue;
      const known = await this.#world.people?.().byEmail(person);
      if (known?.every(({ customer }) => customer !== null) ?? true) this.#rows.delete(id);
    }
  }

  async noteUses(uses: readonly KeyUse[]): Promise<void> {
    for (const { id, at, from } of uses) {
      const row = this.#rows.get(id);
      if (row === undefined) continue;
      this.#rows.set(id, { ...row, key: { ...row.key, lastUsedAt: at, lastUsedFrom: from } });
    }
  }

  async forgetExpired(before: Timestamp, limit: number): Promise<number> {
    const old = [...this.#rows.values()]
      .map(({ key }) => key)
      .filter(({ person, kind }) => person !== null || kind === 'session')
      .filter(({ expiresAt }) => (expiresAt ?? before) < before)
      .slice(0, limit);
    for (const { id } of old) this.#rows.delete(id);
    return old.length;
  }

  #isOf(scope: ApiKey['scope'], customer: CustomerId): boolean {
    if (scope.kind === 'customer') return scope.customer === customer;
    const own = this.#world.tenants().filter((tenant) => tenant.customer === customer);
    return own.some(({ id }) => id === tenantOf(scope));
  }
}

const tenantOf = (scope: ApiKey['scope']) => (scope.kind === 'tenant' ? scope.tenant : undefined);

class MemoryPeople implements PersonStore {
  readonly #world: MemoryAccessWorld;
  readonly #rows = new Map<string, Person>();

  constructor(world: MemoryAccessWorld) {
    this.#world = world;
  }

  async put(given: Pick<Person, 'email' | 'customer' | 'role'>): Promise<Person> {
    const known = this.#rows.get(placeOf(given));
    const fresh = { createdAt: this.#world.clock.wall(), lastSeenAt: null };
    const person = { ...fresh, ...known, ...given };
    this.#rows.set(placeOf(given), person);
    return person;
  }

  async byEmail(email: string): Promise<Person[]> {
    return this.#sorted().filter((person) => person.email === email);
  }

  async list({ customer, after, limit }: PersonQuery): Promise<Person[]> {
    return this.#sorted()
      .filter((person) => person.customer === customer)
      .filter(({ email }) => after === undefined || email > after)
      .slice(0, limit);
  }

  async remove(email: string, customer: CustomerId | null): Promise<void> {
    if (!this.#rows.delete(placeOf({ email, customer }))) throw fault('PERSON_UNKNOWN', { email });
  }

  async noteSeen(email: string, customer: CustomerId | null): Promise<void> {
    const person = this.#rows.get(placeOf({ email, customer }));
    if (person === undefined) return;
    this.#rows.set(placeOf(person), { ...person, lastSeenAt: this.#world.clock.wall() });
  }

  #sorted(): Person[] {
    return [...this.#rows.values()].sort((a, b) => (placeOf(a) < placeOf(b) ? -1 : 1));
  }
}

const placeOf = ({ email, customer }: Pick<Person, 'email' | 'customer'>): string =>
  `${email} ${customer ?? ''}`;

class MemoryIssuers implements IssuerStore {
  readonly #clock: Clock;
  readonly #rows = new Map<IssuerId, TokenIssuer>();

  constructor({ clock }: MemoryAccessWorld) {
    this.#clock = clock;
  }

  async insert(draft: IssuerDraft): Promise<TokenIssuer> {
    this.#requireFree(draft);
    const issuer = { ...draft, createdAt: this.#clock.wall() };
    this.#rows.set(draft.id, issuer);
    return issuer;
  }

  async list(): Promise<TokenIssuer[]> {
    return [...this.#rows.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  async byIssuer(name: string): Promise<TokenIssuer | undefined> {
    return [...this.#rows.values()].find(({ issuer }) => issuer === name);
  }

  async change(id: IssuerId, change: IssuerChange): Promise<TokenIssuer> {
    const before = this.#rows.get(id);
    if (before === undefined) throw fault('ISSUER_UNKNOWN', { issuer: id });
    const issuer = { ...before, ...change };
    this.#requireFree(issuer);
    this.#rows.set(id, issuer);
    return issuer;
  }

  async remove(id: IssuerId): Promise<void> {
    if (!this.#rows.delete(id)) throw fault('ISSUER_UNKNOWN', { issuer: id });
  }

  #requireFree({ id, issuer }: Pick<TokenIssuer, 'id' | 'issuer'>): void {
    const taken = [...this.#rows.values()].some((row) => row.id !== id && row.issuer === issuer);
    if (taken) throw fault('ISSUER_EXISTS', { issuer });
  }
}

class MemoryAudit implements AuditStore {
  readonly entries: AuditEntry[] = [];
  /** The next write throws this. */
  failure: Error | undefined;
  readonly #clock: Clock;
  #last = 0;

  constructor({ clock }: MemoryAccessWorld) {
    this.#clock = clock;
  }

  async add(entry: NewAuditEntry): Promise<number> {
    this.#fail();
    this.entries.push({ ...entry, id: ++this.#last, at: this.#clock.wall() });
    return this.#last;
  }

  async finish(id: number, end: AuditEnd): Promise<void> {
    this.#fail();
    const place = this.entries.findIndex((entry) => entry.id === id);
    const entry = this.entries[place];
    if (entry !== undefined) this.entries[place] = { ...entry, ...end };
  }

  async endBegun(): Promise<number> {
    this.#fail();
    const begun = this.entries.filter(({ outcome }) => outcome === 'begun');
    for (const entry of begun) {
      this.entries[this.entries.indexOf(entry)] = { ...entry, outcome: 'unknown' };
    }
    return begun.length;
  }

  async list(query: AuditQuery): Promise<AuditEntry[]> {
    const { customer, tenant, caller, operation, outcome, from, to, before, limit } = query;
    return this.entries
      .filter((entry) => customer === undefined || entry.customer === customer)
      .filter((entry) => tenant === undefined || entry.tenant === tenant)
      .filter((entry) => caller === undefined || entry.caller.id === caller)
      .filter((entry) => operation === undefined || entry.operation === operation)
      .filter((entry) => outcome === undefined || entry.outcome === outcome)
      .filter(({ at }) => (from === undefined || at >= from) && (to === undefined || at < to))
      .filter(({ id }) => before === undefined || id < before)
      .reverse()
      .slice(0, limit);
  }

  async forget(before: Timestamp, limit: number): Promise<number> {
    const old = this.entries.filter(({ at }) => at < before).slice(0, limit);
    for (const entry of old) this.entries.splice(this.entries.indexOf(entry), 1);
    return old.length;
  }

  #fail(): void {
    const error = this.failure;
    this.failure = undefined;
    if (error !== undefined) throw error;
  }
}
