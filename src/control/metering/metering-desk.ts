/** What was used and asked, for whoever wants to know: steps and sums, and figures that follow from them. */
import type { Clock } from '../../domain/clock.ts';
import type { CustomerId } from '../../domain/ids.ts';
import type { LevelTotals } from '../../domain/levels.ts';
import type { StepQuery, Traffic, UsedStep, UseHistory, UseStep } from '../../domain/metering.ts';
import type { TenantMetrics, TierChance } from '../../domain/policy-view.ts';
import { monthStart } from '../../domain/quota.ts';
import type { Tenant } from '../../domain/tenant.ts';
import type { Tier } from '../../domain/tier.ts';
import {
  type DurationMs,
  hours,
  later,
  minutes,
  ms,
  type Timestamp,
  timestamp,
} from '../../domain/units.ts';
import { addedUsage, type UsageMinute } from '../../domain/usage.ts';
import { addedUse, NO_USE, type Use } from '../../domain/use.ts';
import type { Control, TenantRef } from '../control.ts';
import {
  addedServed,
  memoryPart,
  NOTHING_SERVED,
  type Served,
  servedBy,
} from './metering-served.ts';

const LENGTH: Readonly<Record<UseStep, DurationMs>> = {
  minute: minutes(1),
  hour: hours(1),
  day: hours(24),
};

/** Steps of one answer: of all tenants fewer, since each of an hour looks at all that rested in it. */
const STEPS_MAX = 10_000;
const FLEET_STEPS_MAX: Readonly<Record<UseStep, number>> = { minute: 1_440, hour: 168, day: 400 };

const WEEK = 7;

export type UsageSpan = {
  readonly from: Timestamp;
  readonly to: Timestamp;
  readonly step: UseStep;
};

export type UsageWhose = Pick<StepQuery, 'tenant' | 'customer'>;

export type UsageStepView = Traffic & {
  readonly at: Timestamp;
  readonly seconds: bigint;
  readonly use: Use;
  /** Null by the minute, of which it is not kept. */
  readonly served: Served | null;
};

export type UsageView = UsageSpan & {
  readonly steps: readonly UsageStepView[];
  readonly total: Omit<UsageStepView, 'at'>;
  /** Where the rest begins; null if this is all. */
  readonly next: Timestamp | null;
};

/** A part of what money says; null where nobody knows. */
export type MoneyMetrics = {
  readonly storageCostPerTenant: number | null;
  /** Of that. */
  readonly currency: string;
  readonly averageMargin: number | null;
};

export type TenantFigures = TenantMetrics & {
  readonly tenant: Tenant;
  readonly next: TierChance | null;
  readonly totals: LevelTotals;
  readonly week: WeekFigures;
};

export type FleetFigures = MoneyMetrics & {
  readonly tenants: number;
  readonly tiers: Readonly<Record<Tier, number>>;
  readonly computeHours: number;
  readonly density: number | null;
  readonly cacheEfficiency: number | null;
  readonly week: WeekFigures;
};

/** Of the last seven days. */
export type WeekFigures = {
  readonly traffic: Traffic;
  readonly queriesPerDay: number;
  /** Bytes a day; null for who has not been there for two days. */
  readonly storageGrowth: number | null;
};

export type UsageDeskWorld = {
  readonly clock: Clock;
  readonly history: UseHistory;
  readonly control: Pick<Control, 'findTenant' | 'explainTenant' | 'levels' | 'metrics'>;
  readonly money: () => Promise<MoneyMetrics>;
};

export class UsageDesk {
  readonly #world: UsageDeskWorld;

  constructor(world: UsageDeskWorld) {
    this.#world = world;
  }

  /** Throws `TENANT_UNKNOWN`, `CATALOG_DOWN`. */
  async ofTenant(
    ref: TenantRef,
    span: UsageSpan,
  ): Promise<UsageView & { readonly tenant: Tenant }> {
    const tenant = await this.#world.control.findTenant(ref);
    return { tenant, ...(await this.#usage({ tenant: tenant.id }, span)) };
  }

  ofCustomer(customer: CustomerId, span: UsageSpan): Promise<UsageView> {
    return this.#usage({ customer }, span);
  }

  ofAll(span: UsageSpan): Promise<UsageView> {
    return this.#usage({}, span);
  }

  async tenantMetrics(ref: TenantRef): Promise<TenantFigures> {
    const { control } = this.#world;
    const { view, policy } = await control.explainTenant(ref);
    const { totals } = await control.levels(ref);
    const week = await this.#week({ tenant: view.tenant.id });
    const cacheHitRatio = await this.#memoryPart({ tenant: view.tenant.id });
    const figures = { ...policy.metrics, cacheHitRatio, next: policy.tier.next };
    return { ...figures, tenant: view.tenant, totals, week };
  }

  async fleetMetrics(): Promise<FleetFigures> {
    const { clock, control, history, money } = this.#world;
    const to = clock.wall();
    const { tenants, tiers } = await control.metrics();
    const month = await history.used({ from: monthStart(to), to, step: 'day' });
    const awake = month.reduce((sum, { use }) => sum + use.awake, 0n);
    const total = Object.values(tenants).reduce((sum, count) => sum + count, 0);
    const running = tenants.running + tenants.suspending;
    return {
      ...(await money()),
      ...{ tenants: total, tiers, computeHours: Number(awake) / 3_600 },
      density: running === 0 ? null : total / running,
      cacheEfficiency: await this.#memoryPart({}),
      week: await this.#week({}),
    };
  }

  /** Of the pages that were read in the last 24 whole hours and since, the part that memory served. */
  async #memoryPart(whose: UsageWhose): Promise<number | null> {
    const to = this.#world.clock.wall();
    const from = later(timestamp(to - (to % LENGTH.hour)), ms(-LENGTH.day));
    const served = await this.#world.history.served({ ...whose, from, to, step: 'hour' });
    return memoryPart([...servedBy(served).values()].reduce(addedServed, NOTHING_SERVED).pages);
  }

  async #usage(whose: UsageWhose, { from, to, step }: UsageSpan): Promise<UsageView> {
    const length = LENGTH[step];
    const begin = timestamp(from - (from % length));
    const isFleet = whose.tenant === undefined && whose.customer === undefined;
    const most = isFleet ? FLEET_STEPS_MAX[step] : STEPS_MAX;
    const last = later(begin, ms(most * length));
    const end = timestamp(Math.min(to, last));
    const steps = await this.#steps({ ...whose, from: begin, to: end, step });
    const nothing = { ...NOTHING, at: begin, served: step === 'minute' ? null : NOTHING_SERVED };
    const total = steps.reduce(addedSteps, nothing);
    return { from: begin, to: end, step, steps, total, next: last < to ? last : null };
  }

  async #steps(query: StepQuery): Promise<readonly UsageStepView[]> {
    const { history } = this.#world;
    const isKept = query.step !== 'minute';
    const [used, traffic, found] = await Promise.all([
      history.used(query),
      history.traffic(query),
      isKept ? history.served(query) : [],
    ]);
    const nothing = { ...NOTHING, served: isKept ? NOTHING_SERVED : null };
    const steps = new Map<Timestamp, UsageStepView>();
    for (const step of used) steps.set(step.at, { ...nothing, ...step });
    for (const step of traffic) steps.set(step.at, { ...nothing, ...steps.get(step.at), ...step });
    for (const [at, served] of servedBy(found))
      steps.set(at, { ...nothing, at, ...steps.get(at), served });
    return [...steps.values()].toSorted((one, other) => one.at - other.at);
  }

  async #week(whose: UsageWhose): Promise<WeekFigures> {
    const to = this.#world.clock.wall();
    const today = timestamp(to - (to % LENGTH.day));
    const from = later(today, ms(-(WEEK - 1) * LENGTH.day));
    const steps = await this.#steps({ ...whose, from, to, step: 'day' });
    const traffic = steps.reduce(addedSteps, { ...NOTHING, at: from });
    const days = Math.max(1, (to - (steps[0]?.at ?? to)) / LENGTH.day);
    const storageGrowth = growthOf(steps, to, whose.tenant !== undefined);
    return { traffic, queriesPerDay: traffic.queries / days, storageGrowth };
  }
}

const NOTHING: Omit<UsageStepView, 'at'> = {
  ...{ seconds: 0n, use: NO_USE, sessions: 0, queries: 0, byRobots: 0, transactions: 0 },
  ...{ errors: {}, bytesIn: 0, bytesOut: 0, classes: [], latency: [], latencySumUs: 0 },
  served: null,
};

function addedSteps(one: UsageStepView, other: UsageStepView): UsageStepView {
  const minute = (of: UsageStepView): UsageMinute => ({ ...of, ...NO_PLACE });
  const { tenant: _tenant, minute: _minute, ...traffic } = addedUsage(minute(one), minute(other));
  return {
    ...traffic,
    at: one.at,
    seconds: one.seconds + other.seconds,
    use: addedUse(one.use, other.use),
    served: one.served && other.served && addedServed(one.served, other.served),
  };
}

/** Sums of traffic do not look at whose it is. */
const NO_PLACE = { tenant: '' as UsageMinute['tenant'], minute: timestamp(0) };

/** From the first to the last day, by what each had on average. */
function growthOf(days: readonly UsedStep[], to: Timestamp, ofOne: boolean): number | null {
  const sized = days.filter(({ seconds }) => seconds > 0n);
  const [first, last] = [sized[0], sized.at(-1)];
  if (first === undefined || last === undefined || first.at === last.at) return null;
  // One tenant may have been there for a part of the day; of all together the day counts.
  const bytes = ({ at, use, seconds }: UsedStep): number =>
    Number(use.stored) / (ofOne ? Number(seconds) : Math.min(to - at, LENGTH.day) / 1_000);
  return (bytes(last) - bytes(first)) / ((last.at - first.at) / LENGTH.day);
}
