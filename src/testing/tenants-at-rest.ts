/** Tenants of an orchestrated world that have lived a little already. */
import { assert } from '../domain/assert.ts';
import type { Tenant } from '../domain/tenant.ts';
import { type DurationMs, seconds } from '../domain/units.ts';
import { type Orchestrated, UNUSED } from './orchestrated.ts';

/** What `work` resolves with or throws, once `within` has passed. */
export async function outcome<T>(
  world: Orchestrated,
  work: Promise<T>,
  within: DurationMs = seconds(1),
) {
  const [got] = await Promise.all([
    work.catch((error: unknown) => error),
    world.clock.advance(within),
  ]);
  return got as T;
}

/** What the catalog has of the tenant. */
export const rowOf = async (world: Orchestrated, { id }: Pick<Tenant, 'id'>): Promise<Tenant> =>
  (await world.catalog.tenantById(id)) as Tenant;

/** Wakes it, writes `writes` times, and leaves it awake with nobody at work. */
export async function use(world: Orchestrated, tenant: Tenant, writes: number): Promise<void> {
  const session = world.session(tenant);
  assert(!((await outcome(world, session.address)) instanceof Error), 'it could not be woken');
  for (let i = 0; i < writes; i++) world.host.wrote(tenant.id);
  world.orchestrator.use(tenant.id, session.id, UNUSED);
}

/** A tenant that has written three times, and sleeps. */
export async function sleeping(world: Orchestrated, name = 'acme'): Promise<Tenant> {
  const tenant = await world.tenant(name);
  await use(world, tenant, 3);
  return await outcome(world, world.orchestrator.suspend(tenant.id));
}

/** One that has written three times, and is in the archive. */
export async function archived(world: Orchestrated, name = 'acme'): Promise<Tenant> {
  const { id } = await sleeping(world, name);
  return await outcome(world, world.orchestrator.archive(id));
}
