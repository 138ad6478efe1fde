/** What the operations on use do. */

import type {
  FleetMetrics,
  TenantMetrics,
  Usage,
  UsageTotal,
  UseAmounts,
} from '../../contract/metering/usage.ts';
import type { QueryOf } from '../../contract/routes.ts';
import type {
  FleetFigures,
  TenantFigures,
  UsageDesk,
  UsageSpan,
  UsageStepView,
  UsageView,
} from '../../control/metering/metering-desk.ts';
import { memoryPart, type Served } from '../../control/metering/metering-served.ts';
import type { Clock } from '../../domain/clock.ts';
import { fault } from '../../domain/faults.ts';
import type { Traffic } from '../../domain/metering.ts';
import { hours, later, ms } from '../../domain/units.ts';
import { LATENCY_BOUNDS_US, latencyQuantile, QUERY_CLASSES } from '../../domain/usage.ts';
import { METERS } from '../../domain/use.ts';
import { customerId } from '../access/asked-customer.ts';
import { moment, momentOf } from '../moment.ts';
import type { Actions } from './actions.ts';

/** The span when the client does not say. */
const SPAN_DEFAULT = hours(24);

type UsageAction =
  | 'getUsage'
  | 'getCustomerUsage'
  | 'getFleetUsage'
  | 'getMetrics'
  | 'getFleetMetrics';

export const usageActions = (desk: UsageDesk, clock: Clock): Pick<Actions, UsageAction> => ({
  getUsage: async ({ params, query }) => {
    const { tenant, ...view } = await desk.ofTenant(params.ref, spanOf(query, clock));
    return printUsage(view, { tenant: tenant.id, customer: null });
  },
  getCustomerUsage: async ({ params, query }) => {
    const customer = customerId(params.customer);
    const view = await desk.ofCustomer(customer, spanOf(query, clock));
    return printUsage(view, { tenant: null, customer });
  },
  getFleetUsage: async ({ query }) =>
    printUsage(await desk.ofAll(spanOf(query, clock)), { tenant: null, customer: null }),
  getMetrics: async ({ params }) => printTenantMetrics(await desk.tenantMetrics(params.ref)),
  getFleetMetrics: async () => printFleetMetrics(await desk.fleetMetrics()),
});

function spanOf(query: QueryOf<'getUsage'>, clock: Clock): UsageSpan {
  const to = query.to === undefined ? clock.wall() : momentOf(query.to);
  const from = query.from === undefined ? later(to, ms(-SPAN_DEFAULT)) : momentOf(query.from);
  if (from >= to) throw fault('BAD_REQUEST', { why: 'the span ends before it begins' });
  return { from, to, step: query.step ?? 'minute' };
}

const printUsage = (
  { from, to, step, steps, total, next }: UsageView,
  whose: Pick<Usage, 'tenant' | 'customer'>,
): Usage => ({
  ...whose,
  ...{ from: moment(from), to: moment(to), step },
  latencyBoundsUs: [...LATENCY_BOUNDS_US],
  total: {
    ...printCounters(total),
    quantiles: printQuantiles(total.latency),
    use: printUse(total),
    served: printServed(total.served),
  },
  steps: steps.map((one) => ({
    ...{ at: moment(one.at), ...printCounters(one), use: printUse(one) },
    served: printServed(one.served),
  })),
  next: next === null ? null : moment(next),
});

const printUse = ({ seconds, use }: Pick<UsageStepView, 'seconds' | 'use'>): UseAmounts => ({
  ...(Object.fromEntries(METERS.map((meter) => [meter, `${use[meter]}`])) as Omit<
    UseAmounts,
    'seconds'
  >),
  seconds: `${seconds}`,
});

const printServed = (served: Served | null): UsageTotal['served'] =>
  served && {
    pages: { ...served.pages },
    memoryPart: memoryPart(served.pages),
    wakes: served.wakes
      .map((wakes) => ({ ...wakes }))
      .sort((one, other) => other.times - one.times),
  };

const printCounters = (counted: Traffic): Omit<UsageTotal, 'quantiles' | 'use' | 'served'> => ({
  sessions: counted.sessions,
  queries: counted.queries,
  byRobots: counted.byRobots,
  classes: Object.fromEntries(
    QUERY_CLASSES.map((kind, place) => [kind, counted.classes[place] ?? 0]),
  ) as UsageTotal['classes'],
  transactions: counted.transactions,
  errors: { ...counted.errors },
  bytesIn: counted.bytesIn,
  bytesOut: counted.bytesOut,
  latency: Array.from(
    { length: LATENCY_BOUNDS_US.length + 1 },
    (_, bucket) => counted.latency[bucket] ?? 0,
  ),
  latencySumUs: counted.latencySumUs,
});

const printQuantiles = (latency: readonly number[]): UsageTotal['quantiles'] => ({
  p50Us: latencyQuantile(latency, 0.5),
  p95Us: latencyQuantile(latency, 0.95),
  p99Us: latencyQuantile(latency, 0.99),
});

function printTenantMetrics(figures: TenantFigures): TenantMetrics {
  const { tenant, totals, week } = figures;
  const requests = week.traffic.latency.reduce((sum, count) => sum + count, 0);
  return {
    tenant: tenant.id,
    currentTier: tenant.tier,
    lastTierTransition: moment(tenant.tierSince),
    predictedNextTier: figures.next?.tier ?? null,
    queryCount: figures.queryCount,
    queriesPerMinute: figures.queriesPerMinute,
    queriesPerDay: week.queriesPerDay,
    avgQueryLatencyMs: requests === 0 ? null : week.traffic.latencySumUs / requests / 1_000,
    latency: printQuantiles(week.traffic.latency),
    cacheHitRatio: figures.cacheHitRatio,
    coldStartCount: totals.wakesL3 + totals.wakesL4,
    wakes: { L2: totals.wakesL2, L3: totals.wakesL3, L4: totals.wakesL4 },
    peakHours: [...figures.peakHours],
    activeHoursPerDay: figures.activeHoursPerDay,
    consistencyScore: figures.consistencyScore,
    queryComplexity: figures.queryComplexity,
    datasetSizeGb: figures.datasetSize,
    growth: figures.growth,
    storageGrowthRate: week.storageGrowth,
  };
}

const printFleetMetrics = (figures: FleetFigures): FleetMetrics => ({
  totalTenants: figures.tenants,
  tenantsByTier: { ...figures.tiers },
  aggregateComputeHours: figures.computeHours,
  computeDensity: figures.density,
  cacheEfficiency: figures.cacheEfficiency,
  storageGrowthRate: figures.week.storageGrowth,
  ...{ storageCostPerTenant: figures.storageCostPerTenant, currency: figures.currency },
  averageMargin: figures.averageMargin,
  queriesPerDay: figures.week.queriesPerDay,
  latency: printQuantiles(figures.week.traffic.latency),
});
