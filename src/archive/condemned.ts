/** Packs that nothing reached when it was looked: they are not built on any more, and go in time. */
import type { Ground } from './ground.ts';
import type { Vault } from './vault.ts';

export const condemnedPrefix = (vault: Vault): string => `${vault.prefix}condemned/`;

export async function condemnedPacks(
  store: Ground['store'],
  vault: Vault,
): Promise<ReadonlySet<string>> {
  const packs = new Set<string>();
  for await (const { key } of store.list(condemnedPrefix(vault))) {
    const object = await store.read(key);
    for (const pack of object?.bytes.toString().split('\n') ?? []) packs.add(pack);
  }
  return packs;
}
