/** Databases without an account. */
import { type Static, Type } from 'typebox';
import { Moment } from '../values.ts';

const Token = Type.String({
  pattern: '^[A-Za-z0-9_-]{43}$',
  description: 'Proves the right to claim the database. Shown once.',
  examples: ['pSVp0mOcVY3rA8iKx6T8n1Zc0oYw2hQdR5uLbEfGjHk'],
});

export const ClaimParam = Type.Object({ token: Token });

export const NewClaim = Type.Object(
  { token: Token },
  { $id: 'NewClaim', additionalProperties: false },
);

const fields = {
  name: Type.String({ description: 'Of the tenant, its database and its owner role.' }),
  expiresAt: Moment('When it is deleted, unless it is claimed.'),
};

export const Claim = Type.Object(fields, { $id: 'Claim', additionalProperties: false });
export type Claim = Static<typeof Claim>;

export const Claimable = Type.Object(
  {
    id: Type.String({ examples: ['tn_4f9k2m0q7x1z'] }),
    ...fields,
    connectionUri: Type.String({ description: 'With its password, which is shown only here.' }),
    token: Token,
    claimPath: Type.String({
      description: 'Under the address of this API: tells name and time to whoever has it.',
      examples: ['/v1/claims/pSVp0mOcVY3rA8iKx6T8n1Zc0oYw2hQdR5uLbEfGjHk'],
    }),
    logicalSizeBytesMax: Type.Integer({ minimum: 0 }),
    sessionsMax: Type.Integer({ minimum: 1 }),
  },
  { $id: 'Claimable', additionalProperties: false },
);
export type Claimable = Static<typeof Claimable>;
