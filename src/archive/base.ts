/**
 * What a save can build on: chunks that an earlier snapshot of the tenant has stored.
 *
 * Not used are chunks of packs that are gone or have another size than they were written with, that
 * are condemned (see collect.ts), that are half garbage by now, or of which a snapshot is made that was
 * found damaged: what of these is still needed is written anew, and they go when the older snapshots do.
 */
import type { SaveRequest } from '../domain/archive.ts';
import { parseSnapshotId, parseTenantId, type SnapshotId } from '../domain/ids.ts';
import type { ChunkId } from './chunks.ts';
import { condemnedPacks } from './condemned.ts';
import { Damage } from './damage.ts';
import type { Ground } from './ground.ts';
import type { Blob, Manifest } from './manifest.ts';
import { each, inTurns } from './steps.ts';
import type { Template } from './template.ts';
import { damagedOf, packKey, type Vault } from './vault.ts';

export type Base = {
  readonly manifest: Manifest | null;
  readonly snapshot: SnapshotId | null;
  readonly stored: ReadonlyMap<ChunkId, Blob>;
};

const NOTHING: Base = { manifest: null, snapshot: null, stored: new Map() };

/** A pack of which less than this part is needed is not used. */
const ALIVE_MIN = 0.5;

export async function findBase(
  ground: Ground,
  vault: Vault,
  template: Template,
  { tenant }: Pick<SaveRequest, 'tenant'>,
): Promise<Base> {
  const { snapshots, store, log } = ground;
  const all = await snapshots.list(vault, tenant);
  const latest = all.find(({ snapshot }) => snapshot.damage === null);
  if (!latest) return NOTHING;
  try {
    const opened = await snapshots.read(vault, tenant, latest.snapshot.id);
    if (!opened) return NOTHING;
    const { manifest } = opened;
    const sizes = await packSizes(store, vault);
    const condemned = await condemnedPacks(store, vault);
    const suspect = await suspectPacks(ground, vault);
    const alive = aliveBytes(manifest);
    const isUsable = (pack: string): boolean => {
      const size = sizes.get(pack);
      if (size === undefined || condemned.has(pack) || suspect.has(pack)) return false;
      return (alive.get(pack) ?? 0) >= size * ALIVE_MIN;
    };
    const stored = new Map<ChunkId, Blob>();
    // So that their pages are looked at again.
    const doubtful = new Set(manifest.doubtful);
    const take = (blob: Blob): void => {
      if (doubtful.has(blob.id)) return;
      if (blob.like !== null && manifest.template.hash !== template.hash) return;
      if (blob.at.kind === 'inline' || isUsable(blob.at.pack)) stored.set(blob.id, blob);
    };
    await inTurns(each(manifest.blobs, take));
    return { manifest, snapshot: latest.snapshot.id, stored };
  } catch (error) {
    if (!(error instanceof Damage)) throw error;
    log.error('the latest snapshot cannot be read; the next is made from scratch', {
      tenant,
      snapshot: latest.snapshot.id,
      reason: error.message,
    });
    return NOTHING;
  }
}

/** Packs of snapshots that were found damaged, whose ever in the vault; in which of them it is, nobody has noted. */
async function suspectPacks(
  { store, snapshots }: Ground,
  vault: Vault,
): Promise<ReadonlySet<string>> {
  const prefix = damagedOf(vault);
  const suspect = new Set<string>();
  for await (const { key } of store.list(prefix)) {
    const [tenant = '', snapshot = ''] = key.slice(prefix.length).split('/');
    const found = await snapshots
      .read(vault, parseTenantId(tenant), parseSnapshotId(snapshot))
      .catch((error: unknown) => {
        // Then it is the damage.
        if (error instanceof Damage) return undefined;
        throw error;
      });
    for (const { at } of found?.manifest.blobs ?? []) if (at.kind === 'pack') suspect.add(at.pack);
  }
  return suspect;
}

/** By pack, what the manifest needs of it. */
function aliveBytes({ blobs }: Manifest): ReadonlyMap<string, number> {
  const alive = new Map<string, number>();
  for (const { at, length } of blobs) {
    if (at.kind === 'pack') alive.set(at.pack, (alive.get(at.pack) ?? 0) + length);
  }
  return alive;
}

/** Packs that are in the store, and their sizes. */
export async function packSizes(
  store: Ground['store'],
  vault: Vault,
): Promise<ReadonlyMap<string, number>> {
  const prefix = packKey(vault, '');
  const sizes = new Map<string, number>();
  for await (const { key, size } of store.list(prefix)) sizes.set(key.slice(prefix.length), size);
  return sizes;
}
