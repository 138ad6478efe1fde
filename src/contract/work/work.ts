import { type Static, Type } from 'typebox';
import { WORK_KINDS, WORK_STATUSES } from '../limits.ts';
import { Count, Moment } from '../values.ts';

const Kind = Type.Enum([...WORK_KINDS], { type: 'string', description: 'What is done.' });

const Status = Type.Enum([...WORK_STATUSES], { type: 'string', description: 'How it stands.' });

const orNull = (shape: ReturnType<typeof Count>) => Type.Union([shape, Type.Null()]);

const Progress = Type.Object(
  {
    step: Type.Union([Type.String(), Type.Null()], { examples: ['the data is being saved'] }),
    doneBytes: orNull(Count('Done until now; null if it cannot be told.')),
    allBytes: orNull(Count('Of all that is to be done; null if it cannot be told.')),
  },
  { additionalProperties: false },
);

const Failure = Type.Object(
  {
    code: Type.String({ description: 'As a `Problem` has it.', examples: ['ARCHIVE_DOWN'] }),
    message: Type.String({ examples: ['the archive cannot be used: the disk is gone'] }),
  },
  { additionalProperties: false },
);

export const WorkId = Type.String({
  minLength: 1,
  maxLength: 63,
  description: 'Id of the operation.',
  examples: ['op_4f9k2m0q7x1z'],
});

export const WorkOperation = Type.Object(
  {
    id: WorkId,
    kind: Kind,
    status: Status,
    tenant: Type.Union(
      [
        Type.Object(
          {
            id: Type.String({ examples: ['tn_4f9k2m0q7x1z'] }),
            name: Type.String({ examples: ['acme'] }),
          },
          { additionalProperties: false },
        ),
        Type.Null(),
      ],
      { description: 'What it is about; null while that is not there yet.' },
    ),
    customer: Type.Union([Type.String(), Type.Null()], { examples: ['cu_4f9k2m0q7x1z'] }),
    caller: Type.String({ description: 'Who asked for it.', examples: ['admin-key admin'] }),
    progress: Type.Union([Progress, Type.Null()], {
      description: 'How far it is, where it says so.',
    }),
    result: Type.Union([Type.Record(Type.String(), Type.Unknown()), Type.Null()], {
      description: 'What came of it. Never a secret.',
    }),
    answer: Type.Optional(
      Type.Unknown({
        description:
          'What the request would have been answered with, passwords too: once, within an hour of the end, and only for the caller that asked for the work.',
      }),
    ),
    fault: Type.Union([Failure, Type.Null()], { description: 'Why it failed.' }),
    begunAt: Moment('When it began.'),
    endedAt: Type.Union([Moment(''), Type.Null()], { description: 'Null while it runs.' }),
  },
  { $id: 'Operation', additionalProperties: false },
);
export type WorkOperation = Static<typeof WorkOperation>;

export const WorkPage = Type.Object(
  {
    operations: Type.Array(WorkOperation, { description: 'The latest first.' }),
    next: Type.Union([Type.String(), Type.Null()], {
      description: 'Send it as `after` to get the next page; null at the end.',
    }),
  },
  { $id: 'OperationPage', additionalProperties: false },
);
export type WorkPage = Static<typeof WorkPage>;

const wait = (description: string) =>
  Type.Optional(
    Type.String({ pattern: '^[0-9]{1,6}(ms|s|m)$', maxLength: 8, description, examples: ['30s'] }),
  );

/** Of a route that takes long. */
export const WaitQuery = Type.Object(
  {
    wait: wait(
      'How long to wait for the end, at most 10 min. If it is not done then the answer is `202` and the operation; `0s` for at once. Without it the answer comes when it is done.',
    ),
  },
  { additionalProperties: false },
);

/** Of an operation that is looked at. */
export const WatchQuery = Type.Object(
  { wait: wait('How long to wait for its end before the answer, at most 10 min.') },
  { additionalProperties: false },
);

export const WorkQuery = Type.Object(
  {
    tenant: Type.Optional(
      Type.String({ minLength: 1, maxLength: 63, description: 'Of this tenant, by id or name.' }),
    ),
    status: Type.Optional(Status),
    kind: Type.Optional(Kind),
    after: Type.Optional(Type.String({ maxLength: 100, description: 'The `next` of a page.' })),
    limit: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 1_000, default: 100, description: 'Page size.' }),
    ),
  },
  { additionalProperties: false },
);
