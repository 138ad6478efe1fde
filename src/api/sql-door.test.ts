import { createServer, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FORWARDED_HEADER } from '../domain/forwarded.ts';
import { openSqlDoor } from './sql-door.ts';

let dataPlane: Server;
let api: Server;
let heard: (string | string[] | undefined)[];
let answer: (response: ServerResponse) => void;

beforeEach(async () => {
  heard = [];
  answer = (response) => response.end('{}');
  dataPlane = createServer((asked, response) => {
    heard.push(asked.headers[FORWARDED_HEADER]);
    answer(response);
  });
  await listening(dataPlane);
  api = createServer();
});

afterEach(() => {
  for (const server of [api, dataPlane]) {
    server.closeAllConnections();
    server.close();
  }
});

const listening = (server: Server): Promise<void> =>
  new Promise((done) => server.listen(0, '127.0.0.1', done));

const portOf = (server: Server): number => (server.address() as AddressInfo).port;

async function opened(trustedProxies: readonly string[]): Promise<void> {
  const target = { host: '127.0.0.1', port: portOf(dataPlane), token: 'key', trustedProxies };
  openSqlDoor(api, target);
  await listening(api);
}

/** How the answer to a request ends. */
const ask = (headers: Record<string, string>): Promise<'whole' | 'cut off'> =>
  new Promise((done) => {
    const asked = request({ port: portOf(api), path: '/sql', method: 'POST', headers });
    asked.once('error', () => done('cut off'));
    asked.once('response', (response) => {
      response.once('error', () => done('cut off'));
      response.once('end', () => done('whole'));
      response.resume();
    });
    asked.end('{}');
  });

test.each([
  [[], '203.0.113.9', '127.0.0.1'],
  [['127.0.0.1'], '203.0.113.9', '203.0.113.9'],
  [['127.0.0.0/8'], '10.9.9.9, 203.0.113.9', '203.0.113.9'],
  [['127.0.0.1', '203.0.113.0/24'], '2001:db8::7, 203.0.113.9', '2001:db8::7'],
  [['127.0.0.1'], 'nonsense', '127.0.0.1'],
])(
  'where proxies at %j are believed, one who says "%s" is told as %s',
  async (trusted, said, told) => {
    await opened(trusted);
    const forged = { [FORWARDED_HEADER]: 'key private 192.0.2.1' };
    expect(await ask({ 'x-forwarded-for': said, ...forged })).toBe('whole');
    expect(heard).toEqual([`key private ${told}`]);
  },
);

test('an answer that the data plane cuts off is cut off for the client', async () => {
  await opened([]);
  answer = (response) => {
    response.writeHead(200, { 'content-length': '100' });
    response.write('{"rows":', () => response.destroy());
  };
  expect(await ask({})).toBe('cut off');
});
