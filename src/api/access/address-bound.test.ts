import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { eventually } from '../../testing/eventually.ts';
import { boundAddresses } from './address-bound.ts';

async function serving(isCounted: (address: string) => boolean) {
  const server = createServer((_, response) => response.end('served'));
  boundAddresses(server, { max: 3, isCounted });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const open = async (): Promise<Socket> => {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {});
    await once(socket, 'connect');
    return socket;
  };
  /** What is answered; empty for who is hung up on. */
  const asked = async (socket: Socket): Promise<string> => {
    let heard = '';
    socket.on('data', (chunk) => (heard += chunk));
    socket.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    await once(socket, 'close');
    return heard.includes('served') ? 'served' : '';
  };
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { open, asked, close };
}

test('an address with as many connections as it may have gets no other, until one of them has gone', async () => {
  const { open, asked, close } = await serving(() => true);
  const [first, ...silent] = [await open(), await open(), await open()];
  expect(await asked(await open())).toBe('');
  expect(await asked(first as Socket)).toBe('served');
  await eventually('another is let in', async () => (await asked(await open())) === 'served');
  expect(silent.every(({ destroyed }) => !destroyed)).toBe(true);
  close();
});

test('whom nobody counts has as many as it likes', async () => {
  const { open, asked, close } = await serving(() => false);
  for (let at = 0; at < 5; at++) await open();
  expect(await asked(await open())).toBe('served');
  close();
});
