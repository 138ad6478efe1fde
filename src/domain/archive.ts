/**
 * The port to the archive, level L4: data directories as compressed, encrypted chunks on a volume or
 * in a bucket.
 *
 * A snapshot is either there as a whole or not at all. What was written for it is read back from the
 * store before `save` resolves, and what it shares with earlier ones, which was read back then, is
 * there; so its caller may delete the original. Nothing reachable from a snapshot that is kept is ever
 * deleted.
 *
 * All throw `ARCHIVE_DOWN` when the store cannot be reached, `DISK_FULL` when it has no room, and what
 * reads a snapshot throws `SNAPSHOT_UNKNOWN` and `ARCHIVE_CORRUPT`.
 */
import type { SnapshotId, TenantId, VaultId } from './ids.ts';
import type { Timestamp } from './units.ts';

/** Whose snapshots, and where they are. */
export type Holder = { readonly tenant: TenantId; readonly vault: VaultId };

export type SnapshotRef = Holder & { readonly snapshot: SnapshotId };

export type Snapshot = {
  readonly id: SnapshotId;
  /** As a person called it, who also deletes it; null for one that was taken by itself. */
  readonly name: string | null;
  readonly takenAt: Timestamp;
  /** Bytes of the data directory. */
  readonly logicalBytes: number;
  /** What of them is stored for this snapshot and those it shares chunks with, compressed. */
  readonly storedBytes: number;
  /** What this snapshot alone has added to the store. */
  readonly addedBytes: number;
  /** `stopped`: taken of files at rest. `running`: PostgreSQL replays its log at the next start. */
  readonly taken: 'stopped' | 'running';
  /** Why it cannot be used any more; null for a good one. */
  readonly damage: string | null;
};

/** One entry of a data directory. Parents come before what is in them. */
export type SourceEntry = {
  /** Relative to the data directory, parts divided by `/`, such as `base/5/1259`. */
  readonly path: string;
  readonly kind: 'directory' | 'file';
  /** In bytes; 0 for a directory. */
  readonly size: number;
  /** Must be read, or skipped by reading on, before the next entry is asked for. */
  readonly content: AsyncIterable<Uint8Array>;
};

export type Source =
  /** The data directory of a cluster that was shut down cleanly, and that nobody starts meanwhile. */
  | { readonly kind: 'stopped'; readonly path: string }
  /** What a running PostgreSQL sends as its base backup, the WAL that it needs included. */
  | { readonly kind: 'running'; readonly entries: AsyncIterable<SourceEntry> };

/** Small texts kept beside the data, by name: what we ourselves remember of a tenant. */
export type Notes = Readonly<Record<string, string>>;

/** Is told how far it is, a few times a second at most; of all there is, null if that is not known. */
export type OnProgress = (doneBytes: number, allBytes: number | null) => void;

export type SaveRequest = SnapshotRef & {
  readonly name: string | null;
  readonly source: Source;
  readonly notes: Notes;
  /** Gives up; nothing of the snapshot is there then. No effect once it is committed. */
  readonly signal: AbortSignal;
  /** Of the data directory. */
  readonly onProgress?: OnProgress;
};

/** What files brought back belong to; null leaves them with this process. */
export type Owner = { readonly uid: number; readonly gid: number } | null;

export type LoadRequest = SnapshotRef & {
  /**
   * A data directory that holds the template as it is now, reachable by this process only. Its files
   * become what the snapshot says, `global/pg_control` last of all, and are synced.
   */
  readonly into: string;
  readonly owner: Owner;
  readonly signal: AbortSignal;
  /** Of what has to be written. */
  readonly onProgress?: OnProgress;
};

export type Loaded = {
  readonly snapshot: Snapshot;
  /** Whose compute the data is of: another tenant's for a fork or an import. */
  readonly origin: TenantId;
  readonly notes: Notes;
  /** Read from the store. */
  readonly bytes: number;
};

/** A snapshot to be made of another. */
export type ShareTarget = {
  readonly tenant: TenantId;
  readonly snapshot: SnapshotId;
  readonly name: string | null;
  /** Each in the place of the one of its name. */
  readonly notes: Notes;
};

/** What garbage collection has done. */
export type Collected = {
  readonly snapshots: number;
  readonly objects: number;
  readonly bytes: number;
};

/** What the archive has of one tenant, for a catalog that has lost it. */
export type Known = SnapshotRef & {
  /** Of its latest good snapshot. */
  readonly takenAt: Timestamp;
  readonly notes: Notes;
};

export interface Archive {
  /** Writes a snapshot. A writer with an older id than the tenant's latest is refused with `STALE_GENERATION`. */
  save(request: SaveRequest): Promise<Snapshot>;

  /** Brings a snapshot back. Every chunk is verified before the data directory can be started. */
  load(request: LoadRequest): Promise<Loaded>;

  /** All that are kept, the latest first, damaged ones too. */
  list(holder: Holder): Promise<readonly Snapshot[]>;

  /** Every tenant that has a good snapshot. Reads one manifest of each. */
  known(): AsyncIterable<Known>;

  /** Makes a snapshot of `to`, in the same vault, out of another, of the same tenant or not. All chunks are shared. */
  share(from: SnapshotRef, to: ShareTarget): Promise<Snapshot>;

  /** Deletes one snapshot. No effect if it is gone. */
  drop(ref: SnapshotRef): Promise<void>;

  /** Deletes all of the tenant; the vault's key goes with the last tenant in it. */
  forget(holder: Holder): Promise<void>;

  /**
   * Drops automatic snapshots but the last good ones, and deletes what nothing reaches any more and
   * is older than the grace time.
   */
  collect(holder: Holder, keep: SnapshotId | null): Promise<Collected>;

  /** The snapshot as one portable file: needs neither this archive nor its keys. */
  export(ref: SnapshotRef): AsyncIterable<Uint8Array>;

  /** Takes a file that `export` made for a snapshot. Throws `BAD_IMPORT`. */
  import(
    to: SnapshotRef & Pick<ShareTarget, 'name' | 'notes'>,
    file: AsyncIterable<Uint8Array>,
    signal: AbortSignal,
  ): Promise<Snapshot>;
}
