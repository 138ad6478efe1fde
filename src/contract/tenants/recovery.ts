import { type Static, Type } from 'typebox';
import { Count, Moment } from '../values.ts';

const Entered = Type.Object(
  {
    name: Type.String({ examples: ['acme'] }),
    takenAt: Moment('When its latest snapshot was taken; what came after is lost.'),
  },
  { additionalProperties: false },
);

const Skipped = Type.Object(
  { id: Type.String(), why: Type.String({ description: 'In a few words.' }) },
  { additionalProperties: false },
);

export const Recovery = Type.Object(
  {
    entered: Type.Array(Entered, { description: 'Tenants that are there again.' }),
    skipped: Type.Array(Skipped, { description: 'In the archive, and not entered.' }),
    known: Count('Tenants in the archive that the catalog knew already.'),
  },
  { $id: 'Recovery', additionalProperties: false },
);
export type Recovery = Static<typeof Recovery>;
