import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Fault } from '../domain/faults.ts';
import {
  mustNegotiate,
  readStartupPacket,
  STARTUP_PACKET_BYTES_MAX,
  type StartupMessage,
  spokenVersion,
} from './startup.ts';

const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};

const packet = (code: number, body: string | Buffer = '', length?: number): Buffer => {
  const rest = Buffer.concat([int32(code), Buffer.from(body as string)]);
  return Buffer.concat([int32(length ?? rest.length + 4), rest]);
};

const VERSION_3_0 = 196_608;
const SSL = 80_877_103;
const CANCEL = 80_877_102;

const WHOLE: readonly (readonly [string, Buffer, unknown])[] = [
  ['SSLRequest', packet(SSL), { kind: 'sslRequest' }],
  ['GSSENCRequest', packet(80_877_104), { kind: 'gssencRequest' }],
  [
    'a cancel request with the key of protocol 3.0',
    packet(CANCEL, Buffer.from([0, 0, 0, 7, 1, 2, 3, 4])),
    { kind: 'cancelRequest', key: { processId: 7, secret: Buffer.from([1, 2, 3, 4]) } },
  ],
  [
    'a cancel request with the longest key there is',
    packet(CANCEL, Buffer.concat([int32(7), Buffer.alloc(256, 9)])),
    { kind: 'cancelRequest', key: { processId: 7, secret: Buffer.alloc(256, 9) } },
  ],
  [
    'a startup message, of a parameter given twice the last',
    packet(VERSION_3_0, 'user\0acme\0database\0x\0database\0y\0options\0\0\0'),
    {
      kind: 'startup',
      asked: { major: 3, minor: 0 },
      parameters: new Map([
        ['user', 'acme'],
        ['database', 'y'],
        ['options', ''],
      ]),
      extensions: [],
    },
  ],
  [
    'a startup message with extensions of the protocol',
    packet(VERSION_3_0 + 2, '_pq_.one\0on\0user\0acme\0_pq_.two\0\0\0'),
    {
      kind: 'startup',
      asked: { major: 3, minor: 2 },
      parameters: new Map([['user', 'acme']]),
      extensions: ['_pq_.one', '_pq_.two'],
    },
  ],
];

test.each(WHOLE)('reads %s, and nothing before its last byte has come', (_, bytes, expected) => {
  for (let cut = 0; cut < bytes.length; cut++) {
    expect(readStartupPacket(bytes.subarray(0, cut))).toBeUndefined();
  }
  const answer = { packet: expected, length: bytes.length };
  expect(readStartupPacket(bytes)).toEqual(answer);
  expect(readStartupPacket(Buffer.concat([bytes, Buffer.from('more')]))).toEqual(answer);
});

test.each([
  ['of no length', int32(0)],
  ['too short for a code', int32(7)],
  ['one byte too long', int32(STARTUP_PACKET_BYTES_MAX + 1)],
  ['of the greatest length', int32(0xffff_ffff)],
  ['of another protocol', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
  ['SSLRequest with a body', packet(SSL, 'x')],
  ['GSSENCRequest with a body', packet(80_877_104, 'x')],
  ['a cancel request without a key', packet(CANCEL, int32(7))],
  ['a cancel request with a key of 3 bytes', packet(CANCEL, Buffer.alloc(7))],
  ['a cancel request with a key of 257 bytes', packet(CANCEL, Buffer.alloc(261))],
  ['no end', packet(VERSION_3_0, 'user\0acme\0')],
  ['a name without a value', packet(VERSION_3_0, 'user\0acme\0database\0')],
  ['no zero byte at all', packet(VERSION_3_0, 'user')],
  ['no body', packet(VERSION_3_0)],
  ['bytes behind its end', packet(VERSION_3_0, 'user\0acme\0\0x\0')],
])('refuses a packet %s', (_, bytes) => {
  expect(() => readStartupPacket(bytes)).toThrow(/^protocol violation: /);
});

test.each([
  [0, 'frontend protocol 0.0'],
  [131_072, 'frontend protocol 2.0'],
  [262_144, 'frontend protocol 4.0'],
  [0x04d2_ffff, 'frontend protocol 1234.65535'],
])('refuses protocol %d by name', (code, named) => {
  expect(() => readStartupPacket(packet(code, 'user\0acme\0\0'))).toThrow(
    `${named} (this server speaks 3.0 and 3.2) is not supported`,
  );
});

describe('the version spoken', () => {
  const asking = (minor: number, extensions: string[] = []): StartupMessage => ({
    kind: 'startup',
    asked: { major: 3, minor },
    parameters: new Map(),
    extensions,
  });

  test.each([
    [0, 0, false],
    [1, 0, true],
    [2, 2, false],
    [3, 2, true],
    [9_999, 2, true],
  ])('for 3.%d is 3.%d', (asked, spoken, negotiated) => {
    expect(spokenVersion(asking(asked).asked).minor).toBe(spoken);
    expect(mustNegotiate(asking(asked))).toBe(negotiated);
  });

  test('is told to a client that wants an extension', () => {
    expect(mustNegotiate(asking(2, ['_pq_.x']))).toBe(true);
  });
});

test('makes of any bytes a packet, a fault, or a wait for no more than the limit', () => {
  const anyPacket = fc.oneof(
    fc.uint8Array({ maxLength: 64 }),
    fc
      .tuple(
        fc.constantFrom(SSL, CANCEL, VERSION_3_0, VERSION_3_0 + 2, 80_877_104, 0),
        fc.uint8Array({ maxLength: 300 }),
        fc.option(fc.integer({ min: 0, max: 12_000 }), { nil: undefined }),
      )
      .map(([code, body, length]) => packet(code, Buffer.from(body), length)),
  );
  fc.assert(
    fc.property(anyPacket, (bytes) => {
      try {
        const read = readStartupPacket(Buffer.from(bytes));
        if (read === undefined) expect(bytes.length).toBeLessThan(STARTUP_PACKET_BYTES_MAX);
        else expect(read.length).toBeLessThanOrEqual(bytes.length);
      } catch (error) {
        expect(error).toBeInstanceOf(Fault);
      }
    }),
    { seed: 20_260_801, numRuns: 3_000 },
  );
});
