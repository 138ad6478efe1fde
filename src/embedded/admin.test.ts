/** What a compute may say to us whose tenant has put something else in the place of PostgreSQL. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { asSuperuser } from './admin.ts';

/** A message of the protocol. */
function message(type: string, body: Uint8Array): Buffer {
  const header = Buffer.alloc(5);
  header.write(type);
  header.writeUInt32BE(4 + body.length, 1);
  return Buffer.concat([header, body]);
}

const AUTHENTICATION_OK = message('R', Buffer.alloc(4));
const READY = message('Z', Buffer.from('I'));
const NOTICE = message('N', Buffer.concat([Buffer.alloc(1024 * 1024, 0x78), Buffer.alloc(2)]));

let dir: string;
let compute: Server;
const open = new Set<Socket>();
let answer: (socket: Socket) => void;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'dynabase-admin-'));
  compute = createServer({ allowHalfOpen: true }, (socket) => {
    open.add(socket);
    socket.on('error', () => {});
    socket.once('data', () => answer(socket));
  });
  compute.listen(join(dir, '.s.PGSQL.5432'));
  await once(compute, 'listening');
});
afterEach(() => {
  for (const socket of open) socket.destroy();
  open.clear();
  compute.close();
  rmSync(dir, { recursive: true });
});

const ask = (): Promise<unknown> =>
  asSuperuser({ address: { socketPath: join(dir, '.s.PGSQL.5432') }, password: 'x' }, (client) =>
    client.query('select 1'),
  );

test('a compute that answers without end is hung up on', async () => {
  answer = (socket) => {
    socket.write(Buffer.concat([AUTHENTICATION_OK, READY]));
    const more = (): void => {
      while (!socket.destroyed && socket.write(NOTICE));
    };
    socket.on('drain', more);
    more();
  };
  await expect(ask()).rejects.toThrow('the compute answers with more than 16777216 bytes');
});

test.each([
  ['an authentication that nobody knows', message('R', Buffer.from([0, 0, 0, 99]))],
  ['a cut parameter', message('S', Buffer.from([1]))],
  [
    'a row before its description',
    Buffer.concat([AUTHENTICATION_OK, READY, message('D', Buffer.from([0, 1]))]),
  ],
])('%s fails what was asked, and no more', async (_, bytes) => {
  answer = (socket) => void socket.end(bytes);
  await expect(ask()).rejects.toBeInstanceOf(Error);
});

test('a compute that keeps the line open after its answer is not waited for', async () => {
  const closed = Promise.withResolvers<void>();
  answer = (socket) => {
    socket.once('end', () => closed.resolve());
    socket.write(Buffer.concat([AUTHENTICATION_OK, READY]));
    socket.once('data', () => {
      socket.on('data', () => {});
      socket.write(Buffer.concat([message('C', Buffer.from('SELECT 0\0')), READY]));
    });
  };
  await expect(ask()).resolves.toMatchObject({ rows: [] });
  await closed.promise;
});

test('a compute that refuses us is hung up on', async () => {
  const closed = Promise.withResolvers<void>();
  answer = (socket) => {
    socket.once('end', () => closed.resolve());
    socket.on('data', () => {});
    socket.write(message('E', Buffer.from('SFATAL\0C53300\0Mno\0\0')));
  };
  await expect(ask()).rejects.toThrow('no');
  await closed.promise;
});
