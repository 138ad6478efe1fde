import { expect, test } from 'vitest';
import { REMOVED, safeFields } from './audit-fields.ts';

test.each([
  [{ note: 'postgresql://u:pw1@h/db' }, { note: `postgresql://${REMOVED}@h/db` }],
  [{ note: 'host=h password=pw1 user=u' }, { note: `host=h password=${REMOVED} user=u` }],
  [{ note: `dyb_${'a'.repeat(12)}_${'b'.repeat(43)}` }, { note: REMOVED }],
  [{ note: 'eyJhbGciOiJ9.eyJzdWIiOiJ9.sig' }, { note: REMOVED }],
  [{ note: `${'a'.repeat(299)}😀` }, { note: `${'a'.repeat(299)}\uFFFD` }],
  [{ note: 'a\0b' }, { note: 'a\uFFFDb' }],
  [
    { deep: { list: [{ apiKey: 'x', plan: 'free' }] } },
    { deep: { list: [{ apiKey: REMOVED, plan: 'free' }] } },
  ],
  [{ webhookUrl: 'https://h.example/T0/B0/secret' }, { webhookUrl: 'https://h.example' }],
  [
    { name: 'acme', sessionsMax: 3, plan: null },
    { name: 'acme', sessionsMax: 3, plan: null },
  ],
])('of %j is told %j', (given, told) => {
  expect(safeFields(given)).toEqual(told);
});
