/**
 * What happened on the ladder, written to the catalog behind everybody's back: a moment later, so that
 * a wake's records do not compete with the first query of the client it was for, one after the other, and
 * what adds up in one. A record that cannot be written is told to the log and left out: nothing waits for
 * it, and nothing depends on it.
 */
import type { Snapshot } from '../domain/archive.ts';
import type { Catalog } from '../domain/catalog.ts';
import type { CancelTimer, Clock } from '../domain/clock.ts';
import type { TenantId } from '../domain/ids.ts';
import type { LadderStep, Level, LevelReading, LevelTotals, StepKind } from '../domain/levels.ts';
import type { Log } from '../domain/log.ts';
import { elapsed, type Instant, ms } from '../domain/units.ts';

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

/** How long records are gathered. Longer than the first query of a client takes to come and be answered. */
const WRITTEN_AFTER = ms(200);
/** Steps that wait to be written; there are more only while the catalog does not answer. */
const WAITING_MAX = 10_000;

type Waiting = { note: Partial<LevelTotals> | null; readonly steps: LadderStep[] };

export class LadderLog {
  readonly #world: LadderWorld;
  #waiting = new Map<TenantId, Waiting>();
  #stepsWaiting = 0;
  #writing: Promise<void> | null = null;
  #cancel: CancelTimer | null = null;

  constructor(world: LadderWorld) {
    this.#world = world;
  }

  step(tenant: TenantId, { kind, bytes, since, from, because }: StepDone): void {
    const { clock, log } = this.#world;
    if (this.#stepsWaiting >= WAITING_MAX) {
      log.debug('a record of the ladder was left out', { tenant, kind });
      return;
    }
    const took = Math.round(elapsed(since, clock.now()));
    const step = { at: clock.wall(), kind, bytes, ms: took, because, from: from ?? null };
    this.#stepsWaiting += 1;
    this.#entry(tenant).steps.push(step);
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

  /** Writes what waits, at once. Resolves when all that was told has been written. */
  async written(): Promise<void> {
    await this.#writing;
    await this.#write();
  }

  #note(tenant: TenantId, change: Partial<LevelTotals>): void {
    const entry = this.#entry(tenant);
    entry.note = entry.note === null ? change : bothNotes(entry.note, change);
  }

  #entry(tenant: TenantId): Waiting {
    this.#cancel ??= this.#world.clock.timer(WRITTEN_AFTER, () => void this.#write());
    const found = this.#waiting.get(tenant);
    if (found) return found;
    const made: Waiting = { note: null, steps: [] };
    this.#waiting.set(tenant, made);
    return made;
  }

  /** What comes meanwhile waits for its turn, and is gathered. */
  #write(): Promise<void> {
    this.#writing ??= this.#writeAll().finally(() => {
      this.#writing = null;
    });
    return this.#writing;
  }

  async #writeAll(): Promise<void> {
    while (this.#waiting.size > 0) {
      this.#cancel?.();
      this.#cancel = null;
      const waiting = this.#waiting;
      this.#waiting = new Map();
      for (const [tenant, entry] of waiting) await this.#writeOne(tenant, entry);
    }
  }

  async #writeOne(tenant: TenantId, { note, steps }: Waiting): Promise<void> {
    const { catalog, log } = this.#world;
    const failed = (error: unknown) =>
      log.debug('a record of the ladder was not written', { tenant, error });
    if (note) await catalog.noteLevels(tenant, note).catch(failed);
    for (const step of steps) {
      await catalog.recordStep(tenant, step).catch(failed);
      this.#stepsWaiting -= 1;
    }
  }
}

const COUNTS = ['hitsL1', 'hitsL2', 'hitsL3', 'wakesL2', 'wakesL3', 'wakesL4'] as const;

/** One note that says what two say: counts add up, and bytes are those told last. */
function bothNotes(
  before: Partial<LevelTotals>,
  change: Partial<LevelTotals>,
): Partial<LevelTotals> {
  const sums = COUNTS.filter((key) => key in before || key in change).map(
    (key) => [key, (before[key] ?? 0) + (change[key] ?? 0)] as const,
  );
  return { ...before, ...change, ...Object.fromEntries(sums) };
}
