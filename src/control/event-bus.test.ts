import { describe, expect, test } from 'vitest';
import type { Event } from '../domain/events.ts';
import type { CustomerId, TenantId, TenantName } from '../domain/ids.ts';
import { VirtualClock } from '../sim/virtual-clock.ts';
import { MemoryLog } from '../testing/memory-log.ts';
import { EventBus, KEPT_MAX } from './event-bus.ts';

const ACME = { id: 'tn_00000000acme' as TenantId, name: 'acme' as TenantName };
const BETA = { id: 'tn_00000000beta' as TenantId, name: 'beta' as TenantName };
const ONE = 'cu_000000000001' as CustomerId;
const TWO = 'cu_000000000002' as CustomerId;

const opened = () => {
  const log = new MemoryLog();
  return { log, bus: new EventBus({ clock: new VirtualClock(), log }) };
};

describe('listeners', () => {
  test('hear what their filter lets through, until they end', () => {
    const { bus } = opened();
    const heard: string[] = [];
    const ends = [
      bus.subscribe({}, ({ type }) => heard.push(`all ${type}`)),
      bus.subscribe({ customer: ONE }, ({ type }) => heard.push(`one ${type}`)),
      bus.subscribe({ tenant: BETA.id }, ({ type }) => heard.push(`beta ${type}`)),
      bus.subscribe({ types: ['operation.*'] }, ({ type }) => heard.push(`work ${type}`)),
    ];
    bus.publish({ type: 'tenant.created', tenant: ACME, customer: ONE });
    bus.publish({ type: 'operation.begun', tenant: BETA, customer: TWO });
    expect(heard).toEqual([
      ...['all tenant.created', 'one tenant.created'],
      ...['all operation.begun', 'beta operation.begun', 'work operation.begun'],
    ]);
    for (const end of ends) end();
    bus.publish({ type: 'tenant.deleted', tenant: BETA, customer: ONE });
    expect([heard.length, bus.listeners]).toEqual([5, 0]);
  });

  test('that fail are no concern of others, nor of who publishes', () => {
    const { bus, log } = opened();
    const heard: Event[] = [];
    bus.subscribe({}, () => {
      throw new Error('broken');
    });
    bus.subscribe({}, (event) => heard.push(event));
    bus.publish({ type: 'tenant.created', tenant: ACME });
    expect(heard).toHaveLength(1);
    expect(log.alarming).toEqual(['event not taken']);
  });
});

describe('who comes back', () => {
  const numbered = (bus: EventBus, count: number): Event[] => {
    const all: Event[] = [];
    const end = bus.subscribe({}, (event) => all.push(event));
    for (let i = 0; i < count; i++) {
      const [tenant, customer] = i % 2 === 0 ? [ACME, ONE] : [BETA, TWO];
      bus.publish({ type: 'tenant.state', tenant, customer, data: { i } });
    }
    end();
    return all;
  };
  const ids = (events: readonly Event[]) => events.map(({ id }) => id);

  test('gets what it has missed, and of that only what it may hear', () => {
    const { bus } = opened();
    const all = numbered(bus, 10);
    const missed = bus.since(all[3]?.id ?? '', { customer: ONE });
    expect(missed).toEqual({ kind: 'kept', events: [all[4], all[6], all[8]] });
    expect(bus.since(all[9]?.id ?? '', {})).toEqual({ kind: 'kept', events: [] });
  });

  test('is told when that is no longer known', () => {
    const { bus } = opened();
    const all = numbered(bus, KEPT_MAX + 5);
    const behind = (place: number) => bus.since(all[place]?.id ?? '', {});
    expect(behind(3)).toEqual({ kind: 'gone' });
    const kept = behind(4);
    expect(kept.kind === 'kept' && ids(kept.events)).toEqual(ids(all.slice(5)));
    for (const id of ['', 'ev_', 'ev_0_0', `${all[6]?.id}zzz`, `${all[6]?.id} `, 'x'.repeat(400)]) {
      expect(bus.since(id, {})).toEqual({ kind: 'gone' });
    }
  });

  test('with the place of an event that it alone was told goes on from there', () => {
    const { bus } = opened();
    const first = bus.aside({ type: 'events.cut' });
    const all = numbered(bus, 4);
    expect(bus.since(first.id, {})).toEqual({ kind: 'kept', events: all });
    const cut = bus.aside({ type: 'events.cut', data: { why: 'slow' } });
    const [next] = numbered(bus, 1);
    expect(cut.id).toBe(all[3]?.id);
    expect(bus.since(cut.id, {})).toEqual({ kind: 'kept', events: [next] });
  });
});
