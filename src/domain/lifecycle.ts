/** What the orchestrator does for `control`: the moves of a tenant that a person may ask for. */
import type { TenantId } from './ids.ts';
import type { Tenant } from './tenant.ts';
import type { Timestamp } from './units.ts';

/** What is known of a tenant beyond its catalog row, from memory. */
export type TenantLive = {
  readonly sessions: number;
  /** When its last session ended; `null` while it has sessions or sleeps. */
  readonly idleSince: Timestamp | null;
  /** When it will be suspended if nobody comes; `null` if nothing is planned. */
  readonly suspendAt: Timestamp | null;
};

export interface Lifecycle {
  /** Takes a tenant from `creating` to `suspended`. Throws what `Host.create` throws. */
  create(tenant: Tenant): Promise<Tenant>;

  /** Resolves with the running tenant. Throws as `Gate.wake` does. */
  wakeTenant(id: TenantId): Promise<Tenant>;

  /** Resolves with the suspended tenant. Throws `TENANT_BUSY` while it has sessions. */
  suspend(id: TenantId): Promise<Tenant>;

  /** Ends its sessions, stops it, removes its data and its row. Finishes after a crash. */
  remove(id: TenantId): Promise<void>;

  /** The catalog has a new verifier or setting for the tenant: act on it now if it runs. */
  changed(id: TenantId): Promise<Tenant>;

  live(id: TenantId): TenantLive;
}
