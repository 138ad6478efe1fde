import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { archiveWorld, noise, refOf, TENANT } from '../testing/archive-world.ts';
import type { MemoryStore } from '../testing/memory-store.ts';
import { CHUNK_BYTES } from './chunks.ts';
import type { Store } from './store.ts';

const MB = 1024 * 1024;
const FILE_BYTES = 128 * MB;
const HELD_BYTES_MAX = 64 * MB;

/** A file that nothing compresses, and no chunk of which is like another. */
async function writeLarge(path: string): Promise<void> {
  const chunk = noise(CHUNK_BYTES, 5);
  const file = await open(path, 'wx');
  for (let at = 0; at < FILE_BYTES; at += CHUNK_BYTES) {
    chunk.writeUInt32LE(at, 20_000);
    await file.write(chunk);
  }
  await file.close();
}

test('however much is saved or loaded, at most 64 MB of it are in memory', async () => {
  let most = 0;
  let base = 0;
  await using world = await archiveWorld({
    wrap: (memory) => {
      /** All memory outside of the heap, without what the store itself holds. */
      const held = (): number => process.memoryUsage().arrayBuffers - (memory as MemoryStore).bytes;
      base = held();
      return new Proxy<Store>(memory, {
        get: (target, name) => {
          const method = Reflect.get(target, name) as unknown;
          if (typeof method !== 'function') return method;
          return (...given: unknown[]): unknown => {
            most = Math.max(most, held() - base);
            return method.apply(target, given);
          };
        },
      });
    },
  });
  await writeLarge(join(world.data, 'base/1/20000'));
  const saved = await world.save(refOf(TENANT, 1));
  expect(saved.addedBytes).toBeGreaterThan(FILE_BYTES);
  expect(most).toBeGreaterThan(8 * MB);
  expect(most).toBeLessThan(HELD_BYTES_MAX);

  most = 0;
  const back = await world.load(refOf(TENANT, 1));
  expect(back.get('base/1/20000')?.length).toBe(FILE_BYTES);
  expect(most).toBeGreaterThan(MB);
  expect(most).toBeLessThan(HELD_BYTES_MAX);
}, 60_000);
