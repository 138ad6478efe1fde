import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { SeededRandom } from '../sim/seeded-random.ts';
import { VirtualClock } from '../sim/virtual-clock.ts';
import { S3Double } from '../testing/s3-double.ts';
import { openStore, parseLocation } from './open-store.ts';

const credentials = { accessKeyId: 'id', secretAccessKey: 'secret' };
const parse = (text: string) => parseLocation(text, '--archive', credentials);
const bytes = Buffer.from('some bytes');

test('a path is a directory', () => {
  expect(parseLocation('/var/lib/archive', '--archive', null)).toEqual({
    kind: 'directory',
    path: '/var/lib/archive',
  });
});

test.each([
  [
    's3://bucket',
    {
      prefix: '',
      endpoint: 'https://s3.us-east-1.amazonaws.com',
      region: 'us-east-1',
      style: 'virtual',
    },
  ],
  [
    's3://bucket/a/B?region=eu-central-1',
    {
      prefix: 'a/B/',
      endpoint: 'https://s3.eu-central-1.amazonaws.com',
      region: 'eu-central-1',
      style: 'virtual',
    },
  ],
  [
    's3://bucket/a/?endpoint=http://localhost:9000/',
    { prefix: 'a/', endpoint: 'http://localhost:9000', region: 'us-east-1', style: 'path' },
  ],
  [
    's3://bucket?endpoint=https%3A%2F%2Fstore.example&region=auto&style=virtual',
    { prefix: '', endpoint: 'https://store.example', region: 'auto', style: 'virtual' },
  ],
])('%s is a bucket', (text, place) => {
  expect(parse(text)).toEqual({ kind: 's3', bucket: 'bucket', ...place, ...credentials });
});

test.each([
  ['archive', 'give the path of a directory'],
  ['https://bucket', 'give the path of a directory'],
  ['s3://', 'no name of a bucket'],
  ['s3://Bad_Bucket', 'no name of a bucket'],
  ['s3://bucket/a b', 'a prefix is made of'],
  ['s3://bucket/.hidden', 'a prefix is made of'],
  ['s3://bucket/a+b', 'a prefix is made of'],
  ['s3://id:secret@bucket', 'leave the access key out'],
  ['s3://bucket?secret=secret', 'there is no parameter "secret"'],
  ['s3://bucket?endpoint=ftp://host', 'an endpoint begins with https://'],
  ['s3://bucket?endpoint=host', 'an endpoint begins with https://'],
  ['s3://bucket?endpoint=https://id:secret@host', 'leave the access key out'],
  ['s3://bucket?endpoint=https://host/path', 'an endpoint has no path'],
  ['s3://bucket?style=other', 'style is'],
  ['s3://bucket?region=a/b', 'this is no region'],
])('%s is refused in plain words', (text, why) => {
  expect(() => parse(text)).toThrow(
    expect.objectContaining({ code: 'BAD_OPTION', message: expect.stringContaining(why) }),
  );
});

test('a bucket without an access key is refused', () => {
  expect(() => parseLocation('s3://bucket', '--archive', null)).toThrow('needs an access key');
});

test('a directory and a bucket are opened', async () => {
  const clock = new VirtualClock();
  const parts = { clock, random: new SeededRandom(1) };
  const dir = mkdtempSync(join(tmpdir(), 'dynabase-open-'));
  const double = await S3Double.start({ clock });
  try {
    const path = join(dir, 'archive');
    const directory = await openStore({ kind: 'directory', path }, parts);
    expect(directory.name).toBe(`the directory ${path}`);
    const bucket = await openStore({ kind: 's3', ...double.location }, parts);
    expect(bucket.name).toBe('the bucket double');
    for (const store of [directory, bucket]) {
      expect(await store.create('a', bytes)).toBe(true);
      expect((await store.read('a'))?.bytes).toEqual(bytes);
    }
  } finally {
    await double.close();
    rmSync(dir, { recursive: true });
  }
});
