/**
 * What happened on the ladder, written to the catalog behind everybody's back. A record that cannot be
 * written is told to the log and left out: nothing waits for it, and nothing depends on it.
 */
import type { Snapshot } from '../domain/archive.ts';
import type { Catalog } from '../domain/catalog.ts';
import type { Clock } from '../domain/clock.ts';
import type { TenantId } from '../domain/ids.ts';
import type { LadderStep, Level, LevelReading, LevelTotals, StepKind } from '../domain/levels.ts';
import type { Log } from '../domain/log.ts';
import { elapsed, type Instant } from '../domain/units.ts';

type LadderWorld = {
  readonly clock: Clock;
  readonly catalog: Pick<Catalog, 'recordStep' | 'noteLevels'>;
  readonly log: Log;
};

export type StepDone = {
  readonly kind: StepKind;
  readonly bytes: number;
  /** When it began. */
  readonly since: Instant;
  readonly from?: Level;
  readonly because: string;
};

export class LadderLog {
  readonly #world: LadderWorld;
  readonly #underWay = new Set<Promise<void>>();

  constructor(world: LadderWorld) {
    this.#world = world;
  }

  step(tenant: TenantId, { kind, bytes, since, from, because }: StepDone): void {
    const { clock, catalog } = this.#world;
    const took = Math.round(elapsed(since, clock.now()));
    const step: LadderStep = {
      ...{ at: clock.wall(), kind, bytes, ms: took, because },
      from: from ?? null,
    };
    this.#behind(tenant, catalog.recordStep(tenant, step));
  }

  /** A compute was started with what was found at `from`. */
  woke(tenant: TenantId, from: Level): void {
    const key = ({ L1: null, L2: 'wakesL2', L3: 'wakesL3', L4: 'wakesL4' } as const)[from];
    if (key !== null) this.#note(tenant, { [key]: 1 });
  }

  /** What a compute has been served with, told once at its end. */
  rested(tenant: TenantId, { bytes, hits }: LevelReading): void {
    const served = hits && { hitsL1: hits.l1, hitsL2: hits.l2 ?? 0, hitsL3: hits.l3 };
    this.#note(tenant, { l2: bytes.l2, l3: bytes.l3, ...served });
  }

  archived(tenant: TenantId, { storedBytes }: Snapshot): void {
    this.#note(tenant, { l2: 0, l3: 0, l4: storedBytes });
  }

  saved(tenant: TenantId, { storedBytes }: Snapshot): void {
    this.#note(tenant, { l4: storedBytes });
  }

  shelved(tenant: TenantId, l2: number): void {
    this.#note(tenant, { l2 });
  }

  /** Resolves when all that was told has been written. */
  async written(): Promise<void> {
    await Promise.all(this.#underWay);
  }

  #note(tenant: TenantId, change: Partial<LevelTotals>): void {
    this.#behind(tenant, this.#world.catalog.noteLevels(tenant, change));
  }

  #behind(tenant: TenantId, work: Promise<void>): void {
    const told = work
      .catch((error: unknown) => {
        this.#world.log.debug('a record of the ladder was not written', { tenant, error });
      })
      .finally(() => this.#underWay.delete(told));
    this.#underWay.add(told);
  }
}
