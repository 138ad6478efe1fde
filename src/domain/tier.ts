import { type DurationMs, hours, type Timestamp } from './units.ts';

export const TIERS = ['COLD', 'WARM', 'HOT', 'PERSISTENT'] as const;

/** How a tenant is kept. Chosen by policy, or pinned by a person. */
export type Tier = (typeof TIERS)[number];

export const TIER_SETTERS = ['operator', 'customer'] as const;

export type TierSetter = (typeof TIER_SETTERS)[number];

/** A tier that a person has chosen. The policy leaves the tenant there until this ends. */
export type TierOverride = {
  readonly tier: Tier;
  /** Null until a person takes it back. */
  readonly until: Timestamp | null;
  /** Who chose it. */
  readonly by: TierSetter;
};

/** A customer agrees to less than the PERSISTENT that is paid for. */
export type Consent = {
  readonly at: Timestamp;
  /** Who has told us. */
  readonly by: TierSetter;
};

export const PLANS = ['free', 'starter', 'professional', 'enterprise'] as const;

/** What the customer pays for; bounds the tiers. */
export type Plan = (typeof PLANS)[number];

/** The memory and connection limits that a compute starts with. */
export type SizeClass = {
  readonly sharedBuffersMb: number;
  readonly workMemKb: number;
  readonly maintenanceWorkMemMb: number;
  /** What PostgreSQL accepts, its reserve for the superuser not counted. */
  readonly connectionsMax: number;
};

/** Below this a compute is made to be cheap while idle, above it to be quick while busy. */
const SMALL_BUFFERS_MB = 16;

export const isSmall = (size: SizeClass): boolean => size.sharedBuffersMb < SMALL_BUFFERS_MB;

/** What a compute may take of the machine, all its processes together; null for no limit. */
export type Limits = {
  readonly memoryMb: number | null;
  /** Of one processor: 100 is one whole, 250 two and a half. */
  readonly cpuPercent: number | null;
  readonly processesMax: number | null;
  /** Reading and writing, each. */
  readonly ioMbPerSecond: number | null;
};

/** The tier a new tenant of a plan starts in. Source: VISION.md, "Transparent Tier System". */
export const FIRST_TIER: Readonly<Record<Plan, Tier>> = {
  free: 'COLD',
  starter: 'WARM',
  professional: 'HOT',
  enterprise: 'PERSISTENT',
};

/** Sessions that a tenant may have at once, parked ones too; one that is parked costs about 6 kB. */
export const SESSIONS_MAX_DEFAULT = 2_000;

/** Idle time after which a session that cannot be parked is ended. */
export const MAX_PIN_IDLE_DEFAULT: DurationMs = hours(1);
