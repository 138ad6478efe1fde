import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { discard, ensureDir, onDisk, sweep, writeDurably } from './durable.ts';

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
  await sweep(trash);
  expect(readdirSync(trash)).toEqual([]);
});

test.each(['ENOSPC', 'EDQUOT'])('%s is a full disk, and said so', async (code) => {
  const failing = () => Promise.reject(Object.assign(new Error('write failed'), { code }));
  await expect(onDisk('a new database needs about 32 MB', failing)).rejects.toMatchObject({
    code: 'DISK_FULL',
    message: 'the disk is full: a new database needs about 32 MB; free some space and repeat',
  });
});

test('any other failure is passed on', async () => {
  const failure = Object.assign(new Error('denied'), { code: 'EACCES' });
  await expect(onDisk('x', () => Promise.reject(failure))).rejects.toBe(failure);
});
