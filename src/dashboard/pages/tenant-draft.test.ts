import { expect, test } from 'vitest';
import type { Tenant } from '../../sdk/index.ts';
import { changeOf, draftOf } from './tenant-draft.ts';

const ACME = {
  ...{ plan: 'starter', suspendAfterMs: 90_000, maxPinIdleMs: null, sessionsMax: null },
  ...{ allowedAddresses: ['10.0.0.0/8'], customer: null, consent: null },
  expiresAt: '2026-11-23T14:05:00.000Z',
} as unknown as Tenant;

const draft = draftOf(ACME);

test('what was not touched is not sent', () => {
  expect(changeOf(draft, draft)).toEqual({});
  expect(changeOf(draft, { ...draft, plan: 'free' })).toEqual({ plan: 'free' });
});

test('times are in seconds, and what is emptied is left to the server', () => {
  const after = { ...draft, suspendAfterS: '', maxPinIdleS: '0', sessionsMax: '7', addresses: ' ' };
  expect(changeOf(draft, after)).toEqual({
    ...{ suspendAfterMs: null, maxPinIdleMs: 0, sessionsMax: 7, allowedAddresses: [] },
  });
});

test('an end is told in the viewer’s zone and sent as it is meant, and taken away', () => {
  expect(new Date(draft.expiresAt).toISOString()).toBe(ACME.expiresAt);
  const later = { ...draft, expiresAt: draft.expiresAt.replace('05', '06') };
  expect(changeOf(draft, later)).toEqual({ expiresAt: '2026-11-23T14:06:00.000Z' });
  expect(changeOf(draft, { ...draft, expiresAt: '' })).toEqual({ expiresAt: null });
});

test('it is given to a customer, and taken back', () => {
  const given = { ...draft, customer: 'cu_4f9k2m0q7x1z' };
  expect(changeOf(draft, given)).toEqual({ customer: 'cu_4f9k2m0q7x1z' });
  expect(changeOf(given, draft)).toEqual({ customer: null });
});
