/** The faulty store does what its tests rely on: each fault as it is named, and none uncalled for. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { VirtualClock } from '../sim/virtual-clock.ts';
import { type Faults, FaultyStore } from '../testing/faulty-store.ts';
import { keysOf, storeContract } from '../testing/store-contract.ts';
import { openDirectoryStore } from './directory-store.ts';

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'dynabase-faulty-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

const clock = new VirtualClock();
const bytes = Buffer.from('0123456789');
const down = { code: 'ARCHIVE_DOWN' };

const faulty = async (faults?: Partial<Faults>, seed = 1): Promise<FaultyStore> => {
  const store = await openDirectoryStore({ path: join(dir, 'archive'), clock });
  return new FaultyStore({ store, seed, clock, ...(faults && { faults }) });
};

storeContract('a faulty store without faults', async () => ({ store: await faulty() }));

test('a lost answer has written, an unreachable store has not', async () => {
  const store = await faulty({ lostAnswer: 1 });
  await expect(store.create('a', bytes)).rejects.toMatchObject(down);
  await expect(store.swap('p', bytes, null)).rejects.toMatchObject(down);
  store.set({ unreachable: 1 });
  await expect(store.create('b', bytes)).rejects.toMatchObject(down);
  store.set({});
  expect(await keysOf(store.list(''))).toEqual(['a', 'p']);
  expect(store.toString()).toBe(
    'seed 1\nlostAnswer: create a\nlostAnswer: swap p\nunreachable: create b',
  );
});

test('a torn or truncated create leaves a part, a vanished one nothing', async () => {
  const store = await faulty({ torn: 1 });
  await expect(store.create('torn', bytes)).rejects.toMatchObject(down);
  store.set({ truncated: 1 });
  expect(await store.create('truncated', bytes)).toBe(true);
  store.set({ vanished: 1 });
  expect(await store.create('vanished', bytes)).toBe(true);
  store.set({});
  for (const key of ['torn', 'truncated']) {
    const part = (await store.read(key))?.bytes ?? bytes;
    expect(part.length).toBeLessThan(bytes.length);
    expect(part).toEqual(bytes.subarray(0, part.length));
  }
  expect(await store.read('vanished')).toBe(undefined);
});

test('a full store takes nothing and gives what it has', async () => {
  const store = await faulty();
  await store.create('a', bytes);
  store.set({ full: 1 });
  await expect(store.create('b', bytes)).rejects.toMatchObject({ code: 'DISK_FULL' });
  await expect(store.swap('p', bytes, null)).rejects.toMatchObject({ code: 'DISK_FULL' });
  expect((await store.read('a'))?.bytes).toEqual(bytes);
});

test('a store that is down stays so for a while, or until it is told', async () => {
  const store = await faulty({ down: 0.05 });
  const answers: boolean[] = [];
  for (let n = 0; n < 200; n++)
    answers.push(
      await store.stat('a').then(
        () => true,
        () => false,
      ),
    );
  const runs =
    answers
      .map((up) => (up ? '.' : 'x'))
      .join('')
      .match(/x+/g) ?? [];
  expect(runs.some((run) => run.length > 3)).toBe(true);
  expect(answers).toContain(true);
  store.goDown();
  await expect(store.stat('a')).rejects.toMatchObject(down);
  store.set({});
  expect(await store.stat('a')).toBe(undefined);
});

test('stale answers hide the new and show the deleted', async () => {
  const store = await faulty();
  for (let n = 0; n < 9; n++) await store.create(`k/${n}`, bytes);
  await store.delete(['k/0', 'k/1', 'k/2', 'k/3']);
  store.set({ staleList: 1, staleRead: 1 });
  const listed = await keysOf(store.list('k/'));
  expect(listed.some((key) => key < 'k/4')).toBe(true);
  expect(listed.filter((key) => key >= 'k/4').length).toBeLessThan(5);
  expect((await store.read('k/0'))?.bytes).toEqual(bytes);
  expect(await store.readRange('k/0', { offset: 2, length: 2 })).toEqual(Buffer.from('23'));
  expect(await store.stat('k/0')).toMatchObject({ size: 10 });
});

test('a late duplicate brings back what was deleted', async () => {
  const store = await faulty({ lateDuplicate: 1 });
  await store.create('a', bytes);
  await store.delete(['a']);
  for (let n = 0; n < 40; n++) await store.stat('other');
  expect((await store.read('a'))?.bytes).toEqual(bytes);
  expect(store.done).toContain('came again: a');
});

test('a rotten bit is the same for every reader', async () => {
  const store = await faulty();
  await store.create('a', bytes);
  store.rot('a');
  const whole = (await store.read('a'))?.bytes ?? bytes;
  const flipped = [...whole].flatMap((byte, at) => (byte === bytes[at] ? [] : [at]));
  expect(flipped).toHaveLength(1);
  for (let offset = 0; offset < bytes.length; offset++) {
    const part = await store.readRange('a', { offset, length: 1 });
    expect(part).toEqual(whole.subarray(offset, offset + 1));
  }
  await store.delete(['a']);
  await store.create('a', bytes);
  expect((await store.read('a'))?.bytes).toEqual(bytes);
});

test('a slow call takes time by the clock, and can be given up', async () => {
  const store = await faulty({ slow: 1 });
  const stopped = new AbortController();
  const reading = store.read('a', stopped.signal);
  const failed = expect(reading).rejects.toBe('enough');
  expect(clock.pending).toBe(1);
  stopped.abort('enough');
  await failed;
  expect(clock.pending).toBe(0);
});

test('one seed does the same again', async () => {
  const run = async (seed: number): Promise<string> => {
    const store = await faulty({ unreachable: 0.2, lostAnswer: 0.2, torn: 0.2, full: 0.1 }, seed);
    for (let n = 0; n < 50; n++) await store.create(`s/${n}`, bytes).catch(() => false);
    store.set({});
    await store.delete(await keysOf(store.list('s/')));
    return store.toString();
  };
  expect(await run(7)).toBe(await run(7));
  expect(await run(7)).not.toBe(await run(8));
});
