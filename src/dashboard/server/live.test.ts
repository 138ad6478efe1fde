import { expect, test } from 'vitest';
import type { Event, Tenant } from '../../sdk/index.ts';
import { moved, movedIn, touchedBy } from './touched.ts';

const event = (type: Event['type'], data: Event['data'] = {}): Event => ({
  ...{ id: 'ev_1', at: '2026-05-04T09:30:00.000Z', type, customer: null, data },
  tenant: { id: 'tn_1', name: 'acme' },
});

test('an event marks what it touches, under id and name, and lists only where rows come or go', () => {
  const own = [
    ['tenant', 'tn_1'],
    ['tenant', 'acme'],
  ];
  expect(touchedBy(event('tenant.state'))).toEqual([...own, ['status'], ['computes']]);
  expect(touchedBy(event('tenant.created'))).toEqual([...own, ['status'], ['tenants']]);
  expect(touchedBy({ ...event('key.created'), tenant: null })).toEqual([['keys']]);
});

test('what is billed and what it costs is asked for again, and nothing else', () => {
  expect(touchedBy({ ...event('invoice.closed'), tenant: null })).toEqual([['invoices']]);
  expect(touchedBy({ ...event('cost.alert'), tenant: null })).toEqual([['costs']]);
});

test('after events that were missed nothing is known for sure', () => {
  expect(touchedBy({ ...event('events.missed'), tenant: null })).toEqual([[]]);
});

test('a move says all about where a tenant is', () => {
  const tenant = { id: 'tn_1', state: 'waking', home: 'local', level: 'L3' } as Tenant;
  const awake = moved(tenant, event('tenant.state', { to: 'running' }));
  expect(awake).toMatchObject({
    state: 'running',
    level: 'L1',
    stateSince: event('tenant.state').at,
  });
  const away = moved(awake, event('tenant.state', { to: 'suspended', home: 'archive' }));
  expect(away).toMatchObject({ state: 'suspended', home: 'archive', level: 'L4' });
});

test('a move is seen in pages of all tenants, and in a customer’s list of its own', () => {
  const row = (id: string) => ({ id, state: 'waking', home: 'local', level: 'L3' }) as Tenant;
  const woke = event('tenant.state', { to: 'running' });
  const [one, other] = [row('tn_1'), row('tn_2')];
  const awake = moved(one, woke);
  expect(movedIn([one, other], woke)).toEqual([awake, other]);
  const pages = (tenants: Tenant[]) => ({
    pages: [{ tenants, next: null }],
    pageParams: [undefined],
  });
  expect(movedIn(pages([one, other]), woke)).toEqual(pages([awake, other]));
  const others = [other];
  expect(movedIn(others, woke)).toBe(others);
  const page = pages([other]);
  expect(movedIn(page, woke)).toBe(page);
});
