/**
 * The port to what stores tenants' data and runs their computes on this machine.
 *
 * The orchestrator decides and calls; a host carries out and decides nothing. Every method is
 * idempotent: after a crash the orchestrator repeats it, and the second call finds the work done.
 */
import type { Notes, Snapshot, SnapshotRef } from './archive.ts';
import type { TicketRights } from './gate.ts';
import type { TenantId, TenantName } from './ids.ts';
import type { Level, LevelReading } from './levels.ts';
import type { Limits, SizeClass } from './tier.ts';
import type { DurationMs } from './units.ts';
import type { RoleRecord, Verifier } from './verifier.ts';

/** Where a running compute listens. */
export type Address = {
  /** A Unix socket, by a path that this process can connect to. */
  readonly socketPath: string;
};

/** What a host found of one tenant. */
export type Observed =
  | { readonly kind: 'absent' }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'running'; readonly address: Address };

/** The owner of a tenant as the catalog has it; the compute is made to agree. */
export type Owner = {
  /** Role and database share the tenant's name. */
  readonly name: TenantName;
  readonly verifier: Verifier;
};

export type StartOptions = {
  readonly size: SizeClass;
  readonly limits: Limits;
  /** The start is given up, and what was started is ended, when this much time has passed. */
  readonly giveUpAfter: DurationMs;
};

export type Started = {
  readonly address: Address;
  /** Where the start found what it read; L3 if that is not known. A hydrate is told apart by who asked for it. */
  readonly from: Extract<Level, 'L2' | 'L3'>;
};

export type ArchiveRequest = SnapshotRef & {
  readonly name: string | null;
  /** Kept beside the data, with what the host itself remembers. */
  readonly notes: Notes;
  /** Somebody comes: gives up quickly, and nothing has changed. No effect once it is committed. */
  readonly signal: AbortSignal;
};

/** Empty databases made ahead: how many there are, and how many are to be kept. */
export type Husks = { readonly ready: number; readonly kept: number };

/** Room on the disk that holds the tenants. */
export type DiskRoom = { readonly freeBytes: number; readonly totalBytes: number };

export interface Host {
  /**
   * Gives the tenant a data directory of its own, from a husk, unless it has one.
   * Throws `DISK_FULL`, `NO_UIDS`.
   */
  create(tenant: TenantId): Promise<void>;

  /**
   * Starts the tenant's compute; resolves the moment it accepts connections.
   * If it already runs, resolves with its address. Throws a plain `Error` with the reason, safe to
   * show, if it cannot start.
   */
  start(tenant: TenantId, options: StartOptions): Promise<Started>;

  /** Makes owner role, database and verifier in the running compute what `owner` says. */
  settle(tenant: TenantId, owner: Owner): Promise<void>;

  /**
   * The role that the holder of a ticket logs in as, and the SCRAM ClientKey for it (32 bytes, base64). No
   * superuser. The owner's exists after `settle`, the reader's after `Interior.prepareReader`.
   */
  ticketKey(
    tenant: TenantId,
    rights: TicketRights,
  ): { readonly role: string; readonly clientKey: string };

  /** The roles of the running compute that may be logged in to from outside. */
  roles(tenant: TenantId): Promise<readonly RoleRecord[]>;

  /**
   * Turns PostgreSQL's own vacuuming in the running compute on or off. A small compute starts with
   * it off, since its launcher costs a fifth of the memory of an idle one; in others it is always on.
   * No effect if the compute does not run.
   */
  autovacuum(tenant: TenantId, on: boolean): Promise<void>;

  /**
   * Vacuums and analyzes the tables of the running compute that PostgreSQL's own rules say are due,
   * as many as can be done in a bounded time. Locks are tried, not waited for. Gives way when
   * `signal` aborts: what is under way is cancelled, and the call resolves.
   */
  upkeep(tenant: TenantId, signal: AbortSignal): Promise<void>;

  /**
   * What of the tenant is at which level now; zero of one without files here. Costs milliseconds; asked
   * for by people and the ladder.
   */
  measure(tenant: TenantId): Promise<LevelReading>;

  /**
   * Evicts from the running compute's shared buffers what was used least, whole relations before parts,
   * until at most `keep` bytes are in use. Returns the bytes evicted; 0 where that cannot be done.
   */
  shedL1(tenant: TenantId, keep: number): Promise<number>;

  /**
   * Drops the tenant's files from the page cache, the least used relations first, until at most `keep`
   * bytes are resident, awake or asleep. Returns the bytes dropped; 0 where that cannot be done.
   */
  shedL2(tenant: TenantId, keep: number): Promise<number>;

  /** Puts the running compute under other limits. No effect where there are none to enforce. */
  limit(tenant: TenantId, limits: Limits): Promise<void>;

  /**
   * To be called before a stop that nobody waits for: keeps which blocks and relations were worth
   * having in memory, for `start` and `prewarm`, and tells how the compute was served.
   */
  remember(tenant: TenantId): Promise<LevelReading>;

  /**
   * Reads into the running compute's shared buffers what was remembered, the best first, at most
   * `bytesMax`. Gives way when `signal` aborts. Returns the bytes read.
   */
  prewarm(tenant: TenantId, bytesMax: number, signal: AbortSignal): Promise<number>;

  /**
   * Writes a snapshot of the tenant, from its files if it is stopped, over the replication protocol if
   * it runs. Files that were not left by a clean stop are recovered first. Throws what `Archive.save`
   * throws, the reason of `signal`, and a plain `Error`, safe to show, if they cannot be saved.
   */
  archive(tenant: TenantId, request: ArchiveRequest): Promise<Snapshot>;

  /**
   * Brings the tenant's files back from a snapshot, unless it has files. They are in place whole or not
   * at all. Returns the bytes read from the archive. Throws what `Archive.load` throws.
   */
  hydrate(tenant: TenantId, ref: SnapshotRef, signal: AbortSignal): Promise<number>;

  diskRoom(): DiskRoom;

  /** Keeps so many husks ready from now on; there are more or fewer for a while. */
  keepHusks(count: number): void;

  husks(): Husks;

  /** Stops the compute cleanly, harder after a deadline; resolves when its last process is gone. */
  stop(tenant: TenantId): Promise<void>;

  /** Removes all files of the tenant from this machine. Its compute must be stopped. */
  remove(tenant: TenantId): Promise<void>;

  /** What is true now, learned from disk and processes alone; adopts a compute that runs. */
  observe(tenant: TenantId): Promise<Observed>;

  /** Calls `listener` when a compute ends that nobody asked to end. At most one listener. */
  onLost(listener: (tenant: TenantId, reason: string) => void): void;
}
