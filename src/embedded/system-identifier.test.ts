import { expect, test } from 'vitest';
import { crc32c, withIdentifier } from './system-identifier.ts';

/** A control file as PostgreSQL lays it out: identifier first, checksum last, then zeros. */
function controlFile(identifier: bigint, checksumAt: number): Buffer {
  const control = Buffer.alloc(8_192);
  control.writeBigUInt64LE(identifier, 0);
  control.fill(0x5a, 8, checksumAt);
  control.writeUInt32LE(crc32c(control.subarray(0, checksumAt)), checksumAt);
  return control;
}

test('the checksum is the one of RFC 3720', () => {
  expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
  expect(crc32c(Buffer.alloc(32))).toBe(0x8a9136aa);
});

test.each([288, 292, 296])(
  'a control file whose checksum is at %i gets another identifier',
  (at) => {
    expect(withIdentifier(controlFile(1n, at), 0xfedc_ba98_7654_3210n)).toEqual(
      controlFile(0xfedc_ba98_7654_3210n, at),
    );
  },
);

test('a damaged control file is refused', () => {
  const control = controlFile(1n, 292);
  control[100] = 0;
  expect(() => withIdentifier(control, 2n)).toThrow('pg_control has no valid checksum');
});
