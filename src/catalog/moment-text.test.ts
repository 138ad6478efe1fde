import fc from 'fast-check';
import { expect, test } from 'vitest';
import { momentOf } from './moment-text.ts';

test('what PostgreSQL prints is read to the millisecond, however many digits it has', () => {
  const last = Date.UTC(9999, 11, 31);
  const micros = fc.integer({ min: 0, max: 999_999 });
  fc.assert(
    fc.property(fc.integer({ min: 0, max: last / 1_000 }), micros, (seconds, micro) => {
      const day = new Date(seconds * 1_000).toISOString().slice(0, 19).replace('T', ' ');
      const part = String(micro).padStart(6, '0').replace(/0+$/, '');
      const text = `${day}${part === '' ? '' : `.${part}`}+00`;
      expect(momentOf(text)).toBe(seconds * 1_000 + Math.floor(micro / 1_000));
    }),
  );
});

test.each([
  'infinity',
  '-infinity',
  '0044-03-15 12:00:00+00 BC',
  '10000-01-01 00:00:00+00',
  '2026-11-23 17:41:00+02',
  '2026-11-23 17:41:00+05:30',
  '2026-11-23T17:41:00+00',
  '1969-12-31 23:59:59+00',
  '0099-01-01 00:00:00+00',
  '2026-11-23 17:41:0x+00',
  '',
])('%j is left to who reads all', (text) => {
  expect(momentOf(text)).toBeNull();
});
