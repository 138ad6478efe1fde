/**
 * A tenant and its life.
 *
 *   creating ──▶ suspended ──▶ waking ──▶ running ──▶ suspending ──▶ suspended
 *                 ▲   ▲ │         │          │             │
 *                 │   │ │         ▼          │             ├──▶ running   (a client came in time)
 *                 │   └─│────── failed ◀─────┘             └──▶ waking    (a restart)
 *                 └ archiving                (its files leave this machine, or stay after all)
 *   any of them ──▶ deleting ──▶ (gone)
 *
 * Where its data is, is a second matter (`home`): a tenant that sleeps may have its files on this
 * machine, in the archive only, or, as long as it has never been awake, nowhere.
 *
 * The state is written to the catalog before it is acted on. After a crash the written state says
 * what may be half done, and the orchestrator finishes it or takes it back.
 */
import { assert } from './assert.ts';
import type { CustomerId, SnapshotId, TenantId, TenantName, VaultId } from './ids.ts';
import type { Consent, Plan, Tier, TierOverride } from './tier.ts';
import type { DurationMs, Timestamp } from './units.ts';

export type TenantState =
  /** Written, and nothing else: its data directory may or may not be there. */
  | { readonly kind: 'creating' }
  /** No process; `home` says where the data is. */
  | { readonly kind: 'suspended' }
  /**
   * A start is under way; files and process may or may not be there. `attempt` counts from 1. Files
   * come into place whole, so where they are, they are the tenant's data whatever `home` says.
   */
  | { readonly kind: 'waking'; readonly attempt: number }
  /** The compute accepts sessions. */
  | { readonly kind: 'running' }
  /** A stop is under way; the process may or may not be there. */
  | { readonly kind: 'suspending' }
  /** The last start failed `attempt` times in a row; no other is tried before `retryAt`. */
  | {
      readonly kind: 'failed';
      readonly attempt: number;
      readonly reason: string;
      readonly retryAt: Timestamp;
    }
  /**
   * Its files are being written to the archive, and then deleted here. While `home` is `local` they
   * are here and whole; once it is `archive` they are to be deleted.
   */
  | { readonly kind: 'archiving' }
  /** Being removed; its files may or may not be there. */
  | { readonly kind: 'deleting' };

/** Where a tenant's data is. */
export type Home =
  /** Nowhere: it has never been awake, and an empty database is made for its first wake. */
  | { readonly kind: 'none' }
  /** On this machine. */
  | { readonly kind: 'local' }
  /** In the archive, as this snapshot. */
  | { readonly kind: 'archive'; readonly snapshot: SnapshotId };

export type HomeKind = Home['kind'];

export type TenantStateKind = TenantState['kind'];

export type Tenant = {
  readonly id: TenantId;
  readonly name: TenantName;
  readonly plan: Plan;
  readonly tier: Tier;
  /** Since when it has this tier. */
  readonly tierSince: Timestamp;
  /** Chosen by a person; null while the policy chooses. */
  readonly override: TierOverride | null;
  /** Null while its customer has not agreed to less than a PERSISTENT that is paid for. */
  readonly consent: Consent | null;
  /** The tier that it had before the floor of its plan or rules raised it; null if it has its own. */
  readonly tierBefore: Tier | null;
  readonly state: TenantState;
  readonly stateSince: Timestamp;
  /** Grows with every move. A writer with an old one is refused. */
  readonly generation: number;
  readonly home: Home;
  /** Whose part of the archive its snapshots are in: its own, or for a fork that of its origin. */
  readonly vault: VaultId;
  /**
   * Since when there may be changes here that no snapshot has; null if there are none. This much
   * would be lost with the machine.
   */
  readonly dirtySince: Timestamp | null;
  /** Whether the compute already knows the owner role, database and verifier that the catalog has. */
  readonly settled: boolean;
  /** Idle time before suspension; `null` leaves it to the policy. */
  readonly suspendAfter: DurationMs | null;
  /** Most sessions at once; `null` leaves it to the server. */
  readonly sessionsMax: number | null;
  /** Idle time before a pinned session is ended; 0 for never, `null` leaves it to the server. */
  readonly maxPinIdle: DurationMs | null;
  readonly createdAt: Timestamp;
  /** Whose it is; null for the operator's own. */
  readonly customer: CustomerId | null;
  /** When it is deleted by itself; null for never. */
  readonly expiresAt: Timestamp | null;
  /** Addresses, networks (`10.0.0.0/8`) and ranges (`10.0.0.1-10.0.0.9`) that clients may come from; none for any. */
  readonly allowedAddresses: readonly string[];
};

/** The legal moves. What is not listed stops the program at the door. */
export const TENANT_MOVES: Readonly<Record<TenantStateKind, readonly TenantStateKind[]>> = {
  creating: ['suspended', 'deleting'],
  suspended: ['waking', 'archiving', 'deleting'],
  waking: ['waking', 'running', 'suspended', 'failed', 'deleting'],
  running: ['suspending', 'suspended', 'failed', 'deleting'],
  suspending: ['suspended', 'running', 'waking', 'failed', 'deleting'],
  failed: ['waking', 'suspended', 'deleting'],
  archiving: ['suspended', 'failed', 'deleting'],
  deleting: ['deleting'],
};

export const mayMove = (from: TenantStateKind, to: TenantStateKind): boolean =>
  TENANT_MOVES[from].includes(to);

/** What may be written together with a move; what is not given stays. */
export type MoveChange = Partial<Pick<Tenant, 'home' | 'dirtySince' | 'settled'>> &
  Partial<TierHeld>;

/** A tier, and whether it is its own: a tier by itself is. */
export type TierHeld = Pick<Tenant, 'tier'> & Partial<Pick<Tenant, 'tierBefore'>>;

/** The tenant with `change`, which may bring another tier from `now` on. */
export function retiered(tenant: Tenant, change: Partial<Tenant>, now: Timestamp): Tenant {
  const { tier = tenant.tier } = change;
  const tierSince = tier === tenant.tier ? tenant.tierSince : now;
  const own = change.tier === undefined ? tenant.tierBefore : null;
  return { ...tenant, ...change, tierSince, tierBefore: change.tierBefore ?? own };
}

/** The only function that changes a tenant's state. */
export function moved(
  tenant: Tenant,
  { to, change = {} }: { readonly to: TenantState; readonly change?: MoveChange },
  now: Timestamp,
): Tenant {
  const from = tenant.state.kind;
  assert(mayMove(from, to.kind), `tenant ${tenant.id}: ${from} -> ${to.kind}`);
  const generation = tenant.generation + 1;
  return { ...retiered(tenant, change, now), state: to, stateSince: now, generation };
}
