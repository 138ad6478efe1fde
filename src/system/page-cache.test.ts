/** The page cache of the machine these tests run on; where it cannot be asked, that is what is tested. */
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { KEPT } from '../testing/places.ts';
import { ThreadedPageCache } from './page-cache.ts';
import { PageCacheCalls } from './page-cache-calls.ts';

const KB = 1_024;
const MB = 1_024 * KB;
const NEVER = new AbortController().signal;

const pageCache = new ThreadedPageCache();
afterAll(() => pageCache.close());

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(KEPT, 'dynabase-pages-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

/** A file that is on disk and, since it was just written, in memory. */
function written(name: string, bytes: number, options: { readonly sync: boolean }): void {
  const fd = openSync(join(dir, name), 'w');
  // What is written at once may be kept, and dropped, in one piece.
  for (let at = 0; at < bytes; at += 4 * KB) {
    writeSync(fd, Buffer.alloc(Math.min(4 * KB, bytes - at), name));
  }
  if (options.sync) fsyncSync(fd);
  closeSync(fd);
}

const contentOf = (name: string, bytes: number): Buffer =>
  Buffer.concat(Array.from({ length: bytes / (4 * KB) }, () => Buffer.alloc(4 * KB, name)));

const residentOf = async (name: string): Promise<number | null | undefined> =>
  (await pageCache.survey(dir)).find((file) => file.name === name)?.resident;

/** Not on a file system in memory, whose pages cannot be dropped, nor on an older kernel. */
function isTold(): boolean {
  const type = execFileSync('stat', ['-f', '-c', '%T', KEPT], { encoding: 'utf8' }).trim();
  const fd = openSync('/proc/self/exe', 'r');
  const told = new PageCacheCalls().cached(fd, { from: 0, bytes: 0 });
  closeSync(fd);
  return told !== undefined && type !== 'tmpfs' && type !== 'ramfs';
}

const told = process.platform === 'linux' && isTold();

test('a survey finds plain files at every depth and what they take', async () => {
  mkdirSync(join(dir, 'base/5'), { recursive: true });
  written('base/5/1259', 64 * KB, { sync: true });
  written('PG_VERSION', 3, { sync: true });
  const facts = await pageCache.survey(dir);
  expect(facts.map(({ name }) => name).sort()).toEqual(['PG_VERSION', 'base/5/1259']);
  const big = facts.find(({ name }) => name === 'base/5/1259');
  expect(big?.allocated).toBe(statSync(join(dir, 'base/5/1259')).blocks * 512);
  expect(await pageCache.survey(join(dir, 'missing'))).toEqual([]);
});

test('links, pipes and what lies behind a linked directory are no files', async () => {
  symlinkSync('/etc/passwd', join(dir, 'link'));
  symlinkSync('/etc', join(dir, 'etc'));
  execFileSync('mkfifo', [join(dir, 'pipe')]);
  expect(await pageCache.survey(dir)).toEqual([]);
  const names = ['link', 'etc/passwd', 'pipe', '../../etc/passwd'];
  const ranges = names.map((name) => ({ name, from: 0, bytes: null }));
  expect(await pageCache.read(dir, ranges, MB, NEVER)).toBe(0);
  expect(await pageCache.drop(dir, ranges, MB)).toBe(0);
  const calls = new PageCacheCalls();
  const fd = openSync(dir, 'r');
  for (const name of names.slice(0, 3)) {
    expect([name, calls.open(fd, dir, name)]).toEqual([name, undefined]);
  }
  closeSync(fd);
});

test('a call under way fails when the thread ends, and none is taken after', async () => {
  const other = new ThreadedPageCache();
  other.open();
  const survey = other.survey(dir);
  const over = survey.catch((error: unknown) => String(error));
  await other.close();
  expect(await over).toContain('the page cache is lost');
  await expect(other.survey(dir)).rejects.toThrow('not asked any more');
});

describe.skipIf(!told)('where the page cache can be asked (Linux 6.5, and a disk)', () => {
  test('what was dropped is not resident, and is again once it was read ahead', async () => {
    written('table', MB, { sync: true });
    expect(await residentOf('table')).toBe(MB);
    const whole = [{ name: 'table', from: 0, bytes: null }];
    expect(await pageCache.drop(dir, whole, MB)).toBe(MB);
    expect(await residentOf('table')).toBe(0);
    expect(await pageCache.read(dir, whole, MB, NEVER)).toBe(MB);
    await expect.poll(() => residentOf('table'), { timeout: 10_000 }).toBe(MB);
    expect(await pageCache.read(dir, whole, MB, NEVER)).toBe(0);
    expect(readFileSync(join(dir, 'table')).equals(contentOf('table', MB))).toBe(true);
  });

  test('ranges are dropped in the order given, until enough is gone', async () => {
    for (const name of ['first', 'second', 'third']) written(name, 256 * KB, { sync: true });
    const ranges = [
      { name: 'second', from: 64 * KB, bytes: 64 * KB },
      { name: 'third', from: 0, bytes: null },
      { name: 'first', from: 0, bytes: null },
    ];
    expect(await pageCache.drop(dir, ranges, 65 * KB)).toBe(320 * KB);
    expect([
      await residentOf('first'),
      await residentOf('second'),
      await residentOf('third'),
    ]).toEqual([256 * KB, 192 * KB, 0]);
  });

  test('what waits to be written is dropped once it is, and nothing is lost', async () => {
    written('fresh', MB, { sync: false });
    const whole = [{ name: 'fresh', from: 0, bytes: null }];
    expect(await pageCache.drop(dir, whole, MB)).toBe(MB);
    expect(readFileSync(join(dir, 'fresh')).equals(contentOf('fresh', MB))).toBe(true);
  });

  test('reading ahead stays within its bytes, and asks for nothing once it is unwanted', async () => {
    for (const name of ['a', 'b']) {
      written(name, 256 * KB, { sync: true });
      await pageCache.drop(dir, [{ name, from: 0, bytes: null }], MB);
    }
    const ranges = ['a', 'b', 'gone'].map((name) => ({ name, from: 0, bytes: 512 * KB }));
    expect(await pageCache.read(dir, ranges, 320 * KB, NEVER)).toBe(320 * KB);
    expect(await pageCache.read(dir, ranges, MB, AbortSignal.abort())).toBe(0);
  });
});
