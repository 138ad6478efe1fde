import { beforeEach, expect, test } from 'vitest';
import type { Event, EventTenant } from '../domain/events.ts';
import type { SessionClient, TenantUse } from '../domain/gate.ts';
import type { CustomerId, ProxyId, TenantId, TenantName } from '../domain/ids.ts';
import { ms } from '../domain/units.ts';
import { VirtualClock } from '../sim/virtual-clock.ts';
import { FakeGate } from '../testing/fake-gate.ts';
import { MemoryLog } from '../testing/memory-log.ts';
import { EventBus } from './event-bus.ts';
import { FirstClients } from './first-clients.ts';

const ACME: EventTenant = { id: 'tn_00000000acme' as TenantId, name: 'acme' as TenantName };
const [ONE, TWO] = ['cu_000000000001' as CustomerId, 'cu_000000000002' as CustomerId];
const PROXY = 'px_1' as ProxyId;
const PSQL: SessionClient = {
  ...{ role: 'acme', applicationName: 'psql', from: '10.0.0.1', visitor: 'person' },
};
const EDITOR: SessionClient = { ...PSQL, role: 'dynabase_ticket_0011223344556677' };
const CONNECTED = { tenant: ACME, customer: ONE, data: { applicationName: 'psql', role: 'acme' } };

let bus: EventBus;
let heard: Pick<Event, 'tenant' | 'customer' | 'data'>[];
let gate: ReturnType<FirstClients['gate']>;

beforeEach(() => {
  bus = new EventBus({ clock: new VirtualClock(), log: new MemoryLog() });
  heard = [];
  bus.subscribe({ types: ['tenant.connected'] }, ({ tenant, customer, data }) => {
    heard.push({ tenant, customer, data });
  });
  gate = new FirstClients(bus).gate(new FakeGate('/run/acme'));
  bus.publish({ type: 'tenant.created', tenant: ACME, customer: ONE });
});

const wake = (who: SessionClient) =>
  gate.wake({ tenant: ACME.id, proxy: PROXY, cause: { kind: 'session', ...who } });

const use = (change: Partial<TenantUse>): void =>
  gate.use(ACME.id, PROXY, {
    ...{ sessions: 1, bound: 1, heldBy: 'it is in use', idleFor: ms(0), ...change },
  });

test('the first client of a new tenant is told of once', async () => {
  expect(await wake(PSQL)).toEqual({ socketPath: '/run/acme' });
  await wake(PSQL);
  use({ holder: { who: PSQL, pin: null } });
  expect(heard).toEqual([CONNECTED]);
});

test('so is one that finds the tenant awake, or is gone again before it is told', () => {
  use({});
  expect(heard).toEqual([]);
  use({ left: PSQL, sessions: 0 });
  expect(heard).toEqual([CONNECTED]);
});

test('a login that the control plane has made for itself is none', async () => {
  await wake(EDITOR);
  use({ holder: { who: EDITOR, pin: null } });
  expect(heard).toEqual([]);
  use({ holder: { who: PSQL, pin: null } });
  expect(heard).toEqual([CONNECTED]);
});

test('it is told to whose tenant it is by then, and to nobody once it is deleted', async () => {
  bus.publish({ type: 'tenant.changed', tenant: ACME, customer: TWO });
  await wake(PSQL);
  expect(heard).toEqual([{ ...CONNECTED, customer: TWO }]);
  bus.publish({ type: 'tenant.created', tenant: ACME, customer: ONE });
  bus.publish({ type: 'tenant.deleted', tenant: ACME, customer: ONE });
  await wake(PSQL);
  expect(heard).toHaveLength(1);
});

test('of more tenants than it can await, the oldest are given up', async () => {
  for (let n = 0; n < 10_000; n++) {
    const id = `tn_${n.toString(36).padStart(12, '0')}` as TenantId;
    bus.publish({ type: 'tenant.created', tenant: { ...ACME, id }, customer: ONE });
  }
  await wake(PSQL);
  expect(heard).toEqual([]);
});
