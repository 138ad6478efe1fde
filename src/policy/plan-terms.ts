/**
 * What a plan promises and what it bounds. Data: a policy file replaces any of it, for a plan or for one
 * tenant.
 *
 * Why the bounds are where they are. The *floor* is what the plan's name has been sold as (`FIRST_TIER`
 * begins there), and is not the same as being awake: a tenant of tier HOT that nobody uses goes
 * down its way and sleeps, and has its full size again at the first query. The *ceiling* is what use may
 * earn on top without anybody paying more:
 *
 *   free          COLD to WARM        scales to zero; never held awake for long, so that it stays cheap
 *   starter       WARM to HOT         its files stay on this machine; earns HOT by use
 *   professional  HOT to PERSISTENT   full size always; earns being awake always, and may lose that again
 *   enterprise    PERSISTENT          has paid for it; leaves it when the customer consents, for HOT at least
 */
import { type Limits, type Plan, TIERS, type Tier } from '../domain/tier.ts';
import { type DurationMs, ms, seconds } from '../domain/units.ts';

/** What a customer is promised. */
export type Sla = {
  /** When a query may find the compute asleep. */
  readonly coldStarts: 'allowed' | 'rare' | 'outside-business-hours' | 'never';
  /** How long a query waits that does; null where nothing is promised. */
  readonly coldStartUnder: DurationMs | null;
  /** Of queries to a compute that is awake, 95 in 100. */
  readonly queryP95Under: DurationMs;
  /** Null for best effort. */
  readonly uptimePercent: number | null;
};

export type PlanTerms = {
  readonly floor: Tier;
  readonly ceiling: Tier;
  /** PERSISTENT is what the customer pays for: only with his consent is it taken away. */
  readonly persistentNeedsConsent: boolean;
  /** Most that a compute may take, whatever its tier has. */
  readonly limits: Limits;
  readonly sla: Sla;
};

export type PlanBook = Readonly<Record<Plan, PlanTerms>>;

const UNLIMITED: Limits = {
  memoryMb: null,
  cpuPercent: null,
  processesMax: null,
  ioMbPerSecond: null,
};

/** VISION.md, "Performance SLAs by Tier". */
const SLAS: Readonly<Record<Plan, Sla>> = {
  free: {
    coldStarts: 'allowed',
    coldStartUnder: seconds(5),
    queryP95Under: ms(500),
    uptimePercent: null,
  },
  starter: {
    coldStarts: 'rare',
    coldStartUnder: seconds(1),
    queryP95Under: ms(100),
    uptimePercent: 99,
  },
  professional: {
    coldStarts: 'outside-business-hours',
    coldStartUnder: null,
    queryP95Under: ms(50),
    uptimePercent: 99.5,
  },
  enterprise: {
    coldStarts: 'never',
    coldStartUnder: null,
    queryP95Under: ms(10),
    uptimePercent: 99.9,
  },
};

type Bounds = Pick<PlanTerms, 'floor' | 'ceiling' | 'persistentNeedsConsent'>;

const terms = (plan: Plan, bounds: Bounds): PlanTerms => ({
  ...bounds,
  limits: UNLIMITED,
  sla: SLAS[plan],
});

/** Every plan between these. */
const alike = (floor: Tier, ceiling: Tier): PlanBook => {
  const bounds = { floor, ceiling, persistentNeedsConsent: false };
  return {
    free: terms('free', bounds),
    starter: terms('starter', bounds),
    professional: terms('professional', bounds),
    enterprise: terms('enterprise', bounds),
  };
};

export const BOUNDED_PLANS: PlanBook = {
  free: terms('free', { floor: 'COLD', ceiling: 'WARM', persistentNeedsConsent: false }),
  starter: terms('starter', { floor: 'WARM', ceiling: 'HOT', persistentNeedsConsent: false }),
  professional: terms('professional', {
    floor: 'HOT',
    ceiling: 'PERSISTENT',
    persistentNeedsConsent: false,
  }),
  enterprise: terms('enterprise', {
    floor: 'PERSISTENT',
    ceiling: 'PERSISTENT',
    persistentNeedsConsent: true,
  }),
};

/** The tier is what a person has set, whatever the plan. */
export const UNBOUNDED_PLANS: PlanBook = alike('COLD', 'PERSISTENT');

export const ALWAYS_ON_PLANS: PlanBook = alike('PERSISTENT', 'PERSISTENT');

export const rankOf = (tier: Tier): number => TIERS.indexOf(tier);

export const lowerOf = (one: Tier, other: Tier): Tier =>
  rankOf(one) <= rankOf(other) ? one : other;

export const higherOf = (one: Tier, other: Tier): Tier =>
  rankOf(one) >= rankOf(other) ? one : other;

/** What a compute may take that has `limits` by its tier and `most` by its plan. */
export function limitsWithin(limits: Limits, most: Limits): Limits {
  return {
    memoryMb: least(limits.memoryMb, most.memoryMb),
    cpuPercent: least(limits.cpuPercent, most.cpuPercent),
    processesMax: least(limits.processesMax, most.processesMax),
    ioMbPerSecond: least(limits.ioMbPerSecond, most.ioMbPerSecond),
  };
}

const least = (one: number | null, other: number | null): number | null =>
  one === null ? other : other === null ? one : Math.min(one, other);
