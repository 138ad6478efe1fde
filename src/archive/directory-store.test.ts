import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { VirtualClock } from '../sim/virtual-clock.ts';
import { keysOf, storeContract } from '../testing/store-contract.ts';
import { openDirectoryStore } from './directory-store.ts';
import { type Disk, realDisk } from './directory-store-disk.ts';

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'dynabase-store-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const clock = new VirtualClock();
const bytes = Buffer.from('some bytes');

const opened = (disk?: Disk) =>
  openDirectoryStore({ path: join(dir, 'archive'), clock, ...(disk && { disk }) });

storeContract('a directory', async () => ({ store: await opened() }));

/** All files and directories below, by their paths. */
const tree = (): readonly string[] =>
  readdirSync(join(dir, 'archive'), { recursive: true }).map(String).sort();

/** The real disk, but `call` fails with `code` from the `after`-th time on. */
function failing(call: keyof Disk | 'datasync' | 'sync', code: string, after = 0): Disk {
  let calls = 0;
  const fail = (): void => {
    if (calls++ >= after) throw Object.assign(new Error(`${code}: ${dir}`), { code });
  };
  const open: Disk['open'] = async (...args) => {
    if (call === 'open') fail();
    const file = await realDisk.open(...args);
    return new Proxy(file, {
      get(target, key) {
        const member: unknown = Reflect.get(target, key);
        if (typeof member !== 'function') return member;
        return (...more: readonly unknown[]): unknown => {
          if (key === call) {
            return (async () => {
              fail();
              return Reflect.apply(member, target, more);
            })();
          }
          return Reflect.apply(member, target, more);
        };
      },
    });
  };
  if (call === 'open' || call === 'datasync' || call === 'sync') return { ...realDisk, open };
  const failed = async (...args: readonly unknown[]): Promise<unknown> => {
    fail();
    return Reflect.apply(realDisk[call], undefined, args);
  };
  return { ...realDisk, open, [call]: failed };
}

test('objects and directories are their owner’s alone', async () => {
  const store = await opened();
  await store.create('a/b', bytes);
  await store.swap('a/p', bytes, null);
  for (const path of tree()) {
    const stats = statSync(join(dir, 'archive', path));
    expect([path, stats.mode & 0o777]).toEqual([path, stats.isDirectory() ? 0o700 : 0o600]);
  }
});

test('nothing is left of what was deleted, or of who lost', async () => {
  const store = await opened();
  await store.create('a/b/c', bytes);
  await store.create('a/b/c', bytes);
  const version = await store.swap('h/t', bytes, null);
  await store.swap('h/t', bytes, null);
  const tries = [1, 2, 3, 4].map((n) => store.swap('h/t', Buffer.from(`${n}`), version));
  await Promise.all(tries);
  await store.delete(['a/b/c']);
  const [pointer, file, ...others] = tree().filter((path) => path.includes('~'));
  expect(file).toBe(`${pointer}/${pointer?.split('/').at(-1)}`);
  expect(others).toEqual([]);
  await store.delete(['h/t']);
  expect(tree()).toEqual(['.new']);
});

test('what a dead writer has left is deleted after an hour, a living one’s is not', async () => {
  await opened();
  const [old, young] = ['old', 'young'].map((name) => join(dir, 'archive', '.new', name));
  mkdirSync(join(`${old}`, 'deep'), { recursive: true });
  writeFileSync(`${young}`, '');
  const now = clock.wall() / 1_000;
  utimesSync(`${old}`, now, now - 3_601);
  utimesSync(`${young}`, now, now - 3_599);
  await opened();
  expect(readdirSync(join(dir, 'archive', '.new'))).toEqual(['young']);
});

test('a symbolic link is no object, and nobody reads or lists through it', async () => {
  const store = await opened();
  await store.create('a/b', bytes);
  writeFileSync(join(dir, 'secret'), 'secret');
  symlinkSync(join(dir, 'secret'), join(dir, 'archive', 'a', 'link'));
  expect(await store.read('a/link')).toBe(undefined);
  expect(await store.stat('a/link')).toBe(undefined);
  expect(await store.create('a/link', bytes)).toBe(false);
  expect(await keysOf(store.list(''))).toEqual(['a/b']);
  await store.delete(['a/link']);
  expect(readFileSync(join(dir, 'secret'), 'utf8')).toBe('secret');
});

test.each([
  ['datasync', 'EIO', 'ARCHIVE_DOWN'],
  ['datasync', 'ENOSPC', 'DISK_FULL'],
  ['datasync', 'EDQUOT', 'DISK_FULL'],
  ['open', 'ENOSPC', 'DISK_FULL'],
  ['open', 'EROFS', 'ARCHIVE_DOWN'],
  ['link', 'EDQUOT', 'DISK_FULL'],
  ['link', 'EIO', 'ARCHIVE_DOWN'],
  ['sync', 'EIO', 'ARCHIVE_DOWN'],
  ['mkdir', 'ENOSPC', 'DISK_FULL'],
] as const)(
  'a create whose %s fails with %s is a plain fault and leaves nothing',
  async (call, code, fault) => {
    await opened();
    const disk = failing(call, code, call === 'sync' ? 1 : call === 'mkdir' ? 1 : 0);
    const store = await openDirectoryStore({ path: join(dir, 'archive'), clock, disk }).catch(
      (error: unknown) => error as Error,
    );
    const thrown =
      store instanceof Error ? store : await store.create('a/b', bytes).catch((error) => error);
    expect(thrown).toMatchObject({ code: fault });
    expect(thrown.message).not.toContain(dir);
    expect(thrown.cause).toMatchObject({ code });
    expect(await keysOf((await opened()).list(''))).toEqual([]);
    expect(readdirSync(join(dir, 'archive', '.new'))).toEqual([]);
  },
);

test('an object whose name could not be made to last is not there for who tries again', async () => {
  const store = await opened();
  await store.create('a/first', bytes);
  const sick = await opened(failing('sync', 'EIO', 1));
  await expect(sick.create('a/b', bytes)).rejects.toMatchObject({ code: 'ARCHIVE_DOWN' });
  expect(existsSync(join(dir, 'archive', 'a', 'b'))).toBe(false);
  expect(await store.create('a/b', bytes)).toBe(true);
});

test('a swap that fails on a full disk leaves the version that was there', async () => {
  const store = await opened();
  const version = await store.swap('p', bytes, null);
  const full = await opened(failing('datasync', 'ENOSPC'));
  const swapped = full.swap('p', Buffer.from('new'), version);
  await expect(swapped).rejects.toMatchObject({ code: 'DISK_FULL' });
  expect(await store.read('p')).toEqual({ bytes, version });
  expect(tree().filter((path) => path.includes('~'))).toHaveLength(2);
});

test('bytes are on the disk before the name, and the name before the answer', async () => {
  const calls: string[] = [];
  const disk = traced(calls);
  const store = await opened(disk);
  await store.create('a/x', bytes);
  calls.length = 0;
  await store.create('a/b', bytes);
  expect(calls.filter((call) => !/^(open|close|unlink)/.test(call))).toEqual([
    'datasync .new/*',
    'link .new/* a/b',
    'sync a',
  ]);
  calls.length = 0;
  const version = await store.swap('p', bytes, null);
  expect(calls).toEqual([
    'datasync .new/*/~*/~*',
    'sync .new/*/~*',
    'sync .new/*',
    'rename .new/* p',
    'sync .',
  ]);
  calls.length = 0;
  await store.swap('p', bytes, version);
  expect(calls.filter((call) => !/^(open|close)/.test(call))).toEqual([
    'datasync p/~*/~*',
    'sync p/~*',
    'rename p/~* p/~*',
    'sync p',
    'unlink p/~*/~*',
  ]);
});

/** The real disk, which writes its calls down, random names as `*`. */
function traced(calls: string[]): Disk {
  const short = (path: unknown): string =>
    String(path)
      .replace(`${join(dir, 'archive')}/`, '')
      .replace(join(dir, 'archive'), '.')
      .replace(/[0-9a-f]{24}/g, '*');
  const open: Disk['open'] = async (path, ...rest) => {
    const file = await realDisk.open(path, ...rest);
    return new Proxy(file, {
      get(target, key) {
        const member: unknown = Reflect.get(target, key);
        if (typeof member !== 'function') return member;
        return (...args: readonly unknown[]): unknown => {
          if (/sync$/.test(String(key))) calls.push(`${String(key)} ${short(path)}`);
          return Reflect.apply(member, target, args);
        };
      },
    });
  };
  const written =
    (name: 'link' | 'rename' | 'unlink') =>
    async (...args: readonly unknown[]): Promise<unknown> => {
      calls.push([name, ...args.map(short)].join(' '));
      return Reflect.apply(realDisk[name], undefined, args);
    };
  const [link, rename, unlink] = [written('link'), written('rename'), written('unlink')];
  return { ...realDisk, open, link, rename, unlink } as Disk;
}

test('a file that was cut short is read as it is, for its reader to find out', async () => {
  const store = await opened();
  await store.create('a', bytes);
  truncateSync(join(dir, 'archive', 'a'), 4);
  expect((await store.read('a'))?.bytes).toEqual(bytes.subarray(0, 4));
});

test('a store whose directory cannot be made is down', async () => {
  writeFileSync(join(dir, 'archive'), 'a file');
  await expect(opened()).rejects.toMatchObject({ code: 'ARCHIVE_DOWN' });
});

test('a path that ends in a slash is the same directory, and deletions stay in it', async () => {
  const path = join(dir, 'archive/');
  const store = await openDirectoryStore({ path: `${path}/`, clock });
  await store.create('a/b', bytes);
  await store.delete(['a/b']);
  expect(tree()).toEqual(['.new']);
  expect(await (await opened()).create('a/b', bytes)).toBe(true);
});

test('the directory above need not be readable for who has one of his own', async () => {
  await opened();
  const disk = failing('sync', 'EACCES');
  expect((await opened(disk)).name).toBe(`the directory ${join(dir, 'archive')}`);
});

test('objects that come while others go find their directories, or make them', async () => {
  const [left, right] = [await opened(), await opened()];
  const work = async (store: typeof left, name: string): Promise<void> => {
    for (let n = 0; n < 60; n++) {
      const key = `deep/er/${name}`;
      expect(await store.create(key, bytes)).toBe(true);
      expect((await store.read(key))?.bytes).toEqual(bytes);
      await store.delete([key]);
    }
  };
  await Promise.all([work(left, 'a'), work(left, 'b'), work(right, 'c'), work(right, 'd')]);
  expect(tree()).toEqual(['.new']);
});
