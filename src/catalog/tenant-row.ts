/** Tenants as rows: parsed once here, trusted everywhere else. */
import {
  type CustomerId,
  isId,
  isTenantId,
  isTenantName,
  parseSnapshotId,
  type TenantId,
} from '../domain/ids.ts';
import {
  type Home,
  type HomeKind,
  TENANT_MOVES,
  type Tenant,
  type TenantState,
  type TenantStateKind,
} from '../domain/tenant.ts';
import { type Consent, PLANS, TIER_SETTERS, TIERS, type TierOverride } from '../domain/tier.ts';
import { ms } from '../domain/units.ts';
import { fromWallTime, type TenantRow, type TenantTable, toWallTime } from './schema.ts';

export const STATE_KINDS = Object.keys(TENANT_MOVES) as readonly TenantStateKind[];

const HOME_KINDS = ['none', 'local', 'archive'] as const satisfies readonly HomeKind[];

/** Throws a plain `Error` if the row is not one that this program could have written. */
export function tenantOf(row: TenantRow): Tenant {
  const { id, name, vault, customer_id: customer } = row;
  if (!isTenantId(id)) throw unreadable('id', id);
  if (!isTenantName(name)) throw unreadable('name', name);
  if (!isTenantId(vault)) throw unreadable('vault', vault);
  if (customer !== null && !isId('cu', customer)) throw unreadable('customer', customer);
  return {
    id,
    name,
    plan: oneOf(PLANS, row.plan),
    tier: oneOf(TIERS, row.tier),
    tierSince: fromWallTime(row.tier_since),
    override: overrideOf(row),
    consent: consentOf(row),
    tierBefore: row.tier_before === null ? null : oneOf(TIERS, row.tier_before),
    state: stateOf(row),
    stateSince: fromWallTime(row.state_since),
    generation: row.generation,
    home: homeOf(row),
    vault,
    dirtySince: row.dirty_since === null ? null : fromWallTime(row.dirty_since),
    settled: row.settled,
    suspendAfter: row.suspend_after_ms === null ? null : ms(row.suspend_after_ms),
    sessionsMax: row.sessions_max,
    maxPinIdle: row.max_pin_idle_ms === null ? null : ms(row.max_pin_idle_ms),
    createdAt: fromWallTime(row.created_at),
    customer,
    expiresAt: row.expires_at === null ? null : fromWallTime(row.expires_at),
    allowedAddresses: row.allowed_addresses,
  };
}

/** The columns that hold `state`. */
export function stateColumns(state: TenantState): Pick<
  TenantTable,
  'state' | 'state_attempt' | 'state_reason'
> & {
  readonly state_retry_at: ReturnType<typeof toWallTime> | null;
} {
  const failed = state.kind === 'failed' ? state : null;
  return {
    state: state.kind,
    state_attempt: 'attempt' in state ? state.attempt : null,
    // PostgreSQL text cannot hold a zero byte, and a reason may come out of a torn log.
    state_reason: failed?.reason.replaceAll('\0', '') ?? null,
    state_retry_at: failed && toWallTime(failed.retryAt),
  };
}

/** The columns that hold `home`. */
export const homeColumns = (home: Home): Pick<TenantTable, 'home' | 'snapshot'> => ({
  home: home.kind,
  snapshot: home.kind === 'archive' ? home.snapshot : null,
});

/** The columns that hold an override. */
export const overrideColumns = (
  override: TierOverride | null,
): Pick<TenantTable, 'override_tier' | 'override_by'> & {
  readonly override_until: ReturnType<typeof toWallTime> | null;
} => ({
  override_tier: override?.tier ?? null,
  override_by: override?.by ?? null,
  override_until: override?.until == null ? null : toWallTime(override.until),
});

/** The columns that hold a consent. */
export const consentColumns = (
  consent: Consent | null,
): Pick<TenantTable, 'consent_by'> & {
  readonly consent_at: ReturnType<typeof toWallTime> | null;
} => ({
  consent_at: consent && toWallTime(consent.at),
  consent_by: consent?.by ?? null,
});

function consentOf({ consent_at: at, consent_by: by }: TenantRow): Consent | null {
  return at === null ? null : { at: fromWallTime(at), by: oneOf(TIER_SETTERS, by ?? '') };
}

function overrideOf(row: TenantRow): TierOverride | null {
  if (row.override_tier === null) return null;
  const until = row.override_until === null ? null : fromWallTime(row.override_until);
  return {
    tier: oneOf(TIERS, row.override_tier),
    until,
    by: oneOf(TIER_SETTERS, row.override_by ?? ''),
  };
}

function homeOf(row: TenantRow): Home {
  const kind = oneOf(HOME_KINDS, row.home);
  if (kind !== 'archive') return { kind };
  return { kind, snapshot: parseSnapshotId(present(row.snapshot, 'snapshot')) };
}

function stateOf(row: TenantRow): TenantState {
  const kind = oneOf(STATE_KINDS, row.state);
  switch (kind) {
    case 'waking':
      return { kind, attempt: present(row.state_attempt, 'state_attempt') };
    case 'failed':
      return {
        kind,
        attempt: present(row.state_attempt, 'state_attempt'),
        reason: present(row.state_reason, 'state_reason'),
        retryAt: fromWallTime(present(row.state_retry_at, 'state_retry_at')),
      };
    default:
      return { kind };
  }
}

export function oneOf<T extends string>(known: readonly T[], text: string): T {
  const found = known.find((word) => word === text);
  if (found === undefined) throw unreadable('word', text);
  return found;
}

function present<T>(value: T | null, column: string): T {
  if (value === null) throw unreadable(column, 'null');
  return value;
}

export function tenantIn(text: string): TenantId {
  if (!isTenantId(text)) throw unreadable('tenant', text);
  return text;
}

export function customerIn(text: string): CustomerId {
  if (!isId('cu', text)) throw unreadable('customer', text);
  return text;
}

export const unreadable = (column: string, value: string): Error =>
  new Error(`catalog: ${column} "${value}" cannot be read`);
