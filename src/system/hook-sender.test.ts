import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import type { DeliveryId } from '../domain/ids.ts';
import { seconds, timestamp } from '../domain/units.ts';
import { InternetSender } from './hook-sender.ts';

const SECRET = `whsec_${Buffer.from('0123456789abcdef0123456789abcdef').toString('base64')}`;

let server: Server | undefined;

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

const parcel = (url: string) => ({
  ...{ id: 'dl_000000000001' as DeliveryId, url, at: timestamp(1_700_000_000_123) },
  ...{ payload: '{"type":"webhook.test"}', secrets: [SECRET, SECRET], within: seconds(2) },
  signal: new AbortController().signal,
});

type Got = { readonly headers: IncomingHttpHeaders; readonly body: string };

async function listening(status: number, headers = {}): Promise<{ url: string; got: Got[] }> {
  const got: Got[] = [];
  server = createServer(async (request, response) => {
    let body = '';
    for await (const part of request) body += part;
    got.push({ headers: request.headers, body });
    response.writeHead(status, headers).end('thanks');
  });
  await new Promise<void>((ready) => server?.listen(0, '127.0.0.1', ready));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, got };
}

test('a parcel is signed as Standard Webhooks says', async () => {
  const { url, got } = await listening(204);
  const sender = new InternetSender({ toPrivate: true, version: '1' });
  expect(await sender.send(parcel(url))).toEqual({ status: 204 });
  const signed = 'dl_000000000001.1700000000.{"type":"webhook.test"}';
  const key = Buffer.from(SECRET.slice('whsec_'.length), 'base64');
  const expected = `v1,${createHmac('sha256', key).update(signed).digest('base64')}`;
  expect(got[0]?.body).toBe('{"type":"webhook.test"}');
  expect(got[0]?.headers).toMatchObject({
    'webhook-id': 'dl_000000000001',
    'webhook-timestamp': '1700000000',
    'webhook-signature': `${expected} ${expected}`,
  });
});

test('a redirect is an answer, and is not followed', async () => {
  const { url, got } = await listening(302, { location: 'http://127.0.0.1:1/' });
  const sender = new InternetSender({ toPrivate: true, version: '1' });
  expect(await sender.send(parcel(url))).toEqual({ status: 302 });
  expect(got).toHaveLength(1);
});

describe('nothing is sent to what only this machine or its network reaches', () => {
  const sender = (...addresses: string[]) =>
    new InternetSender({
      ...{ toPrivate: false, version: '1' },
      resolve: async () => addresses.map((address) => ({ address, family: 4 })),
    });

  test.each([
    ...['https://127.0.0.1/', 'https://2130706433/', 'https://0x7f.1/', 'https://[::1]/'],
    ...['https://10.1.2.3/', 'https://172.31.0.1/', 'https://192.168.1.1/', 'https://100.64.0.1/'],
    ...['https://169.254.169.254/latest/meta-data', 'https://0.0.0.0/', 'https://224.0.0.1/'],
    ...['https://[::ffff:127.0.0.1]/', 'https://[fe80::1]/', 'https://[fd00::1]/'],
    ...['https://[64:ff9b::7f00:1]/', 'https://[2002:7f00:1::]/', 'https://[2001:db8::1]/'],
    ...['http://example.com/', 'ftp://example.com/', 'nonsense', 'https://user:pw@example.com/'],
  ])('%s', async (url) => {
    expect(() => sender().check(url)).toThrow('the webhook cannot be sent there');
    expect(await sender('127.0.0.1').send(parcel(url))).toHaveProperty('error');
  });

  test('a name of such an address, even beside a public one', async () => {
    for (const addresses of [['127.0.0.1'], ['8.8.8.8', '10.0.0.1']]) {
      expect(await sender(...addresses).send(parcel('https://example.com/'))).toEqual({
        error: 'its address is not public',
      });
    }
  });
});

test('the connection is made to the address that was looked at', async () => {
  const { url, got } = await listening(200);
  const { port } = new URL(url);
  const resolve = async () => [{ address: '127.0.0.1', family: 4 }];
  const sender = new InternetSender({ toPrivate: true, version: '1', resolve });
  expect(await sender.send(parcel(`http://no.such.name.invalid:${port}/`))).toEqual({
    status: 200,
  });
  expect(got[0]?.headers.host).toBe(`no.such.name.invalid:${port}`);
});

test('what cannot be reached or does not answer is told in few words', async () => {
  const sender = new InternetSender({ toPrivate: true, version: '1' });
  expect(await sender.send(parcel('http://127.0.0.1:1/'))).toEqual({
    error: 'it refuses connections',
  });
  server = createServer(() => {});
  await new Promise<void>((ready) => server?.listen(0, '127.0.0.1', ready));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const silent = await sender.send({ ...parcel(url), within: seconds(0.1) });
  expect(silent).toEqual({ error: 'it has not answered in time' });
});

test.each([
  ['an answer', 'http://127.0.0.1', undefined],
  ['a lookup', 'http://slow.example', () => new Promise<never>(() => {})],
])('a try that waits for %s can be ended', async (_, origin, resolve) => {
  const closing = new AbortController();
  server = createServer(() => closing.abort());
  await new Promise<void>((ready) => server?.listen(0, '127.0.0.1', ready));
  const { port } = server.address() as AddressInfo;
  const sender = new InternetSender({
    ...{ toPrivate: true, version: '1' },
    ...(resolve === undefined ? {} : { resolve }),
  });
  const sent = { ...parcel(`${origin}:${port}/`), within: seconds(600), signal: closing.signal };
  const ended = sender.send(sent);
  if (resolve !== undefined) closing.abort();
  expect(await ended).toEqual({ error: 'it has not answered in time' });
});
