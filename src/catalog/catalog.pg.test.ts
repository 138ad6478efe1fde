import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Catalog } from '../domain/catalog.ts';
import { parseTenantId, parseTenantName, type TenantId } from '../domain/ids.ts';
import type { Tenant } from '../domain/tenant.ts';
import { ms, timestamp } from '../domain/units.ts';
import type { Verifier } from '../domain/verifier.ts';
import { MemoryCatalog } from '../sim/memory-catalog.ts';
import { VirtualClock } from '../sim/virtual-clock.ts';
import { draft, verifierNumber } from '../testing/drafts.ts';
import { MemoryLog } from '../testing/memory-log.ts';
import { type RealPostgres, realPostgres } from '../testing/real-postgres.ts';
import { openCatalog } from './open-catalog.ts';
import type { PgCatalog } from './pg-catalog.ts';

let postgres: RealPostgres;
let stored: PgCatalog;
const log = new MemoryLog();

beforeAll(async () => {
  postgres = await realPostgres();
  stored = await openCatalog({ connection: postgres.connection, log });
});

beforeEach(async () => {
  await postgres.sql('delete from dynabase.tenants');
});

afterAll(async () => {
  await stored.close();
  await postgres[Symbol.asyncDispose]();
  expect(log.alarming).toEqual([]);
});

const unknown: TenantId = parseTenantId('tn_zzzzzzzzzzzz');

const MAKERS = {
  'in PostgreSQL': (): Catalog => stored,
  'in memory, for tests of others,': (): Catalog => new MemoryCatalog(new VirtualClock()),
};

describe.each(Object.entries(MAKERS))('a catalog %s keeps the port: ', (_, make) => {
  let catalog: Catalog;

  beforeEach(() => {
    catalog = make();
  });

  const suspended = async (name: string): Promise<Tenant> =>
    catalog.move(await catalog.insertTenant(draft(name)), { kind: 'suspended' });

  describe('a new tenant', () => {
    test('is being created and unsettled, with all that was asked for', async () => {
      const acme = draft('acme', { plan: 'starter', tier: 'WARM', suspendAfter: ms(1500) });
      const { createdAt, stateSince, tierSince, ...rest } = await catalog.insertTenant(acme);
      expect(tierSince).toBe(createdAt);
      expect(rest).toEqual({
        id: acme.id,
        name: 'acme',
        plan: 'starter',
        ...{ override: null, consent: null, tierBefore: null },
        tier: 'WARM',
        state: { kind: 'creating' },
        generation: 1,
        home: { kind: 'none' },
        vault: acme.id,
        dirtySince: null,
        settled: false,
        suspendAfter: 1500,
        sessionsMax: null,
        maxPinIdle: null,
        ...{ customer: null, expiresAt: null, allowedAddresses: [] },
      });
      expect(stateSince).toBe(createdAt);
    });

    test('is found by name and by id, and nothing else is', async () => {
      const tenant = await catalog.insertTenant(draft('acme'));
      expect([
        await catalog.tenantByName(tenant.name),
        await catalog.tenantById(tenant.id),
        await catalog.tenantByName(parseTenantName('other')),
        await catalog.tenantById(unknown),
      ]).toEqual([tenant, tenant, undefined, undefined]);
    });

    test('has an owner of its own name who may log in', async () => {
      const { id, name } = await catalog.insertTenant(
        draft('acme', { verifier: verifierNumber(7) }),
      );
      expect([await catalog.verifier(id, name), await catalog.verifier(id, 'other')]).toEqual([
        verifierNumber(7),
        undefined,
      ]);
    });

    test('cannot take the name of another, however many try at once', async () => {
      const tries = Array.from({ length: 20 }, () => catalog.insertTenant(draft('acme')));
      const outcomes = await Promise.allSettled(tries);
      const made = outcomes.filter(({ status }) => status === 'fulfilled');
      const refusals = outcomes.flatMap((o) => (o.status === 'rejected' ? [o.reason.code] : []));
      expect([made.length, refusals]).toEqual([1, Array(19).fill('TENANT_EXISTS')]);
    });
  });

  describe('a move', () => {
    test('is stored whole, with the next generation', async () => {
      const retryAt = timestamp(1_893_456_000_123);
      const asleep = await suspended('acme');
      const waking = await catalog.move(asleep, { kind: 'waking', attempt: 2 });
      const failed = await catalog.move(waking, {
        kind: 'failed',
        attempt: 2,
        reason: 'no memory',
        retryAt,
      });
      expect([asleep, waking, failed].map((t) => [t.state, t.generation])).toEqual([
        [{ kind: 'suspended' }, 2],
        [{ kind: 'waking', attempt: 2 }, 3],
        [{ kind: 'failed', attempt: 2, reason: 'no memory', retryAt }, 4],
      ]);
      expect(await catalog.tenantById(failed.id)).toEqual(failed);
      expect(await catalog.move(failed, { kind: 'suspended' })).toMatchObject({
        state: { kind: 'suspended' },
        generation: 5,
      });
    });

    test('of an old generation is refused, so that of many writers one wins', async () => {
      const asleep = await suspended('acme');
      const tries = Array.from({ length: 20 }, (_, i) =>
        catalog.move(asleep, { kind: 'waking', attempt: i + 1 }),
      );
      const outcomes = await Promise.allSettled(tries);
      const winners = outcomes.flatMap((o) => (o.status === 'fulfilled' ? [o.value] : []));
      const refusals = outcomes.flatMap((o) => (o.status === 'rejected' ? [o.reason.code] : []));
      expect(refusals).toEqual(Array(19).fill('STALE_GENERATION'));
      expect(winners).toEqual([await catalog.tenantById(asleep.id)]);
    });

    test('of a tenant that is gone says so', async () => {
      const asleep = await suspended('acme');
      const leaving = await catalog.move(asleep, { kind: 'deleting' });
      await catalog.removeTenant(leaving.id);
      await expect(catalog.move(leaving, { kind: 'deleting' })).rejects.toMatchObject({
        code: 'TENANT_UNKNOWN',
      });
    });

    test('that the table does not allow is our own mistake, and changes nothing', async () => {
      const asleep = await suspended('acme');
      await expect(catalog.move(asleep, { kind: 'running' })).rejects.toMatchObject({
        name: 'AssertionFailure',
      });
      expect(await catalog.tenantById(asleep.id)).toEqual(asleep);
    });
  });

  describe('settings', () => {
    test('change one by one and back to none, without a move', async () => {
      const asleep = await suspended('acme');
      const first = await catalog.configure(asleep.id, { suspendAfter: ms(60_000) });
      const second = await catalog.configure(asleep.id, { sessionsMax: 5 });
      const third = await catalog.configure(asleep.id, { suspendAfter: null });
      const same = await catalog.configure(asleep.id, {});
      const never = await catalog.configure(asleep.id, { maxPinIdle: ms(0) });
      const back = await catalog.configure(asleep.id, { maxPinIdle: null });
      expect([first, second, third, same, never, back]).toEqual([
        { ...asleep, suspendAfter: 60_000 },
        { ...asleep, suspendAfter: 60_000, sessionsMax: 5 },
        { ...asleep, sessionsMax: 5 },
        { ...asleep, sessionsMax: 5 },
        { ...asleep, sessionsMax: 5, maxPinIdle: 0 },
        { ...asleep, sessionsMax: 5 },
      ]);
    });

    test('of no tenant cannot change', async () => {
      const refused = { code: 'TENANT_UNKNOWN' };
      await expect(catalog.configure(unknown, {})).rejects.toMatchObject(refused);
      await expect(catalog.configure(unknown, { sessionsMax: 1 })).rejects.toMatchObject(refused);
    });
  });

  describe('removal', () => {
    test('takes the tenant with its roles, and may be repeated', async () => {
      const leaving = await catalog.move(await suspended('acme'), { kind: 'deleting' });
      await catalog.removeTenant(leaving.id);
      await catalog.removeTenant(leaving.id);
      expect([
        await catalog.tenantById(leaving.id),
        await catalog.verifier(leaving.id, leaving.name),
      ]).toEqual([undefined, undefined]);
    });

    test('of a tenant that is not being deleted is our own mistake', async () => {
      const asleep = await suspended('acme');
      await expect(catalog.removeTenant(asleep.id)).rejects.toMatchObject({
        name: 'AssertionFailure',
      });
      expect(await catalog.tenantById(asleep.id)).toEqual(asleep);
    });
  });

  describe('lists and counts', () => {
    test('come in pages sorted by name, byte by byte', async () => {
      for (const name of ['b', 'a-1', 'a_1', 'a1', 'c', 'a']) await suspended(name);
      const first = await catalog.listTenants({ after: null, limit: 4, state: null });
      const second = await catalog.listTenants({ after: first.next, limit: 4, state: null });
      const names = [first, second].map((page) => [page.tenants.map((t) => t.name), page.next]);
      expect(names).toEqual([
        [['a', 'a-1', 'a1', 'a_1'], 'a_1'],
        [['b', 'c'], null],
      ]);
    });

    test('end with null when the last page is exactly full', async () => {
      for (const name of ['a', 'b']) await suspended(name);
      const page = await catalog.listTenants({ after: null, limit: 2, state: null });
      expect([page.tenants.length, page.next]).toEqual([2, null]);
    });

    test('can be of one state', async () => {
      await suspended('asleep');
      const waking = await catalog.move(await suspended('woken'), { kind: 'waking', attempt: 1 });
      expect(await catalog.listTenants({ after: null, limit: 1, state: 'waking' })).toEqual({
        tenants: [waking],
        ...{ next: null, nextValue: null },
      });
    });

    test.each([0, 1_001, 1.5])('are refused with a limit of %d', async (limit) => {
      await expect(catalog.listTenants({ after: null, limit, state: null })).rejects.toMatchObject({
        code: 'BAD_REQUEST',
      });
    });

    test('hold what a crash may have left half done, by id', async () => {
      await suspended('asleep');
      const creating = await catalog.insertTenant(draft('creating'));
      const waking = await catalog.move(await suspended('woken'), { kind: 'waking', attempt: 1 });
      const byId = [creating, waking].sort((a, b) => (a.id < b.id ? -1 : 1));
      expect(await catalog.unrestedTenants()).toEqual(byId);
    });

    test('count every state, through creation, moves and removal', async () => {
      const zero = await catalog.countTenants();
      await Promise.all(Array.from({ length: 10 }, (_, i) => suspended(`asleep${i}`)));
      await catalog.insertTenant(draft('creating'));
      await catalog.move(await suspended('woken'), { kind: 'waking', attempt: 1 });
      const leaving = await catalog.move(await suspended('leaving'), { kind: 'deleting' });
      const before = await catalog.countTenants();
      await catalog.removeTenant(leaving.id);
      const none = { creating: 0, suspended: 0, waking: 0, running: 0 };
      const rest = { suspending: 0, failed: 0, archiving: 0, deleting: 0 };
      expect([zero, before, await catalog.countTenants()]).toEqual([
        { ...none, ...rest },
        { ...none, ...rest, creating: 1, suspended: 10, waking: 1, deleting: 1 },
        { ...none, ...rest, creating: 1, suspended: 10, waking: 1 },
      ]);
    });
  });

  describe('roles', () => {
    test('a compute that knows the owner settles the tenant, once', async () => {
      const asleep = await suspended('acme');
      const late = await catalog.markSettled(asleep.id, verifierNumber(99));
      const settled = await catalog.markSettled(asleep.id, verifierNumber(0));
      const again = await catalog.markSettled(asleep.id, verifierNumber(0));
      expect([late, settled, again]).toEqual([
        asleep,
        { ...asleep, settled: true },
        { ...asleep, settled: true },
      ]);
    });

    test('a new password of the owner counts at once and unsettles the tenant', async () => {
      const asleep = await suspended('acme');
      await catalog.markSettled(asleep.id, verifierNumber(0));
      const rotated = await catalog.rotateOwner(asleep.id, verifierNumber(1));
      const late = await catalog.markSettled(asleep.id, verifierNumber(0));
      expect([rotated, late, await catalog.verifier(asleep.id, 'acme')]).toEqual([
        asleep,
        asleep,
        verifierNumber(1),
      ]);
    });

    test('a rotation and a settling that meet never settle the wrong password', async () => {
      const { id } = await suspended('acme');
      for (let round = 0; round < 30; round++) {
        const [rotated] = await Promise.all([
          catalog.rotateOwner(id, verifierNumber(round + 1)),
          catalog.markSettled(id, verifierNumber(round)),
        ]);
        expect([rotated.settled, (await catalog.tenantById(id))?.settled]).toEqual([false, false]);
      }
    });

    test('those of a compute replace what was stored', async () => {
      const { id } = await suspended('acme');
      await catalog.markSettled(id, verifierNumber(0));
      const role = (name: string, mayLogIn: boolean, verifier: Verifier | null) => ({
        role: name,
        verifier,
        mayLogIn,
      });
      await catalog.saveRoles(id, [
        role('acme', true, verifierNumber(5)),
        role('reader', true, verifierNumber(2)),
        role('locked', false, verifierNumber(3)),
        role('Odd "name"; é', true, verifierNumber(4)),
        role('no password', true, null),
      ]);
      await catalog.saveRoles(id, [
        role('acme', true, verifierNumber(6)),
        role('Odd "name"; é', true, verifierNumber(4)),
        role('locked', false, verifierNumber(3)),
        role('no password', true, null),
      ]);
      const names = ['acme', 'reader', 'locked', 'Odd "name"; é', 'no password'];
      const stored = await Promise.all(names.map((name) => catalog.verifier(id, name)));
      expect(stored).toEqual([
        verifierNumber(6),
        undefined,
        undefined,
        verifierNumber(4),
        undefined,
      ]);
    });

    test('while the tenant is unsettled its owner is left alone', async () => {
      const { id } = await suspended('acme');
      await catalog.saveRoles(id, [
        { role: 'acme', verifier: verifierNumber(9), mayLogIn: false },
        { role: 'reader', verifier: verifierNumber(2), mayLogIn: true },
      ]);
      expect([await catalog.verifier(id, 'acme'), await catalog.verifier(id, 'reader')]).toEqual([
        verifierNumber(0),
        verifierNumber(2),
      ]);
    });

    test('an owner that its compute lost cannot log in until it is rotated', async () => {
      const { id } = await suspended('acme');
      await catalog.markSettled(id, verifierNumber(0));
      await catalog.saveRoles(id, []);
      const lost = await catalog.verifier(id, 'acme');
      await catalog.rotateOwner(id, verifierNumber(1));
      expect([lost, await catalog.verifier(id, 'acme')]).toEqual([undefined, verifierNumber(1)]);
    });

    test('of no tenant cannot be changed', async () => {
      const refused = { code: 'TENANT_UNKNOWN' };
      await expect(catalog.markSettled(unknown, verifierNumber(0))).rejects.toMatchObject(refused);
      await expect(catalog.rotateOwner(unknown, verifierNumber(0))).rejects.toMatchObject(refused);
      await expect(catalog.saveRoles(unknown, [])).rejects.toMatchObject(refused);
    });
  });
});

describe('in PostgreSQL only', () => {
  test('a tenant is dated by the clock of the database', async () => {
    const { createdAt } = await stored.insertTenant(draft('acme'));
    const [clock] = await postgres.sql<{ ms: number }>(
      'select extract(epoch from now())::float8 * 1000 as ms',
    );
    expect(createdAt).toBeGreaterThan((clock?.ms ?? 0) - 60_000);
    expect(createdAt).toBeLessThanOrEqual(clock?.ms ?? 0);
  });

  test('a reason out of a torn log is stored without what text cannot hold', async () => {
    const created = await stored.insertTenant(draft('acme'));
    const asleep = await stored.move(created, { kind: 'suspended' });
    const waking = await stored.move(asleep, { kind: 'waking', attempt: 1 });
    const reason = 'no\0 memory';
    const to = { kind: 'failed', attempt: 1, reason, retryAt: timestamp(1) } as const;
    expect((await stored.move(waking, to)).state).toEqual({ ...to, reason: 'no memory' });
  });

  test('what a tenant used goes with it', async () => {
    const created = await stored.insertTenant(draft('acme'));
    await stored.add([{ ...nothingUsed, tenant: created.id, minute: timestamp(60_000) }], 'gone');
    const before = await postgres.sql('select from dynabase.usage_minutes');
    await stored.removeTenant((await stored.move(created, { kind: 'deleting' })).id);
    const after = await postgres.sql('select from dynabase.usage_minutes');
    expect([before.length, after.length]).toEqual([1, 0]);
  });
});

const nothingUsed = {
  sessions: 0,
  queries: 0,
  byRobots: 0,
  transactions: 0,
  errors: {},
  bytesIn: 0,
  bytesOut: 0,
  ...{ latency: [], classes: [] },
  latencySumUs: 0,
} as const;
