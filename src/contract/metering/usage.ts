import { type Static, type TSchema, Type } from 'typebox';
import { Count, Moment, Tier } from '../values.ts';

const CLASSES = ['read', 'write', 'ddl', 'transaction', 'copy', 'utility', 'other'] as const;

const OrNull = <T extends TSchema>(shape: T, description: string) =>
  Type.Union([shape, Type.Null()], { description });

const counters = {
  sessions: Count('Sessions begun, after a proven password.'),
  queries: Count('Simple queries and executed portals.'),
  byRobots: Count('Of the queries, those of health checks, monitors, pollers and backups.'),
  classes: Type.Object(
    Object.fromEntries(CLASSES.map((kind) => [kind, Count('')])) as Record<
      (typeof CLASSES)[number],
      ReturnType<typeof Count>
    >,
    {
      additionalProperties: false,
      description: 'Statements that were carried out, by what they were.',
    },
  ),
  transactions: Count('Transactions ended, committed or rolled back.'),
  errors: Type.Unsafe<Record<string, number>>({
    type: 'object',
    additionalProperties: { type: 'integer' },
    description: 'Errors by SQLSTATE class, its first two characters.',
    examples: [{ '42': 3 }],
  }),
  bytesIn: Count('Bytes from clients, without TLS and login.'),
  bytesOut: Count('Bytes to clients, without TLS and login.'),
  latency: Type.Array(Type.Integer(), {
    description:
      'Requests by time to ReadyForQuery: one count for each of `latencyBoundsUs`, and one for what was slower.',
  }),
  latencySumUs: Count('Sum of those times, in microseconds.'),
};

/** Larger than what a JSON number holds exactly. */
const Amount = (description: string) =>
  Type.String({ pattern: '^[0-9]+$', description, examples: ['18144000000000'] });

export const UseAmounts = Type.Object(
  {
    seconds: Amount('For how long the tenants were there, all together.'),
    memory: Amount('Bytes of memory of their own, by second.'),
    cpu: Amount('Microseconds of a processor.'),
    awake: Amount('Seconds in which a compute ran.'),
    l2: Amount('Bytes in the page cache, by second.'),
    l3: Amount('Bytes on local disk, by second.'),
    l4: Amount('Bytes in the archive, by second.'),
    stored: Amount('Bytes of data wherever they lie, by second; counted once.'),
    written: Amount('Bytes that computes had written to disk.'),
    egress: Amount('Bytes to clients.'),
    wakes: Amount('Wakes from sleep.'),
  },
  { $id: 'UseAmounts', additionalProperties: false },
);
export type UseAmounts = Static<typeof UseAmounts>;

const From = Type.Enum(['L1', 'L2', 'L3', 'L4', 'husk'], {
  type: 'string',
  description:
    'Where its data was; `husk` for a first wake, whose files are empty, `L1` for a compute that ran already.',
});

const Waker = Type.Enum(
  ['person', 'robot', 'operator', 'prewarm', 'tier', 'upkeep', 'restart', 'found'],
  {
    type: 'string',
    description:
      'Who or what it was woken by: `prewarm` ahead of people, `tier` since its tier always runs; `found` is a compute that ran when the server was started.',
  },
);

const served = OrNull(
  Type.Object(
    {
      pages: Type.Object(
        { L1: Count(''), L2: Count(''), L3: Count('') },
        {
          additionalProperties: false,
          description:
            'Pages of 8 kB that were read, by the level that had them; where disk reads are not told, L3 has those of L2.',
        },
      ),
      memoryPart: OrNull(Type.Number(), 'Of the pages, from 0 to 1; null if none was read.'),
      wakes: Type.Array(
        Type.Object({ from: From, by: Waker, times: Count('') }, { additionalProperties: false }),
        { description: 'By level and waker, the most first; those that did not happen left out.' },
      ),
    },
    { additionalProperties: false },
  ),
  'From where it was served; null by the minute, of which it is not kept.',
);

const quantiles = Type.Object(
  {
    p50Us: OrNull(Type.Integer(), 'Null if nothing was asked.'),
    p95Us: OrNull(Type.Integer(), ''),
    p99Us: OrNull(Type.Integer(), ''),
  },
  {
    additionalProperties: false,
    description: 'Within how many microseconds so many were answered; told to within a fifth.',
  },
);

export const UsageStep = Type.Object(
  { at: Moment('Its beginning.'), ...counters, use: UseAmounts, served },
  { $id: 'UsageStep', additionalProperties: false },
);

export const UsageTotal = Type.Object(
  { ...counters, quantiles, use: UseAmounts, served },
  { $id: 'UsageTotal', additionalProperties: false },
);
export type UsageTotal = Static<typeof UsageTotal>;

export const UsageQuery = Type.Object(
  {
    from: Type.Optional(
      Moment('Start, included, cut to a whole step. 24 hours before the end if not given.'),
    ),
    to: Type.Optional(Moment('End, not included. Now if not given.')),
    step: Type.Optional(
      Type.Enum(['minute', 'hour', 'day'], {
        type: 'string',
        default: 'minute',
        description: 'Of what length the parts are, in UTC.',
      }),
    ),
  },
  { additionalProperties: false },
);

export const Usage = Type.Object(
  {
    tenant: OrNull(Type.String(), 'Id of the tenant; null if several are summed up.'),
    customer: OrNull(Type.String(), 'Id of the customer whose tenants are summed up.'),
    from: Moment('Start of the span, included.'),
    to: Moment('End of the span, not included.'),
    step: Type.String({ description: 'Of what length the parts are.' }),
    latencyBoundsUs: Type.Array(Type.Integer(), {
      description: 'Upper bounds of the latency buckets, in microseconds.',
    }),
    total: UsageTotal,
    steps: Type.Array(UsageStep, {
      description: 'Oldest first; those without anything are left out.',
    }),
    next: Type.Union([Moment(''), Type.Null()], {
      description: 'Send it as `from` to get what did not fit; null if all did.',
    }),
  },
  { $id: 'Usage', additionalProperties: false },
);
export type Usage = Static<typeof Usage>;

export const TenantMetrics = Type.Object(
  {
    tenant: Type.String({ description: 'Id of the tenant.' }),
    currentTier: Tier,
    lastTierTransition: Moment('Since when it has that tier.'),
    predictedNextTier: OrNull(Tier, 'Null if it is to stay.'),
    queryCount: Count('Queries of the last 24 hours.'),
    queriesPerMinute: Type.Number({
      description: 'Of the last 24 hours, in the minutes in which it was used.',
    }),
    queriesPerDay: Type.Number({ description: 'Of the last 7 days, on average.' }),
    avgQueryLatencyMs: OrNull(Type.Number(), 'Of the last 7 days; null if nothing was asked.'),
    latency: quantiles,
    cacheHitRatio: OrNull(
      Type.Number(),
      'The part of reads of the last 24 hours that memory served, from 0 to 1.',
    ),
    coldStartCount: Count('Wakes that read from disk or from the archive, since it was made.'),
    wakes: Type.Object(
      { L2: Count(''), L3: Count(''), L4: Count('') },
      {
        additionalProperties: false,
        description: 'Since it was made, by the level that served them.',
      },
    ),
    peakHours: Type.Array(Type.Integer(), { description: 'Hours of the day (UTC) of most use.' }),
    activeHoursPerDay: Type.Number(),
    consistencyScore: Type.Number({ description: 'How predictable its hours are, from 0 to 1.' }),
    queryComplexity: Type.String({ description: '`simple`, `moderate` or `complex`.' }),
    datasetSizeGb: OrNull(Type.Number(), 'Null if it was never measured.'),
    growth: Type.String({ description: '`growing`, `steady` or `shrinking`.' }),
    storageGrowthRate: OrNull(
      Type.Number(),
      'Bytes a day, over the last 7 days; null if it is younger than two.',
    ),
  },
  { $id: 'TenantMetrics', additionalProperties: false },
);
export type TenantMetrics = Static<typeof TenantMetrics>;

export const FleetMetrics = Type.Object(
  {
    totalTenants: Count('Tenants there are.'),
    tenantsByTier: Type.Unsafe<Record<string, number>>({
      type: 'object',
      additionalProperties: { type: 'integer' },
      description: 'How many have each tier.',
    }),
    aggregateComputeHours: Type.Number({ description: 'Hours awake of all tenants, this month.' }),
    computeDensity: OrNull(Type.Number(), 'Tenants for each that is awake; null if none is.'),
    cacheEfficiency: OrNull(
      Type.Number(),
      'The part of reads of the last 24 hours that memory served, from 0 to 1.',
    ),
    storageGrowthRate: OrNull(Type.Number(), 'Bytes a day, over the last 7 days.'),
    storageCostPerTenant: OrNull(Type.Number(), 'Of a month, in `currency`; null if not known.'),
    currency: Type.String({ description: 'Of costs.', examples: ['USD'] }),
    averageMargin: OrNull(
      Type.Number(),
      'Of what is earned, from 0 to 1; null without revenue, and while no tenant has been there for a day.',
    ),
    queriesPerDay: Type.Number({ description: 'Of the last 7 days, on average.' }),
    latency: quantiles,
  },
  { $id: 'FleetMetrics', additionalProperties: false },
);
export type FleetMetrics = Static<typeof FleetMetrics>;
