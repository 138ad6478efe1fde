/**
 * One tenant and the archive: its files taken there, snapshots of it, and a snapshot put in place of
 * what it has.
 */
import type { Snapshot } from '../domain/archive.ts';
import type { AwakeCause } from '../domain/awake.ts';
import { Fault, fault } from '../domain/faults.ts';
import type { SnapshotId } from '../domain/ids.ts';
import { type Instant, seconds } from '../domain/units.ts';
import {
  archiveTenant,
  mustBeGood,
  restoreTenant,
  type SnapshotRequest,
  takeSnapshot,
} from './archive-moves.ts';
import type { TenantCompute } from './tenant-compute.ts';
import type { TenantRecord } from './tenant-record.ts';
import type { Turns } from './transition.ts';
import type { LifeWorld } from './world.ts';
import { Yielding } from './yielding.ts';

/** How often a snapshot of a sleeping tenant gives way to a wake, before that is told to who asked. */
const SNAPSHOT_TRIES_MAX = 5;

/** How long who is at work may delay a restore. */
const RESTORE_WITHIN = seconds(5);

/** Why work that has given way is not to be tried again. */
const STOPPED = new Error('its compute is to be stopped, or the tenant to be removed');

export type TenantArchiveParts = {
  readonly world: LifeWorld;
  readonly record: TenantRecord;
  readonly compute: TenantCompute;
  readonly turns: Turns;
};

export type SnapshotWish = Pick<SnapshotRequest, 'name' | 'because'> & {
  /** Nobody asked for it: it is time for one. */
  readonly isOnlyDue: boolean;
};

export class TenantArchive {
  readonly #parts: TenantArchiveParts;
  readonly #yielding = new Yielding();
  /** When the running compute was last saved without a name, or found unused since. */
  #savedAt: Instant | null = null;

  constructor(parts: TenantArchiveParts) {
    this.#parts = parts;
  }

  /**
   * Suspends it if nobody is at work, and takes its files to the archive. No effect if they are there.
   * Throws `TENANT_BUSY`, also if it is not of the generation `seen` any more, and what the archive
   * throws.
   */
  archive(because: string, seen: number | null): Promise<void> {
    const work = (signal: AbortSignal): Promise<void> => {
      this.#refuseIfMoved(seen);
      return this.#archive(because, signal);
    };
    return this.#parts.turns.exclusively('archive', () => this.#yielding.run(work));
  }

  /**
   * As `Lifecycle.snapshot`. One of a sleeping tenant gives way to a wake, and is then taken of the
   * compute. How a compute is used is reported a moment late, which may do for one that is only due:
   * nothing is written then if nobody has asked anything. Who asks for one gets what is there now.
   */
  async snapshot({
    cause: asked,
    ...wish
  }: SnapshotWish & { readonly cause?: AwakeCause }): Promise<Snapshot> {
    const { record, turns } = this.#parts;
    const cause = asked ?? ({ kind: 'upkeep', doing: wish.because } as const);
    for (let tries = 0; tries < SNAPSHOT_TRIES_MAX; tries++) {
      if (record.tenant.home.kind === 'none') await turns.wake(cause);
      const taken = await this.#snapshotUnlessWoken(wish);
      if (taken !== null) return taken;
      // Who came is first. Whatever comes of that start, the next try tells.
      await turns.wake(cause).catch(() => {});
    }
    throw this.#busy('is being woken');
  }

  /** Puts a snapshot in place of what it has. Throws `TENANT_BUSY`, and what `mustBeGood` throws. */
  restore(snapshot: SnapshotId): Promise<void> {
    return this.#parts.turns.exclusively('restore', () => this.#restore(snapshot));
  }

  /** Somebody wants the compute. */
  giveWay(): void {
    this.#yielding.giveWay();
  }

  /** As `giveWay`, and what is under way is not tried again. */
  giveUp(): void {
    this.#yielding.giveWay(STOPPED);
  }

  async #archive(because: string, signal: AbortSignal): Promise<void> {
    const { world, record, compute } = this.#parts;
    this.#refuseIfGone();
    await compute.heal();
    if (compute.address !== null) await compute.suspend(because, 'operator');
    if (record.tenant.home.kind !== 'local') return;
    this.#refuseIfUnfit();
    try {
      await archiveTenant(world, record, { because, signal });
    } catch (error) {
      if (signal.aborted) throw this.#busy('is being woken');
      throw this.#told(error);
    }
  }

  /** Null if it had to give way. */
  async #snapshotUnlessWoken(wish: SnapshotWish): Promise<Snapshot | null> {
    const taken: Snapshot[] = [];
    const work = async (signal: AbortSignal): Promise<void> => {
      try {
        taken.push(await this.#snapshot(wish, signal));
      } catch (error) {
        if (!signal.aborted) throw error;
        if (signal.reason === STOPPED) throw this.#busy('is being stopped');
      }
    };
    await this.#parts.turns.exclusively('snapshot', () => this.#yielding.run(work));
    return taken[0] ?? null;
  }

  async #snapshot({ isOnlyDue, ...wish }: SnapshotWish, signal: AbortSignal): Promise<Snapshot> {
    const { world, record, compute } = this.#parts;
    this.#refuseIfGone();
    await compute.heal();
    this.#refuseIfUnfit();
    const begun = world.clock.now();
    const request = { ...wish, isUnused: isOnlyDue && this.#isUnused, signal };
    const snapshot = await takeSnapshot(world, record, request).catch((error: unknown) => {
      throw this.#told(error);
    });
    // One with a name is not the one that is given again.
    if (wish.name === null) this.#savedAt = compute.address === null ? null : begun;
    return snapshot;
  }

  /** Nobody has asked the running compute anything since it was saved, as far as has been reported. */
  get #isUnused(): boolean {
    const { usedAt } = this.#parts.compute;
    return this.#savedAt !== null && (usedAt === null || usedAt < this.#savedAt);
  }

  async #restore(snapshot: SnapshotId): Promise<void> {
    const { world, record, compute } = this.#parts;
    this.#refuseIfGone();
    await mustBeGood(world, record, snapshot);
    await compute.heal();
    if (compute.address !== null) {
      const because = `snapshot ${snapshot} is to be restored`;
      await compute.drain({ within: RESTORE_WITHIN, force: false }, because, 'operator');
    }
    await restoreTenant(world, record, snapshot).catch((error: unknown) => {
      throw this.#told(error);
    });
    this.#savedAt = null;
  }

  /** What a host says of files that cannot be saved may be shown; what is no word of it may not. */
  #told(error: unknown): unknown {
    const isOfHost = error instanceof Error && !(error instanceof TypeError);
    if (!isOfHost || error instanceof Fault) return error;
    const tenant = this.#parts.record.tenant.name;
    return fault('NOT_ARCHIVED', { tenant, why: error.message }, { cause: error });
  }

  #refuseIfUnfit(): void {
    this.#refuseIfGone();
    if (this.#parts.record.kind === 'failed') throw this.#busy('could not be started lately');
  }

  #refuseIfMoved(seen: number | null): void {
    if (seen === null || seen === this.#parts.record.tenant.generation) return;
    throw this.#busy('has been used meanwhile');
  }

  #busy(why: string): Fault {
    return fault('TENANT_BUSY', { tenant: this.#parts.record.tenant.name, why });
  }

  #refuseIfGone(): void {
    const { record, compute } = this.#parts;
    if (!compute.isGone && !record.isUnborn) return;
    throw fault('TENANT_UNKNOWN', { tenant: record.tenant.name });
  }
}
