import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Network } from '../domain/network.ts';
import { seconds } from '../domain/units.ts';
import { VirtualClock } from '../sim/virtual-clock.ts';
import { SystemNetwork } from '../system/network.ts';
import { eventually } from '../testing/eventually.ts';
import { MemoryLog } from '../testing/memory-log.ts';
import { MemoryNetwork } from '../testing/memory-network.ts';
import { SSL_REQUEST, startupMessageOf } from '../testing/wire-peer.ts';
import { cancelRequest } from '../wire/cancel-request.ts';
import type { CancelKey } from '../wire/startup.ts';
import type { Opening } from './presented.ts';
import { RoutedNetwork } from './routed-network.ts';

const STARTUP = startupMessageOf({ user: 'alice', database: 'acme' });

/** `memory` with TLS, which shows as server name what a handshake would be given. */
const withTls = (memory: MemoryNetwork): Network => ({
  offersTls: true,
  listen: (options, onSocket) => memory.listen(options, onSocket),
  dial: (path) => memory.dial(path),
  secure: async (socket) => {
    const serverName = (await bytesOf(socket)).toString('hex');
    return { socket, serverName, applicationProtocol: null, channelBinding: null };
  },
});

let clock: VirtualClock;
let inner: MemoryNetwork;
let kept: Socket[];
let given: { readonly name: string; readonly opening: Opening; readonly keep: () => void }[];
let cancels: CancelKey[];
let takes: boolean;

beforeEach(async () => {
  clock = new VirtualClock();
  [kept, given, cancels, takes] = [[], [], [], true];
  await open((memory) => memory);
});

/** Listens on what `over` makes of a new memory network. */
async function open(over: (memory: MemoryNetwork) => Network): Promise<Network> {
  inner = new MemoryNetwork(() => {});
  const network = new RoutedNetwork({
    ...{ inner: over(inner), clock, hostNames: ['db.example.com'] },
    others: {
      give: (name, _socket, opening, keep) => {
        if (takes) given.push({ name, opening, keep });
        return takes;
      },
      cancel: (key) => cancels.push(key),
    },
  });
  await network.listen({ host: '', port: 1 }, (socket) => kept.push(socket));
  return network;
}

const turn = (): Promise<void> => new Promise((done) => setImmediate(done));

async function bytesOf(socket: Socket | undefined): Promise<Buffer> {
  const chunks: Buffer[] = [];
  socket?.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket?.resume();
  await turn();
  return Buffer.concat(chunks);
}

async function say(client: Socket, ...chunks: readonly Buffer[]): Promise<void> {
  for (const chunk of chunks) {
    client.write(chunk);
    await turn();
  }
}

describe('a client in the clear', () => {
  test('is given away with its startup packet, wherever that is cut', async () => {
    for (let cut = 0; cut <= STARTUP.length; cut++) {
      given = [];
      await say(inner.connect(), STARTUP.subarray(0, cut), STARTUP.subarray(cut));
      expect(given).toMatchObject([{ name: 'acme', opening: { head: STARTUP, hello: null } }]);
    }
    expect(kept).toEqual([]);
  });

  test('is kept with every byte where nobody takes it, or whoever took it dies', async () => {
    const more = Buffer.concat([STARTUP, Buffer.from('password')]);
    takes = false;
    await say(inner.connect(), more);
    expect(await bytesOf(kept[0])).toEqual(more);
    takes = true;
    await say(inner.connect(), more);
    given[0]?.keep();
    expect(await bytesOf(kept[1])).toEqual(more);
  });

  test('is kept where it is silent, or says what is no startup packet', async () => {
    inner.connect();
    await clock.advance(seconds(5));
    expect(kept).toHaveLength(1);
    const nonsense = Buffer.from('GET / HTTP/1.1\r\n');
    await say(inner.connect(), nonsense);
    expect(await bytesOf(kept[1])).toEqual(nonsense);
    expect(given).toEqual([]);
  });

  test('that leaves is let go', async () => {
    const client = inner.connect();
    await say(client, STARTUP.subarray(0, 5));
    client.end();
    await clock.advance(seconds(10));
    expect([kept, given]).toEqual([[], []]);
  });
});

test('what a client says when it has been given away is left to who takes it', async () => {
  const taken: Socket[] = [];
  const network = new RoutedNetwork({
    ...{ inner: new SystemNetwork(new MemoryLog(), null), clock, hostNames: [] },
    others: { give: (_name, socket) => taken.push(socket) > 0, cancel: () => {} },
  });
  const { port, close } = await network.listen({ host: '127.0.0.1', port: 0 }, () => {});
  const connected = async (): Promise<Socket> => {
    const socket = connect(port, '127.0.0.1');
    await once(socket.resume(), 'connect');
    return socket;
  };
  const [first, second] = [await connected(), await connected()];
  first.write(STARTUP);
  await eventually('it is given away', async () => taken.length === 1);
  first.write('password');
  // What was written before has come by the time that this has.
  second.write(STARTUP);
  await eventually('the other is given away', async () => taken.length === 2);
  expect(taken.map(({ bytesRead }) => bytesRead)).toEqual([STARTUP.length, STARTUP.length]);
  for (const socket of [first, second, ...taken]) socket.destroy();
  await close();
});

test('a cancel request is tried everywhere', async () => {
  const key = { processId: 42, secret: Buffer.from('1234') };
  await say(inner.connect(), cancelRequest(key));
  expect(cancels).toEqual([key]);
  expect(await bytesOf(kept[0])).toEqual(cancelRequest(key));
});

describe('a client that asks for TLS', () => {
  test('is agreed with once, and the handshake gets all that followed', async () => {
    const network = await open(withTls);
    const client = inner.connect();
    const heard = bytesOf(client);
    // A record of another kind names nobody.
    const hello = Buffer.of(0x17, 3, 1, 0, 1, 9);
    await say(client, SSL_REQUEST);
    expect(await heard).toEqual(Buffer.from('S'));
    await say(client, hello);
    const socket = kept[0];
    if (socket === undefined) throw new Error('the client was not kept');
    expect(socket.read(SSL_REQUEST.length)).toEqual(SSL_REQUEST);
    // What the proxy answers to it has been said.
    const later = bytesOf(client);
    socket.write('S');
    expect(await later).toEqual(Buffer.alloc(0));
    const channel = await network.secure(socket);
    expect(channel.serverName).toBe(hello.toString('hex'));
    const last = bytesOf(client);
    socket.write('over TLS');
    expect(await last).toEqual(Buffer.from('over TLS'));
  });

  test('is kept where there is no TLS, or where it does not wait for the answer', async () => {
    await say(inner.connect(), SSL_REQUEST);
    expect(await bytesOf(kept[0])).toEqual(SSL_REQUEST);
    await open(withTls);
    const hasty = Buffer.concat([SSL_REQUEST, STARTUP]);
    await say(inner.connect(), hasty);
    expect(await bytesOf(kept[1])).toEqual(hasty);
  });
});
