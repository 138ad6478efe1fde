import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { VirtualClock } from '../../sim/virtual-clock.ts';
import type { OsCalls } from './os.ts';
import { Uids } from './uids.ts';

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'dynabase-uids-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

const OS: OsCalls = {
  makeFifo: () => {},
  tryLock: () => true,
  forbidNewPrivileges: () => true,
  cap: () => true,
  softCap: () => true,
  startProgram: () => undefined,
  startCapped: (_, start) => start(),
  syncFileSystem: () => Promise.resolve(true),
};

const uidsOver = (inUse: Set<number>, last = 104, begin = 100): Uids =>
  new Uids({
    begin,
    dir,
    range: { first: 100, last },
    os: OS,
    clock: new VirtualClock(),
    inUse: () => Promise.resolve(new Set(inUse)),
  });

const take = async (uids: Uids, count: number): Promise<number[]> => {
  const taken: number[] = [];
  for (let i = 0; i < count; i++) taken.push(await uids.take());
  return taken;
};

test('ids come in order, without those in use, over restarts', async () => {
  const inUse = new Set([101]);
  expect(await take(uidsOver(inUse), 2)).toEqual([100, 102]);
  expect(await take(uidsOver(inUse), 2)).toEqual([103, 104]);
});

test('a range that is used up begins anew with what is free by then', async () => {
  const inUse = new Set<number>();
  const uids = uidsOver(inUse);
  for (const uid of await take(uids, 5)) inUse.add(uid);
  inUse.delete(102);
  inUse.delete(100);
  expect(await take(uids, 1)).toEqual([100]);
  inUse.add(100);
  expect(await take(uids, 1)).toEqual([102]);
});

test('a range without a free id is a fault that says so', async () => {
  const uids = uidsOver(new Set([100, 101]), 101);
  await expect(uids.take()).rejects.toMatchObject({
    code: 'NO_UIDS',
    message: expect.stringContaining('all of 100 to 101 are in use'),
  });
});

test('the first id is where it is told to begin, and the range is used whole from there', async () => {
  const uids = uidsOver(new Set(), 102, 101);
  expect([await uids.take(), await uids.take(), await uids.take()]).toEqual([101, 102, 100]);
});
