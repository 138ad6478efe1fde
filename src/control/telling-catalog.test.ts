import { beforeEach, expect, test } from 'vitest';
import type { Decision } from '../domain/decision.ts';
import type { Event } from '../domain/events.ts';
import type { CustomerId, TenantId } from '../domain/ids.ts';
import type { TenantDecision } from '../domain/policy-store.ts';
import { timestamp } from '../domain/units.ts';
import { MemoryCatalog } from '../sim/memory-catalog.ts';
import { VirtualClock } from '../sim/virtual-clock.ts';
import { draft, verifierNumber } from '../testing/drafts.ts';
import { eventually } from '../testing/eventually.ts';
import { MemoryLog } from '../testing/memory-log.ts';
import { EventBus } from './event-bus.ts';
import { tellingCatalog } from './telling-catalog.ts';

const ONE = 'cu_000000000001' as CustomerId;
const DECISION: Decision = {
  ...{
    at: timestamp(0),
    kind: 'tier',
    from: 'COLD',
    to: 'WARM',
    because: 'it is used',
    inputs: {},
  },
};

let stored: MemoryCatalog;
let events: Event[];
let catalog: ReturnType<typeof telling>;

function telling(log = new MemoryLog()) {
  const bus = new EventBus({ clock: new VirtualClock(), log });
  bus.subscribe({}, (event) => events.push(event));
  const recordDecisions = async (_: readonly TenantDecision[]) => {};
  return tellingCatalog(Object.assign(stored, { recordDecisions }), { events: bus, log });
}

const told = () => events.map(({ type, tenant, data }) => [type, tenant?.name ?? null, data]);

beforeEach(() => {
  stored = new MemoryCatalog(new VirtualClock());
  events = [];
  catalog = telling();
});

test('what becomes of a tenant is told, to whom it belongs', async () => {
  const created = await catalog.insertTenant(draft('acme', { customer: ONE }));
  const asleep = await catalog.move(created, { kind: 'suspended' });
  await catalog.configure(created.id, { suspendAfter: null, plan: 'starter' });
  await catalog.rotateOwner(created.id, verifierNumber(2));
  const going = await catalog.move(asleep, { kind: 'deleting' });
  await catalog.removeTenant(going.id);
  expect(told()).toEqual([
    ['tenant.created', 'acme', { plan: 'free', tier: 'COLD' }],
    ['tenant.state', 'acme', { from: 'creating', to: 'suspended', home: 'none' }],
    ['tenant.changed', 'acme', { fields: ['suspendAfterMs', 'plan'] }],
    ['tenant.changed', 'acme', { fields: ['password'] }],
    ['tenant.state', 'acme', { from: 'suspended', to: 'deleting', home: 'none' }],
    ['tenant.deleted', 'acme', {}],
  ]);
  expect(events.every(({ customer }) => customer === ONE)).toBe(true);
  expect(JSON.stringify(events)).not.toContain('SCRAM');
});

test('what was not written is not told', async () => {
  stored.failNext('insertTenant', new Error('away'));
  await expect(catalog.insertTenant(draft('acme'))).rejects.toThrow('away');
  await catalog.configure((await catalog.insertTenant(draft('beta'))).id, {});
  await catalog.removeTenant('tn_000000000000' as TenantId);
  expect(told()).toEqual([['tenant.created', 'beta', expect.anything()]]);
});

test('a decision is told with the name of its tenant, also of one that was not met before', async () => {
  const known = await catalog.insertTenant(draft('acme', { customer: ONE }));
  const { id } = await stored.insertTenant(draft('beta'));
  const gone = 'tn_000000000000' as TenantId;
  await catalog.recordDecisions(
    [known.id, gone, id].map((tenant) => ({ tenant, decision: DECISION })),
  );
  const data = { kind: 'tier', from: 'COLD', to: 'WARM', because: 'it is used' };
  await eventually('all are told', async () => events.length === 3);
  expect(told().slice(1)).toEqual([
    ['tenant.decision', 'acme', data],
    ['tenant.decision', 'beta', data],
  ]);
  expect(events.map(({ customer }) => customer)).toEqual([ONE, ONE, null]);
});
