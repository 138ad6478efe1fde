import fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import { seconds } from '../domain/units.ts';
import { ACME, leftBehind, type ProxyWorld, proxyWorld } from '../testing/proxy-world.ts';
import {
  GSSENC_REQUEST,
  int32Bytes,
  SSL_REQUEST,
  startupMessageOf,
  startupPacket,
} from '../testing/wire-peer.ts';
import { message } from '../wire/messages.ts';
import { INBOX_BYTES_MAX } from './inbox.ts';

let world: ProxyWorld;
afterEach(async () => expect(await leftBehind(world)).toEqual({}));

const CLIENT_FIRST = Buffer.from('n,,n=,r=nonce');

/** What a client may say before it is in, well formed. */
const SAID: readonly Buffer[] = [
  SSL_REQUEST,
  GSSENC_REQUEST,
  startupPacket(80_877_102, Buffer.alloc(12, 1)),
  startupMessageOf({ user: 'acme', database: 'acme', options: 'endpoint=acme -c a=b' }),
  startupMessageOf({ user: 'a.ghost', '_pq_.x': '1' }, 0x0003_0007),
  message('p', Buffer.from('SCRAM-SHA-256\0'), int32Bytes(CLIENT_FIRST.length), CLIENT_FIRST),
  message('p', Buffer.from(`c=biws,r=nonce,p=${Buffer.alloc(32).toString('base64')}`)),
  message('Q', Buffer.from('select 1\0')),
  message('X'),
];

/** One of these with a byte changed, cut off, or repeated; or bytes of no meaning. */
const word = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...SAID) },
  fc.tuple(fc.constantFrom(...SAID), fc.nat(), fc.nat(255)).map(([said, at, value]) => {
    const changed = Buffer.from(said);
    changed[at % said.length] = value;
    return changed;
  }),
  fc
    .tuple(fc.constantFrom(...SAID), fc.nat())
    .map(([said, at]) => said.subarray(0, at % said.length)),
  fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
);

test('whatever a client says, in whatever pieces, its session ends and wakes nothing', async () => {
  world = await proxyWorld({ sessionsMax: 10 });
  await fc.assert(
    fc.asyncProperty(
      fc.array(word, { maxLength: 6 }),
      fc.integer({ min: 1, max: 50 }),
      async (words, piece) => {
        const client = world.connect();
        const said = Buffer.concat(words);
        for (let at = 0; at < said.length; at += piece) client.send(said.subarray(at, at + piece));
        await world.settle();
        await world.clock.advance(seconds(15));
        await client.toEnd();
        client.socket.end();
        await world.settle();
        expect(world.proxy.sessions.count()).toBe(0);
      },
    ),
    { seed: 20_260_802, numRuns: 150 },
  );
  expect(world.gate.wakes).toEqual([]);
});

test('what a client sends ahead while its database wakes is taken in up to a limit', async () => {
  world = await proxyWorld();
  world.gate.onWake = () => new Promise(() => {});
  const client = world.connect();
  const login = client.logIn(ACME);
  await world.until(() => world.gate.wakes.length === 1);
  const pieces = 64;
  for (let i = 0; i < pieces; i++) client.socket.write(Buffer.alloc(16 * 1024));
  await world.settle();
  const takenIn = pieces * 16 * 1024 - client.socket.writableLength;
  expect(takenIn).toBeGreaterThanOrEqual(INBOX_BYTES_MAX);
  expect(takenIn).toBeLessThan(2 * INBOX_BYTES_MAX);
  client.socket.destroy();
  await login;
});
