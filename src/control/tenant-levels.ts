/** Where a tenant's data is: what is measured now, and what is kept of its life. */
import type { Catalog } from '../domain/catalog.ts';
import type { TenantId } from '../domain/ids.ts';
import type { LevelReading, LevelTotals } from '../domain/levels.ts';
import type { Lifecycle } from '../domain/lifecycle.ts';
import type { TenantLevels } from './control.ts';

/** Steps shown: a day of one that wakes twice an hour. */
const STEPS_MAX = 50;

export async function tenantLevels(
  world: { readonly catalog: Catalog; readonly lifecycle: Lifecycle },
  id: TenantId,
): Promise<Omit<TenantLevels, 'view'>> {
  // First, since it has written by its end what is told of the tenant until now.
  const reading = await world.lifecycle.measure(id);
  const [kept, steps] = await Promise.all([
    world.catalog.levels(id),
    world.catalog.steps(id, STEPS_MAX),
  ]);
  return { reading, totals: withReading(kept, reading), steps };
}

/** What is kept is added to when a compute stops, so that what the present one was served comes on top. */
function withReading(kept: LevelTotals, { bytes, hits }: LevelReading): LevelTotals {
  return {
    ...kept,
    l2: bytes.l2,
    l3: bytes.l3,
    hitsL1: kept.hitsL1 + (hits?.l1 ?? 0),
    hitsL2: kept.hitsL2 + (hits?.l2 ?? 0),
    hitsL3: kept.hitsL3 + (hits?.l3 ?? 0),
  };
}
