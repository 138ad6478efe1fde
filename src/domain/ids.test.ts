import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SeededRandom } from '../sim/seeded-random.ts';
import { isTenantId, isTenantName, newTenantId, parseTenantId, parseTenantName } from './ids.ts';
import type { Random } from './random.ts';

describe('a tenant name', () => {
  test.each(['a', 'acme', 'acme-2', 'a_b', 'z9', 'a'.repeat(63)])('may be %s', (name) => {
    expect(parseTenantName(name)).toBe(name);
  });

  test.each([
    '',
    '9a',
    '-a',
    '_a',
    'a-',
    'a_',
    'Acme',
    'a b',
    'a.b',
    'a/b',
    'é',
    'a\n',
    'a\0',
    'a'.repeat(64),
  ])('may not be %j', (name) => {
    expect(() => parseTenantName(name)).toThrow('the name must be 1 to 63 characters');
    expect(isTenantName(name)).toBe(false);
  });

  test.each(['postgres', 'template0', 'template1', 'public', 'none', 'user', 'pg_x', 'dynabase-1'])(
    'may not be %s, which has a meaning already',
    (name) => {
      expect(() => parseTenantName(name)).toThrow('the name is reserved');
    },
  );

  test('is a DNS label or nearly, and needs no quoting in a URI', () => {
    // Of any characters at all, hardly one would be a name.
    const nearly = fc.string({ unit: fc.constantFrom(...'abyz0189-_A.%é'), minLength: 1 });
    let names = 0;
    fc.assert(
      fc.property(nearly, (text) => {
        if (!isTenantName(text)) return;
        names += 1;
        expect(encodeURIComponent(text)).toBe(text);
      }),
      { numRuns: 2_000, seed: 1 },
    );
    expect(names).toBeGreaterThan(50);
  });
});

describe('a tenant id', () => {
  test('has a form of its own, which no name has', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const id = newTenantId(new SeededRandom(seed));
        expect(parseTenantId(id)).toBe(id);
        expect(id).toMatch(/^tn_[0-9a-z]{12}$/);
        expect(() => parseTenantName(id)).toThrow('the name is reserved');
      }),
    );
  });

  test.each([
    '',
    'tn_',
    'tn_00000000000',
    'tn_0000000000000',
    'tn_00000000000A',
    'TN_000000000000',
  ])('is not %j, and says so', (text) => {
    expect(() => parseTenantId(text)).toThrow('this is not a tenant id');
    expect(isTenantId(text)).toBe(false);
  });

  test('draws again where a byte would favour some digits', () => {
    const bytes = [252, 255, 0, 35, 36, 251, 1, 1, 1, 1, 1, 1, 1, 1];
    const drawn: Random = {
      bytes: (length) => Uint8Array.from(bytes.splice(0, length)),
      next: () => 0,
      fork: () => drawn,
    };
    expect(newTenantId(drawn)).toMatch(/^tn_[0-9a-z]{12}$/);
    expect(bytes).toEqual([]);
  });
});
