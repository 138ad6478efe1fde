/** What the policy has to say of one tenant, for people: what it knows, what comes next, and why. */
import type { Level } from './levels.ts';
import type { Plan, Tier } from './tier.ts';
import type { DurationMs, Timestamp } from './units.ts';

/** A tier and how likely it is, from 0 to 1. */
export type TierChance = { readonly tier: Tier; readonly probability: number };

/** How a tenant is used. All hours are UTC. Source: VISION.md, "Query Pattern Analysis". */
export type TenantMetrics = {
  /** Of the last 24 hours. */
  readonly queryCount: number;
  readonly queriesPerMinute: number;
  /** Hours of the day with the highest activity, 0 to 23. */
  readonly peakHours: readonly number[];
  readonly queryComplexity: 'simple' | 'moderate' | 'complex';
  /** In GB; null if it was never measured. */
  readonly datasetSize: number | null;
  /** From 0 to 1, over all levels but the disk; null if nothing was read. */
  readonly cacheHitRatio: number | null;
  readonly activeHoursPerDay: number;
  /** From 0 to 1: how predictable the hours of use are. */
  readonly consistencyScore: number;
  readonly growth: 'growing' | 'steady' | 'shrinking';
};

/** Waking ahead of people, and what came of it. */
export type PrewarmRecord = {
  /** Wakes ahead that somebody came to. */
  readonly hits: number;
  /** Wakes ahead that nobody came to. */
  readonly misses: number;
  /** How long nobody came to those. */
  readonly wasted: DurationMs;
};

export type Finding = {
  readonly at: Timestamp;
  readonly severity: 'info' | 'warning' | 'critical';
  readonly text: string;
};

export type AdviceKind = 'plan-up' | 'plan-down' | 'tier-up' | 'tier-down' | 'consent' | 'cache';

/** What a person changes of the tenant to take an advice. */
export type AdvisedChange =
  | { readonly plan: Plan }
  | { readonly tier: Tier }
  | { readonly consent: true };

/** What would be cheaper or quicker, in a sentence. */
export type Advice = {
  readonly kind: AdviceKind;
  readonly text: string;
  /** Null for what is for the programs that use the tenant to change. */
  readonly change: AdvisedChange | null;
};

export type PolicyView = {
  readonly tier: { readonly because: string; readonly next: TierChance | null };
  readonly residency: {
    /** Where it is kept now. */
    readonly level: Level;
    /** When that changes if nobody comes; null for never, and while it is in use. */
    readonly until: Timestamp | null;
    /** When it will be awake ahead of somebody; null if nobody is expected. */
    readonly awakeAt: Timestamp | null;
    readonly because: string;
    /** That somebody comes within the next hour, from 0 to 1. */
    readonly chanceInHour: number;
  };
  /** When the policy looks at it again, if nothing happens before; null for never. */
  readonly nextDecisionAt: Timestamp | null;
  /** The next time at which it is likely to be used; null if there is no such time. */
  readonly nextWindow: {
    readonly from: Timestamp;
    readonly to: Timestamp;
    readonly chance: number;
  } | null;
  readonly metrics: TenantMetrics;
  readonly prewarms: PrewarmRecord;
  /** Unusual use of late, the latest first. */
  readonly anomalies: readonly Finding[];
  /** With what that costs us: for the operator. */
  readonly advice: readonly Advice[];
  /** The same for its customer, as far as its plan reaches. */
  readonly adviceToCustomer: readonly Advice[];
};
