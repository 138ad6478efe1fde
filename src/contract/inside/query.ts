/** SQL over the API. */
import { type Static, Type } from 'typebox';
import {
  QUERY_BODY_BYTES_MAX,
  QUERY_BYTES_DEFAULT,
  QUERY_BYTES_MAX,
  QUERY_ROWS_DEFAULT,
  QUERY_ROWS_MAX,
  QUERY_TIMEOUT_DEFAULT_MS,
  QUERY_TIMEOUT_MAX_MS,
} from '../limits.ts';
import { Count } from '../values.ts';
import { DatabaseNotice } from './notice.ts';
import { Name } from './role.ts';

const strict = { additionalProperties: false } as const;

const PARAMS_MAX = 1_000;

export const Query = Type.Object(
  {
    sql: Type.String({
      minLength: 1,
      maxLength: QUERY_BODY_BYTES_MAX,
      description: 'One statement, or several where it has no parameters and may write.',
      examples: ['select id, total from orders where customer = $1'],
    }),
    params: Type.Optional(
      Type.Array(Type.Unknown(), {
        maxItems: PARAMS_MAX,
        description:
          'For `$1`, `$2` and so on: text, numbers, booleans and null as they are, arrays as arrays of PostgreSQL, objects as JSON.',
        examples: [['c_42']],
      }),
    ),
    database: Type.Optional(Name("The tenant's own if not given.", 'acme')),
    role: Type.Optional(
      Name(
        'Acts as this role, of which the owner must be a member. Not for callers who may change nothing.',
        'reporting',
      ),
    ),
    readOnly: Type.Optional(
      Type.Boolean({
        description:
          'Refuses whatever writes, and acts as a role that reads all tables and is nobody else; policies of rows hold for it. True for callers who may not change anything, else false if not given.',
      }),
    ),
    rowsMax: Type.Optional(
      Type.Integer({ minimum: 1, maximum: QUERY_ROWS_MAX, default: QUERY_ROWS_DEFAULT }),
    ),
    bytesMax: Type.Optional(
      Type.Integer({ minimum: 1_024, maximum: QUERY_BYTES_MAX, default: QUERY_BYTES_DEFAULT }),
    ),
    timeoutMs: Type.Optional(
      Type.Integer({
        minimum: 100,
        maximum: QUERY_TIMEOUT_MAX_MS,
        default: QUERY_TIMEOUT_DEFAULT_MS,
        description: 'The wake of a sleeping tenant does not count.',
      }),
    ),
    arrayMode: Type.Optional(
      Type.Boolean({
        default: false,
        description: 'Rows as arrays; else as objects, in which columns of one name are one.',
      }),
    ),
    jsonAsText: Type.Optional(
      Type.Boolean({
        default: false,
        description:
          'Values of json and jsonb as text, as PostgreSQL writes them: for programs whose JSON loses digits of large numbers, as JavaScript does.',
      }),
    ),
  },
  { $id: 'Query', ...strict },
);
export type Query = Static<typeof Query>;

const resultFields = {
  columns: Type.Array(
    Type.Object(
      {
        name: Type.String({ examples: ['id'] }),
        type: Type.String({ description: 'As `pg_type` has it.', examples: ['int4'] }),
        typeId: Count('Its object id.'),
      },
      strict,
    ),
  ),
  rows: Type.Array(Type.Unknown(), {
    description:
      'Whole numbers of up to 32 bits, floats, booleans, JSON with all its digits, null and arrays as JSON has them; all else as PostgreSQL writes it, so that nothing is lost.',
  }),
  rowCount: Type.Union([Type.Integer({ minimum: 0 }), Type.Null()], {
    description: 'Rows given or changed; null where the statement has none.',
  }),
  command: Type.String({ description: 'What was done.', examples: ['SELECT'] }),
  truncated: Type.Boolean({
    description: 'There are more rows than `rowsMax` or `bytesMax` allowed.',
  }),
  notices: Type.Array(DatabaseNotice, { description: 'What PostgreSQL said meanwhile.' }),
};

export const QueryResult = Type.Object(
  {
    ...resultFields,
    results: Type.Optional(
      Type.Array(Type.Object(resultFields, strict), {
        description: 'Of each statement, where there were several; the last is told above too.',
      }),
    ),
    noticesLeftOut: Count('Notices of all statements that were too many, or too long, to be told.'),
    ms: Type.Number({ minimum: 0, description: 'From asking to the last row.' }),
    wakeMs: Type.Number({
      minimum: 0,
      description: 'How long the tenant took to wake; 0 if it was awake.',
    }),
  },
  { $id: 'QueryResult', ...strict },
);
export type QueryResult = Static<typeof QueryResult>;
