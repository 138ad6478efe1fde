import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SeededRandom } from '../sim/seeded-random.ts';
import { PromptClock } from '../testing/prompt-clock.ts';
import { S3Double } from '../testing/s3-double.ts';
import type { BucketRequest } from '../testing/s3-double-bucket.ts';
import { keysOf, storeContract } from '../testing/store-contract.ts';
import type { S3Location } from './s3-client.ts';
import { openS3Store } from './s3-store.ts';
import type { Store } from './store.ts';

/** Larger than one request, in three parts. */
const LARGE = 17 * 1_024 * 1_024;

const bytes = Buffer.from('some bytes');
const all = { checksums: true, conditionalParts: true };

let clock: PromptClock;
let double: S3Double;

beforeEach(async () => {
  clock = new PromptClock();
  double = await S3Double.start({ clock, pageMax: 50, sessionToken: 'a session' });
});
afterEach(async () => {
  expect(clock.timers.size).toBe(0);
  await double.close();
});

const opened = (location: Partial<S3Location> = {}): Promise<Store> =>
  openS3Store({
    location: { ...double.location, ...location },
    clock,
    random: new SeededRandom(1),
    features: all,
  });

const probed = (): Promise<Store> =>
  openS3Store({ location: double.location, clock, random: new SeededRandom(1) });

const puts = ({ method }: BucketRequest): boolean => method === 'PUT';
const gets = ({ method }: BucketRequest): boolean => method === 'GET';

storeContract('a bucket', async () => ({ store: await opened() }));

/** A fetch that finds every host at `port` of this machine, which fetch itself lets nobody do. */
const fetchAt = (port: string): typeof globalThis.fetch =>
  (async (input: string, init: RequestInit) => {
    const { host, pathname, search } = new URL(input);
    const { method } = init;
    const headers = { ...Object.fromEntries(new Headers(init.headers)), host };
    const path = pathname + search;
    const outgoing = request({ host: '127.0.0.1', port, path, method, headers });
    outgoing.end(init.body);
    const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage];
    const body = Buffer.concat(await incoming.toArray());
    const answered = new Headers(incoming.headers as Record<string, string>);
    const status = incoming.statusCode ?? 0;
    return new Response(body.length > 0 ? body : null, { status, headers: answered });
  }) as typeof globalThis.fetch;

test('the bucket may be in the host name', async () => {
  const { port } = new URL(double.location.endpoint);
  const endpoint = `http://store.test:${port}`;
  const location: S3Location = { ...double.location, endpoint, style: 'virtual' };
  const random = new SeededRandom(1);
  const store = await openS3Store({ location, clock, random, fetch: fetchAt(port) });
  await store.create('a/b', bytes);
  expect((await store.read('a/b'))?.bytes).toEqual(bytes);
  expect(await keysOf(store.list('a/'))).toEqual(['a/b']);
  await store.delete(['a/b', 'c']);
  expect(await keysOf(store.list(''))).toEqual([]);
});

test.each([
  [{ secretAccessKey: 'wrong' }, 'SignatureDoesNotMatch'],
  [{ accessKeyId: 'wrong' }, 'InvalidAccessKeyId'],
  [{ sessionToken: undefined }, 'InvalidToken'],
  [{ region: 'elsewhere' }, 'AuthorizationHeaderMalformed'],
])('what %j gets is a plain fault without a secret', async (location, code) => {
  const store = await opened(location);
  const error = await store.create('a', bytes).catch((thrown: unknown) => thrown as Error);
  expect(error).toMatchObject({ code: 'ARCHIVE_DOWN' });
  expect(String(error)).toContain(`its bucket answers 403 ${code}`);
  for (const shown of [inspect(error, { depth: 9 }), inspect(store, { depth: 9 })]) {
    expect(shown).not.toContain(double.location.secretAccessKey);
    expect(shown).not.toContain('a session');
  }
});

test('a missing bucket is not a missing object', async () => {
  const store = await opened({ bucket: 'none' });
  await expect(store.read('a')).rejects.toThrow('404 NoSuchBucket');
});

describe('what a bucket can do is tried', () => {
  test('and nothing is left of that', async () => {
    const store = await probed();
    expect([...double.bucket.objects.keys()]).toEqual([]);
    expect(double.bucket.uploads.size).toBe(0);
    expect(await store.create('a', Buffer.alloc(LARGE))).toBe(true);
    expect(double.log.filter((line) => line.includes('partNumber=3'))).toHaveLength(1);
  });

  test.each([
    { conditions: 'all' },
    { conditions: 'if-match' },
    { conditionsRefused: true },
  ] as const)('a bucket with %j is refused', async (lacking) => {
    double.bucket.lacking = lacking;
    const error = await probed().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'ARCHIVE_DOWN' });
    expect(String(error)).toContain('does not support conditional writes');
    expect(double.bucket.objects.size).toBe(0);
  });

  test('one that refuses checksums is used without', async () => {
    double.bucket.lacking = { checksums: true };
    const store = await probed();
    expect(await store.create('a', bytes)).toBe(true);
    expect(await store.create('large', Buffer.alloc(LARGE))).toBe(true);
  });

  test('one that completes parts over an object gets no parts', async () => {
    double.bucket.lacking = { conditionalParts: true };
    const store = await probed();
    expect(await store.create('a', Buffer.alloc(LARGE))).toBe(true);
    expect(await store.create('a', Buffer.alloc(LARGE))).toBe(false);
    expect(double.log.filter((line) => /PUT some\/prefix\/a$/.test(line))).toHaveLength(2);
  });

  test('one that cannot delete many at once deletes one by one', async () => {
    double.bucket.lacking = { manyDeletes: true };
    const store = await opened();
    for (const key of ['a', 'b', 'c']) await store.create(key, bytes);
    await store.delete(['a', 'c']);
    expect(await keysOf(store.list(''))).toEqual(['b']);
  });
});

describe('an answer that was lost', () => {
  const mishaps = ['lost answer', 'done but 500'] as const;

  test.each(mishaps)('%s: a create knows its own object', async (mishap) => {
    const store = await opened();
    double.next(puts, mishap);
    expect(await store.create('a', bytes)).toBe(true);
    expect(await store.create('a', bytes)).toBe(false);
  });

  test.each(mishaps)(
    '%s: a create does not take another’s equal object for its own',
    async (mishap) => {
      const store = await opened();
      await store.create('a', bytes);
      double.next(puts, mishap);
      expect(await store.create('a', bytes)).toBe(false);
    },
  );

  test.each(mishaps)('%s: a swap knows its own version', async (mishap) => {
    const store = await opened();
    const first = await store.swap('p', Buffer.from('1'), null);
    double.next(puts, mishap);
    const second = await store.swap('p', Buffer.from('2'), first);
    expect(await store.read('p')).toEqual({ bytes: Buffer.from('2'), version: second });
  });

  test('a swap that another has followed does not say that it lost', async () => {
    const store = await opened();
    const first = await store.swap('p', Buffer.from('1'), null);
    double.next(puts, 'lost answer');
    double.next((request) => {
      const tag = double.bucket.objects.get('some/prefix/p')?.tag ?? '';
      const other = { ...request.headers, 'if-match': tag, 'x-amz-meta-writer': 'other' };
      if (puts(request)) {
        double.bucket.answer({ ...request, headers: other, body: Buffer.from('3') });
      }
      return false;
    }, 'reset');
    const swapped = store.swap('p', Buffer.from('2'), first);
    await expect(swapped).rejects.toMatchObject({ code: 'ARCHIVE_DOWN' });
    expect((await store.read('p'))?.bytes).toEqual(Buffer.from('3'));
  });

  test('a write that comes late finds its condition gone', async () => {
    const store = await opened();
    double.next(puts, 'late');
    const first = await store.swap('p', Buffer.from('1'), null);
    const second = await store.swap('p', Buffer.from('2'), first);
    double.deliver();
    expect(await store.read('p')).toEqual({ bytes: Buffer.from('2'), version: second });
  });

  test.each(mishaps)('%s: a large object is known, too', async (mishap) => {
    const store = await opened();
    double.next(({ method, query }) => method === 'POST' && query.has('uploadId'), mishap);
    expect(await store.create('a', Buffer.alloc(LARGE))).toBe(true);
    expect(await store.create('a', Buffer.alloc(LARGE))).toBe(false);
    expect(double.bucket.uploads.size).toBe(0);
  });
});

describe('trouble', () => {
  test.each([
    { status: 503, code: 'SlowDown' },
    { status: 500, code: 'InternalError' },
    { status: 429, code: 'TooManyRequests' },
    { status: 409, code: 'ConditionalRequestConflict' },
    { status: 400, code: 'RequestTimeout' },
    'reset',
  ] as const)('%j is borne for five times, with growing waits, and no longer', async (mishap) => {
    const store = await opened();
    double.next(puts, mishap, 5);
    expect(await store.create('a', bytes)).toBe(true);
    expect(clock.waits).toHaveLength(5);
    clock.waits.forEach((wait, at) => {
      expect(wait).toBeGreaterThan(0);
      expect(wait).toBeLessThanOrEqual(100 * 2 ** at);
    });
    double.next(puts, mishap, 6);
    await expect(store.create('b', bytes)).rejects.toMatchObject({ code: 'ARCHIVE_DOWN' });
    expect(await store.read('b')).toBe(undefined);
  });

  test('a swap that a busy server has turned away can be lost in plain words', async () => {
    const store = await opened();
    await store.swap('p', bytes, null);
    double.next(puts, { status: 503, code: 'SlowDown' });
    expect(await store.swap('p', bytes, null)).toBe(null);
  });

  test('a store that says how long to wait is waited for, within reason', async () => {
    const store = await opened();
    const busy = { status: 503, code: 'SlowDown' };
    double.next(gets, { ...busy, headers: { 'retry-after': '2' } });
    double.next(gets, { ...busy, headers: { 'retry-after': '3600' } });
    expect(await store.read('a')).toBe(undefined);
    expect(clock.waits).toEqual([2_000, 5_000]);
  });

  test('half a body is no answer', async () => {
    const store = await opened();
    await store.create('a', bytes);
    double.next(gets, 'cut');
    expect((await store.read('a'))?.bytes).toEqual(bytes);
    double.next(gets, 'cut');
    expect(await store.readRange('a', { offset: 5, length: 5 })).toEqual(Buffer.from('bytes'));
  });

  test('silence ends after a while, and is tried again', async () => {
    const store = await opened();
    double.next(gets, 'silence');
    const silenced = double.silenced();
    const reading = store.read('a');
    await silenced;
    for (const run of clock.timers) run();
    expect(await reading).toBe(undefined);
    expect(clock.waits).toHaveLength(1);
  });

  test('who gives up gets the reason of it at once', async () => {
    const store = await opened();
    const stop = new AbortController();
    double.next(gets, 'silence');
    const silenced = double.silenced();
    const reading = store.read('a', stop.signal);
    const failed = expect(reading).rejects.toBe('enough');
    await silenced;
    stop.abort('enough');
    await failed;
  });

  test('a full bucket is DISK_FULL, at once', async () => {
    const store = await opened();
    for (const mishap of [
      { status: 507, code: 'InsufficientStorage' },
      { status: 403, code: 'QuotaExceeded' },
      { status: 400, code: 'XMinioStorageFull' },
    ]) {
      double.next(puts, mishap);
      await expect(store.create('a', bytes)).rejects.toMatchObject({ code: 'DISK_FULL' });
    }
    expect(clock.waits).toEqual([]);
  });

  test('a redirection is not followed with our signature', async () => {
    const store = await opened();
    const headers = { location: 'http://127.0.0.1:1/', 'x-amz-bucket-region': 'eu-west-9' };
    double.next(gets, { status: 301, code: 'PermanentRedirect', headers });
    await expect(store.read('a')).rejects.toThrow(
      '301 PermanentRedirect; it is in region eu-west-9',
    );
  });

  test('a clock that is an hour behind is set by the server’s', async () => {
    const ahead = await S3Double.start({
      clock: {
        ...clock,
        wall: () => (clock.wall() + 3_600_000) as never,
        sleep: clock.sleep,
        timer: clock.timer,
      },
    });
    const random = new SeededRandom(1);
    const store = await openS3Store({ location: ahead.location, clock, random, features: all });
    expect(await store.create('a', bytes)).toBe(true);
    expect(await store.create('b', bytes)).toBe(true);
    const writes = ahead.log.filter((line) => line.startsWith('PUT'));
    expect(writes).toEqual(['PUT some/prefix/a', 'PUT some/prefix/b']);
    expect(clock.waits).toHaveLength(1);
    await ahead.close();
  });
});

describe('a large object', () => {
  const parts = ({ query }: BucketRequest): boolean => query.has('partNumber');

  test('a part that fails is sent again, and a failed upload is taken back', async () => {
    const store = await opened();
    double.next(parts, 'reset', 2);
    expect(await store.create('a', Buffer.alloc(LARGE, 1))).toBe(true);
    expect((await store.read('a'))?.bytes.equals(Buffer.alloc(LARGE, 1))).toBe(true);
    double.next(parts, { status: 403, code: 'AccessDenied' });
    await expect(store.create('b', Buffer.alloc(LARGE))).rejects.toThrow('403 AccessDenied');
    expect(await store.read('b')).toBe(undefined);
    expect(double.bucket.uploads.size).toBe(0);
  });

  test('one that another writer conflicts with is sent anew', async () => {
    const store = await opened();
    const completes = ({ method, query }: BucketRequest) =>
      method === 'POST' && query.has('uploadId');
    double.next(completes, { status: 409, code: 'ConditionalRequestConflict' });
    expect(await store.create('a', Buffer.alloc(LARGE))).toBe(true);
    expect(double.log.filter((line) => line.endsWith('?uploads='))).toHaveLength(2);
    expect(double.bucket.uploads.size).toBe(0);
  });

  test('who gives up half-way leaves nothing', async () => {
    const store = await opened();
    const stop = new AbortController();
    double.next(({ query }) => query.get('partNumber') === '2', 'silence');
    const silenced = double.silenced();
    const creating = store.create('a', Buffer.alloc(LARGE), stop.signal);
    const failed = expect(creating).rejects.toBe('enough');
    await silenced;
    stop.abort('enough');
    await failed;
    expect(double.bucket.objects.size).toBe(0);
    expect(double.bucket.uploads.size).toBe(0);
  });
});

test('what a dead writer has begun to upload is taken back after a day', async () => {
  const day = 24 * 3_600_000;
  const upload = (key: string, age: number) =>
    double.bucket.uploads.set(key, {
      key,
      begun: clock.wall() - age,
      metadata: {},
      parts: new Map(),
    });
  upload('some/prefix/old', day + 1);
  upload('some/prefix/young', day - 1);
  upload('another/old', day + 1);
  await opened();
  expect([...double.bucket.uploads.keys()]).toEqual(['some/prefix/young', 'another/old']);
  double.next(({ query }) => query.has('uploads'), { status: 501, code: 'NotImplemented' });
  await opened();
});

test('a list goes on over pages, and passes over what is not ours', async () => {
  const store = await opened();
  const keys = Array.from({ length: 120 }, (_, n) => `k/${String(n).padStart(3, '0')}`);
  await Promise.all(keys.map((key) => store.create(key, bytes)));
  const [stored] = double.bucket.objects.values();
  for (const key of ['some/prefix/Upper', 'some/prefix/.probe-1', 'some/other', 'some/prefix/']) {
    if (stored) double.bucket.objects.set(key, stored);
  }
  expect(await keysOf(store.list(''))).toEqual(keys);
  expect(double.log.filter((line) => line.includes('list-type'))).toHaveLength(3);
});

test('thousands are deleted in few requests', async () => {
  const store = await opened();
  double.log.length = 0;
  await store.delete(Array.from({ length: 2_500 }, (_, n) => `k/${n}`));
  expect(double.log).toEqual(['POST ?delete=', 'POST ?delete=', 'POST ?delete=']);
});
