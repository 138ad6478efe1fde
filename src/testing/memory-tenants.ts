/** What a control in memory knows of tenants and counts of them. */
import type { Metrics, NewTenant } from '../control/control.ts';
import { PIN_REASONS, type SessionView } from '../domain/gate.ts';
import type { TenantId, TenantName } from '../domain/ids.ts';
import type { Tenant } from '../domain/tenant.ts';
import { FIRST_TIER } from '../domain/tier.ts';
import type { Timestamp } from '../domain/units.ts';

type Made = Omit<NewTenant, 'name'> & { readonly id: TenantId; readonly name: TenantName };

/** One that has just been created, and sleeps. */
export function memoryTenant(request: Made, now: Timestamp): Tenant {
  const { id, name, plan = 'free' } = request;
  return {
    ...{ id, name, plan, tier: FIRST_TIER[plan], tierSince: now },
    ...{ override: null, consent: null, tierBefore: null },
    ...{ state: { kind: 'suspended' }, stateSince: now, generation: 1 },
    ...{ home: { kind: 'none' }, vault: id, dirtySince: null, settled: false },
    suspendAfter: request.suspendAfter ?? null,
    sessionsMax: request.sessionsMax ?? null,
    maxPinIdle: request.maxPinIdle ?? null,
    createdAt: now,
    customer: request.customer ?? null,
    expiresAt: request.expiresAt ?? null,
    allowedAddresses: request.allowedAddresses ?? [],
  };
}

type Counts = Pick<Metrics, 'tenants' | 'homes' | 'tiers'>;

export function countsOf(all: readonly Tenant[]): Counts {
  const tenants = {
    ...{ creating: 0, suspended: 0, waking: 0, running: 0 },
    ...{ suspending: 0, failed: 0, archiving: 0, deleting: 0 },
  };
  const homes = { none: 0, local: 0, archive: 0 };
  const tiers = { COLD: 0, WARM: 0, HOT: 0, PERSISTENT: 0 };
  for (const { state, home, tier } of all) {
    tenants[state.kind]++;
    homes[home.kind]++;
    tiers[tier]++;
  }
  return { tenants, homes, tiers };
}

export function sessionCounts(views: readonly SessionView[]): Pick<Metrics, 'sessions' | 'pinned'> {
  const sessions = { bound: 0, pinned: 0, parked: 0, waiting: 0 };
  const pinned = Object.fromEntries(PIN_REASONS.map((reason) => [reason, 0]));
  for (const { state, pin } of views) {
    sessions[state] += 1;
    if (pin !== null) pinned[pin.reason] = (pinned[pin.reason] ?? 0) + 1;
  }
  return { sessions, pinned: pinned as Metrics['pinned'] };
}
