/**
 * Against s3rver, a server of the S3 API that we have not written. It knows no conditional writes, does not
 * verify signatures of version 4, and its lists over many pages need a cipher that Node has no more.
 */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SeededRandom } from '../sim/seeded-random.ts';
import { keysOf } from '../testing/store-contract.ts';
import { wallClock } from '../testing/wall-clock.ts';
import type { S3Location } from './s3-client.ts';
import { openS3Store } from './s3-store.ts';
import type { Store } from './store.ts';

type Server = { run(): Promise<{ readonly port: number }>; close(): Promise<void> };
type ServerClass = new (options: object) => Server;

const S3rver = createRequire(import.meta.url)('s3rver') as ServerClass;

const LARGE = 21 * 1_024 * 1_024 + 7;

let dir: string;
let server: Server;
let location: S3Location;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'dynabase-s3rver-'));
  server = new S3rver({
    address: '127.0.0.1',
    port: 0,
    silent: true,
    directory: dir,
    configureBuckets: [{ name: 'bucket' }],
  });
  const { port } = await server.run();
  location = {
    bucket: 'bucket',
    prefix: 'Our-archive/',
    endpoint: `http://127.0.0.1:${port}`,
    region: 'us-east-1',
    style: 'path',
    accessKeyId: 'S3RVER',
    secretAccessKey: 'S3RVER',
  };
});
afterAll(async () => {
  await server.close();
  rmSync(dir, { recursive: true });
});

const clock = wallClock();
const random = new SeededRandom(1);

const opened = (changed: Partial<S3Location> = {}): Promise<Store> =>
  openS3Store({
    location: { ...location, ...changed },
    clock,
    random,
    features: { checksums: true, conditionalParts: true },
  });

test('it is found out to have no conditional writes, and refused', async () => {
  const opening = openS3Store({ location, clock, random });
  await expect(opening).rejects.toThrow('does not support conditional writes');
  expect(await keysOf((await opened()).list(''))).toEqual([]);
});

test('objects are written, read, listed and deleted', async () => {
  const store = await opened();
  const bytes = Buffer.from('0123456789');
  for (const key of ['v/a', 'v/b', 'v/c/d', 'w']) expect(await store.create(key, bytes)).toBe(true);
  expect((await store.read('v/a'))?.bytes).toEqual(bytes);
  expect(await store.read('v/none')).toBe(undefined);
  expect(await store.readRange('v/a', { offset: 2, length: 3 })).toEqual(Buffer.from('234'));
  expect(await store.readRange('v/a', { offset: 8, length: 30 })).toEqual(Buffer.from('89'));
  expect(await store.readRange('v/a', { offset: 10, length: 1 })).toEqual(Buffer.alloc(0));
  expect(await store.readRange('v/none', { offset: 0, length: 1 })).toBe(undefined);
  expect(await store.stat('v/none')).toBe(undefined);
  expect(await keysOf(store.list('v/'))).toEqual(['v/a', 'v/b', 'v/c/d']);
  for await (const info of store.list('')) {
    expect(info).toEqual(await store.stat(info.key));
    expect(info.size).toBe(10);
  }
  await store.delete(['v/a', 'v/none', 'w']);
  await store.delete(['v/b']);
  expect(await keysOf(store.list(''))).toEqual(['v/c/d']);
  await store.delete(['v/c/d']);
});

test('a large object goes in parts and comes back as it was', async () => {
  const store = await opened();
  const bytes = randomBytes(LARGE);
  expect(await store.create('large', bytes)).toBe(true);
  expect((await store.read('large'))?.bytes.equals(bytes)).toBe(true);
  const range = { offset: 8 * 1_024 * 1_024 - 2, length: 4 };
  const across = await store.readRange('large', range);
  expect(across?.equals(bytes.subarray(range.offset, range.offset + 4))).toBe(true);
  await store.delete(['large']);
});

test('an unknown access key and a missing bucket are told apart', async () => {
  const unknown = await opened({ accessKeyId: 'unknown' });
  await expect(unknown.create('a', Buffer.from('x'))).rejects.toThrow('403 InvalidAccessKeyId');
  const missing = await opened({ bucket: 'missing' });
  await expect(missing.create('a', Buffer.from('x'))).rejects.toThrow('404 NoSuchBucket');
  await expect(missing.read('a')).rejects.toThrow('404 NoSuchBucket');
});
