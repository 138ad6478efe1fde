import { BlockList } from 'node:net';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { admits, isAddressEntry } from './address-list.ts';

const ipv4 = fc.ipV4();
const ipv6 = fc.ipV6();

test('a network has the addresses that Node says it has', () => {
  const networkOf4 = fc.tuple(ipv4, fc.integer({ min: 0, max: 32 }), fc.constant('ipv4' as const));
  const networkOf6 = fc.tuple(ipv6, fc.integer({ min: 0, max: 128 }), fc.constant('ipv6' as const));
  fc.assert(
    fc.property(
      fc.oneof(networkOf4, networkOf6),
      ipv4,
      ipv6,
      ([base, bits, family], one, other) => {
        const list = new BlockList();
        list.addSubnet(base, bits, family);
        const address = family === 'ipv4' ? one : other;
        expect(admits([[`${base}/${bits}`]], address)).toBe(list.check(address, family));
        expect(admits([[`${base}/${bits}`]], base)).toBe(true);
      },
    ),
    { numRuns: 2_000 },
  );
});

test('a range has its ends and what is between them', () => {
  const octet = fc.integer({ min: 0, max: 255 });
  fc.assert(
    fc.property(octet, octet, octet, octet, (third, low, high, asked) => {
      const [from, to] = [Math.min(low, high), Math.max(low, high)];
      const entry = `10.1.${third}.${from}-10.1.${third}.${to}`;
      const isIn = asked >= from && asked <= to;
      expect(admits([[entry]], `10.1.${third}.${asked}`)).toBe(isIn);
      expect(admits([[entry]], `::ffff:10.1.${third}.${asked}`)).toBe(isIn);
    }),
  );
});

test('a list of many entries admits whom one of them admits', () => {
  const entry = fc.oneof(
    ipv4,
    ipv6,
    fc.tuple(ipv4, fc.integer({ min: 0, max: 32 })).map(([base, bits]) => `${base}/${bits}`),
  );
  fc.assert(
    fc.property(
      fc.array(entry, { minLength: 1, maxLength: 30 }),
      fc.oneof(ipv4, ipv6),
      (list, at) => {
        expect(admits([list], at)).toBe(list.some((one) => admits([[one]], at)));
      },
    ),
    { numRuns: 1_000 },
  );
});

test('an empty list admits everybody, and of several each must admit', () => {
  expect(admits([], 'nonsense')).toBe(true);
  expect(admits([[], []], '10.0.0.1')).toBe(true);
  expect(admits([['10.0.0.0/8'], []], '10.0.0.1')).toBe(true);
  expect(admits([['10.0.0.0/8'], ['10.0.0.2']], '10.0.0.1')).toBe(false);
  expect(admits([['10.0.0.0/8'], ['10.0.0.1']], '10.0.0.1')).toBe(true);
});

test.each([
  ['::ffff:203.0.113.7', '203.0.113.7'],
  ['203.0.113.7', '::ffff:203.0.113.7'],
  ['203.0.113.7', '::ffff:cb00:7107'],
  ['fe80::1', 'fe80::1%eth0'],
  ['2001:DB8::1', '2001:db8:0:0:0:0:0:1'],
  ['::/0', '2001:db8::1'],
])('%s has %s', (entry, address) => {
  expect(admits([[entry]], address)).toBe(true);
});

test.each(['', 'nonsense', '203.0.113.8', '203.0.113.7.', '::', '203.0.113.07'])(
  'an address that is "%s" is not 203.0.113.7',
  (address) => {
    expect(admits([['203.0.113.7']], address)).toBe(false);
  },
);

test.each([
  ...[
    '',
    'localhost',
    '10.0.0',
    '10.0.0.256',
    '010.0.0.1',
    '10.0.0.1/33',
    '10.0.0.1/-1',
    '10.0.0.1/',
  ],
  ...['10.0.0.1/08', '10.0.0.9-10.0.0.1', '10.0.0.1-::1', '1-2-3', ':::', '::1::', '1:2:3:4:5:6:7'],
  ...['1:2:3:4:5:6:7:8:9', '::12345', '::1/129', '10.0.0.1/8/8', '::10.0.0.256', 'fe80::1%eth0'],
])('"%s" is no entry', (text) => {
  expect(isAddressEntry(text)).toBe(false);
});
