/** The double checks signatures as Amazon describes it, so that what it accepts is worth something. */
import { expect, test } from 'vitest';
import { type Received, wrongWith } from '../testing/s3-double-signature.ts';

/** Source: "Examples: Signature Calculations in AWS Signature Version 4", Amazon S3 API Reference. */
const KEYS = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  region: 'us-east-1',
};
const NOW = Date.UTC(2013, 4, 24);
const NOTHING = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

const received = (target: string, signature: string, more: Record<string, string>): Received => {
  const headers = {
    host: 'examplebucket.s3.amazonaws.com',
    'x-amz-content-sha256': NOTHING,
    'x-amz-date': '20130524T000000Z',
    ...more,
  };
  const names = Object.keys(headers).sort().join(';');
  const credential = `${KEYS.accessKeyId}/20130524/us-east-1/s3/aws4_request`;
  const authorization = `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${names}, Signature=${signature}`;
  return { method: 'GET', target, headers: { ...headers, authorization }, body: Buffer.alloc(0) };
};

test.each([
  [
    '/test.txt',
    'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
    { range: 'bytes=0-9' },
  ],
  ['/?lifecycle', 'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543', {}],
  ['/?max-keys=2&prefix=J', '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7', {}],
])('Amazon’s own example for %s is accepted, and nothing else', (target, signature, more) => {
  const example = received(target, signature, more);
  expect(wrongWith(example, KEYS, NOW)).toBe(null);
  const other = { ...KEYS, secretAccessKey: 'another' };
  expect(wrongWith(example, other, NOW)).toBe('SignatureDoesNotMatch');
  expect(wrongWith({ ...example, target: '/other' }, KEYS, NOW)).toBe('SignatureDoesNotMatch');
  expect(wrongWith({ ...example, method: 'PUT' }, KEYS, NOW)).toBe('SignatureDoesNotMatch');
  const body = Buffer.from('x');
  expect(wrongWith({ ...example, body }, KEYS, NOW)).toBe('XAmzContentSHA256Mismatch');
  expect(wrongWith(example, KEYS, NOW + 16 * 60_000)).toBe('RequestTimeTooSkewed');
  const unsigned = { ...example, headers: { ...example.headers, 'if-none-match': '*' } };
  expect(wrongWith(unsigned, KEYS, NOW)).toBe('AccessDenied');
});
