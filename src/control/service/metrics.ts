/**
 * Counts for a monitoring system. Parked sessions are counted from the proxies' last reports; only
 * tenants with sessions that have a backend are asked what state each is in, so that a round of
 * monitoring costs what is awake, not what exists.
 */
import type { Catalog } from '../../domain/catalog.ts';
import { PIN_REASONS, type PinReason, type Sessions, type SessionView } from '../../domain/gate.ts';
import type { TenantId } from '../../domain/ids.ts';
import type { Lifecycle } from '../../domain/lifecycle.ts';
import type { Metrics, SessionState } from '../control.ts';

export type Fleet = Pick<Metrics, 'tenants' | 'homes' | 'tiers' | 'levels' | 'unsavedSince'>;

/** What the catalog says of all tenants together. Does not grow with their number. */
export async function countFleet(catalog: Catalog): Promise<Fleet> {
  const [tenants, homes, tiers, levels, unsavedSince] = await Promise.all([
    catalog.countTenants(),
    catalog.countHomes(),
    catalog.countTiers(),
    catalog.fleetLevels(),
    catalog.unsavedSince(),
  ]);
  return { tenants, homes, tiers, levels, unsavedSince };
}

/** Tenants whose sessions are asked for at once. */
const AT_ONCE = 16;

export async function gatherMetrics(world: {
  readonly catalog: Catalog;
  readonly lifecycle: Lifecycle;
  readonly sessions: () => Sessions;
}): Promise<Metrics> {
  const fleet = await countFleet(world.catalog);
  const use = world.lifecycle.fleetUse();
  const views = await viewsOf(use.inUse, world.sessions());
  const sessions: Record<SessionState, number> = { bound: 0, pinned: 0, parked: 0, waiting: 0 };
  const reasons = PIN_REASONS.map((reason) => [reason, 0] as const);
  const pinned = Object.fromEntries(reasons) as Record<PinReason, number>;
  for (const { state, pin } of views) {
    sessions[state] += 1;
    if (pin !== null) pinned[pin.reason] += 1;
  }
  // Those of tenants that were not asked have no backend.
  sessions.parked += Math.max(0, use.sessions - views.length);
  const { prewarms, decisions, husks } = world.lifecycle.fleetPolicy();
  return { ...fleet, prewarms, decisions, husks, sessions, pinned };
}

async function viewsOf(
  tenants: readonly TenantId[],
  sessions: Sessions,
): Promise<readonly SessionView[]> {
  const views: SessionView[] = [];
  for (let from = 0; from < tenants.length; from += AT_ONCE) {
    const some = tenants.slice(from, from + AT_ONCE).map((tenant) => sessions.list(tenant));
    views.push(...(await Promise.all(some)).flat());
  }
  return views;
}
