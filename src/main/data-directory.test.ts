import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SeededRandom } from '../sim/seeded-random.ts';
import { openDataDirectory } from './data-directory.ts';

let parent: string;
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'dynabase-data-directory-'));
});
afterEach(() => rm(parent, { recursive: true, force: true }));

const openAt = (path: string, { free = true, version = '1.0.0' } = {}) =>
  openDataDirectory({ path, version, random: new SeededRandom(1), lock: () => free });

test('a directory is made with its parents, and keeps its key and secrets', async () => {
  const path = join(parent, 'a', 'b');
  const first = await openAt(path);
  const secret = await first.secret('salt');
  await first.close();
  const again = await openAt(path);
  expect(again.apiKey).toBe(first.apiKey);
  expect(await again.secret('salt')).toEqual(secret);
  await again.close();
});

test.each([[['format.new']], [['format.new', 'lock']], [['lock']], [['lost+found']]])(
  'a first start that left only %j is taken up again',
  async (names) => {
    for (const name of names) await writeFile(join(parent, name), '');
    const directory = await openAt(parent);
    await directory.close();
    expect(await readFile(join(parent, 'format'), 'utf8')).toBe('1 dynabase 1.0.0\n');
  },
);

test('a directory with files of somebody else is refused, and nothing is put there', async () => {
  await mkdir(join(parent, 'holiday-pictures'));
  await expect(openAt(parent)).rejects.toMatchObject({ code: 'DATA_DIR_UNUSABLE' });
  expect(await readdir(parent)).toEqual(['holiday-pictures']);
});

test('a server that comes while another uses the directory changes nothing there', async () => {
  await (await openAt(parent)).close();
  await rm(join(parent, 'format'));
  await writeFile(join(parent, 'format'), '99 dynabase 9.0.0\n');
  const used = openAt(parent, { free: false });
  await expect(used).rejects.toMatchObject({ code: 'DATA_DIR_IN_USE' });
  await expect(openAt(parent)).rejects.toMatchObject({ code: 'DATA_DIR_VERSION' });
});

test('two servers that make one directory at once do not take each other for strangers', async () => {
  let holders = 0;
  const open = () =>
    openDataDirectory({
      path: parent,
      version: '1.0.0',
      random: new SeededRandom(1),
      lock: () => holders++ === 0,
    }).then(
      () => 'opened',
      (error) => error.code,
    );
  const outcomes = await Promise.all([open(), open(), open()]);
  expect(outcomes.sort()).toEqual(['DATA_DIR_IN_USE', 'DATA_DIR_IN_USE', 'opened']);
});

test('a file in its place, or in its path, is said in plain words', async () => {
  const file = join(parent, 'file');
  await writeFile(file, '');
  await expect(openAt(file)).rejects.toThrow('there is a file in its place');
  await expect(openAt(join(file, 'below'))).rejects.toThrow(
    'a part of its path is not a directory',
  );
});
