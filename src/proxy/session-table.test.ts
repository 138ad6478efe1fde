import { expect, test } from 'vitest';
import { type Fault, fault } from '../domain/faults.ts';
import type { Door } from '../domain/gate.ts';
import type { TenantId, TenantName } from '../domain/ids.ts';
import { SessionTable, type Tracked } from './session-table.ts';

const ACME: Door = {
  tenant: 'tn_acme00000000' as TenantId,
  name: 'acme' as TenantName,
  sessionsMax: 2,
  backendsMax: 2,
  maxPinIdle: null,
};

class Recorded implements Tracked {
  readonly clientAddress = '203.0.113.9';
  readonly heard: string[] = [];
  end(because: Fault): void {
    this.heard.push(because.code);
  }
  drop(): void {
    this.heard.push('dropped');
  }
}

test('beyond a limit some are told why, and the rest are ignored', () => {
  const table = new SessionTable({ sessionsMax: 8, sessionsOfAddressMax: 4 });
  const kinds: string[] = [];
  for (let i = 0; i < 6; i++) {
    const { kind } = table.admit('home');
    kinds.push(kind);
    if (kind !== 'ignored') table.add(new Recorded(), 'home');
  }
  expect(kinds).toEqual(['admitted', 'admitted', 'admitted', 'admitted', 'refused', 'ignored']);
  expect(table.admit('elsewhere').kind).toBe('admitted');
  expect(table.count()).toBe(5);
});

test('a place is free again when its session has gone, however often that is said', () => {
  const table = new SessionTable({ sessionsMax: 1, sessionsOfAddressMax: 1 });
  const session = new Recorded();
  table.add(session, 'home');
  expect(table.admit('home').kind).not.toBe('admitted');
  table.remove(session, 'home');
  table.remove(session, 'home');
  expect(table.count()).toBe(0);
  table.add(new Recorded(), 'home');
  expect(table.admit('home').kind).not.toBe('admitted');
});

test('a tenant has its share, and ends its own sessions only', () => {
  const table = new SessionTable({ sessionsMax: 9, sessionsOfAddressMax: 9 });
  const [one, two, stranger] = [new Recorded(), new Recorded(), new Recorded()];
  for (const session of [one, two, stranger]) table.add(session, 'home');
  table.enter(one, ACME);
  table.enter(two, ACME);
  expect(() => table.enter(stranger, ACME)).toThrow('database "acme" may have 2 at once');
  table.end(ACME.tenant, fault('TENANT_DELETED', { tenant: 'acme' }));
  expect([one, two, stranger].map((s) => s.heard)).toEqual([
    ['TENANT_DELETED'],
    ['TENANT_DELETED'],
    [],
  ]);
  table.leave(one, ACME.tenant);
  table.leave(one, ACME.tenant);
  expect(table.count(ACME.tenant)).toBe(1);
  table.enter(stranger, ACME);
  table.endAll(fault('SERVER_STOPPING', {}));
  table.dropAll();
  expect(stranger.heard).toEqual(['SERVER_STOPPING', 'dropped']);
});

test('says when the last socket is closed', async () => {
  const table = new SessionTable({ sessionsMax: 9, sessionsOfAddressMax: 9 });
  await table.empty();
  const session = new Recorded();
  table.add(session, 'home');
  const empty = table.empty();
  table.remove(session, 'home');
  await empty;
});
