/**
 * When a tenant changes its tier, as numbers. Source: VISION.md, "Tenant Lifecycle States" and "Risk &
 * Mitigation". The idle times after which a tier is left downwards are those of the tiers themselves
 * (`idleAfter` in `rules.ts`), since it is the same time at which its compute begins to go down.
 */
import type { Tier } from '../domain/tier.ts';
import { type DurationMs, hours, minutes, seconds } from '../domain/units.ts';

export type MoveRules = {
  /** Whether use moves tenants between tiers. Plans' bounds and what a person has set hold without. */
  readonly automatic: boolean;
  /** What is looked at for HOT: so much time, up to the last use. */
  readonly window: DurationMs;
  /** What counts as a day for PERSISTENT. */
  readonly day: DurationMs;
  readonly warmToHot: {
    /** Queries by people in the window: more than this... */
    readonly queriesOver: number;
    /** ...and more than this a minute on average; both must hold. */
    readonly perMinuteOver: number;
    /** Sustained: somebody was at work in so many quarters of the window. */
    readonly quartersMin: number;
    /** A consistent pattern, no bursts: somebody was at work in this part of its sixteen slots. */
    readonly steadinessMin: number;
  };
  readonly hotToPersistent: {
    /** So many of the last `within` whole days had more than `queriesOver` queries by people. */
    readonly days: number;
    readonly within: number;
    readonly queriesOver: number;
    /** How alike the hours of those days were, from 0 to 1: `UsageWindow.consistency`. */
    readonly consistencyMin: number;
  };
  readonly persistentToHot: {
    /** So many whole days in a row had fewer than `queriesUnder`; below what earned the tier. */
    readonly days: number;
    readonly queriesUnder: number;
  };
  /** Use moves no tenant that has been in its tier for less; what a person or the plan says does. */
  readonly timeInTierMin: Readonly<Record<Tier, DurationMs>>;
};

export const VISION_MOVES: MoveRules = {
  automatic: true,
  window: hours(4),
  day: hours(24),
  warmToHot: { queriesOver: 100, perMinuteOver: 1, quartersMin: 4, steadinessMin: 0.5 },
  hotToPersistent: { days: 7, within: 7, queriesOver: 500, consistencyMin: 0.5 },
  persistentToHot: { days: 14, queriesUnder: 250 },
  timeInTierMin: {
    COLD: seconds(0),
    WARM: minutes(15),
    HOT: hours(24),
    PERSISTENT: hours(14 * 24),
  },
};

export const NO_MOVES: MoveRules = { ...VISION_MOVES, automatic: false };

/**
 * To be watched live: 4 hours are a minute, and so is a day of counting. Use is counted by the minute,
 * so a window has one count in it, whose spread says nothing.
 */
export const DEMO_MOVES: MoveRules = {
  automatic: true,
  window: minutes(1),
  day: minutes(1),
  warmToHot: { queriesOver: 20, perMinuteOver: 1, quartersMin: 1, steadinessMin: 0 },
  hotToPersistent: { days: 7, within: 7, queriesOver: 50, consistencyMin: 0.5 },
  persistentToHot: { days: 14, queriesUnder: 25 },
  timeInTierMin: {
    COLD: seconds(0),
    WARM: seconds(15),
    HOT: minutes(2),
    PERSISTENT: minutes(14),
  },
};
