/**
 * What it costs to keep an idle tenant at each level for a second, and what a wake from there takes.
 *
 * Prices are those of the price book that somebody has put in force; until then those of rented hardware, in dollars. Only what
 * they are to each other decides anything, and a policy file may give others. Sizes are of a small tenant, measured (facts of the
 * engine: an idle compute of the smallest class has 5.6 MB of its own). Wake times are those that this machine really takes.
 */
import type { Tier } from '../domain/tier.ts';
import type { LevelTerms } from './residency.ts';
import type { Rules } from './rules.ts';

const SECONDS_OF_MONTH = 2_629_800;
const MB_OF_GB = 1_024;

const perMbSecond = (dollarsPerGbMonth: number): number =>
  dollarsPerGbMonth / MB_OF_GB / SECONDS_OF_MONTH;

/** Of an idle compute, its shared buffers not counted. */
const COMPUTE_MB = 6;
/** Page cache of a small tenant. */
const CACHE_MB = 8;
/** The kernel takes it back when it is short, so on a machine that is rented as a whole it costs a part only. */
const CACHE_WEIGHT = 0.25;
const FILES_MB = 40;
const ARCHIVED_MB = 0.05;

/** What things cost for a second, in one currency. */
export type LevelPrices = {
  /** Of a MB. */
  readonly memory: number;
  readonly cache: number;
  readonly disk: number;
  readonly archive: number;
  /** Of a compute that runs, by tier, besides its bytes. */
  readonly awake: Readonly<Record<Tier, number>>;
  /** Of a tenant that never sleeps; null for one of ours in PERSISTENT. */
  readonly alwaysOn: number | null;
};

/** Of rented hardware: what holds while no price book was put in force. */
export const LEVEL_PRICES: LevelPrices = {
  memory: perMbSecond(5),
  cache: perMbSecond(5) * CACHE_WEIGHT,
  disk: perMbSecond(0.1),
  archive: perMbSecond(0.02),
  awake: { COLD: 0, WARM: 0, HOT: 0, PERSISTENT: 0 },
  alwaysOn: null,
};

/** Seconds until the first row after a wake. */
export type WakeSeconds = Readonly<Record<'L2' | 'L3' | 'L4', number>>;

/** Of an empty tenant, until this machine has shown its own. Source: bench/README.md. */
export const WAKE_SECONDS: WakeSeconds = { L2: 0.035, L3: 0.04, L4: 0.1 };

/** A second of a tier that is awake. */
export const awakeCost = (rules: Rules, tier: Tier, prices = LEVEL_PRICES): number =>
  prices.memory * (COMPUTE_MB + rules.tiers[tier].size.sharedBuffersMb) +
  prices.cache * CACHE_MB +
  prices.awake[tier];

/** A second of a tenant that sleeps here. */
export const asleepCost = (prices = LEVEL_PRICES): number => prices.disk * FILES_MB;

/** With what everything is compared: a tenant that never sleeps, as under the preset `always-on`. */
export const alwaysOnCost = (rules: Rules, prices = LEVEL_PRICES): number =>
  prices.alwaysOn ?? awakeCost(rules, 'PERSISTENT', prices);

/** Coldest last. */
export function levelTerms(
  rules: Rules,
  tier: Tier,
  wakes: WakeSeconds,
  prices = LEVEL_PRICES,
): readonly LevelTerms[] {
  const { levels } = rules.residency;
  if (levels !== 'measured') return levels;
  const asleep = asleepCost(prices);
  return [
    { level: 'L1', costPerSecond: awakeCost(rules, tier, prices), wakeSeconds: 0 },
    { level: 'L2', costPerSecond: prices.cache * CACHE_MB + asleep, wakeSeconds: wakes.L2 },
    { level: 'L3', costPerSecond: asleep, wakeSeconds: Math.max(wakes.L2, wakes.L3) },
    {
      level: 'L4',
      costPerSecond: prices.archive * ARCHIVED_MB,
      wakeSeconds: Math.max(wakes.L2, wakes.L3, wakes.L4),
    },
  ];
}
