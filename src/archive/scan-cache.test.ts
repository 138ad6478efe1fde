import { lstatSync } from 'node:fs';
import { cp, mkdir, open, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  type ArchiveWorld,
  archiveWorld,
  type Content,
  readContent,
  refOf,
  TENANT,
} from '../testing/archive-world.ts';
import type { Ground } from './ground.ts';
import { keepLoaded } from './scan-cache.ts';
import { sha256 } from './sealing.ts';
import type { SeenFile } from './tree-walk.ts';

const NEVER = new AbortController().signal;
const LARGE_BYTES = 80 * 1024 * 1024;

const scanOf = async (world: ArchiveWorld): Promise<{ snapshot: string; files: string[][] }> =>
  JSON.parse(await readFile(join(world.dir, 'scratch/scans', TENANT), 'utf8'));

test('of what was loaded only files are remembered that any later change makes younger', async () => {
  await using world = await archiveWorld();
  const into = join(world.dir, 'into');
  await cp(world.data, into, { recursive: true });
  const { ctimeNs } = lstatSync(join(into, 'global/pg_control'), { bigint: true });
  const tick = ctimeNs - (ctimeNs % 1_000_000n);
  const seen = (path: string, mtime: bigint, ctime: bigint): SeenFile => ({
    ...{ path, mtime, ctime, size: 1, uid: 0, identity: '1.2' },
  });
  const files = [
    seen('older', tick - 1n, tick - 1n),
    seen('of the same tick', tick - 1n, tick),
    seen('younger', tick + 10_000_000n, tick + 10_000_000n),
    seen('of a time to come', tick + 10_000_000n, tick - 1n),
  ];
  const ground = { scratchDir: join(world.dir, 'scratch'), log: world.log } as unknown as Ground;
  const request = { ...refOf(TENANT, 1), into, owner: null, signal: NEVER };
  const root = seen('', 0n, 0n);
  await keepLoaded(ground, request, { template: 'x', seen: { root, directories: [], files } });
  expect((await scanOf(world)).files.map(([path]) => path)).toEqual(['older']);
  // Nobody looked: what is remembered stays.
  await keepLoaded(ground, request, { template: 'x', seen: null });
  expect((await scanOf(world)).files).toHaveLength(1);
});

test('what came back from the archive is remembered for the next save, which misses no change', async () => {
  await using world = await archiveWorld();
  const large = join(world.data, 'base/5/large');
  await writeFile(large, 'rows');
  await truncate(large, LARGE_BYTES);
  await world.save(refOf(TENANT, 1));
  const into = join(world.dir, 'into');
  await mkdir(into);
  await cp(world.template, into, { recursive: true });
  await world.archive.load({ ...refOf(TENANT, 1), into, owner: null, signal: NEVER });
  expect((await scanOf(world)).snapshot).toBe('sn_000000000001');
  // At once, as PostgreSQL might, and without another size.
  for (const path of ['base/5/large', 'base/1/words', 'PG_VERSION'])
    await changeInPlace(join(into, path));
  await world.save(refOf(TENANT, 2), null, into);
  expect(sumsOf(await world.load(refOf(TENANT, 2)))).toEqual(sumsOf(await readContent(into)));
});

async function changeInPlace(path: string): Promise<void> {
  const file = await open(path, 'r+');
  await file.write('#', 0);
  await file.close();
}

/** Vitest takes half a minute to compare so much byte by byte. */
const sumsOf = (content: Content): Map<string, string | null> =>
  new Map([...content].map(([path, bytes]) => [path, bytes && sha256(bytes)]));
