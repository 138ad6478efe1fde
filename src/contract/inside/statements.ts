/** Which statements take the time of a tenant. */
import { type Static, Type } from 'typebox';
import { STATEMENT_SORTS, STATEMENTS_DEFAULT, STATEMENTS_MAX } from '../limits.ts';
import { Count, Moment } from '../values.ts';

const strict = { additionalProperties: false } as const;

const nameOrNull = (description: string, example: string) =>
  Type.Union([Type.String(), Type.Null()], { description, examples: [example] });

const Milliseconds = (description: string) => Type.Number({ minimum: 0, description });

export const CountedStatement = Type.Object(
  {
    id: Type.String({ description: 'As PostgreSQL numbers it.', examples: ['-4711'] }),
    text: Type.String({
      description:
        'As it was first asked, without the values in it: `$1` or `?` stands for each, and numbers of up to three digits stay.',
      examples: ['select id, total from orders where customer = $1'],
    }),
    cut: Type.Boolean({ description: 'The text goes on.' }),
    role: nameOrNull(
      'Who asked; null for a role that is gone, and for what was asked through the API only to read.',
      'acme',
    ),
    database: nameOrNull('Null for one that is gone.', 'acme'),
    calls: Count('How often it was run to its end.'),
    totalMs: Milliseconds('All that it took, without planning it.'),
    meanMs: Milliseconds('Of one call.'),
    longestMs: Milliseconds('Of the longest call.'),
    share: Type.Number({ minimum: 0, maximum: 1, description: 'Of the time that all took.' }),
    rows: Count('Given or changed by all calls.'),
    fromMemory: Type.Union([Type.Number({ minimum: 0, maximum: 1 }), Type.Null()], {
      description: 'The part of its pages that was found in shared buffers; null without any.',
    }),
  },
  { $id: 'CountedStatement', ...strict },
);
export type CountedStatement = Static<typeof CountedStatement>;

export const StatementList = Type.Object(
  {
    uncounted: Type.Union([Type.Enum(['engine', 'restart'], { type: 'string' }), Type.Null()], {
      description:
        'Why nothing is counted: the PostgreSQL of the server cannot, or the tenant has been running since before statements were counted and does with its next start. Null where they are.',
    }),
    since: Type.Union([Moment('When the count was begun.'), Type.Null()], {
      description: 'When the count was begun.',
    }),
    dropped: Count('How often those that were asked least made room for others.'),
    known: Count('Statements that are counted, told here or not.'),
    calls: Count('Of all of them.'),
    totalMs: Milliseconds('Of all of them.'),
    statements: Type.Array(CountedStatement, { description: 'The greatest first.' }),
  },
  { $id: 'StatementList', ...strict },
);
export type StatementList = Static<typeof StatementList>;

export const StatementsQuery = Type.Object(
  {
    sort: Type.Optional(
      Type.Enum([...STATEMENT_SORTS], {
        type: 'string',
        default: 'total',
        description: 'By what the greatest come first.',
      }),
    ),
    limit: Type.Optional(
      Type.Integer({ minimum: 1, maximum: STATEMENTS_MAX, default: STATEMENTS_DEFAULT }),
    ),
  },
  strict,
);
