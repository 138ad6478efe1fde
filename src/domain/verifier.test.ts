import { expect, test } from 'vitest';
import { isVerifier } from './verifier.ts';

const KEY = `${'A'.repeat(43)}=`;
const GOOD = `SCRAM-SHA-256$4096:c2FsdHNhbHQ=$${KEY}:${KEY}`;

test('a verifier is what PostgreSQL keeps of a SCRAM password', () => {
  expect(isVerifier(GOOD)).toBe(true);
});

test.each([
  '',
  'secret',
  `md5${'a'.repeat(32)}`,
  GOOD.replace('4096', '0'),
  GOOD.replace('256', '512'),
  GOOD.replace('c2FsdHNhbHQ=', ''),
  GOOD.slice(0, -1),
  `${GOOD}\n`,
  `${GOOD}' superuser`,
])('%j is no verifier, however near', (text) => {
  expect(isVerifier(text)).toBe(false);
});
