import { Type } from 'typebox';

/** A word of PostgreSQL beside its answer. */
export const DatabaseNotice = Type.Object(
  {
    severity: Type.String({ examples: ['WARNING'] }),
    message: Type.String({ examples: ['there is no transaction in progress'] }),
    detail: Type.Optional(Type.String()),
    hint: Type.Optional(Type.String()),
  },
  { additionalProperties: false },
);
