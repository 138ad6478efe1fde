/**
 * The moves of a tenant, step by step: what is written, then what is done, with a failpoint after
 * each step. Whoever calls these has made sure that no other move of the tenant is under way.
 */
import { fault } from '../domain/faults.ts';
import type { Parked, ParkRequest } from '../domain/gate.ts';
import type { Address } from '../domain/host.ts';
import { SIZE_OF_TIER } from '../domain/tier.ts';
import { type DurationMs, later, ms, seconds } from '../domain/units.ts';
import { backoff } from '../policy/backoff.ts';
import type { TenantRecord } from './tenant-record.ts';
import { waitUntil } from './wait-until.ts';
import type { World } from './world.ts';

/** Longest that a suspend waits for a compute to tell its roles. */
const ROLES_WITHIN = seconds(5);

/** Takes a tenant from `creating` to `suspended`. Throws what `Host.create` throws. */
export async function placeTenant(world: World, record: TenantRecord): Promise<void> {
  await world.failpoints.reach('create.recorded');
  await world.host.create(record.tenant.id);
  await world.failpoints.reach('create.placed');
  await record.move({ kind: 'suspended' }, 'its data directory is ready');
  await world.failpoints.reach('create.done');
}

/** Takes a sleeping tenant to `running` but for the last write, which is `finishWake`. */
export async function startCompute(
  world: World,
  record: TenantRecord,
  because: string,
): Promise<Address> {
  const { state } = record.tenant;
  const attempt = state.kind === 'failed' ? state.attempt + 1 : 1;
  await record.move({ kind: 'waking', attempt }, because);
  await world.failpoints.reach('wake.recorded');
  try {
    const address = await world.host.start(record.tenant.id, {
      size: SIZE_OF_TIER[record.tenant.tier],
      giveUpAfter: world.settings.startTimeout,
    });
    await world.failpoints.reach('wake.started');
    await settle(world, record);
    return address;
  } catch (error) {
    throw await failWake(world, record, { attempt, error });
  }
}

/** Writes that the wake is done. The clients need not wait for it. */
export async function finishWake(world: World, record: TenantRecord): Promise<void> {
  if (record.kind !== 'waking') return;
  await record.move({ kind: 'running' }, 'the compute is ready');
  await world.failpoints.reach('wake.done');
}

async function failWake(
  world: World,
  record: TenantRecord,
  failure: { readonly attempt: number; readonly error: unknown },
): Promise<Error> {
  const reason = reasonOf(failure.error);
  const wait = backoff(failure.attempt);
  // What was started may still be there, when it was the settling that failed.
  await world.host.stop(record.tenant.id).catch((error: unknown) => {
    world.log.warn('what is left of a failed start could not be ended', {
      tenant: record.tenant.id,
      error,
    });
  });
  const retryAt = later(world.clock.wall(), wait);
  await record.move({ kind: 'failed', attempt: failure.attempt, reason, retryAt }, reason);
  world.log.error('a compute could not start', {
    tenant: record.tenant.id,
    name: record.tenant.name,
    attempt: failure.attempt,
    error: failure.error,
  });
  return wakeFailed(record, reason, wait);
}

/** What a client is told when the tenant cannot start. */
export function wakeFailed(record: TenantRecord, why: string, wait: DurationMs): Error {
  return fault('WAKE_FAILED', { tenant: record.tenant.name, why, wait });
}

/** Makes the running compute agree with what the catalog says of the owner. */
export async function settle(world: World, record: TenantRecord): Promise<void> {
  const { id, name } = record.tenant;
  if (record.tenant.settled) return;
  const verifier = await world.catalog.verifier(id, name);
  if (verifier === undefined) throw new Error('the catalog has no verifier of the owner');
  await world.host.settle(id, { name, verifier });
  record.take(await world.catalog.markSettled(id, verifier));
  await world.failpoints.reach('wake.settled');
}

/** Why a compute cannot be stopped now; null if it can, and then nobody can reach it any more. */
export type ClearTheWay = () => Promise<string | null>;

/**
 * Takes a running tenant to `suspended`, unless `clearTheWay` finds a reason not to after the intent
 * is written; then it is `running` again, and the reason is returned.
 */
export async function suspendCompute(
  world: World,
  record: TenantRecord,
  options: { readonly because: string; readonly clearTheWay: ClearTheWay },
): Promise<string | null> {
  const { because, clearTheWay } = options;
  await finishWake(world, record);
  await record.move({ kind: 'suspending' }, because);
  await world.failpoints.reach('suspend.recorded');
  const refusal = await clearTheWay();
  if (refusal !== null) {
    await record.move({ kind: 'running' }, `not suspended: ${refusal}`);
    return refusal;
  }
  await world.failpoints.reach('suspend.parked');
  // Only now: until all had parked, a session might still have changed a role.
  await saveRolesSoon(world, record);
  await world.host.stop(record.tenant.id);
  await world.failpoints.reach('suspend.stopped');
  await record.move({ kind: 'suspended' }, because);
  await world.failpoints.reach('suspend.done');
  return null;
}

/** Longest that a proxy may take to answer, beyond the time that it is given to drain. */
const PARKED_WITHIN = seconds(10);

/**
 * Has every proxy park the tenant. What cannot be found out counts as held. Once `signal` aborts the
 * proxies are not waited for: its reason says why.
 */
export async function park(
  world: World,
  record: TenantRecord,
  { request, signal }: { readonly request: ParkRequest; readonly signal: AbortSignal },
): Promise<Parked> {
  const drain = request.kind === 'drain' ? request.within : 0;
  const wait = ms(PARKED_WITHIN + drain);
  const otherwise = (): Error => new Error('no answer in time');
  const { id } = record.tenant;
  try {
    const asked = world.sessions().park(id, request);
    const given = Promise.race([asked, givenUp(signal)]);
    return await waitUntil(given, { clock: world.clock, wait, otherwise });
  } catch (error) {
    world.log.warn('a proxy could not park a tenant', { tenant: id, error });
    return { kind: 'held', why: 'a proxy does not answer' };
  }
}

const givenUp = (signal: AbortSignal): Promise<Parked> =>
  new Promise((resolve) => {
    const held = (): void => resolve({ kind: 'held', why: String(signal.reason) });
    signal.addEventListener('abort', held, { once: true });
  });

/** `saveRoles`, but a compute that does not answer is not waited for: it is about to be stopped. */
async function saveRolesSoon(world: World, record: TenantRecord): Promise<void> {
  const otherwise = (): Error => new Error('the compute does not answer');
  const patience = { clock: world.clock, wait: ROLES_WITHIN, otherwise };
  await waitUntil(saveRoles(world, record), patience).catch((error: unknown) => {
    world.log.warn('the roles of a tenant were not read', { tenant: record.tenant.id, error });
  });
}

/** Learns the roles that the tenant itself made or changed, for the next logins. */
export async function saveRoles(world: World, record: TenantRecord): Promise<void> {
  const { id } = record.tenant;
  try {
    await world.catalog.saveRoles(id, await world.host.roles(id));
  } catch (error) {
    // The compute may just have died; then its roles are learned at the next chance.
    world.log.warn('the roles of a tenant could not be read', { tenant: id, error });
  }
}

/** Removes the tenant for good; also finishes a removal that a crash cut short. */
export async function removeTenant(world: World, record: TenantRecord): Promise<void> {
  const { id, name } = record.tenant;
  await record.move({ kind: 'deleting' }, 'asked to delete');
  await world.failpoints.reach('delete.recorded');
  world.sessions().end(id, fault('TENANT_DELETED', { tenant: name }));
  await world.host.stop(id);
  await world.failpoints.reach('delete.stopped');
  await world.host.remove(id);
  await world.failpoints.reach('delete.removed');
  await world.catalog.removeTenant(id);
}

/**
 * Brings a tenant whose row says more than is known to rest or to life, by looking at what is true.
 * Returns the address if the compute runs, else null. `lossWait` is set when the compute has just
 * been lost too often: then it is `failed` for that long.
 */
export async function heal(
  world: World,
  record: TenantRecord,
  lossWait: DurationMs | null,
): Promise<Address | null> {
  const observed = await world.host.observe(record.tenant.id);
  if (observed.kind === 'running') {
    await settle(world, record);
    if (record.kind !== 'running') await record.move({ kind: 'running' }, 'it was found running');
    return observed.address;
  }
  if (observed.kind === 'absent') {
    await fail(world, record, { reason: 'its data directory is missing', wait: backoff(10) });
    return null;
  }
  if (lossWait !== null) {
    await fail(world, record, { reason: 'it ended too often in a minute', wait: lossWait });
    return null;
  }
  await record.move({ kind: 'suspended' }, 'it was found stopped');
  return null;
}

async function fail(
  world: World,
  record: TenantRecord,
  what: { readonly reason: string; readonly wait: DurationMs },
): Promise<void> {
  const retryAt = later(world.clock.wall(), what.wait);
  await record.move({ kind: 'failed', attempt: 1, reason: what.reason, retryAt }, what.reason);
}

/** The reason of a failed start in a few words; a host promises that its messages may be shown. */
function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : 'unknown reason';
}
