import { type Static, Type } from 'typebox';
import { SNAPSHOT_KINDS, SNAPSHOT_NAME_LENGTH_MAX } from '../limits.ts';
import { Count, Moment, Plan } from '../values.ts';

const SnapshotName = Type.Union(
  [
    Type.String({ minLength: 1, maxLength: SNAPSHOT_NAME_LENGTH_MAX, examples: ['before 2.0'] }),
    Type.Null(),
  ],
  {
    description:
      'One with a name is kept until it is deleted; null for one that was taken by itself. Names need not differ.',
  },
);

export const Snapshot = Type.Object(
  {
    id: Type.String({ description: 'Unique to the tenant.', examples: ['sn_000000000012'] }),
    name: SnapshotName,
    takenAt: Moment('When it was taken.'),
    taken: Type.Enum([...SNAPSHOT_KINDS], {
      type: 'string',
      description: 'Whether the tenant slept or was awake.',
    }),
    logicalBytes: Count('Bytes of the data directory.'),
    storedBytes: Count('What of them is stored, compressed, shared with other snapshots or not.'),
    addedBytes: Count('What this snapshot alone has added to the store.'),
    damage: Type.Union([Type.String(), Type.Null()], {
      description: 'Why it cannot be used any more; null for a good one.',
    }),
  },
  { $id: 'Snapshot', additionalProperties: false },
);
export type Snapshot = Static<typeof Snapshot>;

export const SnapshotList = Type.Object(
  { snapshots: Type.Array(Snapshot, { description: 'The latest first.' }) },
  { $id: 'SnapshotList', additionalProperties: false },
);
export type SnapshotList = Static<typeof SnapshotList>;

export const NewSnapshot = Type.Object(
  { name: Type.Optional(SnapshotName) },
  { $id: 'NewSnapshot', additionalProperties: false },
);
export type NewSnapshot = Static<typeof NewSnapshot>;

export const Fork = Type.Object(
  {
    name: Type.String({
      minLength: 1,
      maxLength: 63,
      description: 'Of the new tenant.',
      examples: ['acme-test'],
    }),
    plan: Type.Optional(Plan),
  },
  { $id: 'Fork', additionalProperties: false },
);
export type Fork = Static<typeof Fork>;
