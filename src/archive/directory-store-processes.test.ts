import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { keysOf } from '../testing/store-contract.ts';
import { wallClock } from '../testing/wall-clock.ts';
import { openDirectoryStore } from './directory-store.ts';
import type { Store } from './store.ts';

const WRITER = fileURLToPath(new URL('../testing/store-writer.ts', import.meta.url));
const HASH_LENGTH = 32;

let dir: string;
let children: ChildProcessWithoutNullStreams[];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'dynabase-stores-'));
  children = [];
});
afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(dir, { recursive: true, force: true });
});

const opened = (path = dir): Promise<Store> => openDirectoryStore({ path, clock: wallClock() });

type Writer = {
  readonly child: ChildProcessWithoutNullStreams;
  readonly lines: AsyncIterator<string>;
};

/** Starts a writer; it has opened the store when this resolves. */
async function writer(mode: string, name: string): Promise<Writer> {
  const child = spawn(process.execPath, [WRITER, mode, dir, name]);
  children.push(child);
  child.stderr.pipe(process.stderr);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  expect((await lines.next()).value).toBe('ready');
  return { child, lines };
}

const ended = (child: ChildProcessWithoutNullStreams): Promise<void> =>
  new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve();
    else child.once('exit', () => resolve());
  });

test('of two processes that create an object exactly one does, in every round', async () => {
  const writers = await Promise.all([writer('race', 'left'), writer('race', 'right')]);
  const store = await opened();
  for (let round = 0; round < 100; round++) {
    for (const { child } of writers) child.stdin.write(`${round}\n`);
    const answers = await Promise.all(writers.map(async ({ lines }) => (await lines.next()).value));
    const winner = (await store.read(`race/${round}`))?.bytes.toString();
    expect(answers).toEqual(winner === 'left' ? ['true', 'false'] : ['false', 'true']);
  }
});

test('no swap of two processes is lost or counted twice', async () => {
  const writers = await Promise.all([writer('count', 'left'), writer('count', 'right')]);
  for (const { child } of writers) child.stdin.write('100\n');
  for (const { lines } of writers) expect((await lines.next()).value).toBe('done');
  expect((await (await opened()).read('counter'))?.bytes.toString()).toBe('200');
});

const isWhole = (bytes: Buffer): boolean =>
  createHash('sha256')
    .update(bytes.subarray(HASH_LENGTH))
    .digest()
    .equals(bytes.subarray(0, HASH_LENGTH));

test('what writers that were killed have left is whole, and nothing acknowledged is missing', async () => {
  const acknowledged: string[] = [];
  for (const [round, until] of [3, 11, 4, 17, 8].entries()) {
    const { child, lines } = await writer('endless', `${round}`);
    for (let n = 0; n < until; n++) acknowledged.push((await lines.next()).value);
    child.kill('SIGKILL');
    await ended(child);
  }
  const store = await opened();
  const keys = await keysOf(store.list(''));
  expect(acknowledged.filter((key) => !keys.includes(key))).toEqual([]);
  expect(keys.filter((key) => key.startsWith('heads/'))).toHaveLength(5);
  for (const key of keys) {
    const bytes = (await store.read(key))?.bytes ?? Buffer.alloc(0);
    expect([key, isWhole(bytes)]).toEqual([key, true]);
  }
});

test('a full file system is DISK_FULL, keeps what was there, and serves again with room', async ({
  skip,
}) => {
  const path = join(dir, 'small');
  mkdirSync(path);
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'none', path]);
  if (mounted.status !== 0) skip('needs the right to mount a file system');
  try {
    const store = await opened(path);
    const half = Buffer.alloc(600_000, 7);
    expect(await store.create('first', half)).toBe(true);
    const version = await store.swap('head', Buffer.from('1'), null);
    await expect(store.create('second', half)).rejects.toMatchObject({ code: 'DISK_FULL' });
    const swapped = store.swap('head', half, version);
    await expect(swapped).rejects.toMatchObject({ code: 'DISK_FULL' });
    expect(await keysOf(store.list(''))).toEqual(['first', 'head']);
    expect((await store.read('first'))?.bytes.equals(half)).toBe(true);
    expect((await store.read('head'))?.version).toBe(version);
    await store.delete(['first']);
    expect(await store.create('second', half)).toBe(true);
  } finally {
    spawnSync('umount', [path]);
  }
});
