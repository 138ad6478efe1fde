import { type Static, Type } from 'typebox';
import { DatabaseNotice } from './inside/notice.ts';

/** The media type of every answer that is not a success. Source: RFC 9457. */
export const PROBLEM_TYPE = 'application/problem+json';

export const Problem = Type.Object(
  {
    type: Type.String({
      description: 'Names the fault as a URI.',
      examples: ['urn:dynabase:fault:TENANT_UNKNOWN'],
    }),
    title: Type.String({ description: 'The HTTP status in words.', examples: ['Not Found'] }),
    status: Type.Integer({ examples: [404] }),
    detail: Type.String({
      description: 'What happened and what to do.',
      examples: ['there is no tenant "acme"'],
    }),
    code: Type.String({ description: 'For programs.', examples: ['TENANT_UNKNOWN'] }),
    sqlstate: Type.String({
      description: 'What a PostgreSQL client would see.',
      examples: ['3D000'],
    }),
    retry: Type.Enum(['never', 'soon'], {
      type: 'string',
      description: 'Whether the same request may succeed when repeated.',
    }),
    requestId: Type.String({ description: 'Finds the request in the server log.' }),
    database: Type.Optional(
      Type.Object(
        {
          detail: Type.Optional(Type.String()),
          hint: Type.Optional(Type.String()),
          position: Type.Optional(
            Type.Integer({ minimum: 1, description: 'Of the character in the statement.' }),
          ),
          constraint: Type.Optional(Type.String()),
          notices: Type.Optional(
            Type.Array(DatabaseNotice, { description: 'What it had told before it failed.' }),
          ),
        },
        {
          additionalProperties: false,
          description: 'What PostgreSQL has said besides, where the failure is its own.',
        },
      ),
    ),
  },
  { $id: 'Problem', additionalProperties: false },
);
export type Problem = Static<typeof Problem>;
