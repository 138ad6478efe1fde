import { expect, test } from 'vitest';
import { ROUTES } from '../../contract/routes.ts';
import type { Caller } from '../../sdk/index.ts';
import { ACCESS, type Guarded, refusal } from './access.ts';

const names = Object.keys(ACCESS) as readonly Guarded[];

test('what is foretold is what the routes ask for', () => {
  const asked = names.map((name) => [name, ROUTES[name].access]);
  expect(names.map((name) => [name, ACCESS[name]])).toEqual(asked);
});

const caller = (change: Partial<Caller> = {}): Caller => ({
  ...{ kind: 'key', id: 'key_1', name: 'k', scope: { kind: 'operator' } },
  ...{ role: 'admin', readOnly: false, ...change },
});

test('a refusal says what is missing: reach, role, or the right to change anything', () => {
  expect(refusal(caller(), 'setPolicy')).toBe(null);
  const customer = caller({ scope: { kind: 'customer', customer: 'cu_1' } });
  expect(refusal(customer, 'setPolicy')).toBe('Only a caller of the operator may do that.');
  expect(refusal(caller({ readOnly: true }), 'wakeTenant')).toBe('Your key only reads.');
  expect(refusal(caller({ role: 'viewer' }), 'wakeTenant')).toContain('Your role is viewer');
  expect(refusal(caller({ role: 'billing' }), 'changeTenant')).toBe(null);
  expect(refusal(caller({ role: 'billing' }), 'query')).toContain('reads no data');
  expect(refusal(caller({ role: 'viewer' }), 'query')).toBe(null);
});
