/**
 * The moves between this machine and the archive, step by step, with a failpoint after each. Whoever
 * calls these has made sure that no other move of the tenant is under way.
 *
 *   archive   `archiving` ──▶ snapshot ──▶ home `archive` is written ──▶ files deleted ──▶ `suspended`
 *   restore   `archiving` ──▶ what there is is saved ──▶ the snapshot is shared as the latest ──▶ as above
 *
 * Until home `archive` is written, whatever fails leaves the files in place; from then on the snapshot
 * is the tenant's data, and the files go.
 */
import type { Notes, Snapshot } from '../domain/archive.ts';
import { fault } from '../domain/faults.ts';
import { type SnapshotId, snapshotIdOf } from '../domain/ids.ts';
import { tenantNote } from '../domain/tenant-note.ts';
import type { TenantRecord } from './tenant-record.ts';
import type { LifeWorld } from './world.ts';

/** Takes a sleeping tenant's files to the archive. Throws what `Host.archive` throws; then it sleeps here on. */
export async function archiveTenant(
  world: LifeWorld,
  record: TenantRecord,
  { because, signal }: { readonly because: string; readonly signal: AbortSignal },
): Promise<void> {
  const since = world.clock.now();
  const { id, vault } = record.tenant;
  // An archive that is away is noticed before anything is written: since when it rests, stays known.
  await world.archive.list({ tenant: id, vault });
  await record.move({ kind: 'archiving' }, because);
  await world.failpoints.reach('archive.recorded');
  const snapshot = await savedOrBack(world, record, signal);
  await world.failpoints.reach('archive.saved');
  await leaveHome(world, record, { snapshot: snapshot.id, by: 'archive' });
  await world.failpoints.reach('archive.done');
  world.shelf.forget(id);
  world.ladder.archived(id, snapshot);
  world.ladder.step(id, { kind: 'archive', bytes: snapshot.addedBytes, since, because });
  collectLater(world, record, snapshot.id);
}

/** A snapshot of files at rest; after a failure, or when somebody comes, the tenant sleeps on with its files. */
async function savedOrBack(
  world: LifeWorld,
  record: TenantRecord,
  signal: AbortSignal,
): Promise<Snapshot> {
  const { id, vault, generation } = record.tenant;
  try {
    const ref = { tenant: id, vault, snapshot: snapshotIdOf(generation) };
    const notes = await notesOf(world, record);
    const snapshot = await world.host.archive(id, { ...ref, name: null, notes, signal });
    signal.throwIfAborted();
    return snapshot;
  } catch (error) {
    const why = signal.aborted ? 'somebody came' : 'it could not be archived';
    await record.move({ kind: 'suspended' }, why);
    throw error;
  }
}

/** What a catalog that has lost the tenant would have to know. */
async function notesOf({ catalog }: LifeWorld, { tenant }: TenantRecord): Promise<Notes> {
  const verifier = await catalog.verifier(tenant.id, tenant.name);
  return verifier === undefined ? {} : tenantNote(tenant, verifier);
}

/** The point of no return: the snapshot becomes the tenant's data, and its files here go. */
async function leaveHome(
  world: LifeWorld,
  record: TenantRecord,
  { snapshot, by }: { readonly snapshot: SnapshotId; readonly by: 'archive' | 'restore' },
): Promise<void> {
  const { id } = record.tenant;
  // Its owner may have had another password when the snapshot was taken.
  const settled = by === 'restore' ? { settled: false } : {};
  await record.note({ home: { kind: 'archive', snapshot }, dirtySince: null, ...settled });
  await world.failpoints.reach(`${by}.noted`);
  await world.host.remove(id);
  await world.failpoints.reach(`${by}.removed`);
  await record.move({ kind: 'suspended' }, 'its data is in the archive');
}

export type SnapshotRequest = {
  readonly name: string | null;
  readonly because: string;
  /** Nobody has asked its running compute anything since the last snapshot. */
  readonly isUnused: boolean;
  readonly signal: AbortSignal;
};

/** Writes a snapshot of a tenant whose files are here, or gives an archived one's a name. */
export async function takeSnapshot(
  world: LifeWorld,
  record: TenantRecord,
  { name, because, isUnused, signal }: SnapshotRequest,
): Promise<Snapshot> {
  const { clock, host, archive } = world;
  const { id, vault, home, dirtySince } = record.tenant;
  const holder = { tenant: id, vault };
  const since = clock.now();
  const begun = clock.wall();
  if (name === null && (dirtySince === null || isUnused)) {
    const known = await archive.list(holder);
    const current =
      home.kind === 'archive'
        ? known.find((one) => one.id === home.snapshot)
        : known.find((one) => one.name === null);
    if (current?.damage === null) {
      if (isUnused) await record.note({ dirtySince: begun });
      return current;
    }
  }
  // The generation names the snapshot, and no later one can have it.
  await record.note({});
  await world.failpoints.reach('snapshot.recorded');
  const snapshotId = snapshotIdOf(record.tenant.generation);
  if (home.kind === 'archive') {
    const from = { ...holder, snapshot: home.snapshot };
    const notes = await notesOf(world, record);
    return await archive.share(from, { tenant: id, snapshot: snapshotId, name, notes });
  }
  const notes = await notesOf(world, record);
  const ref = { ...holder, snapshot: snapshotId };
  const snapshot = await host.archive(id, { ...ref, name, notes, signal });
  await world.failpoints.reach('snapshot.saved');
  // One with a name may be deleted by a person at any time. What a running compute has written since the
  // beginning may be in the snapshot or not.
  if (name === null) await record.note({ dirtySince: record.kind === 'running' ? begun : null });
  world.ladder.saved(id, snapshot);
  world.ladder.step(id, { kind: 'snapshot', bytes: snapshot.addedBytes, since, because });
  collectLater(world, record, null);
  return snapshot;
}

/**
 * Makes a snapshot the data of a sleeping or failed tenant. What it has now is kept as a snapshot, but
 * of one that has failed, whose data may be what is wrong.
 */
export async function restoreTenant(
  world: LifeWorld,
  record: TenantRecord,
  snapshot: SnapshotId,
): Promise<void> {
  const since = world.clock.now();
  const { id } = record.tenant;
  const isFailed = record.kind === 'failed';
  if (isFailed) await record.move({ kind: 'suspended' }, 'a snapshot is restored');
  await world.failpoints.reach('restore.stopped');
  await record.move({ kind: 'archiving' }, `snapshot ${snapshot} is restored`);
  const copy = await orBack(record, async () => {
    if (!isFailed) await keepWhatThereIs(world, record, snapshot);
    return await ownCopy(world, record, snapshot);
  });
  await leaveHome(world, record, { snapshot: copy, by: 'restore' });
  world.shelf.forget(id);
  const because = `snapshot ${snapshot} was restored`;
  world.ladder.step(id, { kind: 'restore', bytes: 0, since, because });
  collectLater(world, record, copy);
}

/** A tenant whose data could not be replaced sleeps on with what it has. */
async function orBack<T>(record: TenantRecord, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    await record.move({ kind: 'suspended' }, 'the snapshot was not restored');
    throw error;
  }
}

/**
 * The snapshot once more, as the tenant's latest. The one that was asked for may be deleted by a person,
 * or by a collection that is under way and took it for an old one.
 */
async function ownCopy(
  world: LifeWorld,
  record: TenantRecord,
  snapshot: SnapshotId,
): Promise<SnapshotId> {
  const { home, dirtySince } = record.tenant;
  // What is latest from now on is not what the tenant has, should this be cut short.
  const isHere = home.kind === 'local';
  await record.note(isHere ? { dirtySince: dirtySince ?? world.clock.wall() } : {});
  const { id, vault, generation } = record.tenant;
  const copy = snapshotIdOf(generation);
  const notes = await notesOf(world, record);
  const from = { tenant: id, vault, snapshot };
  await world.archive.share(from, { tenant: id, snapshot: copy, name: null, notes });
  return copy;
}

/** Throws `SNAPSHOT_UNKNOWN` and `ARCHIVE_CORRUPT` for a snapshot that cannot be restored. */
export async function mustBeGood(
  world: LifeWorld,
  record: TenantRecord,
  snapshot: SnapshotId,
): Promise<void> {
  const { id, vault } = record.tenant;
  const known = await world.archive.list({ tenant: id, vault });
  const found = known.find((one) => one.id === snapshot);
  if (found === undefined) throw fault('SNAPSHOT_UNKNOWN', { snapshot });
  if (found.damage !== null) throw fault('ARCHIVE_CORRUPT', { snapshot, why: found.damage });
}

/** Saves what a restore is about to replace. If that fails, nothing is replaced. */
async function keepWhatThereIs(
  world: LifeWorld,
  record: TenantRecord,
  instead: SnapshotId,
): Promise<void> {
  const { id, vault, home, generation, dirtySince } = record.tenant;
  if (home.kind !== 'local' || dirtySince === null) return;
  const name = `before ${instead}`;
  const { signal } = new AbortController();
  const ref = { tenant: id, vault, snapshot: snapshotIdOf(generation) };
  const notes = await notesOf(world, record);
  await world.host.archive(id, { ...ref, name, notes, signal });
}

/** Deletes what no snapshot needs any more, behind everybody's back. */
function collectLater(world: LifeWorld, record: TenantRecord, keep: SnapshotId | null): void {
  const { id, vault } = record.tenant;
  world.archive.collect({ tenant: id, vault }, keep).then(
    async ({ bytes, objects }) => {
      if (objects > 0) world.log.debug('garbage of the archive is deleted', { tenant: id, bytes });
      await world.failpoints.reach('collect.dropped');
    },
    (error: unknown) => {
      world.log.warn('garbage of the archive was not deleted', { tenant: id, error });
    },
  );
}
