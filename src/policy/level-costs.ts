/**
 * What it costs to keep an idle tenant at each level for a second, and what a wake from there takes.
 *
 * Prices are those of rented hardware, in dollars; only what they are to each other decides anything, and a
 * policy file may give others. Sizes are of a small tenant, measured (facts of the engine: an idle compute
 * of the smallest class has 5.6 MB of its own). Wake times are those that this machine really takes.
 */
import type { Tier } from '../domain/tier.ts';
import type { LevelTerms } from './residency.ts';
import type { Rules } from './rules.ts';

const SECONDS_OF_MONTH = 2_629_800;
const MB_OF_GB = 1_024;

const perMbSecond = (dollarsPerGbMonth: number): number =>
  dollarsPerGbMonth / MB_OF_GB / SECONDS_OF_MONTH;

const MEMORY = perMbSecond(5);
const DISK = perMbSecond(0.1);
const OBJECTS = perMbSecond(0.02);

/** Of an idle compute, its shared buffers not counted. */
const COMPUTE_MB = 6;
/** Page cache of a small tenant. The kernel takes it back when it is short, so it costs a part only. */
const CACHE_MB = 8;
const CACHE_WEIGHT = 0.25;
const FILES_MB = 40;
const ARCHIVED_MB = 0.05;

/** Seconds until the first row after a wake. */
export type WakeSeconds = Readonly<Record<'L2' | 'L3' | 'L4', number>>;

/** Of an empty tenant, until this machine has shown its own. Source: bench/README.md. */
export const WAKE_SECONDS: WakeSeconds = { L2: 0.035, L3: 0.04, L4: 0.1 };

/** A second of a tier that is awake. */
export const awakeCost = (rules: Rules, tier: Tier): number =>
  MEMORY * (COMPUTE_MB + rules.tiers[tier].size.sharedBuffersMb + CACHE_MB * CACHE_WEIGHT);

/** A second of a tenant that sleeps here. */
export const ASLEEP_COST = DISK * FILES_MB;

/** With what everything is compared: a tenant that never sleeps, as under the preset `always-on`. */
export const alwaysOnCost = (rules: Rules): number => awakeCost(rules, 'PERSISTENT');

/** Coldest last. */
export function levelTerms(rules: Rules, tier: Tier, wakes: WakeSeconds): readonly LevelTerms[] {
  const { levels } = rules.residency;
  if (levels !== 'measured') return levels;
  return [
    { level: 'L1', costPerSecond: awakeCost(rules, tier), wakeSeconds: 0 },
    {
      level: 'L2',
      costPerSecond: MEMORY * CACHE_MB * CACHE_WEIGHT + DISK * FILES_MB,
      wakeSeconds: wakes.L2,
    },
    { level: 'L3', costPerSecond: DISK * FILES_MB, wakeSeconds: Math.max(wakes.L2, wakes.L3) },
    {
      level: 'L4',
      costPerSecond: OBJECTS * ARCHIVED_MB,
      wakeSeconds: Math.max(wakes.L2, wakes.L3, wakes.L4),
    },
  ];
}
