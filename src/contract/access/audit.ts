import { type Static, Type } from 'typebox';
import { AUDIT_OUTCOMES, CALLER_KINDS } from '../limits.ts';
import { Moment } from '../values.ts';

const Fields = (description: string) =>
  Type.Union([Type.Record(Type.String(), Type.Unknown()), Type.Null()], { description });

const TextOrNull = (description: string) =>
  Type.Union([Type.String(), Type.Null()], { description });

export const AuditEntry = Type.Object(
  {
    id: Type.String(),
    at: Moment('When it began.'),
    requestId: Type.String({ description: 'Also in the answer, and in the log.' }),
    operation: Type.String({ examples: ['changeTenant'] }),
    caller: Type.Object(
      {
        kind: Type.Enum([...CALLER_KINDS], { type: 'string' }),
        id: TextOrNull('Null where that is for the operator alone.'),
        name: Type.String(),
        address: TextOrNull('Where the request came from. Null where the id is.'),
      },
      { additionalProperties: false },
    ),
    customer: TextOrNull('Whose matter it was.'),
    tenant: TextOrNull('The tenant that it was about.'),
    target: TextOrNull('What else it was about: a key, a role, a snapshot.'),
    outcome: Type.Enum([...AUDIT_OUTCOMES], {
      type: 'string',
      description:
        '`begun` is under way; `unknown` was cut off by the end of the server, and may have been done or not.',
    }),
    fault: TextOrNull('Code of the fault it failed with.'),
    before: Fields('The fields that became different, as they were.'),
    after: Fields('The same as they are now; where there is no before, what was asked for.'),
  },
  { $id: 'AuditEntry', additionalProperties: false },
);
export type AuditEntry = Static<typeof AuditEntry>;

export const AuditPage = Type.Object(
  {
    entries: Type.Array(AuditEntry, { description: 'The latest first.' }),
    next: Type.Union([Type.String(), Type.Null()], {
      description: 'Send it as `after` to get the next page; null at the end.',
    }),
  },
  { $id: 'AuditPage', additionalProperties: false },
);
export type AuditPage = Static<typeof AuditPage>;
