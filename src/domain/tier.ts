import { type DurationMs, hours, minutes } from './units.ts';

export const TIERS = ['COLD', 'WARM', 'HOT', 'PERSISTENT'] as const;

/** How a tenant is kept. Chosen by policy, or pinned by a person. */
export type Tier = (typeof TIERS)[number];

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

/** One size class a tier, for one machine; the smaller ones keep an idle compute near 5 MB. */
export const SIZE_OF_TIER: Readonly<Record<Tier, SizeClass>> = {
  COLD: { sharedBuffersMb: 1, workMemKb: 4_096, maintenanceWorkMemMb: 16, connectionsMax: 200 },
  WARM: { sharedBuffersMb: 8, workMemKb: 4_096, maintenanceWorkMemMb: 32, connectionsMax: 200 },
  HOT: { sharedBuffersMb: 32, workMemKb: 8_192, maintenanceWorkMemMb: 64, connectionsMax: 200 },
  PERSISTENT: {
    sharedBuffersMb: 128,
    workMemKb: 16_384,
    maintenanceWorkMemMb: 128,
    connectionsMax: 400,
  },
};

/** The tier a new tenant of a plan starts in. Source: VISION.md, "Transparent Tier System". */
export const FIRST_TIER: Readonly<Record<Plan, Tier>> = {
  free: 'COLD',
  starter: 'WARM',
  professional: 'HOT',
  enterprise: 'PERSISTENT',
};

/** Idle time before a compute is suspended. Source: VISION.md, "Demotion to COLD". */
export const SUSPEND_AFTER_DEFAULT: DurationMs = minutes(15);

/** Sessions that a tenant may have at once, parked ones too; one that is parked costs about 6 kB. */
export const SESSIONS_MAX_DEFAULT = 2_000;

/** Idle time after which a session that cannot be parked is ended. */
export const MAX_PIN_IDLE_DEFAULT: DurationMs = hours(1);
