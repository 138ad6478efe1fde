import { afterEach, describe, expect, test } from 'vitest';
import { fault } from '../domain/faults.ts';
import { seconds } from '../domain/units.ts';
import {
  ACME,
  leftBehind,
  PASSWORD,
  type ProxyWorld,
  proxyWorld,
  WELCOME,
} from '../testing/proxy-world.ts';
import {
  described,
  GSSENC_REQUEST,
  int32Bytes,
  SSL_REQUEST,
  startupMessageOf,
  startupPacket,
  type WireMessage,
} from '../testing/wire-peer.ts';
import { message } from '../wire/messages.ts';

const query = (text: string): Buffer => message('Q', Buffer.from(`${text}\0`));
const all = (found: readonly WireMessage[]): string[] => found.map(described);

let world: ProxyWorld;
afterEach(async () => expect(await leftBehind(world)).toEqual({}));

describe('a client that does not log in', () => {
  test.each([
    ['says nothing', Buffer.alloc(0)],
    ['stops within the startup packet', startupMessageOf(ACME.parameters).subarray(0, 20)],
  ])('but %s is ended when the time is over', async (_, bytes) => {
    world = await proxyWorld();
    const client = world.connect();
    client.send(bytes);
    await world.clock.advance(seconds(14.9));
    expect(world.proxy.sessions.count()).toBe(1);
    await world.clock.advance(seconds(0.1));
    expect(await client.toEnd()).toEqual(['error 57014: login was not finished within 15 s']);
    client.socket.end();
    await world.settle();
    expect(world.gate.asked).toEqual([]);
  });

  test('but stops before its proof is ended when the time is over', async () => {
    world = await proxyWorld();
    const client = world.connect();
    client.send(startupMessageOf(ACME.parameters));
    expect(described(await client.message())).toBe('R10');
    await world.clock.advance(seconds(15));
    expect(await client.toEnd()).toEqual(['error 57014: login was not finished within 15 s']);
    client.socket.end();
  });

  test('and does not take its last words is cut off', async () => {
    world = await proxyWorld();
    const client = world.connect();
    client.send(Buffer.from('GET / HTTP/1.1\r\n\r\n'));
    expect(await client.toEnd()).toEqual([
      'error 08P01: protocol violation: a startup packet cannot have 1195725856 bytes',
    ]);
    await world.clock.advance(seconds(1.9));
    expect(world.proxy.sessions.count()).toBe(1);
    await world.clock.advance(seconds(0.1));
    await world.settle();
    expect(world.proxy.sessions.count()).toBe(0);
  });

  test.each([
    ['a query', query('select 1'), 'protocol violation: a password was expected'],
    [
      'a mechanism that was not offered',
      message('p', Buffer.from('PLAIN\0'), int32Bytes(1), Buffer.from('x')),
      'protocol violation: the client chose a SASL mechanism that was not offered',
    ],
  ])('but sends %s instead is refused', async (_, bytes, why) => {
    world = await proxyWorld();
    const client = world.connect();
    client.send(startupMessageOf(ACME.parameters), bytes);
    expect(await client.toEnd()).toEqual(['R10', `error 08P01: ${why}`]);
    client.socket.end();
  });

  test('but cancels is answered with silence, and wakes nothing', async () => {
    world = await proxyWorld();
    const client = world.connect();
    client.send(startupPacket(80_877_102, Buffer.concat([int32Bytes(101), int32Bytes(5)])));
    expect(await client.toEnd()).toEqual([]);
    client.socket.end();
    await world.settle();
    expect(world.gate.asked).toEqual([]);
  });
});

describe('before the startup message', () => {
  test('encryption that we do not have is declined, each kind once', async () => {
    world = await proxyWorld();
    const client = world.connect();
    client.send(GSSENC_REQUEST);
    expect(await client.byte()).toBe('N');
    client.send(SSL_REQUEST);
    expect(await client.byte()).toBe('N');
    expect(all(await client.logIn(ACME))).toEqual(WELCOME);
    client.socket.end();
  });

  test.each([
    ['SSLRequest', SSL_REQUEST],
    ['GSSENCRequest', GSSENC_REQUEST],
  ])('a second %s is refused', async (_, request) => {
    world = await proxyWorld();
    const client = world.connect();
    client.send(request, request);
    expect(await client.byte()).toBe('N');
    expect(await client.toEnd()).toEqual([
      'error 08P01: protocol violation: encryption was asked for a second time',
    ]);
    client.socket.end();
  });

  test('TLS is refused where there is no certificate', async () => {
    world = await proxyWorld();
    const client = world.connect();
    client.send(Buffer.from([0x16, 3, 1]));
    expect(await client.toEnd()).toEqual([
      'error 0A000: TLS without a certificate is not supported',
    ]);
    client.socket.end();
  });
});

describe('the startup message', () => {
  const refused = async (
    parameters: Readonly<Record<string, string>>,
    protocol?: number,
  ): Promise<string[]> => {
    const client = world.connect();
    const login = { password: PASSWORD, parameters };
    const found = await client.logIn(protocol === undefined ? login : { ...login, protocol });
    client.socket.end();
    return all(found);
  };

  test('must name a user, and in some way a tenant', async () => {
    world = await proxyWorld();
    expect(await refused({ database: 'acme' })).toEqual([
      'error 08P01: protocol violation: the startup packet names no user',
    ]);
    expect(await refused({ user: 'postgres' })).toEqual([
      `error 08P01: ${fault('TENANT_UNNAMED', {}).message}`,
    ]);
    expect(world.gate.asked).toEqual([]);
  });

  test('may not ask for replication, but may ask for none', async () => {
    world = await proxyWorld();
    for (const replication of ['true', 'on', '1', 'database', 'yes']) {
      expect(await refused({ ...ACME.parameters, replication })).toEqual([
        'error 0A000: a replication connection is not supported',
      ]);
    }
    for (const replication of ['false', 'off', '0', 'no', 'f']) {
      expect(await refused({ ...ACME.parameters, replication })).toEqual(WELCOME);
    }
  });

  test('must come encrypted where that is required', async () => {
    world = await proxyWorld({ requireTls: true });
    expect(await refused(ACME.parameters)).toEqual([
      `error 28000: ${fault('TLS_REQUIRED', {}).message}`,
    ]);
    expect(world.gate.asked).toEqual([]);
  });

  test.each([
    [0x0003_0000, 4, []],
    [0x0003_0002, 32, []],
    [0x0003_0001, 4, ['v']],
    [0x0003_270f, 32, ['v']],
  ])('of version %d gets a cancel key of %d bytes', async (protocol, secretBytes, before) => {
    world = await proxyWorld();
    const client = world.connect();
    const found = await client.logIn({ ...ACME, protocol });
    expect(all(found.filter((m) => m.type === 'v' || m.type === 'K'))).toEqual([...before, 'K']);
    expect(found.find((m) => m.type === 'K')?.body.length).toBe(4 + secretBytes);
    client.socket.end();
  });

  test('is told which extensions are not known', async () => {
    world = await proxyWorld();
    const client = world.connect();
    const parameters = { ...ACME.parameters, '_pq_.magic': 'on' };
    client.send(startupMessageOf(parameters));
    expect(await client.message()).toEqual({
      type: 'v',
      body: Buffer.concat([int32Bytes(0x0003_0000), int32Bytes(1), Buffer.from('_pq_.magic\0')]),
    });
    client.socket.end();
  });
});

describe('startup parameters', () => {
  const startupOf = (application_name: string) => ({ user: 'acme', application_name });
  const spare = 10_000 - startupMessageOf(startupOf('')).length;

  test('that grow on the way beyond what PostgreSQL reads are refused, and wake nothing', async () => {
    world = await proxyWorld();
    const client = world.connect();
    const parameters = startupOf('x'.repeat(spare));
    expect(all(await client.logIn({ password: PASSWORD, parameters })).slice(-2)).toEqual([
      'R0',
      'error 08P01: protocol violation: the startup parameters take more than 10000 bytes',
    ]);
    expect(world.gate.wakes).toEqual([]);
    client.socket.end();
  });

  test('that just fit PostgreSQL with the database added are taken', async () => {
    world = await proxyWorld();
    const client = world.connect();
    const parameters = startupOf('x'.repeat(spare - 'database0acme0'.length));
    expect(all(await client.logIn({ password: PASSWORD, parameters }))).toEqual(WELCOME);
    client.socket.end();
  });
});
