import { type Static, Type } from 'typebox';
import { STEPS, TENANT_LEVELS } from '../limits.ts';
import { Count, Level, Moment, State } from '../values.ts';

const countOrNull = (description: string) =>
  Type.Union([Type.Integer({ minimum: 0 }), Type.Null()], { description });

const UNMEASURED = 'null where this system cannot measure it';

/** What is kept of one tenant, or of all. */
const totalFields = {
  hits: Type.Object(
    {
      l1: Count('By shared buffers.'),
      l2: Count('By the page cache; 0 where that cannot be told from the disk.'),
      l3: Count('By the disk.'),
    },
    { additionalProperties: false, description: 'Reads of 8 kB pages, by the level that served.' },
  ),
  hitRatio: Type.Union([Type.Number({ minimum: 0, maximum: 1 }), Type.Null()], {
    description: 'The part of page reads that memory served; null before the first.',
    examples: [0.97],
  }),
  wakes: Type.Object(
    {
      l2: Count('From files in the page cache.'),
      l3: Count('From files on the disk.'),
      l4: Count('From the archive.'),
    },
    { additionalProperties: false, description: 'Starts, by the level that the files came from.' },
  ),
};

export const FleetLevels = Type.Object(
  {
    bytes: Type.Object(
      {
        l2: countOrNull(`In the page cache of this machine; ${UNMEASURED}.`),
        l3: Count('On the disk of this machine.'),
        l4: Count('In the archive.'),
      },
      { additionalProperties: false, description: 'Of each tenant as last measured.' },
    ),
    ...totalFields,
  },
  { $id: 'FleetLevels', additionalProperties: false },
);
export type FleetLevels = Static<typeof FleetLevels>;

const levelBytes = {
  l1: countOrNull(`In shared buffers; ${UNMEASURED}.`),
  l2: countOrNull(`In the page cache of this machine; ${UNMEASURED}.`),
  l3: Count('On the disk of this machine.'),
};

const RelationLevels = Type.Object(
  {
    database: Type.String({ examples: ['acme'] }),
    relation: Type.String({
      description: 'Schema and name, or what was summed up.',
      examples: ['public.orders'],
    }),
    bytes: Type.Object(levelBytes, { additionalProperties: false }),
    share: Type.Number({
      minimum: 0,
      maximum: 1,
      description: 'Its part of the accesses of late.',
    }),
  },
  { $id: 'RelationLevels', additionalProperties: false },
);
export type RelationLevels = Static<typeof RelationLevels>;

const Step = Type.Object(
  {
    at: Moment('When it was done.'),
    kind: Type.Enum([...STEPS], { type: 'string', description: 'What was done.' }),
    bytes: Count('Bytes moved, dropped, evicted or read.'),
    ms: Type.Number({ minimum: 0, description: 'How long it took.' }),
    from: Type.Union([Type.Enum([...TENANT_LEVELS], { type: 'string' }), Type.Null()], {
      description: 'For a wake, the level that the files came from.',
    }),
    because: Type.String({ description: 'Why, for people.', examples: ['idle for 15 min'] }),
  },
  { $id: 'LadderStep', additionalProperties: false },
);
export type LadderStep = Static<typeof Step>;

export const TenantLevels = Type.Object(
  {
    tenant: Type.String({ description: 'Id of the tenant.' }),
    name: Type.String(),
    state: State,
    level: Level,
    descent: Type.Union([Type.String(), Type.Null()], {
      description: 'Where it stands on the way down; null while it is where its tier has it.',
    }),
    bytes: Type.Object(
      { ...levelBytes, l4: Count('In the archive.') },
      { additionalProperties: false, description: 'Measured now.' },
    ),
    ...totalFields,
    relations: Type.Array(RelationLevels, {
      description: 'The largest first, at most 100; empty while it sleeps.',
    }),
    steps: Type.Array(Step, { description: 'The last 50, the latest first.' }),
  },
  { $id: 'TenantLevels', additionalProperties: false },
);
export type TenantLevels = Static<typeof TenantLevels>;
