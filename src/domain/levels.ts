/**
 * The ladder: where a tenant's data is, in levels from quick and dear to slow and cheap.
 *
 *   L1  shared buffers of the running compute
 *   L2  page cache of this machine
 *   L3  files on this machine's disk
 *   L4  the archive
 */
import type { Timestamp } from './units.ts';

export const LEVELS = ['L1', 'L2', 'L3', 'L4'] as const;
export type Level = (typeof LEVELS)[number];

/** Bytes of a tenant at each level; null where that cannot be measured on this system. */
export type LevelBytes = {
  readonly l1: number | null;
  readonly l2: number | null;
  readonly l3: number;
};

/** Reads of 8 kB pages since the compute started, by the level that served them. */
export type LevelHits = {
  readonly l1: number;
  /** Null where disk reads cannot be told from the page cache; `l3` then has both. */
  readonly l2: number | null;
  readonly l3: number;
};

/** One relation and what it has at each level, for people and for the prefetch. */
export type RelationLevels = {
  readonly database: string;
  /** Schema and name; `system catalogs` and the like for what is summed up. */
  readonly relation: string;
  readonly bytes: LevelBytes;
  /** Its share of the tenant's accesses of late, 0 to 1. */
  readonly share: number;
};

export type LevelReading = {
  readonly bytes: LevelBytes;
  /** Null while it sleeps. */
  readonly hits: LevelHits | null;
  /** The largest first, at most 100; empty while it sleeps. */
  readonly relations: readonly RelationLevels[];
};

/** What is done on the ladder. */
export const STEP_KINDS = [
  'shed-l1',
  'resize',
  'shed-l2',
  'suspend',
  'archive',
  'snapshot',
  'hydrate',
  'wake',
  'prewarm',
  'restore',
] as const;
export type StepKind = (typeof STEP_KINDS)[number];

/** One step as it is recorded. */
export type LadderStep = {
  readonly at: Timestamp;
  readonly kind: StepKind;
  /** Bytes moved, dropped, evicted or read, as the kind says. */
  readonly bytes: number;
  readonly ms: number;
  /** For a wake: the level that served it. */
  readonly from: Level | null;
  readonly because: string;
};

/** What is kept of a tenant's levels while it sleeps, and summed up over its wakes. */
export type LevelTotals = {
  /** As last measured; L4 is what its snapshots take in the store. */
  readonly l2: number | null;
  readonly l3: number;
  readonly l4: number;
  readonly hitsL1: number;
  readonly hitsL2: number;
  readonly hitsL3: number;
  readonly wakesL2: number;
  readonly wakesL3: number;
  readonly wakesL4: number;
};

export const NO_TOTALS: LevelTotals = {
  ...{ l2: null, l3: 0, l4: 0, hitsL1: 0, hitsL2: 0, hitsL3: 0 },
  ...{ wakesL2: 0, wakesL3: 0, wakesL4: 0 },
};

/** The part of page reads that memory served, 0 to 1; null before the first. Source: VISION.md, KPI. */
export function hitRatio(totals: LevelTotals): number | null {
  const { hitsL1, hitsL2, hitsL3 } = totals;
  const all = hitsL1 + hitsL2 + hitsL3;
  return all === 0 ? null : (hitsL1 + hitsL2) / all;
}
