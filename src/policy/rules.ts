/**
 * The rules: what each tier is given and how it is taken back, who gets which tier, and how long an idle
 * tenant is kept awake. Data, not code; a policy file replaces any of it (`rules-file.ts`).
 */
import type { Level } from '../domain/levels.ts';
import type { Limits, SizeClass, Tier } from '../domain/tier.ts';
import { type DurationMs, hours, minutes, seconds } from '../domain/units.ts';
import type { VisitorRule } from '../domain/visitors.ts';
import { ALWAYS_ON_PLANS, BOUNDED_PLANS, type PlanBook, UNBOUNDED_PLANS } from './plan-terms.ts';
import type { LevelTerms } from './residency.ts';
import type { TenantRules } from './rules-tenants.ts';
import { DEMO_MOVES, type MoveRules, NO_MOVES, VISION_MOVES } from './tier-rules.ts';
import { DEFAULT_VISITOR_RULES } from './visitors.ts';

export type TierRules = {
  readonly size: SizeClass;
  readonly limits: Limits;
  /** Idle time after which it begins to go down; null for never. */
  readonly idleAfter: DurationMs | null;
  /** How long the way to the next tier below takes; for COLD and WARM that is sleep. */
  readonly descentTakes: DurationMs;
};

/** How long an idle tenant is kept, and where. */
export type ResidencyRules = {
  /** By the idle times of the tiers, or by each tenant's own chance of returning, within bounds. */
  readonly mode: 'fixed' | 'adaptive';
  /** What may be spent, in percent of what it would cost to have all tenants awake always. */
  readonly budgetPercent: number;
  /** What a second of a user's waiting is worth, in money; `auto` is steered to the budget. */
  readonly valueOfSecond: number | 'auto';
  /** What each level costs a second, and what a wake from there takes; `measured` on this machine. */
  readonly levels: readonly LevelTerms[] | 'measured';
  /** The least idle time awake after use, while residency is adaptive; null for always awake. */
  readonly awakeAtLeast: Readonly<Record<Tier, DurationMs | null>>;
  /** The coldest level that a tenant of the tier is let down to. */
  readonly coldest: Readonly<Record<Tier, Level>>;
};

export type Rules = {
  readonly tiers: Readonly<Record<Tier, TierRules>>;
  /** In how many steps a way down is gone. */
  readonly descentSteps: number;
  /** How long a tenant is at rest before its files leave this machine; null for never. */
  readonly archiveAfter: DurationMs | null;
  /** Most that may be lost with the machine: changes older than this are in a snapshot. Null for no bound. */
  readonly snapshotEvery: DurationMs | null;
  /** Page cache that sleeping tenants may keep, all together; null for a quarter of the memory. */
  readonly l2BudgetMb: number | null;
  /** Most that is read back into shared buffers behind the first query. */
  readonly prewarmMb: number;
  /** With less free disk than this, tenants at rest are archived before their time. */
  readonly diskReserveMb: number;
  /** When use moves a tenant from tier to tier. */
  readonly tierRules: MoveRules;
  /** What plans promise and bound. */
  readonly plans: PlanBook;
  readonly residency: ResidencyRules;
  /** What is different for some tenants: each row that matches applies, later ones over earlier ones. */
  readonly tenants: readonly TenantRules[];
  /** Who counts as a person, and who does not. The first rule that matches counts. */
  readonly visitors: readonly VisitorRule[];
};

const MB_OF_GB = 1_024;

const tier = (
  size: readonly [buffersMb: number, workKb: number, maintenanceMb: number, connections: number],
  limits: readonly [memoryMb: number, cpuPercent: number, ioMbPerSecond: number | null],
  way: readonly [idleAfter: DurationMs | null, descentTakes: DurationMs],
): TierRules => {
  const [sharedBuffersMb, workMemKb, maintenanceWorkMemMb, connectionsMax] = size;
  const [memoryMb, cpuPercent, ioMbPerSecond] = limits;
  const processesMax = connectionsMax + PROCESSES_SPARE;
  return {
    size: { sharedBuffersMb, workMemKb, maintenanceWorkMemMb, connectionsMax },
    limits: { memoryMb, cpuPercent, processesMax, ioMbPerSecond },
    idleAfter: way[0],
    descentTakes: way[1],
  };
};

/** Processes of a compute besides its sessions: its own, and parallel and maintenance workers. */
const PROCESSES_SPARE = 64;

/** Idle times of the tiers; every tenant may go to the archive. */
const FIXED: ResidencyRules = {
  mode: 'fixed',
  budgetPercent: 5,
  valueOfSecond: 'auto',
  levels: 'measured',
  awakeAtLeast: { COLD: seconds(15), WARM: minutes(1), HOT: minutes(15), PERSISTENT: null },
  coldest: { COLD: 'L4', WARM: 'L4', HOT: 'L4', PERSISTENT: 'L1' },
};

/** A plan whose floor is WARM or more keeps its files at hand; one of HOT its page cache, where there is room. */
const NEAR: ResidencyRules['coldest'] = { COLD: 'L4', WARM: 'L3', HOT: 'L2', PERSISTENT: 'L1' };

/**
 * For one machine; the small classes keep an idle compute near 5 MB. The times are VISION.md's. A tier is
 * what a person has set.
 */
const MACHINE: Rules = {
  tiers: {
    COLD: tier([1, 4_096, 16, 200], [1_024, 100, 200], [minutes(15), minutes(5)]),
    WARM: tier([8, 4_096, 32, 200], [2_048, 200, 400], [minutes(15), minutes(5)]),
    HOT: tier([32, 8_192, 64, 200], [4_096, 400, null], [hours(24), minutes(10)]),
    PERSISTENT: tier([128, 16_384, 128, 400], [8_192, 800, null], [null, minutes(10)]),
  },
  descentSteps: 10,
  archiveAfter: hours(24),
  snapshotEvery: hours(1),
  l2BudgetMb: null,
  prewarmMb: 64,
  diskReserveMb: 2 * MB_OF_GB,
  tierRules: NO_MOVES,
  plans: UNBOUNDED_PLANS,
  residency: FIXED,
  tenants: [],
  visitors: DEFAULT_VISITOR_RULES,
};

/** The sizes of VISION.md, "Multi-Tier Cache Architecture", for containers of that size. */
const RAILWAY: Rules = {
  ...MACHINE,
  tiers: {
    COLD: tier([128, 4_096, 64, 100], [1_024, 100, null], [minutes(15), minutes(5)]),
    WARM: tier([512, 8_192, 64, 200], [2 * MB_OF_GB, 200, null], [minutes(15), minutes(5)]),
    HOT: tier([4_096, 16_384, 256, 200], [8 * MB_OF_GB, 400, null], [hours(24), minutes(10)]),
    PERSISTENT: tier([4_096, 16_384, 512, 400], [16 * MB_OF_GB, 800, null], [null, minutes(10)]),
  },
};

/** VISION.md's rules to the letter: tiers by use, bounded by plans; fixed idle times. */
const VISION: Rules = {
  ...MACHINE,
  tierRules: VISION_MOVES,
  plans: BOUNDED_PLANS,
  residency: { ...FIXED, coldest: NEAR },
};

/** Tiers as in VISION; when a tenant sleeps and wakes is learned from itself. */
const ADAPTIVE: Rules = {
  ...VISION,
  residency: { ...FIXED, mode: 'adaptive', coldest: NEAR },
};

/** Everybody is PERSISTENT: nobody ever sleeps. What everything else is compared with. */
const ALWAYS_ON: Rules = { ...VISION, plans: ALWAYS_ON_PLANS };

/** VISION to be watched live: 15 minutes are 15 seconds, 24 hours of idleness two minutes. */
const DEMO: Rules = {
  ...VISION,
  tiers: {
    COLD: { ...MACHINE.tiers.COLD, idleAfter: seconds(15), descentTakes: seconds(5) },
    WARM: { ...MACHINE.tiers.WARM, idleAfter: seconds(15), descentTakes: seconds(5) },
    HOT: { ...MACHINE.tiers.HOT, idleAfter: minutes(2), descentTakes: seconds(30) },
    PERSISTENT: { ...MACHINE.tiers.PERSISTENT, descentTakes: seconds(30) },
  },
  archiveAfter: minutes(2),
  snapshotEvery: minutes(1),
  tierRules: DEMO_MOVES,
};

export const PRESETS = {
  machine: MACHINE,
  railway: RAILWAY,
  vision: VISION,
  adaptive: ADAPTIVE,
  'always-on': ALWAYS_ON,
  demo: DEMO,
} as const satisfies Record<string, Rules>;

export type PresetName = keyof typeof PRESETS;

export const PRESET_NAMES: readonly string[] = Object.keys(PRESETS);

export const isPreset = (name: unknown): name is PresetName =>
  typeof name === 'string' && Object.hasOwn(PRESETS, name);

/** What a file is based on that names no preset: the same that holds where there is no file. */
export const PRESET_DEFAULT: PresetName = 'adaptive';
