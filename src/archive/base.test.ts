import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  archiveWorld,
  noise,
  OTHER,
  readContent,
  refOf,
  TENANT,
} from '../testing/archive-world.ts';

test('damage is built on by nobody, and makes one snapshot a large one, not all that follow', async () => {
  await using world = await archiveWorld();
  await writeFile(join(world.data, 'base/5/huge'), noise(400_000, 5));
  await world.save(refOf(TENANT, 1), 'kept for ever');
  await world.archive.share(refOf(TENANT, 1), { ...refOf(OTHER, 1), name: null, notes: {} });
  for (const [key, { bytes }] of world.memory.objects) {
    if (key.startsWith(`vaults/${TENANT}/packs/`)) bytes.fill(7, 1_000, 2_000);
  }
  await expect(world.load(refOf(TENANT, 1))).rejects.toMatchObject({ code: 'ARCHIVE_CORRUPT' });
  const added: number[] = [];
  for (const ref of [refOf(TENANT, 2), refOf(TENANT, 3), refOf(OTHER, 2), refOf(OTHER, 3)]) {
    added.push((await world.save(ref)).addedBytes);
    expect(await world.load(ref)).toEqual(await readContent(world.data));
  }
  expect(added.map((bytes) => bytes > 400_000)).toEqual([true, false, true, false]);
});
