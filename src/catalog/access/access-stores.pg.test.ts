import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type KeyDraft, openerOf } from '../../domain/api-key.ts';
import type { NewAuditEntry } from '../../domain/audit.ts';
import { type CustomerId, newId, parseTenantId } from '../../domain/ids.ts';
import { ms, timestamp } from '../../domain/units.ts';
import { SeededRandom } from '../../sim/seeded-random.ts';
import { VirtualClock } from '../../sim/virtual-clock.ts';
import { draft } from '../../testing/drafts.ts';
import { memoryStores } from '../../testing/memory-access.ts';
import { MemoryLog } from '../../testing/memory-log.ts';
import { type RealPostgres, realPostgres } from '../../testing/real-postgres.ts';
import { openCatalog } from '../open-catalog.ts';
import type { PgCatalog } from '../pg-catalog.ts';
import type { Stores } from '../stores.ts';

type AccessStores = Pick<Stores, 'customers' | 'keys' | 'people' | 'issuers' | 'audit'>;

let postgres: RealPostgres;
let catalog: PgCatalog;
const random = new SeededRandom(5);

beforeAll(async () => {
  postgres = await realPostgres();
  catalog = await openCatalog({ connection: postgres.connection, log: new MemoryLog() });
});

beforeEach(async () => {
  await postgres.sql('delete from dynabase.tenants; delete from dynabase.customers');
  await postgres.sql(
    'delete from dynabase.api_keys; delete from dynabase.people; delete from dynabase.token_issuers; delete from dynabase.audit',
  );
});

afterAll(async () => {
  await catalog.close();
  await postgres[Symbol.asyncDispose]();
});

const inMemory = (): AccessStores => memoryStores({ clock: new VirtualClock(), tenants: () => [] });

const MAKERS = { 'in PostgreSQL': () => catalog.stores, 'in memory': inMemory };

const customer = (name: string, externalId: string | null = null) => ({
  ...({ id: newId('cu', random), name, externalId, plan: 'free', tenantsMax: null } as const),
});

const hash = (n: number) => new Uint8Array(32).fill(n);

const key = (change: Partial<KeyDraft> = {}): KeyDraft => ({
  ...{ id: newId('key', random), kind: 'key', name: 'k', scope: { kind: 'operator' } },
  ...{ role: 'admin', isReadOnly: false, person: null, createdBy: 'test', expiresAt: null },
  hash: hash(1),
  ...change,
});

describe.each(Object.entries(MAKERS))('stores %s', (_, make) => {
  let stores: AccessStores;

  beforeEach(() => {
    stores = make();
  });

  test('customers are listed by name in pages, found by what they are called, and are one of a kind', async () => {
    const { customers } = stores;
    for (const name of ['beta', 'alpha', 'beta', 'Gamma_%']) await customers.insert(customer(name));
    const first = await customers.list({ after: null, limit: 3 });
    const last = first.at(-1);
    const rest = await customers.list({ after: last ?? null, limit: 3 });
    const ids = [...first, ...rest].map(({ id }) => id);
    expect(new Set(ids).size).toBe(4);
    const found = await customers.list({ after: null, limit: 9, search: 'A_%' });
    expect(found.map(({ name }) => name)).toEqual(['Gamma_%']);
    const one = await customers.insert(customer('x', 'ext'));
    expect((await customers.byExternalId('ext'))?.id).toBe(one.id);
    await expect(customers.insert(customer('y', 'ext'))).rejects.toMatchObject({
      code: 'CUSTOMER_EXISTS',
    });
    const changed = await customers.change(one.id, { externalId: null, tenantsMax: 3 });
    expect(changed).toMatchObject({ name: 'x', externalId: null, tenantsMax: 3 });
    await customers.remove(one.id);
    await expect(customers.remove(one.id)).rejects.toMatchObject({ code: 'CUSTOMER_UNKNOWN' });
    await expect(customers.change(one.id, { name: 'z' })).rejects.toMatchObject({
      code: 'CUSTOMER_UNKNOWN',
    });
  });

  test('a key is kept with its hashes, rotated, noted as used, and removed', async () => {
    const { keys } = stores;
    const made = await keys.insert(key());
    await keys.rotate(made.id, { hash: hash(2), oldUntil: timestamp(5_000) });
    const stored = await keys.byId(made.id);
    expect([...(stored?.hash ?? [])]).toEqual([...hash(2)]);
    expect([...(stored?.oldHash ?? [])]).toEqual([...hash(1)]);
    expect(stored?.key.oldUntil).toBe(5_000);
    await keys.noteUses([{ id: made.id, at: timestamp(1_500), from: '10.0.0.1' }]);
    expect((await keys.byId(made.id))?.key).toMatchObject({
      ...{ lastUsedAt: 1_500, lastUsedFrom: '10.0.0.1' },
    });
    await keys.rotate(made.id, { hash: hash(3), oldUntil: null });
    expect((await keys.byId(made.id))?.oldHash).toBe(null);
    await keys.remove(made.id);
    await expect(keys.remove(made.id)).rejects.toMatchObject({ code: 'KEY_UNKNOWN' });
  });

  test('the keys of a person go together, of strangers at start, and of those that expired', async () => {
    const { keys, people } = stores;
    const ann = key({ kind: 'session', person: 'ann@x.y', expiresAt: timestamp(9_000) });
    const bob = key({ kind: 'personal', person: 'bob@x.y', expiresAt: timestamp(99_000) });
    const eve = key({ kind: 'personal', person: 'eve@x.y' });
    for (const one of [ann, bob, eve, key()]) await keys.insert(one);
    expect((await keys.byId(ann.id))?.key.kind).toBe('session');
    await people.put({ email: 'bob@x.y', customer: null, role: 'viewer' });
    await keys.removeOfStrangers(['ann@x.y']);
    const left = async () => (await keys.list({ limit: 9 })).map(({ person }) => person).sort();
    expect(await left()).toEqual(['ann@x.y', 'bob@x.y', null].sort());
    expect(await keys.forgetExpired(timestamp(10_000), 10)).toBe(1);
    await keys.removeOfPerson('bob@x.y', null);
    expect(await left()).toEqual([null]);
  });

  test('the sessions that a key has opened end with it, and no key that it has made', async () => {
    const { keys } = stores;
    const opener = await keys.insert(key());
    const createdBy = openerOf(opener.id);
    const session = key({ kind: 'session', createdBy });
    const made = key({ createdBy });
    const old = key({ kind: 'session', expiresAt: timestamp(9_000) });
    for (const one of [session, made, old]) await keys.insert(one);
    await keys.removeOpenedBy(opener.id);
    expect(await keys.byId(session.id)).toBe(undefined);
    expect(await keys.byId(made.id)).not.toBe(undefined);
    expect(await keys.forgetExpired(timestamp(10_000), 10)).toBe(1);
  });

  test('people have a role for the operator and for each customer', async () => {
    const { customers, people } = stores;
    const { id } = await customers.insert(customer('acme'));
    await people.put({ email: 'a@x.y', customer: id, role: 'viewer' });
    await people.put({ email: 'a@x.y', customer: null, role: 'viewer' });
    await people.put({ email: 'a@x.y', customer: null, role: 'admin' });
    const roles = (await people.byEmail('a@x.y')).map((one) => [one.customer, one.role]);
    expect(roles).toEqual([
      [null, 'admin'],
      [id, 'viewer'],
    ]);
    await people.noteSeen('a@x.y', id);
    const [seen] = await people.list({ customer: id, limit: 9 });
    expect(seen?.lastSeenAt).not.toBe(null);
    await people.remove('a@x.y', id);
    await expect(people.remove('a@x.y', id)).rejects.toMatchObject({ code: 'PERSON_UNKNOWN' });
    expect(await people.list({ customer: null, limit: 9 })).toHaveLength(1);
  });

  test('an issuer is one of a kind, and keeps keys or an address', async () => {
    const { issuers } = stores;
    const made = await issuers.insert({
      ...{ id: newId('iss', random), name: 'app', issuer: 'https://a', audience: 'db' },
      ...{ customerClaim: 'org', role: 'viewer', keys: { kind: 'inline', jwks: { keys: [] } } },
    });
    await expect(issuers.insert({ ...made, id: newId('iss', random) })).rejects.toMatchObject({
      code: 'ISSUER_EXISTS',
    });
    const url = { kind: 'url', url: 'https://a/keys' } as const;
    expect((await issuers.change(made.id, { keys: url })).keys).toEqual(url);
    expect((await issuers.byIssuer('https://a'))?.keys).toEqual(url);
    await issuers.remove(made.id);
    expect(await issuers.list()).toEqual([]);
  });

  test('the audit log is read from its end, by what is asked for, and forgets in batches', async () => {
    const { audit } = stores;
    const entry = (operation: string, id: CustomerId | null): NewAuditEntry => ({
      ...{ requestId: 'r', operation, byOperator: true, address: '::1', customer: id },
      ...{ caller: { kind: 'key', id: 'key_1', name: 'k' }, tenant: null, target: null },
      ...{ outcome: 'begun', fault: null, before: null, after: { plan: 'free' } },
    });
    const own = newId('cu', random);
    const first = await audit.add(entry('a', own));
    await audit.add(entry('b', null));
    await audit.add(entry('c', own));
    await audit.finish(first, { ...entry('a', own), outcome: 'failed', fault: 'DISK_FULL' });
    expect([await audit.endBegun(), await audit.endBegun()]).toEqual([2, 0]);
    const all = await audit.list({ limit: 9 });
    expect(all.map(({ outcome }) => outcome)).toEqual(['unknown', 'unknown', 'failed']);
    expect(all.map(({ operation }) => operation)).toEqual(['c', 'b', 'a']);
    expect(all.at(-1)).toMatchObject({
      outcome: 'failed',
      fault: 'DISK_FULL',
      after: { plan: 'free' },
    });
    const ours = await audit.list({ customer: own, before: all[0]?.id, limit: 9 });
    expect(ours.map(({ operation }) => operation)).toEqual(['a']);
    expect(await audit.list({ outcome: 'begun', operation: 'a', limit: 9 })).toEqual([]);
    const at = all[0]?.at ?? timestamp(0);
    expect(await audit.list({ to: timestamp(at - 60_000), limit: 9 })).toEqual([]);
    expect(await audit.forget(timestamp(at + 60_000), 2)).toBe(2);
    expect(await audit.list({ limit: 9 })).toHaveLength(1);
  });
});

describe('tenants of a customer', () => {
  test('of many that are made at once, as many come to be as it may have', async () => {
    const acme = { ...customer('acme'), tenantsMax: 3 };
    await catalog.stores.customers.insert(acme);
    const asked = Array.from({ length: 12 }, (_, n) =>
      catalog.insertTenant(draft(`t${n}`, { customer: acme.id })),
    );
    const done = await Promise.allSettled(asked);
    expect(done.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
    const refused = done.flatMap((one) => (one.status === 'rejected' ? [one.reason.code] : []));
    expect(new Set(refused)).toEqual(new Set(['TENANTS_FULL']));
    expect(await catalog.stores.customers.countTenants(acme.id)).toBe(3);
  });

  test('one of a customer that is not there is not made', async () => {
    const made = catalog.insertTenant(draft('t', { customer: newId('cu', random) }));
    await expect(made).rejects.toMatchObject({ code: 'CUSTOMER_UNKNOWN' });
  });

  test('a transfer counts at the new owner, and takes the keys of the old one back', async () => {
    const { customers, keys } = catalog.stores;
    const [a, b] = [customer('a'), { ...customer('b'), tenantsMax: 1 }];
    await customers.insert(a);
    await customers.insert(b);
    const one = await catalog.insertTenant(draft('one', { customer: a.id }));
    const two = await catalog.insertTenant(draft('two', { customer: a.id }));
    const made = await keys.insert(key({ scope: { kind: 'tenant', tenant: one.id } }));
    expect(await keys.list({ customer: a.id, limit: 9 })).toHaveLength(1);
    await catalog.configure(one.id, { customer: a.id, suspendAfter: ms(5_000) });
    expect(await keys.byId(made.id)).toBeDefined();
    expect((await catalog.configure(one.id, { customer: b.id })).customer).toBe(b.id);
    expect(await keys.byId(made.id)).toBeUndefined();
    const full = catalog.configure(two.id, { customer: b.id });
    await expect(full).rejects.toMatchObject({ code: 'TENANTS_FULL' });
    await expect(customers.remove(a.id)).rejects.toMatchObject({ code: 'CUSTOMER_BUSY' });
  });

  test('a key for what is gone is not made', async () => {
    const { keys } = catalog.stores;
    const tenant = parseTenantId('tn_zzzzzzzzzzzz');
    const of = (scope: KeyDraft['scope']) => keys.insert(key({ scope }));
    await expect(of({ kind: 'tenant', tenant })).rejects.toMatchObject({ code: 'TENANT_UNKNOWN' });
    const gone = of({ kind: 'customer', customer: newId('cu', random) });
    await expect(gone).rejects.toMatchObject({ code: 'CUSTOMER_UNKNOWN' });
  });
});
