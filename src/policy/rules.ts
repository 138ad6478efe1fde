/**
 * The rules of the ladder: what each tier is given, and how it is taken back. Data, not code; a policy
 * file replaces any of it.
 */
import type { Limits, SizeClass, Tier } from '../domain/tier.ts';
import { type DurationMs, hours, minutes } from '../domain/units.ts';

export type TierRules = {
  readonly size: SizeClass;
  readonly limits: Limits;
  /** Idle time after which it begins to go down; null for never. */
  readonly idleAfter: DurationMs | null;
  /** How long the way to the next tier below takes; for COLD and WARM that is sleep. */
  readonly descentTakes: DurationMs;
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

/** For one machine; the small classes keep an idle compute near 5 MB. The times are VISION.md's. */
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

export const PRESETS = { machine: MACHINE, railway: RAILWAY } as const;
