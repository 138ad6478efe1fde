import { duplexPair } from 'node:stream';
import { expect, test } from 'vitest';
import { fault } from '../domain/faults.ts';
import { peerPair } from '../testing/channel-pair.ts';
import { ChannelClosed, Peer } from './peer.ts';

test('a call is answered with what the other side returns, undefined included', async () => {
  const [one] = peerPair(
    {},
    { called: async (method, args) => (method === 'sum' ? args : undefined) },
  );
  expect(await one.call('sum', 1, [2], { three: 3 })).toEqual([1, [2], { three: 3 }]);
  expect(await one.call('nothing')).toBe(undefined);
});

test('a fault crosses with code and message; anything else as INTERNAL', async () => {
  const [one] = peerPair(
    {},
    {
      called: async (method) => {
        throw method === 'known'
          ? fault('TENANT_UNKNOWN', { tenant: 'acme' })
          : new Error('secret');
      },
    },
  );
  await expect(one.call('known')).rejects.toEqual(fault('TENANT_UNKNOWN', { tenant: 'acme' }));
  await expect(one.call('other')).rejects.toEqual(fault('INTERNAL', {}));
});

test('words and calls are taken up in the order they were said', async () => {
  const heard: string[] = [];
  const [one] = peerPair(
    {},
    {
      called: async (method) => void heard.push(method),
      told: (method) => void heard.push(method),
    },
  );
  one.tell('a');
  const b = one.call('b');
  one.tell('c');
  await one.call('d');
  await b;
  expect(heard).toEqual(['a', 'b', 'c', 'd']);
});

test('what waits for an answer goes on before the next message is taken up', async () => {
  const [left, right] = duplexPair();
  const seen: string[] = [];
  const one = new Peer(left, {
    called: async () => void seen.push('called'),
    told: () => {},
    closed: () => {},
    drained: () => {},
  });
  const other: Peer = new Peer(right, {
    // The answer and the next call leave in one breath, and arrive in one chunk.
    called: async () => {
      right.cork();
      setImmediate(() => {
        void other.call('next');
        right.uncork();
      });
    },
    told: () => {},
    closed: () => {},
    drained: () => {},
  });
  const through = async (depth: number): Promise<void> => {
    if (depth === 0) await one.call('first');
    else await through(depth - 1);
  };
  await through(10).then(() => seen.push('answered'));
  await new Promise((done) => setImmediate(() => setImmediate(done)));
  expect(seen).toEqual(['answered', 'called']);
});

test('a channel that closes fails the calls that are not answered, and all later ones', async () => {
  const never = new Promise<never>(() => {});
  let because: unknown = 'not closed';
  const [one, other] = peerPair(
    {
      closed: (error) => {
        because = error;
      },
    },
    { called: () => never },
  );
  const asked = one.call('slow');
  other.close();
  await expect(asked).rejects.toBeInstanceOf(ChannelClosed);
  await expect(one.call('late')).rejects.toBeInstanceOf(ChannelClosed);
  one.tell('late');
  expect(because).toBe(undefined);
});

test('nonsense closes the channel and says what it was', async () => {
  const [left, right] = duplexPair();
  const closed = new Promise<Error | undefined>((done) => {
    new Peer(left, {
      called: async () => {},
      told: () => {},
      closed: done,
      drained: () => {},
    });
  });
  right.write(Buffer.from('\0\0\0\x02{]'));
  expect(await closed).toBeInstanceOf(SyntaxError);
});
