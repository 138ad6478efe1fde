/**
 * A tenant and its life.
 *
 *   creating ──▶ suspended ──▶ waking ──▶ running ──▶ suspending ──▶ suspended
 *                    ▲            │          │             │
 *                    │            ▼          │             └──▶ running   (a client came in time)
 *                    └───────── failed ◀─────┘
 *   any of them ──▶ deleting ──▶ (gone)
 *
 * The state is written to the catalog before it is acted on. After a crash the written state says
 * what may be half done, and the orchestrator finishes it or takes it back.
 */
import { assert } from './assert.ts';
import type { TenantId, TenantName } from './ids.ts';
import type { Plan, Tier } from './tier.ts';
import type { DurationMs, Timestamp } from './units.ts';

export type TenantState =
  /** Written, and nothing else: its data directory may or may not be there. */
  | { readonly kind: 'creating' }
  /** No process; the data is on disk. */
  | { readonly kind: 'suspended' }
  /** A start is under way; the process may or may not be there. `attempt` counts from 1. */
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
  /** Being removed; its files may or may not be there. */
  | { readonly kind: 'deleting' };

export type TenantStateKind = TenantState['kind'];

export type Tenant = {
  readonly id: TenantId;
  readonly name: TenantName;
  readonly plan: Plan;
  readonly tier: Tier;
  readonly state: TenantState;
  readonly stateSince: Timestamp;
  /** Grows with every move. A writer with an old one is refused. */
  readonly generation: number;
  /** Whether the compute already knows the owner role, database and verifier that the catalog has. */
  readonly settled: boolean;
  /** Idle time before suspension; `null` leaves it to the policy. */
  readonly suspendAfter: DurationMs | null;
  /** Most sessions at once; `null` leaves it to the server. */
  readonly sessionsMax: number | null;
  /** Idle time before a pinned session is ended; 0 for never, `null` leaves it to the server. */
  readonly maxPinIdle: DurationMs | null;
  readonly createdAt: Timestamp;
};

/** The legal moves. What is not listed stops the program at the door. */
export const TENANT_MOVES: Readonly<Record<TenantStateKind, readonly TenantStateKind[]>> = {
  creating: ['suspended', 'deleting'],
  suspended: ['waking', 'deleting'],
  waking: ['waking', 'running', 'suspended', 'failed', 'deleting'],
  running: ['suspending', 'suspended', 'failed', 'deleting'],
  suspending: ['suspended', 'running', 'failed', 'deleting'],
  failed: ['waking', 'suspended', 'deleting'],
  deleting: ['deleting'],
};

export const mayMove = (from: TenantStateKind, to: TenantStateKind): boolean =>
  TENANT_MOVES[from].includes(to);

/** The only function that changes a tenant's state. */
export function moved(tenant: Tenant, to: TenantState, now: Timestamp): Tenant {
  const from = tenant.state.kind;
  assert(mayMove(from, to.kind), `tenant ${tenant.id}: ${from} -> ${to.kind}`);
  return { ...tenant, state: to, stateSince: now, generation: tenant.generation + 1 };
}
