/**
 * The port to what stores tenants' data and runs their computes on this machine.
 *
 * The orchestrator decides and calls; a host carries out and decides nothing. Every method is
 * idempotent: after a crash the orchestrator repeats it, and the second call finds the work done.
 */
import type { TenantId, TenantName } from './ids.ts';
import type { SizeClass } from './tier.ts';
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
  /** The start is given up, and what was started is ended, when this much time has passed. */
  readonly giveUpAfter: DurationMs;
};

export interface Host {
  /** Gives the tenant a data directory of its own, from a husk. Throws `DISK_FULL`, `NO_UIDS`. */
  create(tenant: TenantId): Promise<void>;

  /**
   * Starts the tenant's compute; resolves the moment it accepts connections.
   * If it already runs, resolves with its address. Throws a plain `Error` with the reason, safe to
   * show, if it cannot start.
   */
  start(tenant: TenantId, options: StartOptions): Promise<Address>;

  /** Makes owner role, database and verifier in the running compute what `owner` says. */
  settle(tenant: TenantId, owner: Owner): Promise<void>;

  /**
   * The role by which an operator acts as the tenant's owner, and the SCRAM ClientKey for it
   * (32 bytes, base64). No superuser: it may do what the owner may. Exists after `settle`.
   */
  operatorKey(tenant: TenantId): { readonly role: string; readonly clientKey: string };

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

  /** Stops the compute cleanly, harder after a deadline; resolves when its last process is gone. */
  stop(tenant: TenantId): Promise<void>;

  /** Removes all that the host has of the tenant. Its compute must be stopped. */
  remove(tenant: TenantId): Promise<void>;

  /** What is true now, learned from disk and processes alone; adopts a compute that runs. */
  observe(tenant: TenantId): Promise<Observed>;

  /** Calls `listener` when a compute ends that nobody asked to end. At most one listener. */
  onLost(listener: (tenant: TenantId, reason: string) => void): void;
}
