import { expect, test } from 'vitest';
import { EarlySync } from './early-sync.ts';

const MB = 1024 * 1024;

test('what was written is on its way once there is enough of it, and goes on beside what follows', async () => {
  const gate = Promise.withResolvers<void>();
  const synced: string[] = [];
  const early = new EarlySync(async (path) => {
    synced.push(path);
    await gate.promise;
  });
  early.wrote('a', 30 * MB);
  early.wrote('b', MB);
  expect(synced).toEqual([]);
  early.wrote('b', MB);
  await Promise.resolve();
  expect(synced).toEqual(['a']);
  // Nothing more is begun meanwhile, however much there is.
  early.wrote('c', 100 * MB);
  gate.resolve();
  await early.end();
  expect(synced).toEqual(['a', 'b']);
  early.wrote('a', MB);
  await early.end();
  expect(synced).toEqual(['a', 'b', 'c', 'a']);
});

test('a failure is told at the end, whatever was written since', async () => {
  const early = new EarlySync(() => Promise.reject(new Error('the disk is broken')));
  early.wrote('a', 32 * MB);
  early.wrote('b', 32 * MB);
  await expect(early.end()).rejects.toThrow('the disk is broken');
});

test('small files are left to the end', async () => {
  const synced: string[] = [];
  const early = new EarlySync(async (path) => {
    synced.push(path);
  });
  for (let file = 0; file < 4_096; file++) early.wrote(`small ${file}`, 8_192);
  early.wrote('large', 32 * MB);
  await early.end();
  expect(synced).toEqual([]);
  early.wrote('large', 32 * MB);
  await early.end();
  expect(synced).toEqual(['large']);
});
