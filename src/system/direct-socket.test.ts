import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { DirectSocket } from '../domain/direct-socket.ts';
import { dialDirect, directly } from './direct-socket.ts';

let directory: string;
let server: Server;
let path: string;
const sockets: Socket[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'direct-'));
  path = join(directory, 's');
  server = createServer({ pauseOnConnect: true, allowHalfOpen: true });
  server.listen(path);
  await once(server, 'listening');
});

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
  await rm(directory, { recursive: true });
});

/** Both ends of one connection as direct sockets: the one that dialled, and the one accepted. */
async function pair(): Promise<readonly [DirectSocket, DirectSocket]> {
  const accepted = once(server, 'connection');
  const dialled = dialDirect(path);
  const [socket] = (await accepted) as [Socket];
  const pair = [dialled, directly(socket) as DirectSocket] as const;
  sockets.push(...pair);
  return pair;
}

test.each([
  ['dialled', 0],
  ['accepted', 1],
])('an ordinary reader of a %s socket gets data and the end', async (_name, side) => {
  const ends = await pair();
  const [reader, writer] = [ends[side], ends[1 - side]] as [DirectSocket, DirectSocket];
  writer.end('all of it');
  expect(await textOf(reader)).toBe('all of it');
});

test('what came before the receiver was set comes first, in order', async () => {
  const [dialled, accepted] = await pair();
  dialled.write('early ');
  await once(accepted, 'readable');
  accepted.pause();
  const received: string[] = [];
  const done = new Promise<void>((resolve) => accepted.once('end', resolve));
  accepted.on('data', (chunk: Buffer) => received.push(chunk.toString()));
  accepted.directReads.receiver = (buffer, end) => {
    received.push(buffer.toString('latin1', 0, end));
    return false;
  };
  accepted.resume();
  dialled.end('late');
  await done;
  expect(received.join('')).toBe('early late');
});

test('small reads share one small buffer, large ones one large, and small ones a small again', async () => {
  const [dialled, accepted] = await pair();
  const buffers: Buffer[] = [];
  let bytes = 0;
  accepted.directReads.receiver = (buffer, end) => {
    if (buffers.at(-1) !== buffer) buffers.push(buffer);
    bytes += end;
    return false;
  };
  const ended = once(accepted, 'end');
  accepted.resume();
  const small = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) {
      const before = bytes;
      dialled.write('few');
      while (bytes === before) await new Promise((resolve) => setImmediate(resolve));
    }
  };
  await small(20);
  dialled.write(Buffer.alloc(1_000_000));
  while (bytes < 1_000_060) await new Promise((resolve) => setImmediate(resolve));
  await small(100);
  dialled.end();
  await ended;
  expect(buffers.map(({ length }) => length)).toEqual([8_192, 65_536, 8_192]);
  expect(bytes).toBe(1_000_360);
});

test('a buffer that is kept is not read into again', async () => {
  const [dialled, accepted] = await pair();
  const kept: Buffer[] = [];
  accepted.directReads.receiver = (buffer, end) => {
    kept.push(buffer.subarray(0, end));
    return true;
  };
  const ended = once(accepted, 'end');
  accepted.resume();
  const sent = Buffer.from(Array.from({ length: 300_000 }, (_, i) => i % 251));
  dialled.end(sent);
  await ended;
  expect(Buffer.concat(kept).equals(sent)).toBe(true);
});

test('a paused socket is not read, and the writer feels it', async () => {
  const [dialled, accepted] = await pair();
  let bytes = 0;
  accepted.directReads.receiver = (_buffer, end) => {
    bytes += end;
    accepted.pause();
    return false;
  };
  accepted.resume();
  // More than any socket buffer holds by default.
  dialled.end(Buffer.alloc(8 * 1024 * 1024));
  while (bytes === 0) await new Promise((resolve) => setImmediate(resolve));
  const atPause = bytes;
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
  expect(bytes).toBe(atPause);
  expect(dialled.writableLength).toBeGreaterThan(0);
  accepted.directReads.receiver = (_buffer, end) => {
    bytes += end;
    return false;
  };
  const ended = once(accepted, 'end');
  accepted.resume();
  await ended;
  expect(bytes).toBe(8 * 1024 * 1024);
});

test('the server counts a socket taken over as gone, so that closing waits for nobody', async () => {
  const [dialled] = await pair();
  expect(await new Promise((resolve) => server.getConnections((_e, n) => resolve(n)))).toBe(0);
  dialled.destroy();
});

test('the other side closing without a word is an end and a close', async () => {
  const [dialled, accepted] = await pair();
  const closed = once(dialled, 'close');
  const ended = once(dialled, 'end');
  dialled.directReads.receiver = () => false;
  dialled.resume();
  accepted.destroy();
  await Promise.all([ended, closed]);
  expect(dialled.destroyed).toBe(true);
});

test('a socket without the handle is returned as it is', () => {
  const socket = connect({ path: join(directory, 'none') });
  socket.on('error', () => {});
  socket.destroy();
  expect(directly(socket)).toBe(socket);
});

async function textOf(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
