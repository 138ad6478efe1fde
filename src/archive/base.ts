/**
 * What a save can build on: chunks that an earlier snapshot of the tenant has stored.
 *
 * Not used are chunks of packs that are gone or have another size than they were written with, that
 * are condemned (see collect.ts), or that are half garbage by now: what of these is still needed is
 * written anew, and they go when the older snapshots do. After damage was found nothing is built on.
 */
import type { SaveRequest } from '../domain/archive.ts';
import type { SnapshotId } from '../domain/ids.ts';
import type { ChunkId } from './chunks.ts';
import { condemnedPacks } from './condemned.ts';
import { Damage } from './damage.ts';
import type { Ground } from './ground.ts';
import type { Blob, Manifest } from './manifest.ts';
import { each, inTurns } from './steps.ts';
import type { Template } from './template.ts';
import { packKey, type Vault } from './vault.ts';

export type Base = {
  readonly manifest: Manifest | null;
  readonly snapshot: SnapshotId | null;
  readonly stored: ReadonlyMap<ChunkId, Blob>;
};

const NOTHING: Base = { manifest: null, snapshot: null, stored: new Map() };

/** A pack of which less than this part is needed is not used. */
const ALIVE_MIN = 0.5;

export async function findBase(
  { snapshots, store, log }: Ground,
  vault: Vault,
  template: Template,
  { tenant }: Pick<SaveRequest, 'tenant'>,
): Promise<Base> {
  const all = await snapshots.list(vault, tenant);
  if ((await snapshots.damaged(vault, tenant)).size > 0) return NOTHING;
  const latest = all.find(({ snapshot }) => snapshot.damage === null);
  if (!latest) return NOTHING;
  try {
    const opened = await snapshots.read(vault, tenant, latest.snapshot.id);
    if (!opened) return NOTHING;
    const { manifest } = opened;
    const sizes = await packSizes(store, vault);
    const condemned = await condemnedPacks(store, vault);
    const alive = aliveBytes(manifest);
    const isUsable = (pack: string): boolean => {
      const size = sizes.get(pack);
      if (size === undefined || condemned.has(pack)) return false;
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
