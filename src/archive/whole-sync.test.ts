import { readFile, readlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  archiveWorld,
  dataContent,
  noise,
  readContent,
  refOf,
  TENANT,
  writeContent,
} from '../testing/archive-world.ts';
import { openWholeSync, tellsFailures } from './whole-sync.ts';

const MANY = 1_000;

test('one call is asked for many files only, and its answer is the answer', async () => {
  let calls = 0;
  const call = async (): Promise<boolean> => {
    calls++;
    return calls > 1;
  };
  const few = await openWholeSync(tmpdir(), MANY - 1, call);
  expect([await few.sync(), calls]).toEqual([false, 0]);
  await few.close();
  const many = await openWholeSync(tmpdir(), MANY, call);
  expect([await many.sync(), await many.sync(), calls]).toEqual([false, true, 2]);
  await many.close();
});

test.each([
  ['4.19.0', false],
  ['5.7.19-generic', false],
  ['5.8.0-1-amd64', true],
  ['6.1.0', true],
  ['unknown', false],
])('Linux %s tells of what it could not write: %s', (release, isTold) => {
  expect(tellsFailures(release)).toBe(isTold);
});

test.each([true, false])(
  'many files are whole before the last is: one call lasts %s',
  async (isWhole) => {
    await using world = await archiveWorld();
    const many = Array.from({ length: MANY }, (_, n) => [`base/5/${n}`, noise(64, n)] as const);
    await writeContent(world.data, new Map([...dataContent(), ...many]));
    const found: Buffer[] = [];
    await world.open({
      syncFileSystem: async (fd) => {
        const dir = await readlink(`/proc/self/fd/${fd}`);
        for (const [path, bytes] of many) expect(await readFile(join(dir, path))).toEqual(bytes);
        found.push(await readFile(join(dir, 'global/pg_control')));
        return isWhole;
      },
    });
    await world.save(refOf(TENANT, 1));
    expect(await world.load(refOf(TENANT, 1))).toEqual(await readContent(world.data));
    // Zeros while the others are made to last: nothing could start with them.
    expect(found).toEqual([Buffer.alloc(8_192)]);
  },
);
