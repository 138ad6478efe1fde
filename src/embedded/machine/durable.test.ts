import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { discard, ensureDir, onDisk, sweep, writeDurably } from './durable.ts';

/** More of them than fit a path of 4,096 bytes. */
const LEVELS = 40;

/** Made from the inside out: the path to the innermost is never needed. */
function makeDeep(path: string): void {
  for (let level = 0; level < LEVELS; level++) {
    const outer = `${path}.${level}`;
    mkdirSync(outer);
    writeFileSync(join(outer, 'file'), '');
    if (level > 0) renameSync(`${path}.${level - 1}`, join(outer, 'x'.repeat(200)));
  }
  renameSync(`${path}.${LEVELS - 1}`, path);
}

const unexpected = (error: unknown): void => {
  throw error;
};

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'dynabase-durable-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

test('a file is replaced as a whole, is its owner’s alone, and leaves no draft', async () => {
  const path = join(dir, 'secret');
  await writeDurably(path, 'old');
  await writeDurably(path, 'new');
  expect(readFileSync(path, 'utf8')).toBe('new');
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readdirSync(dir)).toEqual(['secret']);
});

test('a directory is made once, with its mode', async () => {
  const path = join(dir, 'a', 'b');
  await ensureDir(path, 0o700);
  await ensureDir(path, 0o755);
  expect(statSync(path).mode & 0o777).toBe(0o700);
});

test('what is discarded is gone, also when it was gone before, and trash is emptied', async () => {
  const trash = join(dir, 'trash');
  mkdirSync(join(dir, 'full', 'deep'), { recursive: true });
  mkdirSync(trash);
  await discard(join(dir, 'full'), trash);
  await discard(join(dir, 'full'), trash);
  expect(existsSync(join(dir, 'full'))).toBe(false);
  expect(readdirSync(trash)).toEqual([]);
  writeFileSync(join(trash, 'left'), '');
  await sweep(trash, unexpected);
  expect(readdirSync(trash)).toEqual([]);
});

test('directories too deep for any path are discarded and swept as others', async () => {
  const trash = join(dir, 'trash');
  mkdirSync(trash);
  makeDeep(join(dir, 'deep'));
  await discard(join(dir, 'deep'), trash);
  expect(readdirSync(dir)).toEqual(['trash']);
  makeDeep(join(trash, 'left'));
  await sweep(trash, unexpected);
  expect(readdirSync(trash)).toEqual([]);
});

test.each(['ENOSPC', 'EDQUOT'])('%s is a full disk, and said so', async (code) => {
  const failing = () => Promise.reject(Object.assign(new Error('write failed'), { code }));
  await expect(onDisk('a new database needs about 32 MB', failing)).rejects.toMatchObject({
    code: 'DISK_FULL',
    message: 'the disk is full: a new database needs about 32 MB; free some space and repeat',
  });
});

test.each([
  ['could not write: No space left on device', '53100'],
  ['FATAL:  could not write to file "base/4/2838": No space left on device', undefined],
  ['the disk is full', undefined],
])('a program of PostgreSQL that fails with "%s" met a full disk', async (message, code) => {
  const failing = () => Promise.reject(Object.assign(new Error(message), { code }));
  await expect(onDisk('x', failing)).rejects.toMatchObject({ code: 'DISK_FULL' });
});

test('any other failure is passed on', async () => {
  const failure = Object.assign(new Error('denied'), { code: 'EACCES' });
  await expect(onDisk('x', () => Promise.reject(failure))).rejects.toBe(failure);
});
