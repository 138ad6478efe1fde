import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RealProxy, realProxy } from '../../testing/real-proxy.ts';

let world: RealProxy;

beforeAll(async () => {
  world = await realProxy();
});

afterAll(() => world[Symbol.asyncDispose]());

const HEAD =
  'POST /sql HTTP/1.1\r\nHost: localhost\r\nNeon-Connection-String: postgresql://acme:pencil@localhost/acme\r\n';

const plain = (n: number): string => {
  const body = `{"query":"select ${n} as n"}`;
  return `${HEAD}Content-Length: ${body.length}\r\n\r\n${body}`;
};

const chunked = (n: number): string => {
  const body = `{"query":"select ${n} as n"}`;
  return `${HEAD}Transfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
};

/** Sends parts, each once as many answers are there as it says, and returns what was selected. */
async function converse(
  parts: readonly (readonly [after: number, text: string])[],
  expected: number,
): Promise<readonly number[]> {
  const socket = connect({ host: '127.0.0.1', port: world.proxy.port });
  const { promise, resolve, reject } = Promise.withResolvers<readonly number[]>();
  let said = '';
  let sent = 0;
  const go = (): void => {
    const found = [...said.matchAll(/"rows":\[\{"n":(\d+)\}\]/g)].map(([, n]) => Number(n));
    for (
      let next = parts[sent];
      next !== undefined && next[0] <= found.length;
      next = parts[sent]
    ) {
      socket.write(next[1]);
      sent++;
    }
    if (found.length === expected) resolve(found);
  };
  socket.on('connect', go);
  socket.on('data', (chunk) => {
    said += chunk.toString();
    go();
  });
  socket.on('close', () => reject(new Error(`closed after: ${said}`)));
  try {
    return await promise;
  } finally {
    socket.destroy();
  }
}

test('goes on after each answer', async () => {
  const parts = [0, 1, 2].map((n) => [n, plain(n)] as const);
  expect(await converse(parts, 3)).toEqual([0, 1, 2]);
});

test('leaves the way at any request, and nothing is lost', async () => {
  const parts = [
    [0, plain(0)],
    [1, chunked(1)],
    [2, plain(2)],
  ] as const;
  expect(await converse(parts, 3)).toEqual([0, 1, 2]);
});

test('answers requests that come ahead, in their order', async () => {
  const all = [0, 1, 2, 3].map((n) => (n % 2 === 0 ? plain(n) : chunked(n)));
  expect(await converse([[0, all.join('')]], 4)).toEqual([0, 1, 2, 3]);
  const [first = '', ...others] = all;
  expect(await converse([[0, first], ...others.map((text) => [0, text] as const)], 4)).toEqual([
    0, 1, 2, 3,
  ]);
});

test('takes a request in two parts', async () => {
  const text = plain(7);
  for (const at of [1, 10, text.length - 5]) {
    const parts = [
      [0, plain(6)],
      [1, text.slice(0, at)],
      [1, text.slice(at)],
    ] as const;
    expect(await converse(parts, 2)).toEqual([6, 7]);
  }
});
