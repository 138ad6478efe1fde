import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createFile, readParts } from './local-files.ts';

let directory: string;
let file: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'dynabase-files-'));
  file = join(directory, 'file');
});

afterEach(() => rm(directory, { recursive: true }));

const sinkOf = async (replace = false) => {
  const sink = await createFile(file, replace);
  if (sink === null) throw new Error('it was not made');
  return sink;
};

const modeOf = async (): Promise<number> => (await stat(file)).mode & 0o777;

test('a new file is its owner`s alone, from the first byte on', async () => {
  const sink = await sinkOf();
  expect(await modeOf()).toBe(0o600);
  await sink.write(Buffer.from('one'));
  await sink.write(Buffer.from('two'));
  await sink.keep();
  expect([await readFile(file, 'utf8'), await readdir(directory)]).toEqual(['onetwo', ['file']]);
});

test('nothing is left of one that is discarded', async () => {
  const sink = await sinkOf();
  await sink.write(Buffer.from('one'));
  await sink.discard();
  expect(await readdir(directory)).toEqual([]);
});

test('one that is there stays, unless it is to be replaced, and then until that is whole', async () => {
  await writeFile(file, 'old', { mode: 0o644 });
  expect(await createFile(file, false)).toBeNull();
  const dropped = await sinkOf(true);
  await dropped.write(Buffer.from('one'));
  await dropped.discard();
  expect([await readFile(file, 'utf8'), await readdir(directory)]).toEqual(['old', ['file']]);
  const kept = await sinkOf(true);
  await kept.write(Buffer.from('two'));
  await kept.keep();
  expect([await readFile(file, 'utf8'), await modeOf(), await readdir(directory)]).toEqual([
    'two',
    0o600,
    ['file'],
  ]);
});

test('what is no regular file is written as it is', async () => {
  const sink = await createFile('/dev/null', true);
  await sink?.write(Buffer.from('gone'));
  await sink?.keep();
  expect((await stat('/dev/null')).isCharacterDevice()).toBe(true);
});

test('a directory is not read', async () => {
  await expect(readParts(directory)).rejects.toMatchObject({ code: 'EISDIR' });
});

test('a file is read part by part, and one that is not there is none', async () => {
  const bytes = Buffer.alloc(3_000_000, 'x');
  await writeFile(file, bytes);
  const parts: Uint8Array[] = [];
  for await (const part of (await readParts(file)) ?? []) parts.push(part);
  expect([parts.length > 1, Buffer.concat(parts).equals(bytes)]).toEqual([true, true]);
  expect(await readParts(join(directory, 'nothing'))).toBeUndefined();
});
