import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { HttpListener } from '../domain/http.ts';
import { SystemHttp } from './http.ts';

let listener: HttpListener;
let server: ReturnType<typeof createServer>;
let trusts: boolean;
let received: number;

beforeEach(async () => {
  trusts = false;
  received = 0;
  listener = new SystemHttp().open({
    onRequest: (_request, response) => response.end(),
    onUpgrade: (_request, upgrade) =>
      upgrade.accept((socket, trust) => {
        if (trusts) trust();
        socket.on('data', (chunk: Buffer) => {
          received += chunk.length;
        });
      }),
  });
  server = createServer((socket) => listener.take(socket)).listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterEach(() => {
  listener.close();
  server.close();
});

const UPGRADE =
  'GET /v2 HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';

const PART_BYTES = 1_000;

/** A part of a binary message that goes on for ever: RFC 6455 §5.2, masked with zeros. */
function part(isFirst: boolean, isLast = false): Buffer {
  const bytes = Buffer.alloc(8 + PART_BYTES);
  bytes[0] = (isFirst ? 2 : 0) | (isLast ? 0x80 : 0);
  bytes[1] = 0x80 | 126;
  bytes.writeUInt16BE(PART_BYTES, 2);
  return bytes;
}

async function upgraded(): Promise<Socket> {
  const { port } = server.address() as { port: number };
  const socket = connect({ host: '127.0.0.1', port });
  socket.on('error', () => {});
  socket.write(UPGRADE);
  const [said] = await once(socket, 'data');
  expect(String(said)).toContain('101 Switching Protocols');
  socket.resume();
  return socket;
}

test('a stranger who sends frames without end is cut off, long before a message is whole', async () => {
  const socket = await upgraded();
  const closed = once(socket, 'close');
  socket.write(Buffer.concat(Array.from({ length: 100 }, (_, n) => part(n === 0))));
  await closed;
  expect(received).toBe(0);
});

test('what a login takes is taken from a stranger, and as much as it likes from one who is trusted', async () => {
  const stranger = await upgraded();
  stranger.write(Buffer.concat([part(true), part(false, true)]));
  await expect.poll(() => received).toBe(2 * PART_BYTES);
  trusts = true;
  const known = await upgraded();
  known.write(Buffer.concat(Array.from({ length: 200 }, (_, n) => part(n === 0, n === 199))));
  await expect.poll(() => received).toBe(202 * PART_BYTES);
  stranger.destroy();
  known.destroy();
});
