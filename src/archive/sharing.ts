/**
 * What is done to snapshots as wholes: given to another tenant, dropped, forgotten with all others.
 *
 * A vault that is being forgotten with its last tenant has an object `closing` from before it is looked
 * for the last time whether there is a snapshot. Who writes one looks for that object afterwards. So
 * one of the two sees the other, and no snapshot is left without its chunks.
 */
import type { Holder, ShareTarget, Snapshot, SnapshotRef } from '../domain/archive.ts';
import { fault, isFault } from '../domain/faults.ts';
import type { TenantId, VaultId } from '../domain/ids.ts';
import { packSizes } from './base.ts';
import { Damage } from './damage.ts';
import type { Ground } from './ground.ts';
import { mustBeNewer, swingHead } from './head.ts';
import { openSnapshot, told, vaultOf } from './load.ts';
import type { Manifest } from './manifest.ts';
import { createWhole } from './packs.ts';
import { forgetScan } from './scan-cache.ts';
import { encodeSnapshot, type Opened, type Summary, snapshotOf } from './snapshots.ts';
import {
  closingKey,
  damageKey,
  headKey,
  manifestKey,
  manifestsOf,
  type Vault,
  type VaultPlace,
  vaultPrefix,
} from './vault.ts';

const DELETE_AT_ONCE = 1_000;

/** Of writing where what is there cannot be read. */
const TRIES_MAX = 3;

export async function share(ground: Ground, from: SnapshotRef, to: ShareTarget): Promise<Snapshot> {
  const vault = await vaultOf(ground, from);
  const target = { vault: from.vault, tenant: to.tenant, snapshot: to.snapshot };
  await mustBeNewer(ground, vault, target);
  try {
    const { manifest, summary } = await openSnapshot(ground, vault, from);
    const own: Summary = { ...summary, name: to.name, packBytesAdded: 0 };
    const renoted = { ...manifest, notes: { ...manifest.notes, ...to.notes } };
    const written = await writeManifest(ground, vault, target, { manifest: renoted, summary: own });
    await swingOrTakeBack(ground, vault, target, written.isMine);
    return written.snapshot;
  } catch (error) {
    throw await told(ground, vault, from, error);
  }
}

export type Draft = { readonly manifest: Manifest; readonly summary: Summary };

/**
 * Makes a snapshot be there. One that is there already under this id must hold the same; for other
 * data, and where a vault was closed or collected meanwhile, throws `STALE_GENERATION`.
 */
export async function writeManifest(
  ground: Ground,
  vault: Vault,
  ref: SnapshotRef,
  { manifest, summary }: Draft,
  tries = TRIES_MAX,
): Promise<{ readonly snapshot: Snapshot; readonly isMine: boolean }> {
  const { store, random } = ground;
  const { tenant, snapshot } = ref;
  if (tries === 0) throw fault('STALE_GENERATION', { tenant });
  const key = manifestKey(vault, tenant, snapshot);
  const bytes = await encodeSnapshot({ vault, key, random }, summary, manifest);
  const isMine = await createWhole(store, key, bytes);
  const there = isMine ? undefined : await readTree(ground, vault, ref);
  if (!isMine && there === undefined) {
    // It was torn when it was written, or spoiled since: nobody can use it, and here is the whole.
    await store.delete([key]);
    return writeManifest(ground, vault, ref, { manifest, summary }, tries - 1);
  }
  if (there) return { snapshot: mustBeSame(there, summary, tenant), isMine };
  if (await isReachable(ground, vault, manifest)) {
    return { snapshot: snapshotOf(snapshot, summary, bytes.length), isMine };
  }
  await store.delete([key]);
  throw fault('STALE_GENERATION', { tenant });
}

function mustBeSame(there: Opened, summary: Summary, tenant: TenantId): Snapshot {
  if (there.summary.treeHash === summary.treeHash) return there.snapshot;
  throw fault('STALE_GENERATION', { tenant });
}

/** Undefined if there is none that can be read. */
async function readTree(
  { snapshots }: Ground,
  vault: Vault,
  { tenant, snapshot }: SnapshotRef,
): Promise<Opened | undefined> {
  try {
    return await snapshots.read(vault, tenant, snapshot);
  } catch (error) {
    if (error instanceof Damage) return undefined;
    throw error;
  }
}

/** Whether the vault is open and has all packs that the manifest names. */
async function isReachable(
  { store, vaults }: Ground,
  vault: Vault,
  { blobs }: Manifest,
): Promise<boolean> {
  if (!(await vaults.isCurrent(vault))) return false;
  if (await store.stat(closingKey(vault))) return false;
  const packs = new Set(blobs.flatMap(({ at }) => (at.kind === 'pack' ? [at.pack] : [])));
  if (packs.size === 0) return true;
  const sizes = await packSizes(store, vault);
  return [...packs].every((pack) => sizes.has(pack));
}

/** Swings the head. A snapshot that came too late is taken back, if it was written just now. */
export async function swingOrTakeBack(
  ground: Ground,
  vault: Vault,
  ref: SnapshotRef,
  isMine: boolean,
): Promise<void> {
  try {
    await swingHead(ground, vault, ref);
  } catch (error) {
    const key = manifestKey(vault, ref.tenant, ref.snapshot);
    if (isMine && isFault(error, 'STALE_GENERATION')) await ground.store.delete([key]);
    throw error;
  }
}

export async function drop(
  { store }: Ground,
  { vault, tenant, snapshot }: SnapshotRef,
): Promise<void> {
  const prefix = { prefix: vaultPrefix(vault) };
  await store.delete([manifestKey(prefix, tenant, snapshot), damageKey(prefix, tenant, snapshot)]);
}

export async function forget(ground: Ground, { vault, tenant }: Holder): Promise<void> {
  const { store, vaults } = ground;
  const place = { prefix: vaultPrefix(vault) };
  await deleteAll(ground, manifestsOf(place, tenant));
  await deleteAll(ground, damageKey(place, tenant, ''));
  await store.delete([headKey(place, tenant)]);
  await forgetScan(ground, tenant);
  await vaults.alone(vault, () => closeIfEmpty(ground, vault));
}

/** Only one at a time: the `closing` that is there at the beginning is of one that a crash has cut short. */
async function closeIfEmpty(ground: Ground, vault: VaultId): Promise<void> {
  const { store, vaults } = ground;
  const place = { prefix: vaultPrefix(vault) };
  if (await hasSnapshots(ground, place)) return store.delete([closingKey(place)]);
  await store.create(closingKey(place), Buffer.from('closing'));
  if (await hasSnapshots(ground, place)) return store.delete([closingKey(place)]);
  vaults.forget(vault);
  const last = [`${place.prefix}key`, closingKey(place)];
  await deleteAll(ground, place.prefix, new Set(last));
  await store.delete(last);
}

async function hasSnapshots({ store }: Ground, vault: VaultPlace): Promise<boolean> {
  for await (const _ of store.list(manifestsOf(vault))) return true;
  return false;
}

async function deleteAll(
  { store }: Ground,
  prefix: string,
  but: ReadonlySet<string> = new Set(),
): Promise<void> {
  let keys: string[] = [];
  for await (const { key } of store.list(prefix)) {
    if (but.has(key)) continue;
    keys.push(key);
    if (keys.length < DELETE_AT_ONCE) continue;
    await store.delete(keys);
    keys = [];
  }
  if (keys.length > 0) await store.delete(keys);
}
