/** What is awake, and by which rules tenants are kept. */
import { type Static, Type } from 'typebox';
import { STEPS } from '../limits.ts';
import { Count, Level, Moment, Plan, State, Tier } from '../values.ts';

const strict = { additionalProperties: false } as const;

const countOrNull = (description: string) =>
  Type.Union([Type.Integer({ minimum: 0 }), Type.Null()], { description });

const lengthOrNull = (description: string) =>
  Type.Union([Type.Number({ minimum: 0 }), Type.Null()], { description });

const Size = Type.Object(
  {
    sharedBuffersMb: Count('Memory for pages.'),
    workMemKb: Count('Memory of one sort or hash.'),
    maintenanceWorkMemMb: Count('Memory of one vacuum or index build.'),
    connectionsMax: Count('Backends at once.'),
  },
  { ...strict, description: 'What PostgreSQL starts with.' },
);

const Limits = Type.Object(
  {
    memoryMb: countOrNull('Of all its processes together.'),
    cpuPercent: countOrNull('Of one processor: 250 is two and a half.'),
    processesMax: countOrNull(''),
    ioMbPerSecond: countOrNull('Reading and writing, each.'),
  },
  { ...strict, description: 'What it may take of the machine; null for no limit.' },
);

const Wake = Type.Object(
  {
    at: Moment('When it was done.'),
    kind: Type.Enum([...STEPS], { type: 'string', description: 'Which part of it.' }),
    ms: Type.Number({ minimum: 0, description: 'How long it took.' }),
    from: Type.Union([Level, Type.Null()], { description: 'Where the files came from.' }),
    bytes: Count('What was read or moved.'),
    because: Type.String({ examples: ['a session of acme from 127.0.0.1'] }),
  },
  strict,
);

const computeFields = {
  tenant: Type.String({ description: 'Id of the tenant.', examples: ['tn_4f9k2m0q7x1z'] }),
  name: Type.String({ examples: ['acme'] }),
  state: State,
  level: Level,
  tier: Tier,
  plan: Plan,
  since: Moment('Since when it is in this state.'),
  size: Size,
  limits: Limits,
  sessions: Count('Open now, parked ones too.'),
  sessionsBound: Count('Of these, how many have a backend.'),
  suspendAt: Type.Union([Moment(''), Type.Null()], {
    description: 'When it is suspended if nobody asks anything; null if nothing is planned.',
  }),
};

export const Compute = Type.Object(
  {
    ...computeFields,
    wakes: Type.Array(Wake, {
      description: 'Of its last wakes: the way out of the archive, the start, what was read ahead.',
    }),
  },
  { $id: 'Compute', ...strict },
);
export type Compute = Static<typeof Compute>;

const ComputeEntry = Type.Object(computeFields, { $id: 'ComputeEntry', ...strict });
export type ComputeEntry = Static<typeof ComputeEntry>;

export const ComputePage = Type.Object(
  {
    computes: Type.Array(ComputeEntry),
    next: Type.Union([Type.String(), Type.Null()], {
      description: 'Send it as `after` to get the next page; null at the end.',
    }),
  },
  { $id: 'ComputePage', ...strict },
);
export type ComputePage = Static<typeof ComputePage>;

export const PlanList = Type.Object(
  {
    plans: Type.Array(
      Type.Object(
        {
          plan: Plan,
          firstTier: Tier,
          floor: Tier,
          ceiling: Tier,
          persistentNeedsConsent: Type.Boolean({
            description: 'PERSISTENT is taken away only when the customer consents.',
          }),
          limits: Limits,
          sla: Type.Object(
            {
              coldStarts: Type.Enum(['allowed', 'rare', 'outside-business-hours', 'never'], {
                type: 'string',
                description: 'When a query may find the compute asleep.',
              }),
              coldStartUnderMs: lengthOrNull('How long such a query waits.'),
              queryP95UnderMs: Type.Number({ minimum: 0 }),
              uptimePercent: lengthOrNull('Null for best effort.'),
            },
            { ...strict, description: 'What is promised; null where nothing is.' },
          ),
        },
        strict,
      ),
    ),
  },
  { $id: 'PlanList', ...strict },
);
export type PlanList = Static<typeof PlanList>;

export const TierList = Type.Object(
  {
    tiers: Type.Array(
      Type.Object(
        {
          tier: Tier,
          size: Size,
          limits: Limits,
          idleAfterMs: lengthOrNull('Idle time after which it begins to go down; null for never.'),
          descentMs: Type.Number({ minimum: 0, description: 'How long the way down takes.' }),
          coldest: Level,
        },
        strict,
      ),
      { description: 'From the lowest to the highest.' },
    ),
    archiveAfterMs: lengthOrNull('How long a tenant is at rest before it is archived.'),
    residency: Type.Enum(['fixed', 'adaptive'], {
      type: 'string',
      description: 'Whether idle times are those of the tiers, or learned of each tenant.',
    }),
  },
  { $id: 'TierList', ...strict },
);
export type TierList = Static<typeof TierList>;
