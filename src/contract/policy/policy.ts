/** What the policy knows, decides and goes by. */
import { type Static, Type } from 'typebox';
import {
  ADVICE_KINDS,
  DATA_TRENDS,
  DECISION_KINDS,
  FINDING_SEVERITIES,
  QUERY_COMPLEXITIES,
  RESIDENCIES,
} from '../limits.ts';
import { Count, Level, Moment, Override, Plan, Tier } from '../values.ts';

const Chance = (description: string) => Type.Number({ minimum: 0, maximum: 1, description });

const MomentOrNull = (description: string) =>
  Type.Union([Moment(''), Type.Null()], { description });

export const Prewarms = Type.Object(
  {
    hits: Count('Wakes ahead that somebody came to.'),
    misses: Count('Wakes ahead that nobody came to.'),
    wastedMs: Count('How long nobody came to those.'),
  },
  { $id: 'Prewarms', additionalProperties: false, description: 'Waking ahead of people.' },
);
export type Prewarms = Static<typeof Prewarms>;

const Metrics = Type.Object(
  {
    queryCount: Count('Of the last 24 hours.'),
    queriesPerMinute: Type.Number({ minimum: 0 }),
    peakHours: Type.Array(Type.Integer({ minimum: 0, maximum: 23 }), {
      description: 'Hours of the day with the highest activity, in UTC.',
    }),
    queryComplexity: Type.Enum([...QUERY_COMPLEXITIES], { type: 'string' }),
    datasetSizeGb: Type.Union([Type.Number({ minimum: 0 }), Type.Null()], {
      description: 'null if it was never measured.',
    }),
    cacheHitRatio: Type.Union([Chance(''), Type.Null()], {
      description: 'The part of page reads that memory served; null if nothing was read.',
    }),
    activeHoursPerDay: Type.Number({ minimum: 0, maximum: 24 }),
    consistencyScore: Chance('How predictable the hours of use are.'),
    growth: Type.Enum([...DATA_TRENDS], { type: 'string' }),
  },
  { $id: 'TenantMetrics', additionalProperties: false, description: 'How the tenant is used.' },
);

const Finding = Type.Object(
  {
    at: Moment('When it was found.'),
    severity: Type.Enum([...FINDING_SEVERITIES], { type: 'string' }),
    text: Type.String({ examples: ['40 times the queries of a usual Monday at 9 h'] }),
  },
  { $id: 'Finding', additionalProperties: false },
);

const PolicyTier = Type.Object(
  {
    tier: Tier,
    since: Moment('Since when it has this tier.'),
    because: Type.String({ examples: ['it was active in each of the last 4 hours'] }),
    override: Override,
    next: Type.Union(
      [
        Type.Object(
          { tier: Tier, probability: Chance('How likely that is.') },
          { additionalProperties: false },
        ),
        Type.Null(),
      ],
      { description: 'The tier it is likely to have in the next hour; null if nobody can tell.' },
    ),
  },
  { $id: 'PolicyTier', additionalProperties: false },
);

const Residency = Type.Object(
  {
    level: Level,
    until: MomentOrNull(
      'When that changes if nobody comes; null for never, and while it is in use.',
    ),
    awakeAt: MomentOrNull('When it will be awake ahead of somebody; null if nobody is expected.'),
    because: Type.String({ examples: ['somebody comes back within 12 min in 4 of 5 cases'] }),
    chanceInHour: Chance('That somebody comes within the next hour.'),
  },
  { $id: 'Residency', additionalProperties: false, description: 'Where it is kept.' },
);

const Window = Type.Object(
  { from: Moment(''), to: Moment(''), chance: Chance('') },
  { additionalProperties: false },
);

export const Advice = Type.Object(
  {
    kind: Type.Enum([...ADVICE_KINDS], { type: 'string' }),
    text: Type.String({ description: 'What it is, in a sentence.' }),
    change: Type.Union(
      [
        Type.Object({ plan: Plan }, { additionalProperties: false }),
        Type.Object({ tier: Tier }, { additionalProperties: false }),
        Type.Object({ consent: Type.Literal(true) }, { additionalProperties: false }),
        Type.Null(),
      ],
      {
        description:
          "The body for `changeTenant` that takes it; null where it is the tenant's own programs that would have to change.",
      },
    ),
  },
  { $id: 'Advice', additionalProperties: false },
);
export type Advice = Static<typeof Advice>;

export const TenantPolicy = Type.Object(
  {
    tenant: Type.String({ description: 'Id of the tenant.' }),
    name: Type.String(),
    tier: PolicyTier,
    residency: Residency,
    nextDecisionAt: MomentOrNull(
      'When the policy looks at it again, if nothing happens before; null for never.',
    ),
    nextWindow: Type.Union([Window, Type.Null()], {
      description: 'When it is likely to be used next; null if there is no such time.',
    }),
    metrics: Metrics,
    prewarms: Prewarms,
    anomalies: Type.Array(Finding, { description: 'Unusual use of late, the latest first.' }),
    advice: Type.Array(Advice, {
      description:
        'What would be cheaper or quicker. Callers of the operator are told what it costs, too.',
    }),
  },
  { $id: 'TenantPolicy', additionalProperties: false },
);
export type TenantPolicy = Static<typeof TenantPolicy>;

const state = (description: string) =>
  Type.Union([Type.String(), Type.Null()], { description, examples: ['WARM'] });

const Replay = Type.Object(
  {
    isSame: Type.Boolean({ description: 'Whether the rules of now decide the same.' }),
    rulesChanged: Type.Union([Type.Boolean(), Type.Null()], {
      description: 'Whether the rules were others then; null if that was not recorded.',
    }),
    says: Type.String({ description: 'What they decide, and why.' }),
  },
  { $id: 'Replay', additionalProperties: false },
);

const Decision = Type.Object(
  {
    at: Moment('When it was decided.'),
    kind: Type.Enum([...DECISION_KINDS], { type: 'string' }),
    from: state('What was; null where there is no such thing.'),
    to: state('What became of it; null where there is no such thing.'),
    because: Type.String({ description: 'Why, in a sentence.' }),
    inputs: Type.Unsafe<Readonly<Record<string, unknown>>>({
      type: 'object',
      additionalProperties: true,
      description: 'All that was looked at.',
      examples: [{ queries: 250 }],
    }),
    replay: Type.Union([Replay, Type.Null()], {
      description:
        'The decision taken again, from its inputs; null unless `replay` was asked for, and for decisions that cannot be.',
    }),
  },
  { $id: 'Decision', additionalProperties: false },
);
export type Decision = Static<typeof Decision>;

export const DecisionPage = Type.Object(
  {
    decisions: Type.Array(Decision, { description: 'The latest first.' }),
    next: MomentOrNull('Send it as `before` to get the next page; null at the end.'),
  },
  { $id: 'DecisionPage', additionalProperties: false },
);
export type DecisionPage = Static<typeof DecisionPage>;

const Husks = Type.Object(
  {
    ready: Count('How many there are.'),
    kept: Count('How many are to be ready now.'),
    wantedLastHour: Type.Union([Count(''), Type.Null()], {
      description: 'Tenants that got their first files in the last whole hour; null if unknown.',
    }),
    isFixed: Type.Boolean({
      description: 'Whether an option says how many; else as many as new tenants are expected.',
    }),
  },
  {
    $id: 'Husks',
    additionalProperties: false,
    description: 'Empty databases made ahead of new tenants.',
  },
);

const fleetFields = {
  source: Type.String({
    description: 'Where the rules come from.',
    examples: ['preset adaptive', 'file'],
  }),
  residency: Type.Enum([...RESIDENCIES], {
    type: 'string',
    description:
      '`fixed`: the rules say how long an idle tenant is kept awake. `adaptive`: its own habit does.',
  }),
  valueOfSecond: Type.Union([Type.Number({ minimum: 0 }), Type.Null()], {
    description: "What a second of somebody's waiting is worth; null while residency is fixed.",
  }),
  costShare: Type.Union([Type.Number({ minimum: 0 }), Type.Null()], {
    description: 'What is spent, as a part of the cost of always being awake; null if unknown.',
  }),
  husks: Husks,
  prewarms: Prewarms,
};

/** The policy in a word, as the status has it. */
export const FleetPolicy = Type.Object(fleetFields, {
  $id: 'FleetPolicy',
  additionalProperties: false,
});
export type FleetPolicy = Static<typeof FleetPolicy>;

export const Policy = Type.Object(
  {
    ...fleetFields,
    preset: Type.String({ description: 'In force, or what the file begins with.' }),
    file: Type.Union([Type.String(), Type.Null()], {
      description: 'The policy file in force; null for a preset as it is.',
    }),
  },
  { $id: 'Policy', additionalProperties: false },
);
export type Policy = Static<typeof Policy>;

/** The contents of a policy file. */
export const PolicyFile = (description: string) =>
  Type.Union(
    [
      Type.String({ maxLength: 65_536 }),
      Type.Unsafe<Readonly<Record<string, unknown>>>({ type: 'object', maxProperties: 100 }),
    ],
    { description },
  );

export const PolicyChange = Type.Object(
  {
    preset: Type.Optional(
      Type.String({ maxLength: 63, description: 'A preset as it is.', examples: ['adaptive'] }),
    ),
    file: Type.Optional(
      PolicyFile('A policy file, as JSON or as its text. One of `preset` and `file` is needed.'),
    ),
    dryRun: Type.Optional(
      Type.Boolean({ description: 'Only say whether it could be set.', default: false }),
    ),
  },
  { $id: 'PolicyChange', additionalProperties: false },
);
export type PolicyChange = Static<typeof PolicyChange>;
