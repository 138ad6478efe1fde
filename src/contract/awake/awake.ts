/** Why a tenant is awake, and what that costs. */
import { type Static, Type } from 'typebox';
import { Count, Level, Moment } from '../values.ts';

const strict = { additionalProperties: false } as const;

const orNull = (description: string) => Type.Union([Type.String(), Type.Null()], { description });

const momentOrNull = (description: string) =>
  Type.Union([Moment(''), Type.Null()], { description });

const Length = (description: string) => Type.Number({ minimum: 0, description });

const CAUSES = [
  'session',
  'expected',
  'operator',
  'prewarm',
  'tier',
  'upkeep',
  'restart',
  'found',
] as const;

const REASONS = [
  ...(['work', 'pin', 'idle', 'policy', 'expected', 'floor', 'refused'] as const),
  ...(['upkeep', 'inside', 'restart', 'unwatched'] as const),
] as const;

const ENDS = ['idle', 'operator', 'quota', 'crash', 'server', 'restart', 'deleted'] as const;

const Money = Type.Object(
  {
    amount: Type.String({
      pattern: '^-?\\d+(\\.\\d{1,12})?$',
      description: 'Exact, with as many decimals as it has.',
      examples: ['0.000412'],
    }),
    currency: Type.String({ examples: ['USD'] }),
  },
  {
    ...strict,
    description:
      'By the price book for the operator; for customers what their plan asks beyond what it includes.',
  },
);

const MoneyOrNull = Type.Union([Money, Type.Null()], {
  description: 'Null where nothing was counted yet, or is kept no more.',
});

const Client = {
  role: orNull('Of the client; null where it is none, or not yours to see.'),
  applicationName: orNull('Likewise.'),
  address: orNull('Likewise.'),
};

const Cause = Type.Object(
  {
    kind: Type.Enum([...CAUSES], { type: 'string', description: 'Who or what woke it.' }),
    says: Type.String({ description: 'Completes "it woke because ...".' }),
    ...Client,
    statement: orNull(
      'What the first statement was: `read`, `write`, `ddl` and the like. Its text is not kept.',
    ),
    by: orNull('Who asked through the API, where that is known and yours to see.'),
  },
  strict,
);

const Kept = Type.Object(
  {
    from: Moment('Its beginning.'),
    to: Moment('Its end: the beginning of the next.'),
    kind: Type.Enum([...REASONS, 'several'], {
      type: 'string',
      description: '`several`: the oldest, where there were too many to keep each.',
    }),
    says: Type.String({ description: 'Completes "it is kept awake by ...".' }),
    ...Client,
    cost: MoneyOrNull,
  },
  strict,
);

const End = Type.Object(
  {
    kind: Type.Enum([...ENDS], { type: 'string', description: 'What ended it.' }),
    says: Type.String({ description: 'Completes "it fell asleep because ...".' }),
  },
  strict,
);

const Used = Type.Object(
  {
    memoryByteSeconds: Type.String({ description: 'Bytes in memory, by second.' }),
    cpuUs: Type.String({ description: 'Microseconds of a processor.' }),
    writtenBytes: Type.String({ description: 'Written to disk.' }),
    sentBytes: Type.String({ description: 'Sent to clients.' }),
  },
  { ...strict, description: 'Whole numbers of any size.' },
);

const AwakeTime = Type.Object(
  {
    from: Moment('When its compute was ready.'),
    to: momentOrNull('When it ended; null while it lasts.'),
    lengthMs: Length('Until now, while it lasts.'),
    level: Type.Union([Level, Type.Null()], {
      description: 'Where its data was found; null if it was not seen to wake.',
    }),
    wakeMs: Type.Union([Length(''), Type.Null()], { description: 'How long the wake took.' }),
    waited: Count('Sessions that waited for the wake.'),
    cause: Cause,
    kept: Type.Array(Kept, {
      description: 'What kept it awake, from its beginning to its end without a gap.',
    }),
    ended: Type.Union([End, Type.Null()], { description: 'Null while it lasts.' }),
    used: Used,
    cost: MoneyOrNull,
  },
  strict,
);

export const AwakeTimes = Type.Object(
  { times: Type.Array(AwakeTime), next: momentOrNull('Give it as `before` to get the next page.') },
  { ...strict, $id: 'AwakeTimes' },
);

const Sum = { wakes: Count(''), lengthMs: Length(''), cost: Money };

const CauseSum = Type.Object(
  {
    kind: Type.Enum([...CAUSES], { type: 'string', description: '' }),
    role: orNull('Of clients.'),
    applicationName: orNull('Likewise.'),
    by: orNull('Who asked through the API.'),
    ...Sum,
  },
  strict,
);

const ReasonSum = Type.Object(
  {
    kind: Type.Enum([...REASONS], { type: 'string', description: '' }),
    lengthMs: Length(''),
    cost: Money,
  },
  strict,
);

export const Why = Type.Object(
  {
    tenant: Type.String({ description: 'Id of the tenant.', examples: ['tn_4f9k2m0q7x1z'] }),
    name: Type.String({ examples: ['acme'] }),
    isAwake: Type.Boolean({ description: '' }),
    says: Type.Array(Type.String(), { description: 'The answer, in plain sentences.' }),
    last: Type.Union([AwakeTime, Type.Null()], {
      description: 'The present time awake, or the last one; null if there was none.',
    }),
    sleepsAt: momentOrNull('When it will sleep if nobody asks anything.'),
    since: Moment('From when on is summed.'),
    total: Type.Object(Sum, strict),
    causes: Type.Array(CauseSum, { description: 'What woke it, the costliest first.' }),
    reasons: Type.Array(ReasonSum, { description: 'What kept it awake, the longest first.' }),
    isCut: Type.Boolean({ description: 'There were more times awake than are summed.' }),
  },
  { ...strict, $id: 'Why' },
);

const AwakeEntry = Type.Object(
  {
    tenant: Type.String({ description: 'Id of the tenant.', examples: ['tn_4f9k2m0q7x1z'] }),
    name: Type.String({ examples: ['acme'] }),
    from: Moment('Since when it is awake.'),
    lengthMs: Length(''),
    cause: Cause,
    kept: Type.Union([Kept, Type.Null()], { description: 'What keeps it awake now.' }),
    cost: MoneyOrNull,
  },
  strict,
);

export const AwakeList = Type.Object(
  {
    awake: Count('All that are awake.'),
    tenants: Type.Array(AwakeEntry, {
      description: 'By what they cost in the last day, the costliest first.',
    }),
  },
  { ...strict, $id: 'AwakeList' },
);

export type AwakeTime = Static<typeof AwakeTime>;
export type AwakeTimes = Static<typeof AwakeTimes>;
export type Why = Static<typeof Why>;
export type AwakeList = Static<typeof AwakeList>;
