/**
 * Brings a snapshot back into a directory that holds this machine's template.
 *
 * Only what differs is touched. Every chunk is verified before it is written, and `global/pg_control`,
 * without which nothing starts, is written when all else is on disk.
 */
import type { Loaded, LoadRequest, SnapshotRef } from '../domain/archive.ts';
import { Fault, fault } from '../domain/faults.ts';
import type { TenantId } from '../domain/ids.ts';
import { hashSteps, type Tree } from './chunks.ts';
import { CONTROL_FILE } from './control-file.ts';
import { Damage } from './damage.ts';
import type { Ground } from './ground.ts';
import { treeSteps } from './manifest.ts';
import { Progress } from './progress.ts';
import { keepLoaded } from './scan-cache.ts';
import { sealObject } from './sealed-object.ts';
import type { Opened } from './snapshots.ts';
import { inTurns } from './steps.ts';
import type { SeenTree } from './tree-walk.ts';
import { listingOf, TreeWriter, type TreeWriterParts } from './tree-writer.ts';
import { damageKey, type Vault } from './vault.ts';

export async function load(ground: Ground, request: LoadRequest): Promise<Loaded> {
  const vault = await vaultOf(ground, request);
  const mark = damageKey(vault, request.tenant, request.snapshot);
  // A bucket takes longer to be asked twice than to be asked two things.
  const marked = owned(ground.store.stat(mark));
  const listing = owned(listingOf(request.into));
  try {
    const opened = await openSnapshot(ground, vault, request);
    const bytes = await writeSnapshot(ground, { vault, request, opened, listing });
    if (await marked) await ground.store.delete([mark]);
    const { snapshot, manifest } = opened;
    return { snapshot, origin: manifest.origin as TenantId, notes: manifest.notes, bytes };
  } catch (error) {
    throw await told(ground, vault, request, error);
  }
}

/** Throws `SNAPSHOT_UNKNOWN` if there is no such vault. */
export async function vaultOf(ground: Ground, ref: SnapshotRef): Promise<Vault> {
  const vault = await ground.vaults.find(ref.vault);
  if (vault) return vault;
  throw fault('SNAPSHOT_UNKNOWN', { snapshot: ref.snapshot });
}

/** Throws `SNAPSHOT_UNKNOWN` and `Damage`. */
export async function openSnapshot(
  ground: Ground,
  vault: Vault,
  { tenant, snapshot }: SnapshotRef,
): Promise<Opened> {
  const opened = await ground.snapshots.read(vault, tenant, snapshot);
  if (!opened) throw fault('SNAPSHOT_UNKNOWN', { snapshot });
  return opened;
}

/** It is awaited later, if at all. */
function owned<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}

type Writing = {
  readonly vault: Vault;
  readonly request: LoadRequest;
  readonly opened: Opened;
  readonly listing: TreeWriterParts['listing'];
};

async function writeSnapshot(
  ground: Ground,
  { vault, request, opened: { manifest, bytes }, listing }: Writing,
): Promise<number> {
  const { into, owner, signal, onProgress } = request;
  const local = await ground.templates.own();
  const template = await ground.templates.named(manifest.template, signal);
  const tree = await inTurns(treeSteps(manifest, template));
  if ((await inTurns(hashSteps(tree))) !== manifest.treeHash)
    throw new Damage('the manifest contradicts itself');
  let seen: SeenTree | null = null;
  const writer = new TreeWriter({
    ...{ ground, vault, manifest, template, tree, into, owner, signal, listing },
    progress: new Progress(ground.clock, onProgress),
    present: local.tree,
    last: CONTROL_FILE,
    beforeLast: async () => {
      seen = isWorthRemembering(tree) ? await look(ground, into) : null;
    },
  });
  const read = await writer.run();
  await keepLoaded(ground, request, { template: template.hash, seen });
  return bytes + read;
}

/** The next save reads what is less sooner than a client should wait for a look at it. */
const REMEMBERED_BYTES_MIN = 64 * 1024 * 1024;

function isWorthRemembering({ files }: Tree): boolean {
  let bytes = 0;
  for (const { size } of files.values()) bytes += size;
  return bytes >= REMEMBERED_BYTES_MIN;
}

/** For the next save alone, so that no failure counts. */
const look = ({ workers, limits }: Ground, dir: string): Promise<SeenTree | null> =>
  workers.run({ kind: 'walk', dir, limits }).catch(() => null);

/** Damage is noted beside the snapshot, for all who look at the list. */
export async function told(
  { store, log, random }: Ground,
  vault: Vault,
  { tenant, snapshot }: SnapshotRef,
  error: unknown,
): Promise<unknown> {
  if (!(error instanceof Damage) || error instanceof Fault) return error;
  const why = error.message;
  log.error('a snapshot is damaged', { tenant, snapshot, reason: why });
  const name = damageKey(vault, tenant, snapshot);
  const marker = sealObject({ key: vault.key, name }, random, [Buffer.from(why)]);
  await store.create(name, marker).catch((failure: unknown) => {
    log.warn('the damage could not be noted in the archive', { error: String(failure) });
  });
  return fault('ARCHIVE_CORRUPT', { snapshot, why }, { cause: error });
}
