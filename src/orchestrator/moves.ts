/**
 * The moves of a tenant, step by step: what is written, then what is done, with a failpoint after
 * each step. Whoever calls these has made sure that no other move of the tenant is under way.
 */
import { fault } from '../domain/faults.ts';
import type { Parked, ParkRequest } from '../domain/gate.ts';
import type { Address, Started } from '../domain/host.ts';
import type { TenantId } from '../domain/ids.ts';
import type { LevelReading } from '../domain/levels.ts';
import type { MoveChange, TierHeld } from '../domain/tenant.ts';
import type { SizeClass, Tier } from '../domain/tier.ts';
import { type DurationMs, later, ms, seconds } from '../domain/units.ts';
import { backoff } from '../policy/backoff.ts';
import type { TenantRecord } from './tenant-record.ts';
import { waitUntil } from './wait-until.ts';
import type { LifeWorld, World } from './world.ts';

/** Longest that a suspend waits for what a compute has to say. */
const LAST_WORDS_WITHIN = seconds(5);

/** Takes a tenant from `creating` to `suspended`. It gets its files when it is first woken. */
export async function placeTenant(world: World, record: TenantRecord): Promise<void> {
  await world.failpoints.reach('create.recorded');
  await record.move({ kind: 'suspended' }, 'it is entered in the catalog');
  await world.failpoints.reach('create.done');
}

/** Waits until it is its turn to be started. Returns what to call at the end. */
export async function takeTurn(
  world: World,
  record: TenantRecord,
  signal: AbortSignal,
): Promise<() => void> {
  try {
    return await world.queue.enter(signal);
  } catch (error) {
    if (record.isUnclear) await abandonWake(world, record, 'too many wakes are under way');
    throw error;
  }
}

/** Writes that a wake is under way. */
export async function beginWake(
  world: World,
  record: TenantRecord,
  { because, held }: { readonly because: string; readonly held: TierHeld },
): Promise<void> {
  const { state } = record.tenant;
  const attempt = state.kind === 'failed' ? state.attempt + 1 : 1;
  await record.move({ kind: 'waking', attempt }, because, held);
  await world.failpoints.reach('wake.recorded');
}

/**
 * Sees to it that the files of a waking tenant are here. Returns the bytes read from the archive. The
 * signal gives up a hydrate; its reason says why.
 */
export async function bringHome(
  world: LifeWorld,
  record: TenantRecord,
  signal: AbortSignal,
): Promise<number> {
  const { id, name, vault, home } = record.tenant;
  try {
    let bytes = 0;
    if (home.kind === 'none') {
      world.husks.wanted();
      await world.host.create(id);
    }
    if (home.kind === 'archive') {
      const ref = { tenant: id, vault, snapshot: home.snapshot };
      bytes = await world.host.hydrate(id, ref, signal);
    }
    await world.failpoints.reach('wake.placed');
    return bytes;
  } catch (error) {
    if (!signal.aborted) throw await failWake(world, record, error);
    await abandonWake(world, record, String(signal.reason));
    throw fault('TENANT_BUSY', { tenant: name, why: `is not brought back: ${signal.reason}` });
  }
}

/** Starts the compute of a waking tenant whose files are here; `running` is written by `finishWake`. */
export async function startCompute(
  world: World,
  record: TenantRecord,
  { size, rung }: { readonly size: SizeClass; readonly rung: Tier },
): Promise<Started> {
  try {
    const started = await world.host.start(record.tenant.id, {
      size,
      limits: world.rulesOf(record.tenant).tiers[rung].limits,
      giveUpAfter: world.settings.startTimeout,
    });
    await world.failpoints.reach('wake.started');
    await settle(world, record);
    return started;
  } catch (error) {
    throw await failWake(world, record, error);
  }
}

const LOCAL = { kind: 'local' } as const;

/** Writes that the wake is done. The clients need not wait for it. */
export async function finishWake(world: World, record: TenantRecord): Promise<void> {
  if (record.kind !== 'waking') return;
  await record.move({ kind: 'running' }, 'the compute is ready', { home: LOCAL });
  await world.failpoints.reach('wake.done');
}

/** A wake is given up that has not begun to start anything. */
async function abandonWake(world: World, record: TenantRecord, because: string): Promise<void> {
  await record.move({ kind: 'suspended' }, because, await foundHome(world, record));
}

/** Where the files are after something was cut short. They come into place whole, so what is here counts. */
async function foundHome(world: World, { tenant }: TenantRecord): Promise<MoveChange> {
  if (tenant.home.kind === 'local') return {};
  const observed = await world.host.observe(tenant.id);
  return observed.kind === 'absent' ? {} : { home: LOCAL };
}

async function failWake(world: World, record: TenantRecord, error: unknown): Promise<Error> {
  const { state } = record.tenant;
  const attempt = state.kind === 'waking' ? state.attempt : 1;
  return await failedWake(world, record, { attempt, error });
}

async function failedWake(
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
  const failed = { kind: 'failed', attempt: failure.attempt, reason, retryAt } as const;
  await record.move(failed, reason, await foundHome(world, record));
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
  // Data that has just come out of a snapshot has roles of its own.
  if (record.tenant.home.kind === 'archive') await saveRoles(world, record);
  await world.failpoints.reach('wake.settled');
}

/** Why a compute cannot be stopped now; null if it can, and then nobody can reach it any more. */
type ClearTheWay = () => Promise<string | null>;

export type Suspension = {
  readonly because: string;
  readonly clearTheWay: ClearTheWay;
  /**
   * It is started again at once, under clients who wait: the row stays `suspending`, which says all
   * that a crash must know, and the roles are left to be read after the start.
   */
  readonly restarts: boolean;
  /** The tier that it has at rest, asked for when it is there. */
  readonly heldAtRest: () => TierHeld;
};

/**
 * Takes a running tenant to `suspended`, unless `clearTheWay` finds a reason not to after the intent
 * is written; then it is `running` again, and the reason is returned.
 */
export async function suspendCompute(
  world: LifeWorld,
  record: TenantRecord,
  { because, clearTheWay, restarts, heldAtRest }: Suspension,
): Promise<string | null> {
  const since = world.clock.now();
  await finishWake(world, record);
  // Before anybody is parked, who would have to wait for it.
  const reading = await remembered(world, record);
  await record.move({ kind: 'suspending' }, because);
  await world.failpoints.reach('suspend.recorded');
  const refusal = await clearTheWay();
  if (refusal !== null) {
    await record.move({ kind: 'running' }, `not suspended: ${refusal}`);
    return refusal;
  }
  await world.failpoints.reach('suspend.parked');
  const bytes = reading === null ? 0 : rested(world, record.tenant.id, reading);
  // Only now: until all had parked, a session might still have changed a role.
  if (!restarts) await lastWords(world, record, () => saveRoles(world, record));
  await world.host.stop(record.tenant.id);
  await world.failpoints.reach('suspend.stopped');
  if (!restarts) await record.move({ kind: 'suspended' }, because, heldAtRest());
  world.ladder.step(record.tenant.id, { kind: 'suspend', bytes, since, because });
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

/** What was worth having in memory is kept; null if the compute does not tell. */
async function remembered(world: LifeWorld, record: TenantRecord): Promise<LevelReading | null> {
  const told: LevelReading[] = [];
  await lastWords(world, record, async () => {
    told.push(await world.host.remember(record.tenant.id));
  });
  return told[0] ?? null;
}

/** Asks a compute for what must be known before it is stopped. One that does not answer is not waited for. */
async function lastWords(
  world: LifeWorld,
  record: TenantRecord,
  ask: () => Promise<void>,
): Promise<void> {
  const otherwise = (): Error => new Error('the compute does not answer');
  const patience = { clock: world.clock, wait: LAST_WORDS_WITHIN, otherwise };
  await waitUntil(ask(), patience).catch((error: unknown) => {
    const tenant = record.tenant.id;
    world.log.warn('a compute was stopped without its last words', { tenant, error });
  });
}

/** What the compute was served with is kept. Returns what the tenant leaves in the page cache, in bytes. */
function rested(world: LifeWorld, tenant: TenantId, reading: LevelReading): number {
  const bytes = reading.bytes.l2 ?? 0;
  world.ladder.rested(tenant, reading);
  world.learner.of(tenant).measured(reading.bytes.l3);
  shelve(world, tenant, bytes);
  return bytes;
}

/** What the tenant leaves in the page cache is counted; who has too much of it gives it up. */
function shelve(world: LifeWorld, tenant: TenantId, bytes: number): void {
  giveUpPageCache(world, world.shelf.put(tenant, bytes, world.clock.now()));
}

/** Behind everybody's back. */
export function giveUpPageCache(
  { host, log, ladder, clock }: Pick<LifeWorld, 'host' | 'log' | 'ladder' | 'clock'>,
  tenants: readonly TenantId[],
): void {
  for (const other of tenants) {
    const since = clock.now();
    host.shedL2(other, 0).then(
      (dropped) => {
        ladder.shelved(other, 0);
        const because = 'sleeping tenants keep more of the page cache than they may';
        ladder.step(other, { kind: 'shed-l2', bytes: dropped, since, because });
      },
      (error: unknown) => {
        log.warn('page cache could not be dropped', { tenant: other, error });
      },
    );
  }
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
export async function removeTenant(world: LifeWorld, record: TenantRecord): Promise<void> {
  const { id, name, vault } = record.tenant;
  await record.move({ kind: 'deleting' }, 'asked to delete');
  await world.failpoints.reach('delete.recorded');
  world.sessions().end(id, fault('TENANT_DELETED', { tenant: name }));
  await world.host.stop(id);
  await world.failpoints.reach('delete.stopped');
  await world.host.remove(id);
  world.shelf.forget(id);
  await world.failpoints.reach('delete.removed');
  await world.archive.forget({ tenant: id, vault });
  await world.failpoints.reach('delete.forgotten');
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
  if (record.kind === 'archiving') return await healArchiving(world, record);
  const { id, home } = record.tenant;
  const observed = await world.host.observe(id);
  const change = observed.kind === 'absent' ? {} : { home: LOCAL };
  if (observed.kind === 'running') {
    await settle(world, record);
    if (record.kind !== 'running') {
      await record.move({ kind: 'running' }, 'it was found running', change);
    }
    return observed.address;
  }
  if (observed.kind === 'absent' && home.kind === 'local') {
    await fail(world, record, { reason: MISSING, wait: backoff(10) });
    return null;
  }
  if (lossWait !== null) {
    await fail(world, record, { reason: 'it ended too often in a minute', wait: lossWait });
    return null;
  }
  await record.move({ kind: 'suspended' }, 'it was found stopped', change);
  return null;
}

const MISSING =
  'its data directory is missing; "dynabase snapshots restore" brings back what was archived last';

/** Whether its files are to go was written before they went. */
async function healArchiving(world: World, record: TenantRecord): Promise<null> {
  const { id, home } = record.tenant;
  await world.host.stop(id);
  if (home.kind !== 'local') await world.host.remove(id);
  const found = home.kind === 'local' ? 'its archiving was cut short' : 'it was found archived';
  await record.move({ kind: 'suspended' }, found);
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
