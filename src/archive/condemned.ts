/**
 * Packs that nothing reached when it was looked: they are not built on any more, and go in time.
 *
 * Each object lists packs of one look; its age is how long they have been condemned.
 */
import type { ObjectInfo, Store } from './store.ts';
import type { VaultPlace } from './vault.ts';

export type Condemnation = ObjectInfo & { readonly packs: readonly string[] };

export const condemnedPrefix = (vault: VaultPlace): string => `${vault.prefix}condemned/`;

export async function condemnations(store: Store, vault: VaultPlace): Promise<Condemnation[]> {
  const all: Condemnation[] = [];
  for await (const info of store.list(condemnedPrefix(vault))) {
    const object = await store.read(info.key);
    if (object) all.push({ ...info, packs: object.bytes.toString().split('\n') });
  }
  return all;
}

export const condemnedPacks = async (
  store: Store,
  vault: VaultPlace,
): Promise<ReadonlySet<string>> =>
  new Set((await condemnations(store, vault)).flatMap(({ packs }) => packs));
