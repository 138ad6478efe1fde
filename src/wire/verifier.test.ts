import { expect, test } from 'vitest';
import { isVerifier } from '../domain/verifier.ts';
import { parseVerifier, verifierOf, verifierText } from './verifier.ts';

test('what is made is read back whole', async () => {
  const salt = Buffer.alloc(16, 3);
  const verifier = await verifierOf('pencil', salt);
  expect(isVerifier(verifier)).toBe(true);
  const secret = parseVerifier(verifier);
  expect(secret).toMatchObject({ iterations: 4_096, salt });
  expect(secret && verifierText(secret)).toBe(verifier);
});

test.each([
  '',
  'md5c4ca4238a0b923820dcc509a6f75849b',
  'pencil',
  'SCRAM-SHA-256$4096:AAAA$AAAA:AAAA',
])('"%s" is no verifier', (text) => {
  expect(parseVerifier(text)).toBeUndefined();
});
