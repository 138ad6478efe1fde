import { type Static, Type } from 'typebox';
import { TENANT_PLANS } from '../limits.ts';
import { Count, Moment, Tier } from '../values.ts';

export const Kpi = Type.Object(
  {
    name: Type.String({ examples: ['cold-start-p95'] }),
    area: Type.Enum(['technical', 'business', 'satisfaction', 'promise'], {
      type: 'string',
      description: 'A `promise` is what a plan is promised.',
    }),
    title: Type.String(),
    plan: Type.Union([Type.Enum([...TENANT_PLANS], { type: 'string' }), Type.Null()], {
      description: 'To whom it is promised.',
    }),
    value: Type.Union([Type.Number(), Type.Null()], {
      description: 'Null if it is not known; `why` says why.',
    }),
    unit: Type.Enum(['ratio', 'seconds', 'dollars', 'count', 'score'], {
      type: 'string',
      description: 'A `ratio` is from 0 to 1.',
    }),
    target: Type.Object(
      {
        is: Type.Enum(['below', 'above', 'at most', 'at least'], { type: 'string' }),
        value: Type.Number(),
      },
      { additionalProperties: false },
    ),
    isMet: Type.Union([Type.Boolean(), Type.Null()], {
      description: 'Whether the value is as the target says; null if it is not known.',
    }),
    measured: Type.String({ description: 'How.' }),
    why: Type.Union([Type.String(), Type.Null()], { description: 'Why the value is not known.' }),
  },
  { $id: 'Kpi', additionalProperties: false },
);
export type Kpi = Static<typeof Kpi>;

export const KpiReport = Type.Object(
  {
    from: Moment('Of what time the figures are.'),
    to: Moment('Until when.'),
    kpis: Type.Array(Kpi),
  },
  { $id: 'KpiReport', additionalProperties: false },
);
export type KpiReport = Static<typeof KpiReport>;

export const StatusLink = Type.Object(
  {
    path: Type.Union([Type.String(), Type.Null()], {
      description:
        'Path of the public status page of the tenant, which whoever knows it may read; null where the server gives tenants none.',
      examples: ['/status/tn_4f9k2m0q7x1z.6f1d...'],
    }),
  },
  { $id: 'StatusLink', additionalProperties: false },
);
export type StatusLink = Static<typeof StatusLink>;

const Wait = (description: string) =>
  Type.Union([Type.Number({ minimum: 0 }), Type.Null()], { description });

export const Fleet = Type.Object(
  {
    at: Moment('When it was so.'),
    wakesPerMinute: Count('In the last whole minute.'),
    minutes: Type.Array(Count(''), {
      description: 'Wakes in each of the last 60 minutes, the oldest first; the last is not over.',
    }),
    wakes: Type.Array(
      Type.Object(
        {
          from: Type.Enum(['L2', 'L3', 'L4', 'husk'], {
            type: 'string',
            description: 'Where the data was; `husk` for a first wake, which had none.',
          }),
          times: Count('Wakes of the last hour that somebody waited for.'),
          p50Ms: Wait('Half of them took no longer; null if there was none.'),
          p95Ms: Wait(''),
          p99Ms: Wait(''),
        },
        { additionalProperties: false },
      ),
    ),
  },
  { $id: 'Fleet', additionalProperties: false },
);
export type Fleet = Static<typeof Fleet>;

const Day = (description: string) =>
  Type.String({ format: 'date', description, examples: ['2026-11-01'] });

export const TierFlowQuery = Type.Object(
  {
    from: Type.Optional(Moment('The day of this is the first; the last seven if not given.')),
    to: Type.Optional(Moment('Up to the end of its day; today if not given.')),
  },
  { additionalProperties: false },
);

export const TierFlows = Type.Object(
  {
    from: Day('The first day.'),
    to: Day('The day behind the last.'),
    flows: Type.Array(
      Type.Object(
        { day: Day('Of UTC.'), from: Tier, to: Tier, times: Count('How often on that day.') },
        { additionalProperties: false },
      ),
      { description: 'By day; what did not happen is left out.' },
    ),
  },
  { $id: 'TierFlows', additionalProperties: false },
);
export type TierFlows = Static<typeof TierFlows>;
