import { describe, expect, test } from 'vitest';
import { CLIENT_HELLO_BYTES_MAX, readServerName } from './client-hello.ts';

const uint = (value: number, bytes: number): Buffer => {
  const buffer = Buffer.alloc(bytes);
  buffer.writeUIntBE(value, 0, bytes);
  return buffer;
};

/** `parts` behind their common length. */
const vector = (lengthBytes: number, ...parts: readonly Buffer[]): Buffer => {
  const body = Buffer.concat(parts);
  return Buffer.concat([uint(body.length, lengthBytes), body]);
};

const extension = (type: number, body: Buffer): Buffer =>
  Buffer.concat([uint(type, 2), vector(2, body)]);

const nameExtension = (name: string): Buffer =>
  extension(0, vector(2, uint(0, 1), vector(2, Buffer.from(name))));

/** As OpenSSL writes it, in records of `cut` bytes. */
function clientHello(extensions: readonly Buffer[] | null, cut = 16_384): Buffer {
  const body = Buffer.concat([
    uint(0x0303, 2),
    Buffer.alloc(32, 7),
    vector(1, Buffer.alloc(32, 9)),
    vector(2, uint(0x1301, 2), uint(0x1302, 2)),
    vector(1, uint(0, 1)),
    ...(extensions === null ? [] : [vector(2, ...extensions)]),
  ]);
  const message = Buffer.concat([uint(1, 1), vector(3, body)]);
  const records: Buffer[] = [];
  for (let at = 0; at < message.length; at += cut) {
    records.push(Buffer.of(0x16, 3, 1), vector(2, message.subarray(at, at + cut)));
  }
  return Buffer.concat(records);
}

const OTHER = extension(43, Buffer.of(2, 3, 4));
const NAMED = [OTHER, nameExtension('acme.localhost'), OTHER];

describe('the server name is read', () => {
  test.each([16_384, 100, 7, 1])('from records of %i bytes, however the stream is cut', (cut) => {
    const bytes = clientHello(NAMED, cut);
    for (let length = 0; length < bytes.length; length++) {
      expect(readServerName(bytes.subarray(0, length))).toBe(undefined);
    }
    expect(readServerName(bytes)).toEqual({ serverName: 'acme.localhost' });
  });

  test('also where more follows', () => {
    const bytes = Buffer.concat([clientHello(NAMED), Buffer.from('rest')]);
    expect(readServerName(bytes)).toEqual({ serverName: 'acme.localhost' });
  });
});

describe('there is none', () => {
  test.each([
    ['in a hello with other extensions', clientHello([OTHER])],
    ['in a hello without extensions', clientHello(null)],
    ['in another record', Buffer.of(0x17, 3, 1, 0, 1, 0)],
    ['in another message', Buffer.of(0x16, 3, 1, 0, 4, 2, 0, 0, 0)],
    ['in a message that is too long', Buffer.of(0x16, 3, 1, 0, 4, 1, 0xff, 0xff, 0xff)],
    ['in an extension that leads out', clientHello([Buffer.of(0, 0, 0xff, 0xff)])],
    ['in what never comes to an end', endless()],
  ])('%s', (_, bytes) => {
    expect(readServerName(bytes)).toEqual({ serverName: null });
  });

  test('wherever one byte of it is another', () => {
    const whole = clientHello(NAMED);
    for (let at = 0; at < whole.length; at++) {
      for (const value of [0, 0xff]) {
        const bytes = Buffer.from(whole);
        bytes[at] = value;
        expect(() => readServerName(bytes)).not.toThrow();
      }
    }
  });
});

/** Empty records, as many as are read. A function, since it is used above. */
function endless(): Buffer {
  const record = Buffer.of(0x16, 3, 1, 0, 0);
  const count = Math.ceil(CLIENT_HELLO_BYTES_MAX / record.length);
  return Buffer.concat(Array.from({ length: count }, () => record));
}
